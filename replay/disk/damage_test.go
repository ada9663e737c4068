package disk

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"chalkline/replay"
	"chalkline/replay/replaytest"
)

// Of the damaged stores: appends that are in files of their own, by room, and
// appends that are in the write-ahead log only, by room.
const (
	flushed = 40
	logged  = 10

	lastAppend = flushed + logged - 1
)

// killedStore makes a store on a real disk as a killed server leaves it: rooms 1
// and 2 with some appends each in a file of its own, and some in the log.
func killedStore(t *testing.T) (dir string, acks []acknowledged) {
	t.Helper()
	alive := t.TempDir()
	l := mustOpen(t, small(nil, alive))
	for room := replay.Room(1); room <= 2; room++ {
		if err := l.Create(t.Context(), room); err != nil {
			t.Fatal(err)
		}
		acks = append(acks, appendMany(t, l, room, 0, flushed)...)
		if err := l.db.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	for room := replay.Room(1); room <= 2; room++ {
		acks = append(acks, appendMany(t, l, room, flushed, flushed+logged)...)
	}
	dir = filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(dir, os.DirFS(alive)); err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
	return dir, acks
}

// payloadsOf are 100 payloads that cannot be compressed, so that a bit of a
// file is a bit of a record.
func payloadsOf(room replay.Room, from uint64) [][]byte {
	rng := rand.New(rand.NewPCG(uint64(room), from))
	all := make([][]byte, 100)
	for i := range all {
		all[i] = make([]byte, 150)
		for j := range all[i] {
			all[i][j] = byte(rng.Uint32())
		}
	}
	return all
}

func appendMany(t *testing.T, l *Log, room replay.Room, from, to uint64) (acks []acknowledged) {
	t.Helper()
	payloads := payloadsOf(room, from)
	for n := from; n < to; n++ {
		entries := three(1, n)
		for i := range entries {
			entries[i].Payload = payloads[n-from]
		}
		records, err := l.Append(t.Context(), room, 1, nil, entries)
		if err != nil {
			t.Fatal(err)
		}
		acks = append(acks, acknowledge(room, records)...)
	}
	return acks
}

// files returns those of the database that match, oldest first.
func files(t *testing.T, dir, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "db", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	slices.Sort(names)
	return names
}

func change(t *testing.T, name string, f func(b []byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, f(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
}

// placeOf is where an append of room 2 is in the log, which may go on behind the
// last one: it is used again without being cleared.
func placeOf(t *testing.T, log []byte, n uint64) int {
	t.Helper()
	at := bytes.Index(log, payloadsOf(2, flushed)[n-flushed])
	if at < 0 {
		t.Fatalf("append %d is not in the log", n)
	}
	return at
}

// The table of docs/store.md, "Damage".
func TestDamage(t *testing.T) {
	store, acks := killedStore(t)
	lastLog := func(t *testing.T, dir string) string { names := files(t, dir, "*.log"); return names[len(names)-1] }
	all := func(room replay.Room) uint64 { return 2 * (flushed + logged) }
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		open   bool                          // else Open says ErrCorrupt
		lost   replay.Room                   // the room that cannot be served, if one
		stands func(room replay.Room) uint64 // revision of the board of the others
	}{
		{
			name:   "nothing but the kill",
			damage: func(*testing.T, string) {},
			open:   true, stands: all,
		},
		{
			name: "torn tail of the log",
			damage: func(t *testing.T, dir string) {
				change(t, lastLog(t, dir), func(b []byte) []byte { return b[:placeOf(t, b, lastAppend)+50] })
			},
			// Room 2 wrote last; its last append goes as a whole.
			open: true, stands: func(room replay.Room) uint64 { return all(room) - 2*uint64(room-1) },
		},
		{
			name: "garbage behind the log",
			damage: func(t *testing.T, dir string) {
				change(t, lastLog(t, dir), func(b []byte) []byte {
					return append(b, bytes.Repeat([]byte("garbage"), 20)...)
				})
			},
			open: true, stands: all,
		},
		{
			name: "flipped bit in the last append of the log",
			damage: func(t *testing.T, dir string) {
				change(t, lastLog(t, dir), func(b []byte) []byte { b[placeOf(t, b, lastAppend)+50] ^= 4; return b })
			},
			open: true, stands: func(room replay.Room) uint64 { return all(room) - 2*uint64(room-1) },
		},
		{
			name: "flipped bit within the log",
			damage: func(t *testing.T, dir string) {
				change(t, lastLog(t, dir), func(b []byte) []byte { b[placeOf(t, b, flushed)+50] ^= 4; return b })
			},
		},
		{
			name: "the log emptied by the operator",
			damage: func(t *testing.T, dir string) {
				change(t, lastLog(t, dir), func([]byte) []byte { return nil })
			},
			open: true, stands: func(replay.Room) uint64 { return 2 * flushed },
		},
		{
			name:   "log missing",
			damage: func(t *testing.T, dir string) { remove(t, lastLog(t, dir)) },
		},
		{
			name: "flipped bit in a file of records",
			damage: func(t *testing.T, dir string) {
				change(t, files(t, dir, "*.sst")[0], func(b []byte) []byte { b[len(b)/3] ^= 4; return b })
			},
			open: true, lost: 1, stands: all,
		},
		{
			name:   "file of records missing",
			damage: func(t *testing.T, dir string) { remove(t, files(t, dir, "*.sst")[0]) },
		},
		{
			name: "file of records cut short",
			damage: func(t *testing.T, dir string) {
				change(t, files(t, dir, "*.sst")[0], func(b []byte) []byte { return b[:len(b)/2] })
			},
		},
		{
			name:   "manifest missing",
			damage: func(t *testing.T, dir string) { remove(t, files(t, dir, "MANIFEST-*")[0]) },
		},
		{
			name: "flipped bit in the manifest",
			damage: func(t *testing.T, dir string) {
				names := files(t, dir, "MANIFEST-*")
				change(t, names[len(names)-1], func(b []byte) []byte { b[len(b)/3] ^= 4; return b })
			},
		},
		{
			name:   "marker of the manifest missing",
			damage: func(t *testing.T, dir string) { remove(t, files(t, dir, "marker.manifest*")[0]) },
		},
		{
			name:   "marker of the format missing",
			damage: func(t *testing.T, dir string) { remove(t, files(t, dir, "marker.format*")[0]) },
		},
		{
			name: "marker of the log missing",
			damage: func(t *testing.T, dir string) {
				names, err := filepath.Glob(filepath.Join(dir, "marker.log*"))
				if err != nil || len(names) != 1 {
					t.Fatal(names, err)
				}
				remove(t, names[0])
			},
		},
		{
			name:   "CHALKLINE missing",
			damage: func(t *testing.T, dir string) { remove(t, filepath.Join(dir, markerName)) },
		},
		{
			name: "CHALKLINE of another version",
			damage: func(t *testing.T, dir string) {
				change(t, filepath.Join(dir, markerName), func([]byte) []byte { return []byte("chalkline store 2\n") })
			},
		},
		{
			name:   "database missing",
			damage: func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "db")) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			if err := os.CopyFS(dir, os.DirFS(store)); err != nil {
				t.Fatal(err)
			}
			c.damage(t, dir)
			before := listing(t, dir)
			var told operator
			cfg := small(nil, dir)
			cfg.Logger = told.logger()
			l, err := Open(cfg)
			if !c.open {
				if !errors.Is(err, replay.ErrCorrupt) || !strings.Contains(err.Error(), "put back a backup") {
					t.Fatalf("Open() = %v, want ErrCorrupt and what to do", err)
				}
				checkRecordsKept(t, before, listing(t, dir))
				return
			}
			if err != nil {
				t.Fatalf("Open() = %v", err)
			}
			for room := replay.Room(1); room <= 2; room++ {
				if room == c.lost {
					checkLost(t, l, room, &told)
					continue
				}
				checkStands(t, l, room, c.stands(room), acks)
			}
			if err := l.Create(t.Context(), 3); err != nil {
				t.Errorf("Create in a damaged store = %v", err)
			}
			mustClose(t, l)
		})
	}
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "db", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// checkRecordsKept sees that Open has not thrown away what may yet be saved.
func checkRecordsKept(t *testing.T, before, after []string) {
	t.Helper()
	for _, name := range before {
		keep := strings.HasSuffix(name, ".sst") || strings.HasSuffix(name, ".log") || strings.Contains(name, "MANIFEST")
		if keep && !slices.Contains(after, name) {
			t.Errorf("opening removed %s", name)
		}
	}
}

func checkStands(t *testing.T, l *Log, room replay.Room, revision uint64, acks []acknowledged) {
	t.Helper()
	records := checkWhole(t, l, room)
	if got := uint64(len(records[board])); got != revision {
		t.Errorf("the board of room %d stands at %d, want %d", room, got, revision)
	}
	for _, a := range acks {
		if have := records[a.Document]; a.Room == room && a.Revision <= uint64(len(have)) && have[a.Revision-1].Digest != a.Digest {
			t.Fatalf("%+v is not what is there", a)
		}
	}
	if err := appendOne(t, l, room, 1000); err != nil {
		t.Errorf("Append to room %d = %v", room, err)
	}
}

func checkLost(t *testing.T, l *Log, room replay.Room, told *operator) {
	t.Helper()
	ignore := func(replay.Record) bool { return true }
	err := errors.Join(
		l.Read(t.Context(), room, board, 1, ignore),
		l.Read(t.Context(), room, stage, 1, ignore),
	)
	if !errors.Is(err, replay.ErrCorrupt) || !strings.Contains(err.Error(), "other rooms are served") {
		t.Errorf("Read of a damaged room = %v, want ErrCorrupt and what to do", err)
	}
	told.wasTold(t, "a file of the store is damaged")
}

// An older copy is whole in itself: only those who hold later records can tell,
// by digest. What is appended to it is another history.
func TestAnOlderCopyOfTheStoreShowsByItsDigests(t *testing.T) {
	dir := t.TempDir()
	cfg := small(nil, filepath.Join(dir, "store"))
	l := created(t, cfg)
	older := filepath.Join(dir, "older")
	if err := os.CopyFS(older, os.DirFS(cfg.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := appendOne(t, l, 1, 1); err != nil {
		t.Fatal(err)
	}
	held, err := l.State(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)

	l = mustOpen(t, small(nil, older))
	defer mustClose(t, l)
	state, err := l.State(t.Context(), 1)
	if err != nil || state.Epoch != held.Epoch || state.Heads[board].Revision != 2 {
		t.Fatalf("State of the older copy = %+v, %v", state, err)
	}
	var conflict *replay.ConflictError
	_, err = l.Append(t.Context(), 1, 1, []replay.Expect{{Document: board, Revision: held.Heads[board].Revision}}, three(9, 9))
	if !errors.As(err, &conflict) || conflict.Revision != 2 || len(conflict.Missed) != 0 {
		t.Errorf("Append expecting what was lost = %v, want a conflict at 2", err)
	}
	if err := appendOne(t, l, 1, 7); err != nil {
		t.Fatal(err)
	}
	forked := replaytest.Read(t, l, 1, board, 4)[0]
	if forked.Revision != held.Heads[board].Revision || forked.Digest == held.Heads[board].Digest {
		t.Errorf("revision %d has digest %x in both histories", forked.Revision, forked.Digest)
	}
}

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
			l.Forget(1)
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

func TestTheStoreIsOpenedOnce(t *testing.T) {
	cfg := small(nil, t.TempDir())
	l := mustOpen(t, cfg)
	if _, err := Open(cfg); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "stop it, or take another directory") {
		t.Errorf("Open of an open store = %v, want ErrLocked and what to do", err)
	}
	mustClose(t, l)
	mustClose(t, mustOpen(t, cfg))
}

// The manifest is written in the background: the failure meets no call.
func TestAFailedManifestStopsTheStoreNotTheProcess(t *testing.T) {
	var on atomic.Bool
	inject := errorfs.InjectorFunc(func(o errorfs.Op) error {
		if on.Load() && strings.Contains(o.Path, "MANIFEST") && o.Kind == errorfs.OpFileSync {
			return syscall.EIO
		}
		return nil
	})
	l := created(t, small(errorfs.Wrap(vfs.NewMem(), inject), "store"))
	on.Store(true)
	go func() { _ = l.db.Flush() }() // never comes back
	<-l.Failed()
	if err := appendOne(t, l, 1, 1); !errors.Is(err, replay.ErrFailed) {
		t.Errorf("Append = %v, want ErrFailed", err)
	}
	if got := replaytest.Read(t, l, 1, board, 1); len(got) != 2 {
		t.Errorf("%d records can be read, want 2", len(got))
	}
	if err := l.Close(); !errors.Is(err, replay.ErrFailed) {
		t.Errorf("Close() = %v, want ErrFailed", err)
	}
}

func TestIdleRoomsLeaveMemory(t *testing.T) {
	l := mustOpen(t, small(vfs.NewMem(), "store"))
	defer mustClose(t, l)
	for room := range replay.Room(100) {
		if err := l.Create(t.Context(), room+1); err != nil {
			t.Fatal(err)
		}
		if _, err := l.State(t.Context(), -room); !errors.Is(err, replay.ErrNoRoom) {
			t.Fatal(err)
		}
	}
	if got := len(l.rooms.rooms); got != 4 {
		t.Errorf("%d rooms in memory, want the 4 of the configuration", got)
	}
	err := l.Read(t.Context(), 100, board, 1, func(replay.Record) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	l.Forget(100)
	l.Forget(1000)
	if got := len(l.rooms.rooms); got != 3 {
		t.Errorf("%d rooms in memory after Forget, want 3", got)
	}
}

func TestConfigReportsAllFaults(t *testing.T) {
	_, err := Open(Config{Ballast: -1, Cache: -1, Rooms: -1, MemTable: 1})
	for _, field := range []string{"Dir", "Ballast", "Cache", "Rooms", "MemTable"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
}
