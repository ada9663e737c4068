package room_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/ot"
	"chalkline/protocol/ink"
	"chalkline/server/room"
)

// points returns points of a stroke, of which no two look alike.
func points(from, n int32) []ot.Point {
	var pts []ot.Point
	for i := from; i < from+n; i++ {
		pts = append(pts, ot.Point{X: 1000 + i*13 + i%3, Y: 2000 + i*i%97, P: 100 + i%20, T: i * 4})
	}
	return pts
}

// wild is a hostile author: it makes ops that look right and are not.
type wild struct {
	t        *testing.T
	dice     *rand.Rand
	replica  uint32
	encoders map[uint32]*ink.Encoder
	counts   map[uint32]int32
}

func (w *wild) id() ot.ID { return ot.ID{Replica: w.replica, Counter: 1 + w.dice.Uint32N(200)} }

// going returns a stroke that was begun, as far as the author knows.
func (w *wild) going() ot.ID {
	if len(w.counts) == 0 {
		return w.id()
	}
	all := slices.Sorted(maps.Keys(w.counts))
	return ot.ID{Replica: w.replica, Counter: all[w.dice.IntN(len(all))]}
}

// extend makes a frame that goes on, lies about its place or is damaged.
func (w *wild) extend(id ot.ID) ot.Op {
	if w.encoders[id.Counter] == nil {
		w.encoders[id.Counter], w.counts[id.Counter] = ink.NewEncoder(), 0
	}
	first, n := w.counts[id.Counter], 1+w.dice.Int32N(6)
	frame, err := w.encoders[id.Counter].AppendFrame(nil, points(first, n))
	if err != nil {
		w.t.Fatal(err)
	}
	w.counts[id.Counter] += n
	switch w.dice.IntN(150) {
	case 0:
		frame = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	case 1, 2:
		first = w.dice.Int32N(20)
	}
	return ot.Op{Kind: ot.Extend, ID: id, First: uint32(first), Frame: frame, Ended: w.dice.IntN(40) == 0}
}

// ops makes one thing that an author might do, or should not.
func (w *wild) ops() []ot.Op {
	id := w.id()
	begin := ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink}
	switch w.dice.IntN(24) {
	case 0, 1, 2, 3, 4, 5:
		return []ot.Op{begin, w.extend(id)}
	case 6, 7:
		return []ot.Op{begin, {Kind: ot.End, ID: id}, w.extend(id)}
	case 8:
		return []ot.Op{begin}
	case 9:
		return []ot.Op{{Kind: ot.Create, ID: id, Element: ot.Line}, w.extend(id)}
	case 10, 11:
		id = w.going()
		delete(w.encoders, id.Counter)
		delete(w.counts, id.Counter)
		return []ot.Op{{Kind: ot.End, ID: id}}
	case 12: // begins anew
		id = w.going()
		delete(w.encoders, id.Counter)
		return []ot.Op{w.extend(id)}
	case 13:
		return []ot.Op{{Kind: ot.Set, ID: id, Settings: []ot.Setting{{Register: ot.Deleted, Value: ot.BoolValue(true)}}}}
	case 14:
		return []ot.Op{{Kind: ot.Clear, Base: w.dice.Uint64N(50)}}
	default:
		return []ot.Op{w.extend(w.going())}
	}
}

// rejoin brings the author back under its replica once it was thrown out.
func (f *fixture) rejoin(p *peer, name string) *peer {
	f.t.Helper()
	again := f.join(name, func(j *room.Join) { j.Claim = p.result().GetReplica() })
	for _, l := range again.result().GetLast() {
		if l.GetDocument() == boardName {
			again.n[2] = l.GetN()
		}
	}
	settle()
	return again
}

// TestOT3WhatWasTakenInReadsTheSameEverywhere lets an author do its worst to its
// strokes, over a log that takes its time. Whoever follows, joins late or reads
// the log again must decode every frame and come to the same board.
func TestOT3WhatWasTakenInReadsTheSameEverywhere(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			simulated(t, func(t *testing.T) {
				f := newRoom(t)
				f.stop()
				log := &slowLog{Log: forgetful{f.log}, append: 7 * time.Millisecond}
				f.start(withLog(log))
				defer func() { f.stop() }()
				viewer, bad := f.join("viewer"), f.join("bad")
				settle()
				w := &wild{t, rand.New(rand.NewPCG(seed, 1)), bad.replica(), map[uint32]*ink.Encoder{}, map[uint32]int32{}}
				for i := range 400 {
					var ops []ot.Op
					for range 1 + w.dice.IntN(3) {
						ops = append(ops, w.ops()...)
					}
					bad.submit(2, ot.AppendOps(nil, ops))
					time.Sleep(time.Duration(w.dice.IntN(5)) * time.Millisecond)
					synctest.Wait()
					if bad.closed != nil {
						settle()
						bad = f.rejoin(bad, "bad")
					}
					if i%80 == 79 {
						f.join(fmt.Sprint("late", i)) // checks its snapshot
					}
				}
				settle()
				seen := viewer.hash()
				f.restart(withLog(log))
				late := f.join("late")
				settle()
				if late.hash() != seen {
					t.Fatalf("read again from the log: hash %s, a viewer had %s", late.hash(), seen)
				}
			})
		})
	}
}

// TestOT4AGhostDoesNotUnseatAStroke is one of the ways in which a board could be
// made unreadable: a frame that the board passes over took the place of another
// stroke's decoder, here and not elsewhere.
func TestOT4AGhostDoesNotUnseatAStroke(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(forgetful{f.log}))
		defer func() { f.stop() }()
		viewer, bad := f.join("viewer"), f.join("bad")
		id := func(counter uint32) ot.ID { return ot.ID{Replica: bad.replica(), Counter: counter} }
		encoders := map[uint32]*ink.Encoder{}
		frame := func(counter uint32, first int32) ot.Op {
			if first == 0 {
				encoders[counter] = ink.NewEncoder()
			}
			b, err := encoders[counter].AppendFrame(nil, points(first, 4))
			if err != nil {
				t.Fatal(err)
			}
			return ot.Op{Kind: ot.Extend, ID: id(counter), First: uint32(first), Frame: b}
		}
		create := func(counter uint32) ot.Op { return ot.Op{Kind: ot.Create, ID: id(counter), Element: ot.Ink} }
		end := func(counter uint32) ot.Op { return ot.Op{Kind: ot.End, ID: id(counter)} }
		begin := func(counter uint32) { bad.submit(2, ot.AppendOps(nil, []ot.Op{create(counter), frame(counter, 0)})) }
		begin(99)
		begin(50)
		for c := uint32(60); c <= 73; c++ {
			begin(c)
		}
		bad.submit(2, ot.AppendOps(nil, []ot.Op{create(5), end(5), frame(5, 0)}))
		bad.submit(2, ot.AppendOps(nil, []ot.Op{end(73)}))
		begin(10)
		begin(200)
		bad.submit(2, ot.AppendOps(nil, []ot.Op{frame(10, 4)}))
		settle()
		if n := viewer.board().board.Len(id(10)); n != 8 {
			t.Fatalf("the stroke has %d points, want 8", n)
		}
		seen := viewer.hash()
		f.restart(withLog(forgetful{f.log}))
		if late := f.join("late"); late.hash() != seen {
			t.Fatal("the log reads otherwise")
		}
	})
}
