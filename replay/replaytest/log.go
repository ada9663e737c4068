package replaytest

import (
	"errors"
	"fmt"
	"testing"

	"chalkline/replay"
)

func order(t *testing.T, f *fixture) {
	f.create(room)
	var all []replay.Record
	for n := range uint64(20) {
		all = append(all, f.append(int64(n), entry(1, 2*n+1, "a"), entry(1, 2*n+2, "b"))...)
	}
	for i, r := range all {
		if r.Revision != uint64(i)+1 {
			t.Fatalf("record %d has revision %d", i, r.Revision)
		}
	}
	wantSame(t, f.read(board, 0), all)
	wantSame(t, f.read(board, 1), all)
}

func readPart(t *testing.T, f *fixture) {
	f.create(room)
	f.append(1, on(board, "a"), on(board, "b"), on(board, "c"), on(board, "d"))
	wantPayloads(t, f.read(board, 3), "3c 4d ")
	wantPayloads(t, f.read(board, 4), "4d ")
	wantPayloads(t, f.read(board, 5), "")
	wantPayloads(t, f.read(board, 1<<63), "")
	wantPayloads(t, f.read("other", 1), "")
	seen := 0
	err := f.store.Read(f.ctx(), room, board, 2, func(replay.Record) bool { seen++; return seen < 2 })
	if err != nil || seen != 2 {
		t.Errorf("Read stopped after %d with %v, want 2 and no error", seen, err)
	}
}

func documents(t *testing.T, f *fixture) {
	f.create(room)
	// Names that are prefixes of each other, and all bytes.
	names := []replay.Document{"b", "board", "board:", "\x00", "\xff", "b\x00", "\xff\xff"}
	for _, name := range names {
		f.append(1, on(name, "x"), on(stage, "s"), on(name, "y"))
	}
	for _, name := range names {
		wantPayloads(t, f.read(name, 1), "1x 2y ")
	}
	if head := f.state().Heads[stage].Revision; head != uint64(len(names)) {
		t.Errorf("stage stands at %d, want %d", head, len(names))
	}
}

func rooms(t *testing.T, f *fixture) {
	f.create(room, room+1, 1<<62)
	f.append(1, entry(1, 1, "a"))
	for _, other := range []replay.Room{room + 1, 1 << 62} {
		if s, err := f.store.State(f.ctx(), other); err != nil || len(s.Heads) != 0 || s.Epoch == f.state().Epoch {
			t.Errorf("State(%d) = %+v, %v; want an empty room of its own epoch", other, s, err)
		}
		if got := Read(t, f.store, other, board, 1); len(got) != 0 {
			t.Errorf("room %d shows %d records of another", other, len(got))
		}
	}
}

func expectations(t *testing.T, f *fixture) {
	f.create(room)
	f.append(1, on(board, "a"), on(stage, "s"))
	try := func(boardAt, stageAt uint64) error {
		_, err := f.store.Append(f.ctx(), room, 2, []replay.Expect{{Document: board, Revision: boardAt}, {Document: stage, Revision: stageAt}},
			[]replay.Entry{on(board, "b"), on("new", "n")})
		return err
	}
	for _, at := range [][2]uint64{{0, 1}, {1, 0}, {2, 1}, {1, 2}} {
		var conflict *replay.ConflictError
		if err := try(at[0], at[1]); !errors.As(err, &conflict) {
			t.Errorf("Append expecting %v = %v, want a conflict", at, err)
		}
	}
	wantPayloads(t, f.read(board, 1), "1a ")
	wantPayloads(t, f.read("new", 1), "")
	if _, there := f.state().Heads["new"]; there {
		t.Error("a refused append left a document behind")
	}
	if err := try(1, 1); err != nil {
		t.Errorf("Append expecting what is = %v", err)
	}
	wantPayloads(t, f.read(board, 1), "1a 2b ")
	// stage was only read.
	wantPayloads(t, f.read(stage, 1), "1s ")
}

func conflicts(t *testing.T, f *fixture) {
	f.create(room)
	f.append(1, on(board, "a"), entry(3, 1, "b"), on(board, "c"))
	for _, at := range []uint64{0, 1, 2, 4, 9} {
		_, err := f.store.Append(f.ctx(), room, 2, []replay.Expect{{Document: board, Revision: at}}, []replay.Entry{on(stage, "x")})
		var conflict *replay.ConflictError
		if !errors.As(err, &conflict) {
			t.Fatalf("Append expecting %d = %v, want a conflict", at, err)
		}
		if want := (replay.ConflictError{Document: board, Expected: at, Revision: 3}); *conflict != want {
			t.Errorf("conflict %+v, want %+v", *conflict, want)
		}
	}
}

func checkOnly(t *testing.T, f *fixture) {
	f.create(room)
	f.append(1, on(board, "a"))
	records, err := f.store.Append(f.ctx(), room, 2, []replay.Expect{{Document: board, Revision: 1}}, nil)
	if err != nil || len(records) != 0 {
		t.Errorf("Append without entries = %v, %v", records, err)
	}
	_, err = f.store.Append(f.ctx(), room, 2, []replay.Expect{{Document: board, Revision: 0}}, nil)
	var conflict *replay.ConflictError
	if !errors.As(err, &conflict) {
		t.Errorf("Append without entries = %v, want a conflict", err)
	}
}

func duplicates(t *testing.T, f *fixture) {
	f.create(room)
	f.append(1, entry(1, 1, "a"), entry(1, 2, "b"), entry(2, 1, "c"), entry(1, 5, "d"))
	check := func() {
		t.Helper()
		for _, c := range []struct {
			replica uint32
			n, last uint64
		}{{1, 5, 5}, {1, 1, 5}, {2, 1, 1}, {3, 0, 0}} {
			_, err := f.store.Append(f.ctx(), room, 2, nil, []replay.Entry{entry(c.replica, c.n, "x")})
			var duplicate *replay.DuplicateError
			if !errors.As(err, &duplicate) {
				t.Fatalf("Append of (%d, %d) = %v, want a duplicate", c.replica, c.n, err)
			}
			if *duplicate != (replay.DuplicateError{Document: board, Replica: c.replica, N: c.n, Last: c.last}) {
				t.Errorf("duplicate %+v", duplicate)
			}
		}
	}
	check()
	f.reopen()
	check()
	// n is the document's own.
	f.append(3, replay.Entry{Document: stage, Replica: 1, N: 1})
	f.append(3, entry(1, 6, "e"))
}

func duplicateAtomic(t *testing.T, f *fixture) {
	f.create(room)
	f.append(1, entry(1, 1, "a"))
	before := f.state()
	for _, entries := range [][]replay.Entry{
		{on(stage, "s"), entry(2, 1, "b"), entry(1, 1, "again")},
		{entry(2, 1, "b"), entry(2, 1, "twice in one append")},
		{entry(2, 2, "b"), entry(2, 1, "backwards in one append")},
	} {
		if _, err := f.store.Append(f.ctx(), room, 2, nil, entries); err == nil {
			t.Errorf("Append(%v) took a duplicate", entries)
		}
		wantState(t, f.state(), before)
	}
	wantPayloads(t, f.read(board, 1), "1a ")
	f.append(2, entry(2, 1, "b"))
}

func serverEntries(t *testing.T, f *fixture) {
	f.create(room)
	f.append(1, on(board, "a"), on(board, "b"), replay.Entry{Document: board, N: 1}, replay.Entry{Document: board, N: 1})
	if got := f.state().Batches[board]; len(got) != 1 || got[0] != 1 {
		t.Errorf("last batches are %v, want 1 of the server", got)
	}
}

func digests(t *testing.T, f *fixture) {
	f.create(room)
	f.append(5, entry(1, 1, "a"), on(stage, "s"), entry(2, 1, "b"))
	f.append(6, entry(1, 2, "c"))
	digest := replay.Digest(0)
	for _, r := range f.read(board, 1) {
		digest = replay.Chain(digest, r)
		if r.Digest != digest {
			t.Errorf("revision %d has digest %x, want %x", r.Revision, r.Digest, digest)
		}
	}
	if head := f.state().Heads[board].Position; head != (replay.Position{Revision: 3, Digest: digest}) {
		t.Errorf("head %+v, want revision 3 and digest %x", head, digest)
	}
}

func sequenced(t *testing.T, f *fixture) {
	f.create(room)
	for i, c := range []struct{ now, want int64 }{{100, 100}, {50, 100}, {-5, 100}, {100, 100}, {120, 120}} {
		if got := f.append(c.now, on(board, ""))[0].SequencedAt; got != c.want {
			t.Errorf("record %d appended at %d is sequenced at %d, want %d", i, c.now, got, c.want)
		}
	}
	f.reopen()
	if got := f.append(60, on(board, ""), on(stage, "")); got[0].SequencedAt != 120 || got[1].SequencedAt != 60 {
		t.Errorf("after reopening sequenced at %d and %d, want 120 and 60", got[0].SequencedAt, got[1].SequencedAt)
	}
}

func release(t *testing.T, f *fixture) {
	f.create(room)
	captured := []int64{90, 80, 95, 1000, 100, -1, 400}
	want := []int64{90, 90, 95, 103, 103, 103, 106}
	for i, c := range captured {
		r := f.append(100+int64(i), replay.Entry{Document: board, CapturedAt: c})[0]
		if r.ReleaseAt != want[i] || r.CapturedAt != c {
			t.Errorf("record %d: captured %d, released %d, want %d and %d", i, r.CapturedAt, r.ReleaseAt, c, want[i])
		}
	}
	if got := f.state().Heads[board].ReleaseAt; got != 106 {
		t.Errorf("head released at %d, want 106", got)
	}
}

func revisionAt(t *testing.T, f *fixture) {
	f.create(room)
	for i := range int64(50) {
		f.append(1000, replay.Entry{Document: board, CapturedAt: 10 * (i / 2)})
	}
	for _, c := range []struct {
		at   int64
		want uint64
	}{{-1, 0}, {0, 2}, {9, 2}, {10, 4}, {15, 4}, {239, 48}, {240, 50}, {1 << 62, 50}} {
		got, err := f.store.RevisionAt(f.ctx(), room, board, c.at)
		if err != nil || got != c.want {
			t.Errorf("RevisionAt(%d) = %d, %v; want %d", c.at, got, err, c.want)
		}
	}
	if got, err := f.store.RevisionAt(f.ctx(), room, stage, 5); err != nil || got != 0 {
		t.Errorf("RevisionAt of an empty document = %d, %v; want 0", got, err)
	}
}

func reopen(t *testing.T, f *fixture) {
	f.create(room)
	var all []replay.Record
	for n := range uint64(30) {
		all = append(all, f.append(int64(100+n), entry(uint32(n%3)+1, n+1, fmt.Sprint(n)))...)
		f.append(int64(100+n), replay.Entry{Document: stage, Replica: 9, N: n + 1})
		if n%10 == 9 {
			before := f.state()
			f.reopen()
			wantState(t, f.state(), before)
		}
	}
	wantSame(t, f.read(board, 1), all)
	want := map[uint32]uint64{1: 28, 2: 29, 3: 30}
	if got := f.state().Batches[board]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("last n %v, want %v", got, want)
	}
}

func aliasing(t *testing.T, f *fixture) {
	f.create(room)
	payload := []byte("before")
	f.append(1, replay.Entry{Document: board, Payload: payload})
	copy(payload, "after!")
	wantPayloads(t, f.read(board, 1), "1before ")
	s := f.state()
	s.Heads[stage] = replay.Head{}
	if len(f.state().Heads) != 1 {
		t.Error("a caller changed the log through its state")
	}
}
