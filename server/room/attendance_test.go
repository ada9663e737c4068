package room_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

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

func TestOneParticipantTakesNotAllSeats(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		const most = 100
		bare := func(j *room.Join) { j.Open = nil }
		var peers []*peer
		for range most - 1 {
			peers = append(peers, f.join("bad", bare))
		}
		peers = append(peers, f.enter("bad", bare), f.enter("bad", bare)) // on their way together
		settle()
		last, over := peers[most-1], peers[most]
		if last.closed != nil || over.closed == nil || over.closed.Code != protocol.Full || over.closed.Message().GetParameters()["limit"] != "connections" {
			t.Fatalf("the last is answered %v, one more %v, want FULL of connections", last.closed, over.closed)
		}
		if ann := f.join("ann"); ann.closed != nil {
			t.Errorf("another is answered %v", ann.closed)
		}
		claim := func(p *peer) func(*room.Join) { return func(j *room.Join) { j.Claim = p.result().GetReplica() } }
		if again := f.join("bad", bare, claim(last)); again.closed != nil {
			t.Errorf("who takes over is answered %v", again.closed)
		}
		f.room.Post(room.Leave{Peer: peers[0]})
		if again := f.join("bad", bare, claim(peers[0])); again.closed != nil {
			t.Errorf("who comes back is answered %v", again.closed)
		}
		gone := f.enter("bad", bare)
		f.room.Post(room.Leave{Peer: peers[1]})
		f.room.Post(room.Leave{Peer: peers[2]})
		leaves := f.enter("bad", bare)
		f.room.Post(room.Leave{Peer: leaves}) // while its replica is on its way
		settle()
		for range 2 {
			if p := f.join("bad", bare); p.closed != nil {
				t.Errorf("who comes for one that left is answered %v", p.closed)
			}
		}
		if p := f.join("bad", bare); gone.closed == nil || p.closed == nil {
			t.Error("there are more than there may be")
		}
	})
}

func TestWhoMayHaveNoNewReplicaKeepsTheOneThatIsClaimed(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t, func(c *room.Config) { c.IdleTimeout = time.Minute })
		defer f.stop()
		none := func(j *room.Join) { j.New = func() bool { return false } }
		mine := f.join("ann").result().GetReplica()
		for what, claim := range map[string]*chalklinev1.ReplicaClaim{
			"no claim":      nil,
			"a wrong claim": {Replica: mine.GetReplica(), Key: make([]byte, 16), Epoch: mine.GetEpoch()},
		} {
			refused := f.join("ann", none, func(j *room.Join) { j.Claim = claim })
			if refused.closed == nil || refused.closed.Code != protocol.TooManyTries {
				t.Errorf("%s is answered %v, want TOO_MANY_TRIES", what, refused.closed)
			}
		}
		back := f.join("ann", none, func(j *room.Join) { j.Claim = mine })
		if got := back.replica(); got != mine.GetReplica() {
			t.Errorf("who claims %d gets %d", mine.GetReplica(), got)
		}
		f.room.Post(room.Leave{Peer: back})
		settle()
		f.join("ben", none)
		later(time.Minute)
		if err := f.room.Wait(); !errors.Is(err, room.ErrIdle) {
			t.Errorf("Wait() = %v, want ErrIdle", err)
		}
	})
}

// puts counts what is put in a table; while it fails, nothing is.
type puts struct {
	replay.Table
	n     atomic.Int64
	fails atomic.Bool
}

func (p *puts) Put(ctx context.Context, id replay.Room, key string, value []byte) error {
	p.n.Add(1)
	if p.fails.Load() {
		return replay.ErrFull
	}
	return p.Table.Put(ctx, id, key, value)
}

func TestANameIsPutWhereItIsNotTheOneBefore(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		table := &puts{Table: f.log.Table()}
		f.start(func(c *room.Config) { c.Table = table })
		defer f.stop()
		named := func(name string) func(*room.Join) { return func(j *room.Join) { j.Name = name } }
		want := func(puts int64, kept string) {
			t.Helper()
			got, err := table.Get(t.Context(), roomID, room.ParticipantPrefix+"ann")
			if n := table.n.Load(); n != puts || err != nil || string(got) != kept {
				t.Errorf("%q after %d puts, %v, want %q after %d", got, n, err, kept, puts)
			}
		}
		f.join("ann", named("Ann"))
		f.join("ann", named("Ann"))
		want(1, "Ann")
		table.fails.Store(true)
		f.join("ann", named("Anna"))
		want(2, "Ann")
		table.fails.Store(false)
		f.join("ann", named("Anna"))
		f.join("ann", named("Anna"))
		want(3, "Anna")
	})
}
