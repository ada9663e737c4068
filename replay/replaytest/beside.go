package replaytest

import (
	"bytes"
	"testing"

	"chalkline/replay"
)

// snap is a snapshot of the board whose data tells its revision.
func snap(revision uint64) replay.Snapshot {
	return replay.Snapshot{
		Document: board, Revision: revision, ReleaseAt: int64(revision) * 10,
		Data: bytes.Repeat([]byte{byte(revision)}, 3000),
	}
}

func (f *fixture) put(s replay.Snapshot) {
	f.t.Helper()
	if err := f.store.PutSnapshot(f.ctx(), room, s); err != nil {
		f.t.Fatalf("PutSnapshot(%d) = %v", s.Revision, err)
	}
}

func (f *fixture) wantSnapshot(atMost uint64, want replay.Snapshot) {
	f.t.Helper()
	got, err := f.store.Snapshot(f.ctx(), room, want.Document, atMost)
	same := got.Document == want.Document && got.Revision == want.Revision &&
		got.ReleaseAt == want.ReleaseAt && bytes.Equal(got.Data, want.Data)
	if err != nil || !same {
		f.t.Errorf("Snapshot(%d) = revision %d, %v; want revision %d as it was put", atMost, got.Revision, err, want.Revision)
	}
}

func (f *fixture) wantNoSnapshot(document replay.Document, atMost uint64) {
	f.t.Helper()
	_, err := f.store.Snapshot(f.ctx(), room, document, atMost)
	wantError(f.t, "Snapshot", err, replay.ErrNoSnapshot)
}

func (f *fixture) grow(revisions int) {
	f.t.Helper()
	f.create(room)
	for range revisions {
		f.append(1, on(board, "x"))
	}
}

func snapshots(t *testing.T, f *fixture) {
	f.grow(30)
	f.wantNoSnapshot(board, 30)
	f.put(snap(10))
	f.put(snap(20))
	for range 2 {
		f.wantNoSnapshot(board, 9)
		f.wantSnapshot(10, snap(10))
		f.wantSnapshot(19, snap(10))
		f.wantSnapshot(20, snap(20))
		f.wantSnapshot(1<<63, snap(20))
		f.wantNoSnapshot(stage, 30)
		f.reopen()
	}
	// At least the two latest are kept.
	f.put(snap(30))
	f.wantSnapshot(29, snap(20))
	f.wantSnapshot(30, snap(30))
	f.put(snap(5))
	f.wantSnapshot(29, snap(20))
}

func snapshotAgain(t *testing.T, f *fixture) {
	f.grow(2)
	s := snap(2)
	f.put(snap(1))
	f.put(s)
	s.Data = []byte("other")
	f.put(s)
	f.wantSnapshot(2, s)
	f.wantSnapshot(1, snap(1))
	s.Data[0] ^= 1
	got, err := f.store.Snapshot(f.ctx(), room, board, 2)
	if err != nil || string(got.Data) != "other" {
		t.Errorf("the caller's bytes are the log's: %q, %v", got.Data, err)
	}
}

func damagedSnapshot(t *testing.T, f *fixture) {
	f.grow(20)
	f.put(snap(10))
	f.put(snap(20))
	f.close()
	f.opener.DamageSnapshot(t, room, board, 20)
	f.open()
	f.wantSnapshot(20, snap(10))
	f.put(snap(20))
	f.wantSnapshot(20, snap(20))
	f.close()
	f.opener.DamageSnapshot(t, room, board, 10)
	f.opener.DamageSnapshot(t, room, board, 20)
	f.open()
	f.wantNoSnapshot(board, 20)
	if got := len(f.read(board, 1)); got != 20 {
		t.Errorf("%d records beside damaged snapshots, want 20", got)
	}
}

func snapshotAhead(t *testing.T, f *fixture) {
	f.grow(2)
	wantError(t, "PutSnapshot ahead", f.store.PutSnapshot(f.ctx(), room, snap(3)), replay.ErrLimit)
	f.put(replay.Snapshot{Document: board})
	f.wantSnapshot(2, replay.Snapshot{Document: board})
	long := replay.Document(make([]byte, replay.MaxDocument+1))
	wantError(t, "PutSnapshot of a name too long", f.store.PutSnapshot(f.ctx(), room, replay.Snapshot{Document: long}), replay.ErrLimit)
}

func (f *fixture) rows(in replay.Room, prefix string) string {
	f.t.Helper()
	var b bytes.Buffer
	err := f.store.Table().List(f.ctx(), in, prefix, func(key string, value []byte) bool {
		b.WriteString(key + "=" + string(value) + " ")
		return true
	})
	if err != nil {
		f.t.Fatalf("List(%q) = %v", prefix, err)
	}
	return b.String()
}

func (f *fixture) putRow(in replay.Room, key, value string) {
	f.t.Helper()
	if err := f.store.Table().Put(f.ctx(), in, key, []byte(value)); err != nil {
		f.t.Fatalf("Put(%q) = %v", key, err)
	}
}

func (f *fixture) wantRows(in replay.Room, prefix, want string) {
	f.t.Helper()
	if got := f.rows(in, prefix); got != want {
		f.t.Errorf("List(%d, %q) = %q, want %q", in, prefix, got, want)
	}
}

func table(t *testing.T, f *fixture) {
	f.putRow(room, "name/2", "Bo")
	f.putRow(room, "name/1", "Ann")
	f.putRow(room, "title", "Maths")
	f.putRow(room, "\xff\xff", "last")
	f.putRow(room+1, "name/1", "other")
	f.wantRows(room, "name/", "name/1=Ann name/2=Bo ")
	f.wantRows(room, "", "name/1=Ann name/2=Bo title=Maths \xff\xff=last ")
	f.wantRows(room, "\xff", "\xff\xff=last ")
	f.wantRows(room, "none", "")
	f.putRow(room, "name/1", "Anna")
	f.putRow(room, "name/3", "")
	f.wantRows(room, "name/", "name/1=Anna name/2=Bo name/3= ")
	if value, err := f.store.Table().Get(f.ctx(), room, "name/1"); err != nil || string(value) != "Anna" {
		t.Errorf("Get = %q, %v; want Anna", value, err)
	}
	for range 2 {
		if err := f.store.Table().Delete(f.ctx(), room, "name/1"); err != nil {
			t.Errorf("Delete = %v", err)
		}
	}
	_, err := f.store.Table().Get(f.ctx(), room, "name/1")
	wantError(t, "Get of what was deleted", err, replay.ErrNoKey)
	f.wantRows(room, "name/", "name/2=Bo name/3= ")
	f.wantRows(room+1, "", "name/1=other ")
	seen := 0
	err = f.store.Table().List(f.ctx(), room, "", func(string, []byte) bool { seen++; return false })
	if err != nil || seen != 1 {
		t.Errorf("List went on to %d rows, %v", seen, err)
	}
}

func tableReopen(t *testing.T, f *fixture) {
	f.putRow(room, "a", "1")
	f.putRow(room, "b", "2")
	if err := f.store.Table().Delete(f.ctx(), room, "a"); err != nil {
		t.Fatal(err)
	}
	f.reopen()
	f.wantRows(room, "", "b=2 ")
}

func tableLimits(t *testing.T, f *fixture) {
	put := f.store.Table().Put
	wantError(t, "Put without key", put(f.ctx(), room, "", nil), replay.ErrLimit)
	wantError(t, "Put of a key too long", put(f.ctx(), room, string(make([]byte, replay.MaxKey+1)), nil), replay.ErrLimit)
	wantError(t, "Put of a value too long", put(f.ctx(), room, "k", make([]byte, replay.MaxValue+1)), replay.ErrLimit)
	if err := put(f.ctx(), room, string(make([]byte, replay.MaxKey)), make([]byte, replay.MaxValue)); err != nil {
		t.Errorf("Put at the limits = %v", err)
	}
}
