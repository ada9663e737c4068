package room_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

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

func TestAHandleMayBeAnotherDocumentsWhileItsFirstIsRead(t *testing.T) {
	for _, damage := range []replay.Document{"", boardName} {
		simulated(t, func(t *testing.T) {
			f := newRoom(t)
			claim := f.join("ann").result().GetReplica()
			f.stop()
			f.start(withLog(&slowLog{Log: damaged{f.log, damage}, read: time.Second}))
			defer f.stop()
			ann := f.join("ann", func(j *room.Join) { j.Claim, j.Open = claim, nil })
			later(5 * time.Second)
			turn, _ := proto.Marshal(&chalklinev1.StageEvent{Event: &chalklinev1.StageEvent_LeadChanged{
				LeadChanged: &chalklinev1.LeadChanged{Participant: "ann"},
			}})
			f.room.Post(room.Open{Peer: ann, Open: &chalklinev1.OpenDocument{Handle: 2, Document: boardName}})
			f.room.Post(room.CloseDocument{Peer: ann, Handle: 2})
			f.room.Post(room.Open{Peer: ann, Open: &chalklinev1.OpenDocument{Handle: 2, Document: classroom.StageDocument}})
			ann.submit(2, turn)
			later(5 * time.Second)
			if ann.closed != nil || len(ann.headers) == 0 {
				t.Fatalf("closed with %v, streams %v", ann.closed, ann.headers)
			}
			if last := ann.headers[len(ann.headers)-1].GetDocument(); last != classroom.StageDocument || ann.board().at.Revision != 1 {
				t.Fatalf("%s is open at revision %d, want the stage at 1", last, ann.board().at.Revision)
			}
		})
	}
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

func TestID4AClearReachesNoFurtherThanAnybodyCanHaveSeen(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, append: 50 * time.Millisecond}))
		defer f.stop()
		ann, bob := f.join("ann"), f.join("bob")
		id := func(counter uint32) ot.ID { return ot.ID{Replica: bob.replica(), Counter: counter} }
		bob.ops(ot.Op{Kind: ot.Create, ID: id(1), Element: ot.Line})
		settle()
		bob.ops(ot.Op{Kind: ot.Create, ID: id(2), Element: ot.Line}) // on its way
		ann.ops(ot.Op{Kind: ot.Clear, Base: 900})                    // of a lost history
		settle()
		for counter, want := range map[uint32]bool{1: true, 2: false} {
			if e := ann.board().board.Get(id(counter)); e == nil || e.Deleted() != want {
				t.Errorf("element %d: %v, want deleted %t", counter, e, want)
			}
		}
		if late := f.join("late"); late.hash() != ann.hash() {
			t.Error("hashes differ")
		}
	})
}
