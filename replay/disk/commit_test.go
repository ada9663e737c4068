package disk

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"chalkline/replay"
)

func TestAppendsOfManyRoomsShareSyncs(t *testing.T) {
	const rooms = 100
	var disk sync.RWMutex // held: it does not come to an end with a sync
	var syncs atomic.Int32
	inject := errorfs.InjectorFunc(func(o errorfs.Op) error {
		if strings.HasSuffix(o.Path, ".log") && (o.Kind == errorfs.OpFileSync || o.Kind == errorfs.OpFileSyncData) {
			syncs.Add(1)
			disk.RLock()
			defer disk.RUnlock()
		}
		return nil
	})
	l := mustOpen(t, small(errorfs.Wrap(vfs.NewMem(), inject), "store"))
	for room := range replay.Room(rooms) {
		if err := l.Create(t.Context(), room+1); err != nil {
			t.Fatal(err)
		}
	}
	syncs.Store(0)
	disk.Lock()
	var appending sync.WaitGroup
	for room := range replay.Room(rooms) {
		appending.Go(func() {
			if err := appendOne(t, l, room+1, 0); err != nil {
				t.Error(err)
			}
		})
	}
	// Pebble shows a record before it is durable: what it shows waits for a sync.
	waiting := func() (n int) {
		for room := range replay.Room(rooms) {
			if l.get(appendRevision(nil, room+1, kindRecord, board, 1), func([]byte) error { return nil }) == nil {
				n++
			}
		}
		return n
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); waiting() < rooms && time.Now().Before(deadline); {
		<-tick.C
	}
	if n := waiting(); n < rooms {
		t.Errorf("%d of %d appends wait for a sync", n, rooms)
	}
	disk.Unlock()
	appending.Wait()
	// The first began when there was only one to wait for it.
	if n := syncs.Load(); n < 1 || n > 2 {
		t.Errorf("%d syncs for %d appends at once, want 1 or 2", n, rooms)
	}
	mustClose(t, l)
}
