package room_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

func TestEverybodySeesTheSameBoard(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		ann.draw(1, 5, true)
		ben.draw(1, 3, false) // the pen stays down
		ann.draw(2, 2, true)
		cat := f.join("cat")
		ben.draw(2, 1, true)
		settle()
		if ann.hash() != ben.hash() || ann.hash() != cat.hash() {
			t.Fatalf("hashes differ: %s %s %s", ann.hash(), ben.hash(), cat.hash())
		}
		if n := cat.board().board.Len(ot.ID{Replica: ben.replica(), Counter: 1}); n != 24 {
			t.Fatalf("the open stroke has %d points for a late joiner, want 24", n)
		}
	})
}

func TestALateJoinerDecodesAnOpenStroke(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		for c := range uint32(150) { // enough for sealed chunks around an open stroke
			ann.draw(c+1, 1+int(c%3), c != 70 && c != 149)
		}
		ben := f.join("ben")
		f.restart()
		cat := f.join("cat")
		if ann.hash() != ben.hash() || ben.hash() != cat.hash() {
			t.Fatalf("hashes differ: %s %s %s", ann.hash(), ben.hash(), cat.hash())
		}
	})
}

func TestID1ReplicasAreDenseAndNeverGivenTwice(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		a, b := f.join("ann"), f.join("ann")
		if a.replica() != 1 || b.replica() != 2 {
			t.Fatalf("replicas %d and %d, want 1 and 2", a.replica(), b.replica())
		}
		f.restart()
		if c := f.join("cat"); c.replica() != 3 {
			t.Fatalf("after a restart replica %d, want 3", c.replica())
		}
	})
}

func TestID2AClaimNeedsKeyEpochAndParticipant(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		claim := f.join("ann").result().GetReplica()
		for name, c := range map[string]struct {
			who  string
			edit func(*chalklinev1.ReplicaClaim)
			same bool
		}{
			"right":         {"ann", func(*chalklinev1.ReplicaClaim) {}, true},
			"wrong key":     {"ann", func(c *chalklinev1.ReplicaClaim) { c.Key = []byte("guess") }, false},
			"another epoch": {"ann", func(c *chalklinev1.ReplicaClaim) { c.Epoch++ }, false},
			"another":       {"eve", func(*chalklinev1.ReplicaClaim) {}, false},
			"never given":   {"ann", func(c *chalklinev1.ReplicaClaim) { c.Replica = 99 }, false},
		} {
			mine := proto.CloneOf(claim)
			c.edit(mine)
			got := f.join(c.who, func(j *room.Join) { j.Claim = mine }).replica()
			if (got == claim.GetReplica()) != c.same {
				t.Errorf("%s: replica %d for a claim of %d", name, got, mine.GetReplica())
			}
		}
	})
}

func TestSES10ATakenReplicaClosesTheOldConnection(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		old := f.join("ann")
		f.join("ann", func(j *room.Join) { j.Claim = old.result().GetReplica() })
		if old.closed == nil || old.closed.Code != protocol.TakenOver {
			t.Fatalf("the old connection was closed with %v, want TAKEN_OVER", old.closed)
		}
	})
}

func TestSYN1ABatchSentAgainIsDoneOnce(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		ann := f.join("ann")
		ann.draw(1, 3, true)
		before := ann.hash()
		f.restart()
		again := f.join("ann", func(j *room.Join) { j.Claim = ann.result().GetReplica() })
		if last := again.result().GetLast(); len(last) != 1 || last[0].GetN() != 3 {
			t.Fatalf("last batches %v, want 3 of the board", last)
		}
		again.draw(1, 3, true) // the same n again
		if again.hash() != before {
			t.Fatal("a batch sent again changed the board")
		}
		acks := 0
		for _, m := range again.control {
			if m.GetAck() != nil {
				acks++
			}
		}
		if acks != 3 {
			t.Fatalf("%d acks for 3 batches known already", acks)
		}
	})
}

func TestSYN1AGapEndsTheSession(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		ann.n[2] = 4
		ann.draw(1, 1, true)
		if ann.closed == nil || ann.closed.Code != protocol.OutOfOrder {
			t.Fatalf("closed with %v, want OUT_OF_ORDER", ann.closed)
		}
	})
}

func TestSYN3RefusedOpsAreNamedAndTheRestStands(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		ann.draw(1, 1, true)
		id := ot.ID{Replica: ann.replica(), Counter: 1}
		ann.submit(2, ot.AppendOps(nil, []ot.Op{
			{Kind: ot.Extend, ID: id, First: 99, Frame: []byte{1}}, // ended long ago
			{Kind: ot.Set, ID: id, Settings: []ot.Setting{{Register: ot.Deleted, Value: ot.BoolValue(true)}}},
		}))
		ann.submit(2, ot.AppendOps(nil, []ot.Op{{Kind: ot.Extend, ID: id, First: 99, Frame: []byte{1}}})) // refused whole
		ann.draw(2, 1, true)
		if ann.closed != nil {
			t.Fatalf("closed with %v", ann.closed)
		}
		if !ben.board().board.Get(id).Deleted() || ben.hash() != ann.hash() {
			t.Fatal("the op that stands did not arrive")
		}
		var refusals []*chalklinev1.Refused
		for _, m := range ann.control {
			if r := m.GetRefused(); r != nil {
				refusals = append(refusals, r)
			}
		}
		if len(refusals) != 2 || len(refusals[0].GetOps()) != 1 || len(refusals[1].GetOps()) != 0 {
			t.Fatalf("refusals %v, want op 0 of the first batch and all of the second", refusals)
		}
	})
}

func TestSYN5CaptureTimesAheadAreSetToNow(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		ann.n[2]++
		f.room.Post(room.Submit{Peer: ann, Batch: &chalklinev1.Submit{
			Handle: 2, N: 1, CapturedAtUs: time.Now().Add(time.Hour).UnixMicro(), Ops: ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}}),
		}})
		settle()
		if r := ann.board().records[0]; r.CapturedAt > r.SequencedAt+1000 {
			t.Fatalf("captured_at %d, sequenced_at %d", r.CapturedAt, r.SequencedAt)
		}
	})
}

func TestSES7GarbageEndsOnlyItsOwnSession(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		good := f.join("good")
		for name, payload := range map[string][]byte{
			"no op":          {},
			"garbage":        {0xff, 1, 2, 3},
			"text edit":      {byte(ot.TextEdit), 1},
			"foreign id":     ot.AppendOps(nil, []ot.Op{{Kind: ot.Create, ID: ot.ID{Replica: 99, Counter: 1}, Element: ot.Ink}}),
			"cut op":         ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear, Base: 300}})[:2],
			"too many ops":   bytes.Repeat([]byte{byte(ot.Clear), 0}, protocol.MaxOpsPerBatch+1),
			"damaged frame":  nil,
			"foreign extend": ot.AppendOps(nil, []ot.Op{{Kind: ot.Extend, ID: ot.ID{Replica: 1, Counter: 1}, Frame: []byte{1}}}),
		} {
			bad := f.join("bad")
			if payload == nil {
				id := ot.ID{Replica: bad.replica(), Counter: 1}
				payload = ot.AppendOps(nil, []ot.Op{
					{Kind: ot.Create, ID: id, Element: ot.Ink}, {Kind: ot.Extend, ID: id, Frame: bytes.Repeat([]byte{0xff}, 60)},
				})
			}
			bad.submit(2, payload)
			settle()
			if bad.closed == nil || bad.closed.Code.Retry() != protocol.RetryNever {
				t.Errorf("%s: closed with %v, want a 3xxx", name, bad.closed)
			}
		}
		good.draw(1, 2, true)
		if good.closed != nil || good.board().board.Len(ot.ID{Replica: good.replica(), Counter: 1}) != 16 {
			t.Fatal("a bystander was disturbed")
		}
	})
}

func TestREC1AClientResumesWhereItStands(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		ann, ben := f.join("ann"), f.join("ben")
		ann.draw(1, 5, true)
		held, at := ben.board(), ben.board().at
		f.room.Post(room.Leave{Peer: ben})
		ann.draw(2, 5, false)
		for _, restart := range []bool{false, true} {
			if restart {
				f.restart()
			}
			back := f.join("ben", func(j *room.Join) {
				if !restart {
					j.Peer.(*peer).streams[2] = held
				}
				j.Open = []*chalklinev1.OpenDocument{{Handle: 2, Document: boardName, Position: &chalklinev1.Position{
					Epoch: held.header.GetEpoch(), Revision: at.Revision, Digest: uint64(at.Digest),
				}}}
			})
			if h := back.headers[0]; h.GetResumed() == restart {
				t.Fatalf("restart %v: resumed %v; the snapshot of a clean stop is where a restarted room begins", restart, h.GetResumed())
			}
			if back.hash() != ann.hash() {
				t.Fatal("hashes differ")
			}
		}
	})
}

func TestREC1AnotherHistoryGetsASnapshot(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		ann.draw(1, 5, true)
		h := ann.board()
		for name, p := range map[string]*chalklinev1.Position{
			"another epoch":  {Epoch: h.header.GetEpoch() + 1, Revision: h.at.Revision, Digest: uint64(h.at.Digest)},
			"another digest": {Epoch: h.header.GetEpoch(), Revision: h.at.Revision, Digest: uint64(h.at.Digest) + 1},
			"ahead":          {Epoch: h.header.GetEpoch(), Revision: h.at.Revision + 10, Digest: 5},
		} {
			back := f.join("ben", func(j *room.Join) {
				j.Open = []*chalklinev1.OpenDocument{{Handle: 2, Document: boardName, Position: p}}
			})
			if back.headers[0].GetResumed() || back.hash() != ann.hash() {
				t.Errorf("%s: resumed %v", name, back.headers[0].GetResumed())
			}
		}
	})
}

func TestSES6ATickIsAnsweredByAMarkerInBand(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		for i := range uint32(20) {
			ann.draw(i+1, 1, true)
			f.room.Post(room.HeartTick{Peer: ann})
			later(time.Second)
			m, h := ann.board().marker, ann.board()
			hash := h.board.Hash()
			if m.GetRevision() != h.at.Revision || m.GetDigest() != uint64(h.at.Digest) || !bytes.Equal(m.GetHash(), hash[:]) {
				t.Fatalf("marker at revision %d, replica at %d", m.GetRevision(), h.at.Revision)
			}
		}
	})
}

func TestSES6TicksThatComeTooFastAreNotAnswered(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		answers := func(p *peer, ticks int) int {
			before := len(p.raw[2])
			for range ticks {
				f.room.Post(room.HeartTick{Peer: p})
			}
			synctest.Wait()
			return len(p.raw[2]) - before
		}
		if n := answers(ann, 300); n != 4 {
			t.Errorf("%d of 300 ticks at once are answered, want 4", n)
		}
		if n := answers(ben, 1); n != 1 || ann.closed != nil {
			t.Errorf("another's tick is answered %d times; who sent too many is closed with %v", n, ann.closed)
		}
		later(time.Second)
		if n := answers(ann, 300); n != 1 {
			t.Errorf("a second later %d of 300 ticks are answered, want 1", n)
		}
	})
}

func TestREC4ASlowViewerStartsAgainAndNobodyWaits(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, slow := f.join("ann"), f.join("slow")
		slow.refuse = true
		ann.draw(1, 20, true)
		slow.mu.Lock()
		slow.refuse = false
		slow.mu.Unlock()
		ann.draw(2, 2, true)
		if slow.board().at.Revision != 0 {
			t.Fatal("a lagging viewer was sent records")
		}
		f.room.Post(room.Drained{Peer: slow})
		settle()
		if slow.hash() != ann.hash() || slow.headers[len(slow.headers)-1].GetGeneration() < 3 {
			t.Fatal("the slow viewer was not started again")
		}
	})
}

func TestREC4ASlowViewerGoesOnWithItsStreamWhereRecordsAreShorter(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, slow := f.join("ann"), f.join("slow")
		ann.draw(1, 20, true)
		headers, reached := len(slow.headers), slow.board().at.Revision
		slow.mu.Lock()
		slow.refuse = true
		slow.mu.Unlock()
		ann.draw(2, 4, true)
		slow.mu.Lock()
		slow.refuse = false
		slow.mu.Unlock()
		ann.draw(3, 2, true)
		if slow.board().at.Revision != reached {
			t.Fatal("a lagging viewer was sent records")
		}
		f.room.Post(room.Drained{Peer: slow, Reached: slow.reached})
		settle()
		if slow.hash() != ann.hash() || len(slow.headers) != headers {
			t.Fatalf("%d streams were begun for a few records, boards are equal: %v", len(slow.headers)-headers, slow.hash() == ann.hash())
		}
		ann.draw(4, 2, true)
		if slow.hash() != ann.hash() {
			t.Fatal("it does not go on")
		}
	})
}

func TestPagesAreAddedForEverybodyAndOpenAtOnce(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		ann, ben := f.join("ann"), f.join("ben")
		e, _ := proto.Marshal(&chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageAdded{
			PageAdded: &chalklinev1.PageAdded{Page: "p2", After: page},
		}})
		ann.submit(1, e)
		f.room.Post(room.Open{Peer: ann, Open: &chalklinev1.OpenDocument{Handle: 3, Document: "board::p2"}, Look: true})
		settle()
		if ann.streams[3] == nil || ben.streams[1].at.Revision != 3 {
			t.Fatal("the new page did not open or did not arrive")
		}
		f.restart()
		cat := f.join("cat")
		var state chalklinev1.AuthorityState
		if err := proto.Unmarshal(cat.streams[1].table, &state); err != nil || fmt.Sprint(state.GetPages()) != "[p1 p2]" {
			t.Fatalf("pages %v, %v", state.GetPages(), err)
		}
	})
}

func TestUnknownDocumentsAreRefused(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		for i, name := range []string{"attendance", "board::nope", "board:1:p1", "x", ""} {
			f.room.Post(room.Open{Peer: ann, Open: &chalklinev1.OpenDocument{Handle: uint32(10 + i), Document: name}})
			settle()
			var last *chalklinev1.Refused
			for _, m := range ann.control {
				if m.GetRefused() != nil {
					last = m.GetRefused()
				}
			}
			if last.GetHandle() != uint32(10+i) || protocol.Code(last.GetError().GetCode()) != protocol.NoSuchDocument {
				t.Errorf("%q: %v, want NO_SUCH_DOCUMENT", name, last)
			}
		}
	})
}

func TestObserversNeverWrite(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		o := f.join("olga", func(j *room.Join) { j.Who.Role = classroom.Observer })
		o.draw(1, 1, true)
		if n := o.board().board.Load().Elements; n != 0 {
			t.Fatalf("an observer made %d elements", n)
		}
	})
}

func TestPRE2TheRosterTellsWhoCameAndWent(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		ben := f.join("ben")
		settle()
		f.room.Post(room.Leave{Peer: ben})
		settle()
		came, went := false, false
		for _, m := range ann.control {
			for _, p := range m.GetRoster().GetPresent() {
				came = came || p.GetDisplayName() == "ben"
			}
			for _, r := range m.GetRoster().GetGone() {
				went = went || r == ben.replica()
			}
		}
		if !came || !went {
			t.Fatalf("came %v, went %v", came, went)
		}
	})
}

func TestPRE1CursorsAreGathered(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		viewer := f.join("viewer")
		var all []*peer
		for i := range 50 {
			all = append(all, f.join(fmt.Sprint("p", i)))
		}
		for seq := range uint32(10) {
			for _, p := range all {
				f.room.Post(room.Cursor{Peer: p, Cursor: &chalklinev1.Cursor{Handle: 2, X: int32(seq), Sequence: seq + 1, Kind: chalklinev1.CursorKind_CURSOR_KIND_POINTER}})
			}
			time.Sleep(100 * time.Millisecond)
		}
		settle()
		seen := map[uint32]bool{}
		datagrams := viewer.raw[0]
		if len(datagrams) < 8 || len(datagrams) > 14 {
			t.Fatalf("%d datagrams in a second, want about 10", len(datagrams))
		}
		for _, b := range datagrams {
			var d chalklinev1.Datagram
			if err := proto.Unmarshal(b, &d); err != nil || len(b) > protocol.MaxDatagram || len(d.GetCursors().GetCursors()) > protocol.MaxCursors {
				t.Fatalf("datagram of %d bytes: %v", len(b), err)
			}
			for _, c := range d.GetCursors().GetCursors() {
				seen[c.GetReplica()] = true
			}
		}
		if len(seen) != 50 {
			t.Fatalf("%d of 50 cursors were ever shown", len(seen))
		}
	})
}

func TestARoomEndsWhenIdle(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t, func(c *room.Config) { c.IdleTimeout = time.Minute })
		ann := f.join("ann")
		ann.draw(1, 3, true)
		time.Sleep(5 * time.Minute)
		select {
		case <-f.room.Done():
			t.Fatal("ended with somebody in it")
		default:
		}
		f.room.Post(room.Leave{Peer: ann})
		if err := f.room.Wait(); !errors.Is(err, room.ErrIdle) {
			t.Fatalf("Wait() = %v, want %v", err, room.ErrIdle)
		}
		if _, err := f.log.Snapshot(t.Context(), roomID, boardName, 1<<62); err != nil {
			t.Fatalf("no snapshot was stored: %v", err)
		}
	})
}

func TestARoomIsNotIdleWhileSomebodyIsComingIn(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, append: time.Second}), func(c *room.Config) { c.IdleTimeout = time.Minute })
		defer f.stop()
		gone, stays := f.join("gone"), f.enter("stays")
		f.room.Post(room.Leave{Peer: gone}) // neither is in yet
		later(5 * time.Second)
		stays.result()
		later(5 * time.Minute)
		select {
		case <-f.room.Done():
			t.Fatalf("ended with somebody in it: %v", f.room.Wait())
		default:
		}
		f.room.Post(room.Leave{Peer: stays})
		if err := f.room.Wait(); !errors.Is(err, room.ErrIdle) {
			t.Fatalf("Wait() = %v, want %v", err, room.ErrIdle)
		}
	})
}

// failing is a log that cannot append.
type failing struct {
	replay.Log
	err error
}

func (f failing) Append(context.Context, replay.Room, int64, []replay.Expect, []replay.Entry) ([]replay.Record, error) {
	return nil, f.err
}

func TestAFullStoreTellsEverybody(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		claim := f.join("ann").result().GetReplica()
		f.stop()
		f.start(func(c *room.Config) { c.Log = failing{f.log, fmt.Errorf("disk: %w", replay.ErrFull)} })
		back := f.join("ann", func(j *room.Join) { j.Claim = claim })
		if back.closed == nil || back.closed.Code != protocol.StoreUnavailable || back.closed.Parameters["reason"] != "full" {
			t.Fatalf("closed with %v, want STORE_UNAVAILABLE full", back.closed)
		}
		if err := f.room.Wait(); !errors.Is(err, replay.ErrFull) {
			t.Fatalf("Wait() = %v", err)
		}
	})
}
