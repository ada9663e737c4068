package room

import (
	"time"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// state is everything a room knows. step is its only way to change.
type state struct {
	cfg   Config
	epoch uint64
	clock Clock

	// What the log says.
	documents map[replay.Document]*document // loaded; tables always are
	heads     map[replay.Document]replay.Head
	durable   batchNumbers         // last n in the log
	authority *classroom.Authority // as it is in the log: that of pages
	pages     *authorityTable
	stage     *stageTable
	replicas  map[uint32]*chalklinev1.ReplicaGiven
	replica   uint32 // highest given
	name      string
	names     map[string]string // of participants, by key: what the table was given last

	// Who is here.
	members    map[Peer]*member
	byID       map[uint32]*member    // by replica
	joining    int                   // joins whose replica is on its way to the log
	allowances map[string]*allowance // by participant: who is here, and who left a moment ago
	left       map[uint32]time.Time  // by replica: when it went, if that is not long ago
	loaded     time.Time             // replicas that were never here count as gone from then on

	// What is on its way to the log.
	accepted  batchNumbers // last n taken in, durable or not
	pending   []*batch     // for the next append
	appendDue time.Time    // not before
	inFlight  []*batch

	// What waits for a document to be read: Open, and what came behind it for its handle.
	waiting map[replay.Document][]Command
	reads   map[replay.Document]*member // boards that are being read, and for whom

	roster    rosterChange
	sources   sources
	builds    builds
	tickDue   time.Time // cursors and roster; zero: nothing waits
	careDue   time.Time // purge and strokes left behind; zero: nothing waits
	idleSince time.Time // zero: somebody is here
	stopping  bool
	ended     error

	effects []effect
}

// batchNumbers holds the last n by document and replica.
type batchNumbers map[replay.Document]map[uint32]uint64

func (b batchNumbers) last(d replay.Document, replica uint32) uint64 { return b[d][replica] }

func (b batchNumbers) set(d replay.Document, replica uint32, n uint64) {
	if b[d] == nil {
		b[d] = map[uint32]uint64{}
	}
	b[d][replica] = n
}

// Clock is the room clock: µs since 1970, never stepping back (design: it goes
// on after a restart at the latest time in the log). It may be read by anyone.
type Clock struct {
	anchor int64
	start  time.Time
}

func newClock(now time.Time, latest int64) Clock {
	return Clock{anchor: max(now.UnixMicro(), latest), start: now}
}

// At returns room time at a moment of the monotonic clock.
func (c Clock) At(now time.Time) int64 { return c.anchor + now.Sub(c.start).Microseconds() }

// cutMillis cuts a time to whole milliseconds, as it is logged (docs/format.md).
func cutMillis(us int64) int64 { return us - us%1000 }

// step advances the room by one command. It reads no clock, blocks on nothing
// and returns what must happen, in order.
func (s *state) step(now time.Time, c Command) []effect {
	clear(s.effects) // what they hold is not held any longer
	s.effects = s.effects[:0]
	switch c := c.(type) {
	case Join:
		s.join(now, c)
	case Leave:
		s.leave(now, c.Peer)
	case Open:
		s.open(now, c)
	case CloseDocument:
		s.closeDocument(now, c)
	case Submit:
		s.submit(now, c)
	case SyncState:
		s.syncState(now, c)
	case HeartTick:
		s.heartTick(now, c)
	case Cursor:
		s.cursor(now, c)
	case Trace:
		s.trace(now, c)
	case copyBoard:
		s.copyBoard(c)
	case listPages:
		s.listPages(c)
	case askPlace:
		s.tellPlace(c)
	case askClock:
		s.emit(answerClock{c.answer, s.clock})
	case Drained:
		s.drained(now, c)
	case appended:
		s.appended(now, c)
	case boardLoaded:
		s.boardLoaded(now, c)
	case pastBuilt:
		s.pastBuilt(now, c)
	case snapshotSaved:
		s.snapshotSaved(c)
	case nameLost:
		delete(s.names, c.key)
	case published:
		s.published(now, c)
	case tick:
		s.tick(now)
	case stopping:
		s.stop()
	}
	s.watch(now)
	s.nextAppend(now)
	s.endWhenStopped()
	return s.effects
}

func (s *state) emit(e effect) { s.effects = append(s.effects, e) }

// control queues messages for one peer. Encoding cannot fail for messages made here.
func (s *state) control(p Peer, messages ...*chalklinev1.ServerMessage) {
	var framed []byte
	for _, m := range messages {
		framed, _ = protocol.AppendMessage(framed, m)
	}
	s.emit(sendControl{p, framed})
}

// due returns when the next tick is to come.
func (s *state) due(now time.Time) time.Time {
	due := now.Add(s.cfg.IdleTimeout)
	earlier := func(t time.Time) {
		if !t.IsZero() && t.Before(due) {
			due = t
		}
	}
	earlier(s.tickDue)
	earlier(s.careDue)
	if len(s.pending) > 0 && len(s.inFlight) == 0 {
		earlier(s.appendDue)
	}
	for _, d := range s.documents {
		if d.board != nil && !d.quietFrom.IsZero() {
			earlier(d.quietFrom.Add(quietAfter))
		}
	}
	if !s.idleSince.IsZero() {
		earlier(s.idleSince.Add(s.cfg.IdleTimeout))
	}
	return due
}

func (s *state) tick(now time.Time) {
	s.unload(now)
	if !s.careDue.IsZero() && !now.Before(s.careDue) {
		s.careDue = time.Time{}
		s.care(now)
	}
	if !s.tickDue.IsZero() && !now.Before(s.tickDue) {
		s.tickDue = time.Time{}
		s.sendRoster()
		s.sendSources(now)
		s.sendCursors(now)
	}
	if !s.idleSince.IsZero() && now.Sub(s.idleSince) >= s.cfg.IdleTimeout && !s.stopping {
		s.saveAll()
		s.stopping = true
		s.idleSince = time.Time{}
		s.ended = ErrIdle
	}
}

// stop begins the end: no more is taken in, what is pending becomes durable.
func (s *state) stop() {
	s.stopping = true
	for p := range s.members {
		s.emit(closePeer{p, protocol.NewError(protocol.GoingAway)})
	}
}

func (s *state) endWhenStopped() {
	if s.stopping && s.ended == nil && len(s.pending) == 0 && len(s.inFlight) == 0 {
		s.saveAll()
		s.ended = ErrStopped
	}
}

// fail ends the room after the log failed: what was taken in but is not durable
// is forgotten here, and sent again by the clients that hold it.
func (s *state) fail(err error) {
	refusal := refusalFor(err)
	for p := range s.members {
		s.emit(closePeer{p, refusal})
	}
	for _, b := range s.unsettled() {
		if b.join != nil {
			s.emit(closePeer{b.join.Peer, refusal})
		}
	}
	s.pending, s.inFlight = nil, nil
	s.ended = err
}
