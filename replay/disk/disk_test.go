package disk

import (
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"chalkline/replay"
	"chalkline/replay/replaytest"
)

// small is a configuration that sorts its files often.
func small(fs vfs.FS, dir string) Config {
	return Config{Dir: dir, FS: fs, MemTable: 256 << 10, Cache: 1 << 20, MinFree: 16 << 20, Ballast: 1 << 20, Rooms: 4}
}

func mustOpen(t testing.TB, cfg Config) *Log {
	t.Helper()
	l, err := Open(cfg)
	if err != nil {
		t.Fatalf("Open() = %v", err)
	}
	return l
}

type opener struct{ cfg Config }

func (o opener) Open(t *testing.T) replaytest.Store { return mustOpen(t, o.cfg) }

func (o opener) DamageSnapshot(t *testing.T, room replay.Room, document replay.Document, revision uint64) {
	l := mustOpen(t, o.cfg)
	key := appendRevision(nil, room, kindSnapshot, document, revision)
	value := encodeSnapshot(nil, key, &replay.Snapshot{Data: []byte("data")})
	value[len(value)-1] ^= 1
	if err := l.db.Set(key, value, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
}

func mustClose(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("Close() = %v", err)
	}
}

func TestLogKeepsTheContract(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		replaytest.Run(t, func(*testing.T) replaytest.Opener { return opener{small(vfs.NewMem(), "data/store")} })
	})
	t.Run("disk", func(t *testing.T) {
		replaytest.Run(t, func(t *testing.T) replaytest.Opener { return opener{small(nil, t.TempDir())} })
	})
}
