package server

import (
	"log/slog"
	"testing"

	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server/room"
)

func TestClocksAreForgottenOfRoomsThatDoNotRunAndInWhichNothingIsPlayed(t *testing.T) {
	log := memory.New()
	s := &Server{ctx: t.Context()}
	s.rooms = newRooms(t.Context(), room.Config{Log: log, Table: log.Table(), Logger: slog.New(slog.DiscardHandler)}, 10)
	t.Cleanup(s.rooms.stop)
	played := map[replay.Room]bool{}
	m := &mediaRooms{server: s, clocks: map[replay.Room]*roomClock{}, used: func(id replay.Room) bool { return played[id] }}
	open := func() replay.Room {
		id, err := s.rooms.create(t.Context(), "Lesson")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Clock(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	end := func(id replay.Room) {
		running := s.rooms.runs(id)
		running.Stop()
		<-running.Done()
	}
	over, watched, open1 := open(), open(), open()
	played[watched] = true
	end(over)
	end(watched)
	last := open()
	if len(m.clocks) != 3 || m.clocks[watched] == nil || m.clocks[open1] == nil || m.clocks[last] == nil {
		t.Errorf("clocks of %v, want those of %d, %d and %d", m.clocks, watched, open1, last)
	}
}
