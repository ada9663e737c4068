package server

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/media"
	"chalkline/server/room"
)

// mediaRooms is what media knows of the rooms: media.Rooms.
type mediaRooms struct {
	server *Server
	door   *door
	// What the sources are asked: Tell and Forget of media.Registry.
	tell          func(replay.Room)
	forgetSources func(replay.Room) (used bool)

	mu     sync.Mutex
	clocks map[replay.Room]*roomClock
}

// roomClock is the clock of a room, also when the room ends and runs anew.
type roomClock struct{ current atomic.Pointer[room.Clock] }

// Now is that of media.Clock.
func (c *roomClock) Now() int64 { return c.current.Load().At(time.Now()) }

// Enter is that of media.Rooms.
func (m *mediaRooms) Enter(r *http.Request) (media.Visitor, error) {
	v, err := m.door.enter(r)
	if err != nil {
		return media.Visitor{}, err
	}
	return media.Visitor{Participant: v.Participant, Room: v.room, Address: host(r.RemoteAddr), Expires: v.Expires}, nil
}

// Clock is that of media.Rooms. The room runs from then on. The error is a
// *protocol.Error.
func (m *mediaRooms) Clock(ctx context.Context, id replay.Room) (media.Clock, error) {
	if err := m.server.rooms.exists(ctx, id); err != nil {
		return nil, known(err)
	}
	running, err := m.server.rooms.get(ctx, id)
	if err != nil {
		return nil, known(err)
	}
	now, err := running.Clock(ctx)
	if err != nil {
		return nil, known(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.clocks[id]
	if c == nil {
		m.forget()
		c = &roomClock{}
		m.clocks[id] = c
	}
	c.current.Store(&now)
	return c, nil
}

// forget drops the clocks and sources of rooms that do not run and in which nobody
// publishes or plays. The lock is held, so that none of them begins to be used
// meanwhile: who asks for a clock has its room run before.
func (m *mediaRooms) forget() {
	for id := range m.clocks {
		if m.server.rooms.runs(id) == nil && !m.forgetSources(id) {
			delete(m.clocks, id)
		}
	}
}

// Sources is that of media.Rooms.
func (m *mediaRooms) Sources(id replay.Room, sources []media.Info) {
	running := m.server.rooms.runs(id)
	if running == nil {
		return // it is told when it runs
	}
	told := make([]*chalklinev1.Source, len(sources))
	for i, s := range sources {
		told[i] = sourceMessage(s)
	}
	running.Sources(told)
}

// started is told of a room that begins to run: it is told what is published in it,
// and its clock is the one that counts from now on.
func (m *mediaRooms) started(id replay.Room, running *room.Room) {
	m.tell(id)
	m.mu.Lock()
	c := m.clocks[id]
	m.mu.Unlock()
	if c == nil {
		return
	}
	if now, err := running.Clock(m.server.ctx); err == nil {
		c.current.Store(&now)
	}
}

// sourceMessage is a source as clients are told of it.
func sourceMessage(s media.Info) *chalklinev1.Source {
	return &chalklinev1.Source{
		Number: s.Number, Participant: s.Participant, Kind: sourceKind(s.Kind),
		Video: s.Video, Audio: s.Audio, Paused: s.Paused, Wanted: s.Wanted, Timed: s.Timed,
		Muted: s.Muted, Hidden: s.Hidden, Webrtc: s.WebRTC, Live: s.Live,
	}
}

func sourceKind(k media.Kind) chalklinev1.SourceKind {
	switch k {
	case media.Camera:
		return chalklinev1.SourceKind_SOURCE_KIND_CAMERA
	case media.Screen:
		return chalklinev1.SourceKind_SOURCE_KIND_SCREEN
	case media.Stream:
		return chalklinev1.SourceKind_SOURCE_KIND_STREAM
	}
	return chalklinev1.SourceKind_SOURCE_KIND_UNSPECIFIED
}
