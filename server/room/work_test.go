package room_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink"
	"chalkline/server/room"
)

// flood sends a batch of the most ops until its sender is out; as many as the
// session reads in a few seconds.
func (p *peer) flood(op func(i int) ot.Op) {
	for range 600 {
		ops := make([]ot.Op, protocol.MaxOpsPerBatch)
		for i := range ops {
			ops[i] = op(i)
		}
		p.ops(ops...)
		if later(20 * time.Millisecond); p.closed != nil {
			return
		}
	}
}

func comb(n int) (spans []ot.Span) {
	for i := range uint32(n) {
		spans = append(spans, ot.Span{From: i * 4, To: i*4 + 1})
	}
	return spans
}

func locked(id ot.ID) ot.Op {
	return ot.Op{Kind: ot.Set, ID: id, Settings: []ot.Setting{{Register: ot.Locked, Value: ot.BoolValue(true)}}}
}

// TestOpsThatCostMoreThanTheirBytesEndTheSession: each of these is a few bytes
// long and makes everybody who has the board look at a lot.
func TestOpsThatCostMoreThanTheirBytesEndTheSession(t *testing.T) {
	cases := map[string]func(p *peer, id ot.ID) func(i int) ot.Op{
		"erasing a stroke of many spans": func(p *peer, id ot.ID) func(int) ot.Op {
			p.ops(ot.Op{Kind: ot.EraseSpans, ID: id, Eraser: 1, Spans: comb(3800)})
			settle()
			return func(int) ot.Op {
				return ot.Op{Kind: ot.EraseSpans, ID: id, Eraser: 1, Spans: []ot.Span{{From: 0, To: 1}}}
			}
		},
		"clearing a page of many elements": func(p *peer, _ ot.ID) func(int) ot.Op {
			for counter := uint32(2); counter < 20_000; counter += 200 {
				ops := make([]ot.Op, 200)
				for i := range ops {
					ops[i] = newText(ot.ID{Replica: p.replica(), Counter: counter + uint32(i)})
				}
				p.ops(ops...)
				settle()
			}
			return func(int) ot.Op { return ot.Op{Kind: ot.Clear, Base: 1} }
		},
		"setting a long text": func(p *peer, _ ot.ID) func(int) ot.Op {
			id := p.write(2, strings.Repeat("x", 16_000))
			return func(int) ot.Op { return locked(id) }
		},
		"setting a stroke of many spans": func(p *peer, id ot.ID) func(int) ot.Op {
			p.ops(ot.Op{Kind: ot.EraseSpans, ID: id, Eraser: 1, Spans: comb(3800)})
			settle()
			return func(int) ot.Op { return locked(id) }
		},
		"undoing nothing": func(_ *peer, id ot.ID) func(int) ot.Op {
			items := make([]ot.UndoItem, 200)
			for i := range items {
				items[i] = ot.UndoItem{Kind: ot.UndoErasure, ID: id, Eraser: 7}
			}
			return func(int) ot.Op { return ot.Op{Kind: ot.Undo, Items: items} }
		},
	}
	for name, begin := range cases {
		t.Run(name, func(t *testing.T) {
			simulated(t, func(t *testing.T) {
				f := newRoom(t)
				defer f.stop()
				ann, bad := f.join("ann"), f.join("bad")
				bad.draw(1, 1, true)
				bad.flood(begin(bad, ot.ID{Replica: bad.replica(), Counter: 1}))
				if bad.closed == nil || bad.closed.Code != protocol.Overloaded {
					t.Fatalf("closed with %v, want OVERLOADED", bad.closed)
				}
				if settle(); ann.closed != nil {
					t.Fatalf("others notice: %v", ann.closed)
				}
			})
		})
	}
}

// TestADragOfMuchIsNotTooMuch: as many ops as a session reads, of plain strokes, for
// as long as somebody holds them.
func TestADragOfMuchIsNotTooMuch(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		ann.draw(1, 1, true)
		ops := make([]ot.Op, protocol.MaxOpsPerBatch)
		for i := range ops {
			ops[i] = locked(ot.ID{Replica: ann.replica(), Counter: 1})
		}
		for range 15 * 60 {
			ann.ops(ops...)
			if later(time.Second / 60); ann.closed != nil {
				t.Fatalf("closed with %v", ann.closed)
			}
		}
	})
}

// TestSYN7AnOldBaseCostsItsAuthor: a short edit that is to be carried over all
// that was ever typed is as dear as that is long.
func TestSYN7AnOldBaseCostsItsAuthor(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, bad := f.join("ann"), f.join("bad")
		id := ann.write(1, "x")
		var large []ot.Component
		for range 2000 {
			large = append(large, keep(1), insert("y"))
		}
		for range 3 { // within what one may do at once
			ann.ops(textEdit(id, ann.board().at.Revision, large...))
			settle()
		}
		old := 0
		for ; bad.closed == nil && old < 1000; old++ {
			bad.ops(textEdit(id, 1, insert("z")))
			synctest.Wait()
		}
		if bad.closed == nil || bad.closed.Code != protocol.Overloaded {
			t.Fatalf("closed with %v after %d edits, want OVERLOADED", bad.closed, old)
		}
	})
}

// TestWhoBringsMoreThanMayBeAtOnceLosesNothingOfIt: a long time without network,
// say. The batch that was too much comes again, and its strokes go on.
func TestWhoBringsMoreThanMayBeAtOnceLosesNothingOfIt(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		claim := ann.result().GetReplica()
		frames, id := randomFrames(t, ink.MaxStroke/ink.MaxFrame), ot.ID{Replica: ann.replica()}
		var batches [][]byte
		for id.Counter = 1; id.Counter <= 3; id.Counter++ {
			batches = append(batches, ot.AppendOps(nil, []ot.Op{{Kind: ot.Create, ID: id, Element: ot.Ink}}))
			for i, frame := range frames {
				batches = append(batches, ot.AppendOps(nil, []ot.Op{{Kind: ot.Extend, ID: id, First: uint32(i * ink.MaxFrame), Frame: frame}}))
			}
		}
		closed, wait := 0, time.Second // as pages wait
		for len(batches) > int(ann.n[2]) {
			ann.submit(2, batches[ann.n[2]])
			if later(time.Millisecond); ann.closed == nil {
				continue
			}
			if closed++; ann.closed.Code != protocol.Overloaded {
				t.Fatalf("closed with %v", ann.closed)
			}
			later(wait)
			wait *= 2
			ann = f.rejoin(ann, "ann")
		}
		settle()
		if codes := ann.refusals(); len(codes) > 0 || closed == 0 || closed > 3 || ann.result().GetReplica().GetReplica() != claim.GetReplica() {
			t.Fatalf("refused %v, closed %d times", codes, closed)
		}
		for id.Counter = 1; id.Counter <= 3; id.Counter++ {
			if n := ann.board().board.Len(id); n != ink.MaxStroke {
				t.Errorf("stroke %d has %d points, not %d", id.Counter, n, ink.MaxStroke)
			}
		}
	})
}

// TestSYN4WhoComesAgainMayDoNoMore: neither with the replica it had nor with others, one
// after another or at once.
func TestSYN4WhoComesAgainMayDoNoMore(t *testing.T) {
	blind := func(j *room.Join) { j.Peer.(*peer).blind = true }
	for name, again := range map[string]func(f *fixture, before *peer) *peer{
		"with its replica": func(f *fixture, before *peer) *peer {
			again := f.join("bad", blind, func(j *room.Join) { j.Claim = before.result().GetReplica() })
			again.n[2] = again.result().GetLast()[0].GetN()
			return again
		},
		"with a new one": func(f *fixture, _ *peer) *peer { return f.join("bad", blind) },
	} {
		t.Run(name, func(t *testing.T) {
			simulated(t, func(t *testing.T) {
				f := newRoom(t)
				defer f.stop()
				ann, bad := f.join("ann"), f.join("bad", blind)
				frame, began, counter := randomFrames(t, 1)[0], time.Now(), uint32(0)
				for time.Since(began) < 5*time.Second {
					var ops []ot.Op
					for range 100 {
						counter++
						id := ot.ID{Replica: bad.replica(), Counter: counter}
						ops = append(ops, ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink}, ot.Op{Kind: ot.Extend, ID: id, Ended: true, Frame: frame})
					}
					bad.ops(ops...)
					if later(time.Millisecond); bad.closed != nil {
						bad = again(f, bad)
					}
				}
				passed := int(time.Since(began) / time.Second)
				most := 2*2*protocol.MaxOpsPerBatch*ink.MaxFrame + 30_000*passed
				if n := ann.board().board.Load().Points; n > most {
					t.Errorf("%d points in %d s, more than %d", n, passed, most)
				}
				ann.draw(1, 1, true)
				if ann.closed != nil {
					t.Errorf("others are closed with %v", ann.closed)
				}
			})
		})
	}
}
