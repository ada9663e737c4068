package room_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server/room"
)

func hide(id ot.ID, hidden bool) ot.Op {
	return ot.Op{Kind: ot.Set, ID: id, Settings: []ot.Setting{{Register: ot.Deleted, Value: ot.BoolValue(hidden)}}}
}

// logged returns the ops that the log has of replica 0 on the board, and their n.
func (f *fixture) logged() (ops []ot.Op, n []uint64) {
	f.t.Helper()
	err := f.log.Read(f.t.Context(), roomID, boardName, 1, func(r replay.Record) bool {
		if r.Replica != 0 {
			return true
		}
		got, err := ot.DecodeOps(slices.Clone(r.Payload), protocol.MaxOpsPerBatch)
		if err != nil {
			f.t.Error(err)
		}
		ops, n = append(ops, got...), append(n, r.N)
		return true
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return ops, n
}

func has(p *peer, id ot.ID) bool { return p.element(id) }

// element says whether the board has an element, and one that all conditions hold for.
func (p *peer) element(id ot.ID, conditions ...func(*ot.Element) bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.streams[2].board.Get(id)
	for _, holds := range conditions {
		if e == nil || !holds(e) {
			return false
		}
	}
	return e != nil
}

func TestOT16WhatHasBeenDeletedForTenMinutesIsPurged(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		me := ann.replica()
		id := func(c uint32) ot.ID { return ot.ID{Replica: me, Counter: c} }
		for c := uint32(1); c <= 6; c++ {
			ann.draw(c, 1, c != 6) // 6 stays open
		}
		ann.ops(hide(id(1), true), hide(id(2), true), hide(id(4), true), hide(id(5), true), hide(id(6), true))
		settle()
		later(5 * time.Minute)
		ben.ops(hide(id(4), false), hide(id(5), false))
		settle()
		ann.ops(hide(id(5), true)) // deleted anew: counts from here
		settle()
		later(4*time.Minute + 50*time.Second)
		if !has(ann, id(1)) {
			t.Fatal("purged before its time")
		}
		later(time.Minute)
		for c, want := range map[uint32]bool{1: false, 2: false, 3: true, 4: true, 5: true, 6: true} {
			if has(ann, id(c)) != want || has(ben, id(c)) != want {
				t.Errorf("element %d is there: %v, want %v", c, has(ann, id(c)), want)
			}
		}
		later(5 * time.Minute)
		if has(ann, id(5)) {
			t.Error("what was deleted anew stays for ever")
		}
		ops, n := f.logged()
		if len(ops) != 2 || len(ops[0].Ranges) != 1 || ops[0].Ranges[0] != (ot.IDRange{Replica: me, First: 1, Count: 2}) {
			t.Errorf("purges %v, want one of a range and one of a single element", ops)
		}
		if !slices.Equal(n, []uint64{1, 2}) {
			t.Errorf("n of the server are %v, want 1, 2", n)
		}
		if late := f.join("late"); late.hash() != ann.hash() || ben.hash() != ann.hash() {
			t.Error("boards differ")
		}
	})
}

func TestOT16AfterARestartItCountsFromThere(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		ann := f.join("ann")
		for c := uint32(1); c <= 3; c++ {
			ann.draw(c, 2, true)
		}
		id := func(c uint32) ot.ID { return ot.ID{Replica: 1, Counter: c} }
		ann.ops(hide(id(1), true))
		later(11 * time.Minute)
		ann.ops(hide(id(2), true))
		later(8 * time.Minute)
		f.restart()
		ben := f.join("ben")
		later(8 * time.Minute)
		if !has(ben, id(2)) {
			t.Fatal("purged before its time: nobody knows since when it is deleted")
		}
		later(4 * time.Minute)
		if has(ben, id(2)) || !has(ben, id(3)) {
			t.Fatal("not purged after a restart")
		}
		if _, n := f.logged(); !slices.Equal(n, []uint64{1, 2}) {
			t.Fatalf("n of the server are %v, want 1, 2", n)
		}
		f.restart(withLog(forgetful{f.log}))
		if late := f.join("late"); late.hash() != ben.hash() {
			t.Fatal("the log reads otherwise")
		}
	})
}

func TestOT16ManyPurgesAreSeveralRecords(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t, func(c *room.Config) { c.PurgeAfter = time.Minute })
		defer f.stop()
		ann := f.join("ann")
		counter := uint32(0)
		for range 40 {
			var ops []ot.Op
			for range 250 {
				counter += 2 // no two are neighbours
				ops = append(ops, ot.Op{Kind: ot.Create, ID: ot.ID{Replica: ann.replica(), Counter: counter}, Element: ot.Line})
			}
			ann.ops(ops...)
			settle()
		}
		ann.ops(ot.Op{Kind: ot.Clear, Base: ann.board().at.Revision})
		settle()
		later(3 * time.Minute)
		ops, n := f.logged()
		if len(ops) != 3 || !slices.Equal(n, []uint64{1, 2, 3}) || ann.board().board.Load().Elements != 0 {
			t.Fatalf("%d purges, n %v, %d elements left", len(ops), n, ann.board().board.Load().Elements)
		}
		ann.ops(ot.Op{Kind: ot.Create, ID: ot.ID{Replica: ann.replica(), Counter: counter + 1}, Element: ot.Line})
		settle()
		if late := f.join("late"); late.hash() != ann.hash() || late.board().board.Load().Elements != 1 {
			t.Fatal("boards differ")
		}
	})
}

func TestOT16ChunksOfWhatStaysAreKept(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t, func(c *room.Config) { c.PurgeAfter = time.Minute })
		defer func() { f.stop() }()
		ann := f.join("ann")
		id := func(c uint32) ot.ID { return ot.ID{Replica: 1, Counter: c} }
		for c := uint32(1); c <= 400; c++ {
			if c%50 == 0 {
				ann.ops(ot.Op{Kind: ot.Create, ID: id(c), Element: ot.Line}) // gone without a stroke
			} else {
				ann.draw(c, 1, c != 130)
			}
		}
		before := f.join("before") // seals chunks
		ann.ops(hide(id(50), true), hide(id(100), true), hide(id(70), true), hide(id(399), true))
		settle()
		later(2 * time.Minute)
		for round := range 3 {
			if late := f.join(fmt.Sprint("late", round)); late.hash() != ann.hash() || before.hash() != ann.hash() {
				t.Fatalf("round %d: boards differ", round)
			}
			ann.draw(uint32(500+round), 2, true)
		}
		if n := ann.board().board.Load().Elements; n != 400-4+3 {
			t.Fatalf("%d elements", n)
		}
		f.restart()
		if late := f.join("late"); late.hash() != ann.hash() {
			t.Fatal("boards differ after a restart")
		}
	})
}

func TestOT8StrokesOfWhoIsGoneAreEnded(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		ann, ben := f.join("ann"), f.join("ben")
		for c := uint32(1); c <= 3; c++ {
			ann.draw(c, 2, false)
		}
		ben.draw(1, 1, false)
		f.room.Post(room.Leave{Peer: ann})
		later(4 * time.Minute)
		open := func(replica, counter uint32) bool {
			return ben.element(ot.ID{Replica: replica, Counter: counter}, (*ot.Element).Open)
		}
		if !open(1, 1) {
			t.Fatal("ended before its time")
		}
		later(90 * time.Second)
		if open(1, 1) || open(1, 2) || open(1, 3) || !open(2, 1) {
			t.Fatal("the strokes of who is gone are open, or those of who is here are not")
		}
		back := f.join("ann", func(j *room.Join) { j.Claim = ann.result().GetReplica() })
		back.n[2] = ann.n[2]
		e := ink.NewEncoder()
		if _, err := e.AppendFrame(nil, points(0, 16)); err != nil {
			t.Fatal(err)
		}
		frame, err := e.AppendFrame(nil, points(16, 8))
		if err != nil {
			t.Fatal(err)
		}
		back.ops(ot.Op{Kind: ot.Extend, ID: ot.ID{Replica: 1, Counter: 2}, First: 16, Frame: frame})
		settle()
		if got := back.refusals(); len(got) != 1 || got[0] != protocol.OutOfOrder {
			t.Fatalf("going on was refused with %v, want OUT_OF_ORDER", got)
		}
		back.draw(4, 2, false)
		if back.hash() != ben.hash() {
			t.Fatal("boards differ")
		}
		f.restart(withLog(forgetful{f.log}))
		late := f.join("late")
		if late.hash() != ben.hash() {
			t.Fatal("the log reads otherwise")
		}
		later(6 * time.Minute) // after a restart nobody has been here: all are gone from then on
		if late.element(ot.ID{Replica: 2, Counter: 1}, (*ot.Element).Open) {
			t.Fatal("left open over a restart")
		}
	})
}

// fill draws 100 000 points.
func (p *peer) fill(t *testing.T, counter *uint32) {
	t.Helper()
	var frames [][]byte
	for i := range int32(50) {
		frame, err := ink.NewEncoder().AppendFrame(nil, from0(points(i, 100)))
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame)
	}
	for range 100 {
		var ops []ot.Op
		for range 10 {
			*counter++
			id := ot.ID{Replica: p.replica(), Counter: *counter}
			ops = append(ops, ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink, Settings: []ot.Setting{
				{Register: ot.Color, Value: ot.ColorValue(*counter)}, {Register: ot.Width, Value: ot.WidthValue(30)},
			}}, ot.Op{Kind: ot.Extend, ID: id, Ended: true, Frame: frames[*counter%50]})
		}
		p.ops(ops...)
		later(100 * time.Millisecond)
	}
}

// from0 lets a stroke begin at time 0.
func from0(pts []ot.Point) []ot.Point {
	start := pts[0].T
	for i := range pts {
		pts[i].T -= start
	}
	return pts
}

// joinBytes returns how much a new client gets of the board.
func (f *fixture) joinBytes(name string) (bytes int) {
	p := f.join(name)
	for _, part := range p.raw[2] {
		bytes += len(part)
	}
	f.room.Post(room.Leave{Peer: p})
	settle()
	return bytes
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func TestOT16APageFilledAndClearedTenTimesIsAsSmallAsOneFill(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(&sink{Log: f.log}))
		defer f.stop()
		ann := f.join("ann", func(j *room.Join) { j.Open = j.Open[1:] })
		ann.blind = true
		counter := uint32(0)
		empty := heap()
		ann.fill(t, &counter)
		oneJoin := f.joinBytes("first")
		one := heap() - empty
		for range 10 {
			ann.ops(ot.Op{Kind: ot.Clear, Base: 1 << 40})
			ann.fill(t, &counter)
		}
		if n := f.joinBytes("full"); n < 5*oneJoin {
			t.Fatalf("%d bytes before the purge, one fill is %d: the test does not fill", n, oneJoin)
		}
		later(12 * time.Minute)
		join := f.joinBytes("last")
		memory := heap() - empty
		t.Logf("join %d bytes, one fill %d; memory %d, one fill %d", join, oneJoin, memory, one)
		if float64(join) > 1.1*float64(oneJoin) {
			t.Errorf("a join takes %d bytes, one fill %d", join, oneJoin)
		}
		if float64(memory) > 1.1*float64(one) {
			t.Errorf("memory is %d bytes, after one fill %d", memory, one)
		}
	})
}
