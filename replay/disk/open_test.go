package disk

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"chalkline/replay"
	"chalkline/replay/replaytest"
)

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
}

func TestConfigReportsAllFaults(t *testing.T) {
	_, err := Open(Config{Ballast: -1, Cache: -1, Rooms: -1, MemTable: 1})
	for _, field := range []string{"Dir", "Ballast", "Cache", "Rooms", "MemTable"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
}
