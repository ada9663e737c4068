package room_test

import (
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
