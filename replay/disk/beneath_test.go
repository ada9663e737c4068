package disk

import (
	"errors"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"chalkline/replay"
	"chalkline/replay/replaytest"
)

// Damage that Pebble's checksums let pass: what a faulty memory or a wrong
// program would do.
func TestDamageBeneathTheFilesIsFound(t *testing.T) {
	record := func(revision uint64) []byte { return appendRevision(nil, 1, kindRecord, board, revision) }
	value := func(t *testing.T, l *Log, key []byte) []byte {
		t.Helper()
		var b []byte
		if err := l.get(key, func(v []byte) error { b = slices.Clone(v); return nil }); err != nil {
			t.Fatal(err)
		}
		return b
	}
	set := func(t *testing.T, l *Log, key, value []byte) {
		t.Helper()
		if err := l.db.Set(key, value, pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, l *Log)
		state  bool   // State finds it
		before uint64 // else Read does, after these records
	}{
		{"flipped bit in a record", func(t *testing.T, l *Log) {
			v := value(t, l, record(5))
			v[len(v)-1] ^= 1
			set(t, l, record(5), v)
		}, false, 4},
		{"record missing", func(t *testing.T, l *Log) {
			if err := l.db.Delete(record(5), pebble.Sync); err != nil {
				t.Fatal(err)
			}
		}, false, 4},
		{"first record missing", func(t *testing.T, l *Log) {
			if err := l.db.Delete(record(1), pebble.Sync); err != nil {
				t.Fatal(err)
			}
		}, false, 0},
		{"record of another revision", func(t *testing.T, l *Log) { set(t, l, record(5), value(t, l, record(7))) }, false, 4},
		{"record that is whole but not the chain's", func(t *testing.T, l *Log) {
			r := replay.Record{Digest: 1, SequencedAt: 1, ReleaseAt: 1, Payload: []byte("x")}
			set(t, l, record(5), encodeRecord(nil, record(5), &r))
		}, false, 4},
		{"empty value", func(t *testing.T, l *Log) { set(t, l, record(5), nil) }, false, 4},
		{"last record missing", func(t *testing.T, l *Log) {
			if err := l.db.Delete(record(20), pebble.Sync); err != nil {
				t.Fatal(err)
			}
		}, true, 0},
		{"all records missing", func(t *testing.T, l *Log) {
			if err := l.db.DeleteRange(record(0), record(100), pebble.Sync); err != nil {
				t.Fatal(err)
			}
		}, true, 0},
		{"record beyond the head", func(t *testing.T, l *Log) { set(t, l, record(21), value(t, l, record(20))) }, true, 0},
		{"older head", func(t *testing.T, l *Log) {
			key := appendDocument(nil, 1, kindHead, board)
			set(t, l, key, encodeHead(nil, key, replay.Head{Position: replay.Position{Revision: 2}}))
		}, true, 0},
		{"flipped bit in a head", func(t *testing.T, l *Log) {
			key := appendDocument(nil, 1, kindHead, board)
			v := value(t, l, key)
			v[5] ^= 1
			set(t, l, key, v)
		}, true, 0},
		{"flipped bit in a last n", func(t *testing.T, l *Log) {
			key := appendLast(nil, 1, board, 1)
			v := value(t, l, key)
			v[4] ^= 1
			set(t, l, key, v)
		}, true, 0},
		{"head missing", func(t *testing.T, l *Log) {
			if err := l.db.Delete(appendDocument(nil, 1, kindHead, board), pebble.Sync); err != nil {
				t.Fatal(err)
			}
		}, true, 0},
		{"epoch of another version", func(t *testing.T, l *Log) {
			key := appendKind(nil, 1, kindEpoch)
			v := value(t, l, key)
			v[4]++
			seal(key, v)
			set(t, l, key, v)
		}, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := mustOpen(t, small(vfs.NewMem(), "store"))
			defer mustClose(t, l)
			for room := replay.Room(1); room <= 2; room++ {
				if err := l.Create(t.Context(), room); err != nil {
					t.Fatal(err)
				}
				appendMany(t, l, room, 0, 10)
			}
			c.damage(t, l)
			l.rooms.mu.Lock()
			l.rooms.drop(l.rooms.rooms[1]) // it is read anew
			l.rooms.mu.Unlock()
			checkFound(t, l, c.state, c.before)
			checkWhole(t, l, 2)
		})
	}
}

func checkFound(t *testing.T, l *Log, byState bool, before uint64) {
	t.Helper()
	if _, err := l.State(t.Context(), 1); byState != errors.Is(err, replay.ErrCorrupt) {
		t.Fatalf("State() = %v, want ErrCorrupt: %v", err, byState)
	}
	if byState {
		if err := appendOne(t, l, 1, 500); !errors.Is(err, replay.ErrCorrupt) {
			t.Errorf("Append to a damaged room = %v, want ErrCorrupt", err)
		}
		return
	}
	var seen uint64
	err := l.Read(t.Context(), 1, board, 1, func(replay.Record) bool { seen++; return true })
	if !errors.Is(err, replay.ErrCorrupt) || seen != before {
		t.Errorf("Read() = %v after %d records, want ErrCorrupt after %d", err, seen, before)
	}
	if got := len(replaytest.Read(t, l, 1, board, 7)); before == 4 && got != 14 {
		t.Errorf("%d records behind the damage can be read, want 14", got)
	}
}
