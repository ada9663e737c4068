package room_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink"
	"chalkline/replay"
)

const longText = 16_384 * 4 // bytes

func long() ot.Component { return insert(strings.Repeat("😀", longText/4)) }

// fillWith puts n long texts in the log of a room that does not run.
func (f *fixture) fillWith(n int) {
	f.t.Helper()
	for i := range uint32(n) {
		id := ot.ID{Replica: 900, Counter: i + 1}
		entry := replay.Entry{
			Document: boardName, Replica: 900, N: uint64(i) + 1, CapturedAt: time.Now().UnixMicro(),
			Payload: ot.AppendOps(nil, []ot.Op{newText(id), textEdit(id, 0, long())}),
		}
		if _, err := f.log.Append(f.t.Context(), roomID, time.Now().UnixMicro(), nil, []replay.Entry{entry}); err != nil {
			f.t.Fatal(err)
		}
	}
}

func TestOT9ABoardThatIsOverItsBytesOpensAndTakesNothingMore(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.fillWith(ot.BoardLimits().Bytes/longText + 4)
		f.start()
		defer f.stop()
		ann := f.join("ann")
		full := ot.ID{Replica: 900, Counter: 1}
		ann.ops(newText(ot.ID{Replica: ann.replica(), Counter: 1}))
		settle()
		ann.ops(textEdit(full, ann.board().at.Revision, keep(16_383), insert("a"), del(1)))
		settle()
		if got := ann.refusals(); len(got) != 2 || got[0] != protocol.BoardFull || got[1] != protocol.BoardFull {
			t.Fatalf("refused with %v, want BOARD_FULL twice", got)
		}
		for i := range uint32(8) {
			ann.ops(ot.Op{Kind: ot.Set, ID: ot.ID{Replica: 900, Counter: i + 1}, Settings: []ot.Setting{{Register: ot.Deleted, Value: ot.BoolValue(true)}}})
		}
		settle()
		ann.ops(textEdit(ot.ID{Replica: 900, Counter: 9}, ann.board().at.Revision, keep(1), del(16_383)))
		later(12 * time.Minute) // OT16
		if id := ann.write(2, "room again"); len(ann.refusals()) != 2 || ann.text(id) != "room again" {
			t.Fatalf("refused with %v", ann.refusals()[2:])
		}
		if late := f.join("late"); late.hash() != ann.hash() {
			t.Fatal("a late joiner sees otherwise")
		}
	})
}

func TestOT9WhatIsOnItsWayCountsUntilItIsThere(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.fillWith(ot.BoardLimits().Bytes/longText - 3) // each is a bit more than its text: there is room for two
		f.start(withLog(&slowLog{Log: f.log, append: time.Second}))
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		later(5 * time.Second)
		write := func(p *peer, counter uint32) {
			id := ot.ID{Replica: p.replica(), Counter: counter}
			p.ops(newText(id), textEdit(id, 0, long()))
		}
		for i := range uint32(2) { // all on their way together
			write(ann, i+1)
			write(ben, i+1)
		}
		later(10 * time.Second)
		if got := append(ann.refusals(), ben.refusals()...); len(got) != 2 || got[0] != protocol.BoardFull {
			t.Fatalf("refused with %v, want BOARD_FULL twice", got)
		}
		if most, l := ot.BoardLimits().Bytes, ann.board().board.Load(); l.Bytes > most {
			t.Fatalf("%d bytes, %d are allowed", l.Bytes, most)
		}
		for i := range uint32(20) { // counted once, however often it is written
			id := ot.ID{Replica: 900, Counter: 1}
			ann.ops(textEdit(id, ann.board().at.Revision, del(8000)))
			later(3 * time.Second)
			ann.ops(textEdit(id, ann.board().at.Revision, insert(strings.Repeat("😀", 8000))))
			if later(3 * time.Second); len(ann.refusals())+len(ben.refusals()) != 2 {
				t.Fatalf("refused with %v after %d times", ann.refusals(), i)
			}
		}
	})
}

// TestOT9AFullBoardFitsInASnapshot: the table, and ink at its dearest, as many
// points as there may be in as many strokes, each alone in its chunk.
func TestOT9AFullBoardFitsInASnapshot(t *testing.T) {
	const (
		perChunk = 16        // bytes of a chunk's messages around it
		context  = 512 << 10 // bytes of the context, start and end
	)
	limits, r := ot.BoardLimits(), rand.New(rand.NewPCG(1, 1))
	n := limits.Points / limits.Elements
	dearest := 0
	for range 200 {
		b, err := ink.AppendChunk(nil, [][]ot.Point{wildStroke(r, n)})
		if err != nil {
			t.Fatal(err)
		}
		dearest = max(dearest, len(b))
	}
	most := limits.Bytes + limits.Elements*(dearest+perChunk) + context
	t.Logf("%.1f bytes a point; %.1f MiB", float64(dearest)/float64(n), float64(most)/(1<<20))
	if most > replay.MaxSnapshot {
		t.Errorf("%d bytes, %d are taken", most, replay.MaxSnapshot)
	}
}

// wildStroke is hard to foretell: from corner to corner, back to anywhere near, in
// steps of any length of time.
func wildStroke(r *rand.Rand, n int) []ot.Point {
	s := []ot.Point{{X: r.Int32N(2) * ink.MaxX, Y: r.Int32N(2) * ink.MaxY, P: r.Int32N(2) * 255}}
	near := func(v, most int32) int32 { return min(max(v+r.Int32N(most/3)-most/6, 0), most) }
	for len(s) < n {
		last := s[len(s)-1]
		gap := min(ink.MaxGap, (ink.MaxT-last.T)/int32(n-len(s))*2, ink.MaxT-last.T)
		s = append(s, ot.Point{
			X: near(ink.MaxX-last.X, ink.MaxX), Y: near(ink.MaxY-last.Y, ink.MaxY), P: near(255-last.P, 255), T: last.T + r.Int32N(gap+1),
		})
	}
	return s
}
