package room_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/server/room"
)

func TestACopyIsTheBoardAsItStands(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		ann := f.join("ann")
		same := func(when string) *ot.Board {
			t.Helper()
			board, revision, err := f.room.Copy(t.Context(), page)
			if err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			if place, err := f.room.Place(t.Context(), page); err != nil || place.Revision != revision {
				t.Errorf("%s: at %+v, %v; the copy at %d", when, place, err, revision)
			}
			if board.Hash() != ann.board().board.Hash() || revision != ann.board().at.Revision {
				t.Errorf("%s: revision %d, want %d", when, revision, ann.board().at.Revision)
			}
			return board
		}
		first := same("empty")
		ann.draw(1, 3, true)
		ann.draw(2, 2, false)
		ann.write(3, "text")
		same("from a snapshot")
		ann.draw(4, 1, true) // few records behind the snapshot
		ann.ops(textEdit(ot.ID{Replica: 1, Counter: 3}, 7, insert("a ")))
		settle()
		same("from a snapshot and records")
		if first.Load().Elements != 0 {
			t.Error("a copy changes with the room")
		}
		f.room.Post(room.Leave{Peer: ann})
		later(3 * time.Minute) // the board is let go of
		same("from the log")
	})
}

func TestACopyOfWhatIsNotThereIsRefused(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		if _, _, err := f.room.Copy(t.Context(), "p9"); !errors.Is(err, protocol.NewError(protocol.NoSuchDocument)) {
			t.Errorf("an unknown page: %v", err)
		}
		pages, _, err := f.room.Pages(t.Context())
		if err != nil || !slices.Equal(pages, []string{page}) {
			t.Errorf("pages %v, %v", pages, err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := f.room.Pages(ended); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled request: %v", err)
		}
		f.stop()
		if _, _, err := f.room.Copy(t.Context(), page); !errors.Is(err, protocol.NewError(protocol.RoomRestarting)) {
			t.Errorf("a room that has ended: %v", err)
		}
	})
}

func TestTheClockOfARoomIsTheOneThatItsRecordsAreOn(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		ann := f.join("ann")
		clock, err := f.room.Clock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		later(time.Minute)
		ann.draw(1, 1, true)
		if at := ann.board().records[0].SequencedAt; clock.At(time.Now())-at > 1_000_000 || at > clock.At(time.Now()) {
			t.Errorf("%d on the clock, sequenced at %d", clock.At(time.Now()), at)
		}
		f.stop()
		if _, err := f.room.Clock(t.Context()); !errors.Is(err, protocol.NewError(protocol.RoomRestarting)) {
			t.Errorf("when the room has ended: %v", err)
		}
	})
}
