package room_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink"
	"chalkline/replay"
)

// randomFrames returns the frames of one stroke that says nothing: the largest there are.
func randomFrames(t *testing.T, n int) [][]byte {
	t.Helper()
	dice := rand.New(rand.NewPCG(4, 4))
	e := ink.NewEncoder()
	var frames [][]byte
	for i := range n {
		var pts []ot.Point
		for k := range ink.MaxFrame {
			pts = append(pts, ot.Point{
				X: dice.Int32N(ink.MaxX + 1), Y: dice.Int32N(ink.MaxY + 1), P: dice.Int32N(ink.MaxP + 1), T: int32(i*ink.MaxFrame + k),
			})
		}
		frame, err := e.AppendFrame(nil, pts)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame)
	}
	return frames
}

func extendAll(id ot.ID, frames [][]byte) []byte {
	ops := []ot.Op{{Kind: ot.Create, ID: id, Element: ot.Ink}}
	for i, frame := range frames {
		ops = append(ops, ot.Op{Kind: ot.Extend, ID: id, First: uint32(i * ink.MaxFrame), Frame: frame})
	}
	return ot.AppendOps(nil, ops)
}

func TestAppendsAndMessagesAreBoundedWhateverArrivesTogether(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		log := &slowLog{Log: f.log, append: 50 * time.Millisecond}
		f.start(withLog(log))
		defer f.stop()
		viewer := f.join("viewer")
		var writers []*peer
		for i := range 8 {
			writers = append(writers, f.join(fmt.Sprint("w", i)))
			writers[i].blind = true
		}
		settle()
		frames := randomFrames(t, 100)
		for _, w := range writers {
			w.submit(2, extendAll(ot.ID{Replica: w.replica(), Counter: 1}, frames))
		}
		later(2 * time.Second)
		settle()
		if n := viewer.board().board.Load().Points; n != 8*100*ink.MaxFrame { // messages over 1 MiB are errors of the peer
			t.Fatalf("%d points arrived", n)
		}
		if log.largest.Load() > 5*replay.MaxAppend/64 {
			t.Fatalf("an append of %d bytes", log.largest.Load())
		}
		if late := f.join("late"); late.hash() != viewer.hash() {
			t.Fatal("hashes differ")
		}
	})
}

func TestSYN4WhoWaitsForNoAcknowledgementIsOut(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, append: time.Second}))
		defer f.stop()
		ann, bad := f.join("ann"), f.join("bad")
		later(5 * time.Second)
		clear := ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}})
		for range protocol.MaxUnackedBatches {
			ann.submit(2, clear)
			bad.submit(2, clear)
		}
		synctest.Wait()
		if bad.closed != nil {
			t.Fatalf("closed within the window: %v", bad.closed)
		}
		bad.submit(2, clear)
		later(5 * time.Second)
		ann.submit(2, clear)
		later(5 * time.Second)
		if bad.closed == nil || bad.closed.Code != protocol.TooLarge {
			t.Fatalf("closed with %v, want TOO_LARGE", bad.closed)
		}
		if ann.closed != nil || ann.board().at.Revision != 2*protocol.MaxUnackedBatches+1 {
			t.Fatalf("who waited was closed with %v at revision %d", ann.closed, ann.board().at.Revision)
		}
	})
}

func TestFloodsOfPointsEndTheSession(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		bad := f.join("bad")
		line := make([]ot.Point, ink.MaxFrame)
		for i := range line {
			line[i] = ot.Point{X: int32(i), Y: int32(i), P: 100}
		}
		frame, err := ink.NewEncoder().AppendFrame(nil, line)
		if err != nil {
			t.Fatal(err)
		}
		counter := uint32(0)
		for range 12 {
			var ops []ot.Op
			for range protocol.MaxOpsPerBatch / 2 {
				counter++
				id := ot.ID{Replica: bad.replica(), Counter: counter}
				ops = append(ops, ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink}, ot.Op{Kind: ot.Extend, ID: id, Ended: true, Frame: frame})
			}
			bad.submit(2, ot.AppendOps(nil, ops))
			synctest.Wait()
		}
		if bad.closed == nil || bad.closed.Code != protocol.Overloaded {
			t.Fatalf("closed with %v, want OVERLOADED", bad.closed)
		}
	})
}

func TestSES7AnOffenderIsGoneAtOnce(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, bad := f.join("ann"), f.join("bad")
		settle()
		bad.n[2] = 7
		for range 3 { // what is behind it in the inbox does not count any more
			bad.submit(2, ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}}))
		}
		settle()
		gone := false
		for _, m := range ann.control {
			gone = gone || slices.Contains(m.GetRoster().GetGone(), bad.replica())
		}
		if !gone || bad.closed.Code != protocol.OutOfOrder {
			t.Fatalf("gone %v, closed with %v", gone, bad.closed)
		}
	})
}
