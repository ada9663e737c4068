// Package media knows what is published in rooms: sources, who may publish and
// play them, which of them goes out and what time their pictures have.
//
// A Source is what one participant publishes of one kind; it keeps its number,
// its switches and its calibration while publishers come and go. A Publication is
// one publisher's connection. How media come in and go out is the business of the
// packages below: webrtc (WHIP and WHEP), rtmp and ingest (MPEG-TS), live (HLS and
// HTTP-TS). The rules are MED1 … in docs/protocol.md.
package media

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"chalkline/replay"
	"chalkline/server/classroom"
)

// Kind is what a source shows.
type Kind string

// The kinds. A participant has at most one source of each.
const (
	Camera Kind = "camera" // camera and microphone, either alone too
	Screen Kind = "screen" // a screen, a window or a region of it
	Stream Kind = "stream" // what an encoder pushes, by RTMP or MPEG-TS
)

// Known tells whether k is one of the kinds.
func (k Kind) Known() bool { return k == Camera || k == Screen || k == Stream }

// Visitor is somebody who was let into a room.
type Visitor struct {
	classroom.Participant
	Room replay.Room
	// Address is where the request came from: a host, of IPv6 the network of a customer.
	Address string
	// Expires is when what the visitor publishes or plays by WebRTC ends; zero: never.
	Expires time.Time
}

// Clock is the room clock, for what happens in one room.
type Clock interface {
	// Now returns room time in µs.
	Now() int64
}

// Rooms is what media asks of the rooms. Errors are *protocol.Error.
type Rooms interface {
	// Enter checks the bearer token and the room's code ({code}) of a request, by the rules
	// of a session.
	Enter(r *http.Request) (Visitor, error)
	// Clock returns the clock of a room that exists.
	Clock(ctx context.Context, room replay.Room) (Clock, error)
	// Sources tells a room what is published in it now (MED2); it is called for each
	// change, in order, and must not wait.
	Sources(room replay.Room, sources []Info)
}

// Info is what everybody in the room knows of a source.
type Info struct {
	Number       uint32 // in the room, from 1; 0 is none
	Participant  string
	Kind         Kind
	Video, Audio bool // what it has; neither: its publisher is away
	Paused       bool // it has a publisher, and nothing comes just now
	Wanted       bool // somebody plays it: who is not wanted need not send
	Timed        bool // its times are those of capture: stamped by the publisher, reported, or calibrated
	Muted        bool // its sound is not passed on
	Hidden       bool // its picture is not passed on
	WebRTC, Live bool // how it can be played: WHEP; HTTP-TS and HLS
}

// Config is what a Registry needs. Rooms is required.
type Config struct {
	Rooms  Rooms
	Table  replay.Table // keeps calibrations, switches and stream keys; nil forgets them at the end
	Logger *slog.Logger // nil discards
	// After is below the number of every source; 0: the first is 1. Pages stay while a
	// server is begun again, and know a source by its number: runs should differ in it.
	After uint32
}
