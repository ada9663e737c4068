package media

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"sync"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/sei"
	"chalkline/server/classroom"
	"chalkline/server/media/stream"
)

// ID names a source among those of all rooms, over a restart of the server too: it
// is of its room, its participant and its kind.
type ID [16]byte

func idOf(room replay.Room, participant string, kind Kind) (id ID) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s", room, tableName(participant, kind)))
	copy(id[:], sum[:])
	return id
}

// Source is what one participant publishes of one kind. Its methods may be called
// from many goroutines.
type Source struct {
	Number      uint32
	ID          ID
	Room        replay.Room
	Participant string
	Kind        Kind

	// Hub has its units, for outputs that need whole ones. Publishers publish to it
	// while it is wanted.
	Hub *stream.Hub

	changed func()       // the room is to be told; called without the lock
	keep    func() error // the switches are to be remembered; called without the lock

	keeping    sync.Mutex // one change of what is remembered at a time
	kept       *string    // the switches that are, guarded by keeping; nil: nobody knows
	offsetKept bool       // the offset is, guarded by keeping

	mu       sync.Mutex
	watchers map[*func()]struct{}
	current  *Publication
	info     Info
	viewers  int
	offset   int64
	offsets  bool // offset was set
	clock    uint16
}

// name is what it has in a room's table: its participant and kind.
func (s *Source) name() string { return tableName(s.Participant, s.Kind) }

func tableName(participant string, kind Kind) string { return participant + "/" + string(kind) }

// Info returns what everybody knows of it.
func (s *Source) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info
}

// idle says that nobody publishes or plays it.
func (s *Source) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current == nil && s.viewers == 0
}

// Watch calls changed after each change of what is known of it, from whatever
// goroutine made it, until stop is called. It must not wait.
func (s *Source) Watch(changed func()) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers == nil {
		s.watchers = map[*func()]struct{}{}
	}
	s.watchers[&changed] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, &changed)
	}
}

// AddViewer counts somebody who plays it until remove is called, once.
func (s *Source) AddViewer() (remove func()) {
	s.count(1)
	return sync.OnceFunc(func() { s.count(-1) })
}

func (s *Source) count(by int) {
	s.update(func() {
		s.viewers += by
		s.info.Wanted = s.viewers > 0
	})
}

// SwitchBy sets what of it is passed on, as far as somebody may (MED6); nil leaves
// a switch as it is. It holds at once, and is remembered. The error is a
// *protocol.Error, or the store's.
func (s *Source) SwitchBy(who classroom.Participant, muted, hidden *bool) error {
	if !maySet(who, s) {
		return protocol.NewError(protocol.NotPermitted)
	}
	var err error
	s.update(func() {
		if muted != nil && !*muted && s.info.Muted && who.ID != s.Participant {
			err = protocol.NewError(protocol.NotPermitted)
			return
		}
		if muted != nil {
			s.info.Muted = *muted
		}
		if hidden != nil {
			s.info.Hidden = *hidden
		}
	})
	if err != nil {
		return err
	}
	return s.keep()
}

// Offset returns by how many µs a unit is older than its arrival, as it was
// calibrated; false if it never was.
func (s *Source) Offset() (us int64, calibrated bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offset, s.offsets
}

// calibrate sets the offset, µs. Its times do not follow on from those before.
func (s *Source) calibrate(us int64) {
	s.update(func() {
		if s.offsets && s.offset == us {
			return
		}
		s.offset, s.offsets = us, true
		s.clock++
		if s.current != nil && !s.current.captures {
			s.info.Timed = true
		}
	})
}

// Origin is what stamps of it say, given whether its publisher's clock is that of
// capture.
func (s *Source) Origin(captured bool) sei.Origin {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := sei.Origin{Source: s.Number, Clock: s.clock}
	switch {
	case captured:
		o.Flags = sei.Captured
	case s.offsets:
		o.Flags = sei.Calibrated
	}
	return o
}

// begin makes p its publication. One that there is ends. What it had is known as
// before until p says otherwise, so that players stay (MED4).
func (s *Source) begin(p *Publication) {
	s.mu.Lock()
	old := s.current
	s.current = p
	s.clock++
	s.mu.Unlock()
	s.update(func() { s.info.Paused, s.info.Timed = false, s.offsets && s.current == p })
	if old != nil {
		old.Close()
	}
}

// update changes what is known of it, and tells the room if that changed.
func (s *Source) update(change func()) {
	s.mu.Lock()
	before := s.info
	change()
	after := s.info
	watchers := slices.Collect(maps.Keys(s.watchers))
	s.mu.Unlock()
	if before == after {
		return
	}
	s.changed()
	for _, w := range watchers {
		(*w)()
	}
}

// Publication is one publisher of a source, for as long as it is connected.
type Publication struct {
	Source *Source

	done     chan struct{}
	end      sync.Once
	captures bool // guarded by Source.mu: its publisher knows when units were captured
}

// Done is closed when it is over: closed, or another publisher took over.
func (p *Publication) Done() <-chan struct{} { return p.done }

// Tracks says what it has, and how it can be played.
func (p *Publication) Tracks(video, audio, webrtc, live bool) {
	p.update(func(i *Info) { i.Video, i.Audio, i.WebRTC, i.Live = video, audio, webrtc, live })
}

// Pause says that nothing comes just now, or that it comes again.
func (p *Publication) Pause(paused bool) {
	p.update(func(i *Info) { i.Paused = paused })
}

// Captures says that the publisher's units have times of capture; else they have
// those of arrival, less the source's offset.
func (p *Publication) Captures() {
	p.update(func(i *Info) { p.captures, i.Timed = true, true })
}

// Jump says that the times from now on do not follow on from those before.
func (p *Publication) Jump() {
	s := p.Source
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == p {
		s.clock++
	}
}

func (p *Publication) update(change func(*Info)) {
	s := p.Source
	s.update(func() {
		if s.current == p {
			change(&s.info)
		}
	})
}

// Close ends it. The source stays, without a publisher.
func (p *Publication) Close() {
	p.end.Do(func() { close(p.done) })
	s := p.Source
	s.update(func() {
		if s.current != p {
			return
		}
		s.current = nil
		i := &s.info
		i.Video, i.Audio, i.Paused, i.Timed, i.WebRTC, i.Live = false, false, false, false, false, false
	})
}
