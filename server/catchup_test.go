package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"chalkline/ot"
	"chalkline/server"
)

// drag moves an element so often, in batches of 200.
func (h *host) drag(t *testing.T, id ot.ID, times int) {
	t.Helper()
	for from := 0; from < times; from += 200 {
		var ops []ot.Op
		for i := range 200 {
			place := ot.Placement{X: int32(from + i), Y: int32(i * 7 % 1000), W: 500, H: 500}
			ops = append(ops, ot.Op{Kind: ot.Set, ID: id, Settings: []ot.Setting{{Register: ot.Place, Value: ot.PlaceValue(place)}}})
		}
		if err := h.board.Submit(ops...); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // simulated
	}
}

// box makes a rectangle.
func (h *host) box(t *testing.T) ot.ID {
	t.Helper()
	id := h.board.NextID()
	if err := h.board.Submit(ot.Op{Kind: ot.Create, ID: id, Element: ot.Rectangle}); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestREC1WhoComesBackGetsTheShorterOfRecordsAndSnapshot(t *testing.T) {
	for name, c := range map[string]struct {
		drags     int
		snapshots uint64 // more than before
		bytes     uint64 // at most
	}{
		"few records, large board":  {200, 0, 6 << 10},
		"many records, small board": {10_000, 1, 8 << 10}, // of some 100 kB
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, newPath(20*time.Millisecond, 0, 0))
				defer w.close()
				ann := w.join(0)
				ben := w.join(ann.RoomID())
				id := ann.box(t)
				ann.scribble(t, 10*time.Second)
				w.agree(ann, ben)
				before := ben.Stats()
				w.path.cut(ben.addr, true)
				if err := ben.WaitAway(t.Context()); err != nil {
					t.Fatal(err)
				}
				ann.drag(t, id, c.drags)
				w.path.cut(ben.addr, false)
				w.agree(ann, ben)
				after := ben.Stats()
				if n := after.Snapshots - before.Snapshots; n != c.snapshots {
					t.Errorf("%d snapshots more, want %d", n, c.snapshots)
				}
				t.Logf("%d bytes", after.DocumentBytes-before.DocumentBytes)
				if n := after.DocumentBytes - before.DocumentBytes; n > c.bytes {
					t.Errorf("%d bytes to come back, want at most %d", n, c.bytes)
				}
			})
		})
	}
}

func TestREC4WhoIsSlowGetsASnapshotAndNoBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const queue = 16 << 10
		w := newWorld(t, newPath(20*time.Millisecond, 0, 0), func(c *server.Config) { c.Session.QueueBytes = queue })
		defer w.close()
		ann := w.join(0)
		ben := w.join(ann.RoomID())
		id := ann.box(t)
		w.agree(ann, ben)
		var most uint64
		before := ben.Stats()
		for range 5 {
			at := ben.Stats().DocumentBytes
			w.path.cut(ben.addr, true) // too short to be given up
			ann.drag(t, id, 20_000)    // some 200 kB
			w.path.cut(ben.addr, false)
			w.agree(ann, ben)
			most = max(most, ben.Stats().DocumentBytes-at)
		}
		after := ben.Stats()
		if after.Connections != before.Connections {
			t.Fatalf("%d connections: it was not slow but away", after.Connections)
		}
		if n := after.Snapshots - before.Snapshots; n < 5 {
			t.Errorf("%d snapshots for 5 times of being slow", n)
		}
		t.Logf("%d bytes at most, %d snapshots", most, after.Snapshots-before.Snapshots)
		if most > 5*queue { // what was under way, and what waited
			t.Errorf("%d bytes after being slow, of a board of a few", most)
		}
	})
}
