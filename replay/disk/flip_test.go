package disk

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"chalkline/replay"
)

// Whatever bit of whatever file flips: what is served is what was acknowledged,
// or the operator is told. Only the log's last append may go unnoticed, which
// looks like one that was never acknowledged.
func TestAFlippedBitAnywhereIsToldOrHarmless(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	dir, acks := killedStore(t)
	for _, name := range listing(t, dir) {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			continue
		}
		for range 8 {
			damaged := filepath.Join(t.TempDir(), "store")
			if err := os.CopyFS(damaged, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			var at int
			change(t, filepath.Join(damaged, "db", filepath.Base(name)), func(b []byte) []byte {
				at = rng.IntN(len(b))
				b[at] ^= 1 << rng.IntN(8)
				return b
			})
			if lost := silentlyLost(t, damaged, acks); lost > 3 {
				t.Errorf("a bit of byte %d of %s: %d acknowledged records are gone without a word", at, filepath.Base(name), lost)
			}
		}
	}
}

// silentlyLost opens a store and counts what is not there in rooms of which all
// can be read.
func silentlyLost(t *testing.T, dir string, acks []acknowledged) (lost int) {
	t.Helper()
	l, err := Open(small(nil, dir))
	if errors.Is(err, replay.ErrCorrupt) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, l)
	for room := replay.Room(1); room <= 2; room++ {
		records, err := digestsOf(t, l, room)
		if errors.Is(err, replay.ErrCorrupt) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range acks {
			if a.Room == room && records[a.Document][a.Revision] != a.Digest {
				lost++
			}
		}
	}
	return lost
}

func digestsOf(t *testing.T, l *Log, room replay.Room) (map[replay.Document]map[uint64]replay.Digest, error) {
	t.Helper()
	all := make(map[replay.Document]map[uint64]replay.Digest)
	for _, document := range []replay.Document{board, stage} {
		all[document] = make(map[uint64]replay.Digest)
		err := l.Read(t.Context(), room, document, 1, func(r replay.Record) bool {
			all[document][r.Revision] = r.Digest
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// The operator may decide to go on without what follows damage in the log.
func TestALogCutWhereTheOperatorIsToldOpens(t *testing.T) {
	dir, acks := killedStore(t)
	logs := files(t, dir, "*.log")
	name := logs[len(logs)-1]
	change(t, name, func(b []byte) []byte { b[placeOf(t, b, flushed+2)] ^= 1; return b })
	_, err := Open(small(nil, dir))
	if !errors.Is(err, replay.ErrCorrupt) || !strings.Contains(err.Error(), filepath.Base(name)) {
		t.Fatalf("Open() = %v, want ErrCorrupt of %s", err, name)
	}
	match := regexp.MustCompile(`cannot be read at byte (\d+)`).FindStringSubmatch(err.Error())
	if match == nil {
		t.Fatalf("%v does not say where", err)
	}
	at, err := strconv.ParseInt(match[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, at); err != nil {
		t.Fatal(err)
	}
	l := mustOpen(t, small(nil, dir))
	checkStands(t, l, 1, 2*(flushed+logged), acks)
	checkStands(t, l, 2, 2*(flushed+2), acks)
	mustClose(t, l)
}
