package room_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

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
