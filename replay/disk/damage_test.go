package disk

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
	if !errors.As(err, &conflict) || conflict.Revision != 2 {
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
