package room_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

// later lets simulated time pass.
func later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func withLog(l replay.Log) func(*room.Config) { return func(c *room.Config) { c.Log = l } }

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

func TestREC1AStreamBeginsWithItsHeader(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		id := ot.ID{Replica: ann.replica(), Counter: 1}
		set := ot.AppendOps(nil, []ot.Op{{Kind: ot.Set, ID: id, Settings: []ot.Setting{{Register: ot.Color, Value: ot.ColorValue(1)}}}})
		for _, again := range []room.Command{room.SyncState{Peer: ben, Handle: 2}, room.Drained{Peer: ben}} {
			ann.submit(2, set) // goes out at once
			synctest.Wait()
			ann.submit(2, set) // waits for the beat
			synctest.Wait()
			f.room.Post(again) // the peer checks that what waited is not in the new stream
			settle()
			if ben.hash() != ann.hash() || ben.board().at != ann.board().at {
				t.Fatal("boards differ")
			}
		}
	})
}

// withoutInk takes the chunks out of a stored snapshot.
func withoutInk(t *testing.T, data []byte) (kept []byte) {
	t.Helper()
	for r := bytes.NewReader(data); r.Len() > 0; {
		b, err := protocol.ReadFrame(r, nil, protocol.MaxServerMessage)
		if err != nil {
			t.Fatal(err)
		}
		var m chalklinev1.DocumentMessage
		if err := proto.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if m.GetSnapshotInk() == nil {
			kept = protocol.AppendFrame(kept, b)
		}
	}
	return kept
}

func TestASnapshotThatCannotBeUsedIsPassedOver(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		ann := f.join("ann")
		ann.draw(1, 3, true)
		f.stop()
		snap, err := f.log.Snapshot(t.Context(), roomID, boardName, 1<<62)
		if err != nil {
			t.Fatal(err)
		}
		snap.Data = withoutInk(t, snap.Data)
		if err := f.log.PutSnapshot(t.Context(), roomID, snap); err != nil {
			t.Fatal(err)
		}
		f.start()
		if late := f.join("late"); late.hash() != ann.hash() {
			t.Fatal("boards differ")
		}
	})
}

func TestID1AReplicaIsNeverGivenTwiceThoughItsJoinerLeft(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, append: time.Second}))
		defer func() { f.stop() }()
		gone := f.join("gone")
		f.room.Post(room.Leave{Peer: gone})
		later(3 * time.Second)
		f.restart()
		if n := f.join("ann").replica(); n != 2 {
			t.Fatalf("replica %d, want 2: 1 is in the log", n)
		}
	})
}

func TestSES10AttendanceEndsWithWhoIsThere(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		old := f.join("ann")
		f.join("ann", func(j *room.Join) { j.Claim = old.result().GetReplica() })
		settle()
		there := false
		err := f.log.Read(t.Context(), roomID, classroom.AttendanceDocument, 1, func(r replay.Record) bool {
			var e chalklinev1.AttendanceEvent
			if err := proto.Unmarshal(r.Payload, &e); err != nil {
				t.Error(err)
			}
			there = e.GetLeft() == nil
			return true
		})
		if err != nil || !there {
			t.Fatalf("the log's last word is that the replica left: %v", err)
		}
	})
}

func TestAFullRoomTakesBackWhoIsInIt(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, append: time.Second}), func(c *room.Config) { c.MaxParticipants = 2 })
		defer f.stop()
		peers := []*peer{f.join("a"), f.join("b"), f.join("c")} // all on their way together
		later(5 * time.Second)
		if c := peers[2].closed; c == nil || c.Code != protocol.Full {
			t.Fatalf("the third was answered %v, want FULL", c)
		}
		again := f.join("a", func(j *room.Join) { j.Claim = peers[0].result().GetReplica() })
		later(5 * time.Second)
		if again.closed != nil || again.replica() != peers[0].replica() {
			t.Fatalf("who was in it was answered %v", again.closed)
		}
	})
}

func TestWhatComesBehindAnOpeningWaitsForIt(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		claim := f.join("ann").result().GetReplica()
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, read: time.Second}))
		defer f.stop()
		ann := f.join("ann", func(j *room.Join) { j.Claim, j.Open = claim, nil })
		later(5 * time.Second)
		open := room.Open{Peer: ann, Open: &chalklinev1.OpenDocument{Handle: 2, Document: boardName}}
		f.room.Post(open)
		ann.submit(2, ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}}))
		ann.submit(2, ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}}))
		f.room.Post(room.CloseDocument{Peer: ann, Handle: 2})
		later(5 * time.Second)
		acked := uint64(0)
		for _, m := range ann.control {
			if m.GetRefused() != nil {
				t.Fatalf("refused: %v", m)
			}
			acked = max(acked, m.GetAck().GetN())
		}
		if acked != 2 {
			t.Fatalf("acknowledged up to %d, want 2", acked)
		}
		f.room.Post(open)
		settle()
		if len(ann.headers) != 2 {
			t.Fatalf("%d streams, want that of the first opening and that of the second", len(ann.headers))
		}
	})
}

func TestSYN2ABatchInFlightIsAcknowledgedToWhoSentItAgain(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		claim := f.join("ann").result().GetReplica()
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, append: time.Second}))
		defer f.stop()
		rejoin := func(j *room.Join) { j.Claim = claim }
		lost := f.join("ann", rejoin)
		later(5 * time.Second)
		lost.submit(2, ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}}))
		back := f.join("ann", rejoin)
		back.submit(2, ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}}))
		f.room.Post(room.CloseDocument{Peer: back, Handle: 2})
		later(5 * time.Second)
		for _, m := range back.control {
			if m.GetAck().GetN() == 1 {
				return
			}
		}
		t.Fatal("not acknowledged")
	})
}

func TestAPageIsWaitedForOnlyIfItIsOnItsWay(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, append: time.Second}))
		defer f.stop()
		ann := f.join("ann")
		later(3 * time.Second)
		e, _ := proto.Marshal(&chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: "p2"}}})
		ann.submit(1, e)
		for i, page := range []string{"p2", "p3"} {
			f.room.Post(room.Open{Peer: ann, Open: &chalklinev1.OpenDocument{Handle: uint32(10 + i), Document: "board::" + page}})
		}
		synctest.Wait()
		var refused []uint32
		for _, m := range ann.control {
			if r := m.GetRefused(); r != nil {
				refused = append(refused, r.GetHandle())
			}
		}
		if !slices.Equal(refused, []uint32{11}) {
			t.Fatalf("refused at once: %v, want only the page that nobody adds", refused)
		}
		later(3 * time.Second)
		if ann.streams[10] == nil {
			t.Fatal("the page that was on its way did not open")
		}
	})
}

func TestADamagedBoardLeavesTheOthersUsable(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(damaged{f.log, boardName}))
		defer f.stop()
		ann := f.join("ann")
		settle()
		code := protocol.Code(0)
		for _, m := range ann.control {
			if r := m.GetRefused(); r.GetHandle() == 2 {
				code = protocol.Code(r.GetError().GetCode())
			}
		}
		if code != protocol.StoreUnavailable || ann.closed != nil || ann.streams[1] == nil {
			t.Fatalf("refused with %v, closed with %v", code, ann.closed)
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

func TestTheRoomClockGoesOnBehindTheLog(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		ahead := time.Now().Add(time.Hour).UnixMilli() * 1000 // the wall clock was put back meanwhile
		if _, err := f.log.Append(t.Context(), roomID, ahead, nil, []replay.Entry{{Document: "board::p1", Payload: nil}}); err != nil {
			t.Fatal(err)
		}
		f.start()
		defer f.stop()
		ann := f.join("ann")
		if at := ann.result().GetRoomTimeUs(); at < ahead {
			t.Fatalf("room time %d, the log is at %d", at, ahead)
		}
		ann.draw(1, 2, true)
		for _, r := range ann.board().records {
			if r.SequencedAt < ahead || r.SequencedAt%1000 != 0 || r.CapturedAt%1000 != 0 {
				t.Fatalf("sequenced at %d, captured at %d, the log was at %d", r.SequencedAt, r.CapturedAt, ahead)
			}
		}
	})
}

func TestARoomThatCannotBeReadSaysWhy(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(damaged{f.log, classroom.AuthorityDocument}))
		if err := f.room.Wait(); !errors.Is(err, replay.ErrCorrupt) {
			t.Fatalf("Wait() = %v", err)
		}
		if r := f.room.Refusal(); r.Code != protocol.StoreUnavailable {
			t.Fatalf("Refusal() = %v, want STORE_UNAVAILABLE", r)
		}
	})
}
