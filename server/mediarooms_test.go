package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server/classroom"
	"chalkline/server/media"
	"chalkline/server/room"
	"chalkline/server/session"
)

// mediaSchool is rooms in which media are published.
type mediaSchool struct {
	*mediaRooms
	registry *media.Registry
	t        *testing.T
}

func newMediaSchool(t *testing.T) *mediaSchool {
	log := memory.New()
	s := &Server{ctx: t.Context()}
	s.rooms = newRooms(t.Context(), room.Config{Log: log, Table: log.Table(), Logger: slog.New(slog.DiscardHandler)}, 10)
	t.Cleanup(s.rooms.stop)
	m := &mediaRooms{server: s, clocks: map[replay.Room]*roomClock{}}
	registry := media.NewRegistry(media.Config{Rooms: m, Table: log.Table()})
	m.tell, m.forgetSources = registry.Tell, registry.Forget
	return &mediaSchool{m, registry, t}
}

// open makes a room that runs, and has a clock.
func (m *mediaSchool) open() replay.Room {
	m.t.Helper()
	id, err := m.server.rooms.create(m.t.Context(), "Lesson")
	if err != nil {
		m.t.Fatal(err)
	}
	m.runs(id)
	return id
}

func (m *mediaSchool) runs(id replay.Room) {
	m.t.Helper()
	if _, err := m.Clock(m.t.Context(), id); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mediaSchool) end(id replay.Room) {
	running := m.server.rooms.runs(id)
	running.Stop()
	<-running.Done()
}

func (m *mediaSchool) publish(id replay.Room, who string) *media.Publication {
	m.t.Helper()
	v := media.Visitor{Participant: classroom.Participant{ID: who, Role: classroom.Teacher}, Room: id}
	p, err := m.registry.Publish(v, media.Camera)
	if err != nil {
		m.t.Fatal(err)
	}
	return p
}

func TestClocksAreForgottenOfRoomsThatDoNotRunAndInWhichNothingIsPlayed(t *testing.T) {
	m := newMediaSchool(t)
	over, watched, open1 := m.open(), m.open(), m.open()
	m.publish(watched, "ann")
	m.end(over)
	m.end(watched)
	last := m.open()
	if len(m.clocks) != 3 || m.clocks[watched] == nil || m.clocks[open1] == nil || m.clocks[last] == nil {
		t.Errorf("clocks of %v, want those of %d, %d and %d", m.clocks, watched, open1, last)
	}
}

func TestMED1RoomsThatPublishedAndWentLeaveNothingAndNoNumberIsUsedTwice(t *testing.T) {
	m := newMediaSchool(t)
	numbers := map[replay.Room]uint32{}
	for range 1000 {
		id := m.open()
		p := m.publish(id, "ann")
		numbers[id] = p.Source.Number
		p.Close()
		m.end(id)
	}
	m.open()
	if len(m.clocks) != 1 {
		t.Errorf("%d clocks are left", len(m.clocks))
	}
	for id, number := range numbers {
		if n := len(m.registry.Sources(id)); n != 0 {
			t.Fatalf("%d sources are left of a room", n)
		}
		m.runs(id)
		if s := m.publish(id, "ben").Source; s.Number <= number {
			t.Fatalf("%d is a number after %d", s.Number, number)
		}
		if s, ok := m.registry.Source(id, number); ok {
			t.Fatalf("a play URL of ann's source plays %s's", s.Participant)
		}
		m.end(id)
	}
}

func TestMED1SourcesStayWhileTheRoomRunsOrSomebodyPlaysAndSwitchesStayWithoutThem(t *testing.T) {
	m := newMediaSchool(t)
	runs, played, muted := m.open(), m.open(), m.open()
	numbers := map[replay.Room]uint32{}
	for _, id := range []replay.Room{runs, played, muted} {
		p := m.publish(id, "ann")
		numbers[id] = p.Source.Number
		switch id {
		case played:
			p.Source.AddViewer()
		case muted:
			on := true
			if err := p.Source.SwitchBy(classroom.Participant{Role: classroom.Teacher}, &on, nil); err != nil {
				t.Fatal(err)
			}
		}
		p.Close()
	}
	m.end(played)
	m.end(muted)
	m.open()
	for id, number := range numbers {
		if _, ok := m.registry.Source(id, number); ok != (id != muted) {
			t.Errorf("source %d is there: %t", number, ok)
		}
	}
	m.runs(muted)
	if i := m.publish(muted, "ann").Source.Info(); !i.Muted {
		t.Errorf("it comes back %+v, want it muted", i)
	}
}

func TestWhoEntersComesFromTheAddressThatLimitsCountBy(t *testing.T) {
	m := &mediaRooms{door: &door{
		identify: func(string) (session.Identity, error) { return session.Identity{}, nil },
		room:     func(context.Context, int64, session.Identity, string) (lesson, error) { return nil, nil },
	}}
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.SetPathValue("code", replay.Room(7).String())
	r.Header.Set("Authorization", "Bearer x")
	r.RemoteAddr = "[2001:db8:1:2:3:4:5:6]:7"
	if v, err := m.Enter(r); err != nil || v.Room != 7 || v.Address != "2001:db8:1:2::" {
		t.Errorf("Enter() = %+v, %v", v, err)
	}
}
