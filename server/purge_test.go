package server_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/replay/disk"
	"chalkline/server"
)

// fill draws 100 000 points, 100 in a stroke.
func fill(t *testing.T, b *client.Board) {
	t.Helper()
	for batch := range int32(100) {
		var ops []ot.Op
		for stroke := range int32(10) {
			points := make([]ot.Point, 100)
			for i := range points {
				at := int32(i)
				points[i] = ot.Point{X: 300*stroke + at*7 + at*at%13, Y: 200*batch + at*at%301, P: 90 + at%30, T: at * 4}
			}
			frame, err := ink.NewEncoder().AppendFrame(nil, points)
			if err != nil {
				t.Fatal(err)
			}
			id := b.NextID()
			ops = append(ops, ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink, Settings: pen},
				ot.Op{Kind: ot.Extend, ID: id, Ended: true, Frame: frame, Points: points})
		}
		if err := b.Submit(ops...); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // as fast as one person may for long
	}
	if err := b.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// joinBytes is what a newcomer gets of documents until it sees the same as b.
func (w *world) joinBytes(t *testing.T, b *host) int {
	t.Helper()
	late := w.join(b.RoomID())
	got := int(late.Stats().DocumentBytes)
	if late.board.Hash() != b.board.Hash() {
		t.Error("boards differ")
	}
	_ = late.Close()
	return got
}

func TestOT16TenFillsAndClearsCostAJoinAndTheStoreNoMoreThanOneFill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := openStore(t, vfs.NewMem())
		defer func() { _ = log.Close() }()
		onDisk := func(c *server.Config) { c.Log, c.Table = log, log.Table() }
		w := newWorld(t, newPath(5*time.Millisecond, 0, 0), onDisk)
		ann := w.join(0)
		room, page := ann.RoomID(), ann.board.Page()
		fill(t, ann.board)
		one := w.joinBytes(t, ann)
		for range 10 {
			if err := ann.board.Submit(ot.Op{Kind: ot.Clear, Base: ann.board.Revision()}); err != nil {
				t.Fatal(err)
			}
			fill(t, ann.board)
		}
		if n := w.joinBytes(t, ann); n < 5*one {
			t.Fatalf("%d bytes before the purge, one fill is %d: the test does not fill", n, one)
		}
		time.Sleep(12 * time.Minute)
		most := one + one/10
		if n := w.joinBytes(t, ann); n > most {
			t.Errorf("a join takes %d bytes, after one fill %d", n, one)
		}
		w.close()
		if n := stored(t, log, room, page); n > most {
			t.Errorf("the stored snapshot has %d bytes, a join after one fill %d", n, one)
		}
		w = newWorld(t, newPath(5*time.Millisecond, 0, 0), onDisk)
		defer w.close()
		again := w.join(room)
		if n := int(again.Stats().DocumentBytes); n > most || again.board.Hash() != ann.board.Hash() {
			t.Errorf("a join after a restart takes %d bytes, after one fill %d; or boards differ", n, one)
		}
	})
}

// stored is the size of the latest snapshot of a page's board.
func stored(t *testing.T, log *disk.Log, room int64, page string) int {
	t.Helper()
	s, err := log.Snapshot(t.Context(), replay.Room(room), replay.Document("board::"+page), math.MaxUint64)
	if err != nil {
		t.Fatal(err)
	}
	return len(s.Data)
}
