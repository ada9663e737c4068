// Package room runs one room: it orders what participants submit, makes it
// durable, applies it and hands the result to everybody who has the document
// open.
//
// One goroutine owns a room; there is no lock. Commands come in through Post;
// the pure step turns each into effects, in order. Fan-out follows durability:
// nothing is shown to others, or acknowledged, before the log has it. Bytes for
// viewers are encoded once and the same slice goes to all.
//
// What it leaves to others: connections and their queues (server/session), the
// rules (server/classroom), storage (replay), convergence (ot).
package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
)

// ErrIdle is why a room ended that nobody was in for Config.IdleTimeout.
var ErrIdle = errors.New("room: idle")

// ErrStopped is why a room ended that was told to stop.
var ErrStopped = errors.New("room: stopped")

// Config is what a room needs. Log and ID are required.
type Config struct {
	ID    replay.Room
	Log   replay.Log
	Table replay.Table // names; nil keeps none

	Logger  *slog.Logger // nil discards
	Metrics *Metrics     // nil counts nowhere

	IdleTimeout     time.Duration // 0: 5 min
	SnapshotEvery   uint64        // records of a document between stored snapshots; 0: 5 000
	MaxParticipants int           // connected at once; 0: 1 000
	TailBytes       int           // coded records kept per document to resume from; 0: 2 MiB
	Builds          chan struct{} // as many documents as of a time (ALN5) as it has room for are built at once, by all rooms that share it; nil: 2
	PurgeAfter      time.Duration // how long deleted elements are kept (OT16), which is as far as undo reaches; 0: 10 min
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(nil)
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = 5 * time.Minute
	}
	if c.SnapshotEvery == 0 {
		c.SnapshotEvery = 5000
	}
	if c.MaxParticipants == 0 {
		c.MaxParticipants = 1000
	}
	if c.TailBytes == 0 {
		c.TailBytes = 2 << 20
	}
	if c.Builds == nil {
		c.Builds = make(chan struct{}, maxBuilds)
	}
	if c.PurgeAfter == 0 {
		c.PurgeAfter = 10 * time.Minute
	}
	return c
}

// inboxSize bounds the commands that wait; who posts more waits.
const inboxSize = 256

// Room is one running room.
type Room struct {
	cfg     Config
	inbox   chan Command
	sources chan []*chalklinev1.Source // the newest that it has not looked at
	idle    atomic.Int64               // ns since 1970, since when nobody is in; 0: somebody is, or it is being read
	stop    chan struct{}              // closed by Stop
	once    sync.Once                  // of closing it
	done    chan struct{}              // closed when run returns
	err     error                      // why; readable once done is closed
}

// Start reads the room from the log and runs it until Stop, until it is idle or
// until the log fails.
func Start(ctx context.Context, cfg Config) *Room {
	r := &Room{
		cfg:     cfg.withDefaults(),
		inbox:   make(chan Command, inboxSize),
		sources: make(chan []*chalklinev1.Source, 1),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	go func() {
		defer close(r.done)
		r.err = r.run(ctx)
	}()
	return r
}

// Post hands a command to the room; it waits while the inbox is full. False
// means that the room has ended and will not see it.
func (r *Room) Post(c Command) bool {
	select {
	case <-r.done:
		return false
	default:
	}
	select {
	case r.inbox <- c:
		return true
	case <-r.done:
		return false
	}
}

// Stop ends the room: what is in flight is made durable, snapshots are kept.
// Wait returns ErrStopped.
func (r *Room) Stop() { r.once.Do(func() { close(r.stop) }) }

// IdleSince returns since when nobody has been in; zero while somebody is, and until the
// room was read. It may be asked by anyone.
func (r *Room) IdleSince() time.Time {
	if ns := r.idle.Load(); ns != 0 {
		return time.Unix(0, ns)
	}
	return time.Time{}
}

// Done is closed when the room has ended.
func (r *Room) Done() <-chan struct{} { return r.done }

// Wait waits for the end of the room and returns why it ended.
func (r *Room) Wait() error {
	<-r.done
	return r.err
}

// run is the thin loop around step.
func (r *Room) run(ctx context.Context) error {
	s, err := load(ctx, r.cfg, time.Now())
	if err != nil {
		r.cfg.Metrics.ended.WithLabelValues("failed").Inc()
		r.cfg.Logger.Error("room cannot be read", "error", err)
		r.refuse(err)
		return err
	}
	r.cfg.Metrics.rooms.Inc()
	defer r.cfg.Metrics.rooms.Dec()
	building, cancel := context.WithCancel(ctx)
	l := &loop{Room: r, state: s, ctx: ctx, building: building, results: make(chan Command, 4)}
	defer l.finish()
	defer cancel()
	l.noteIdle()
	timer := time.NewTimer(r.cfg.IdleTimeout)
	defer timer.Stop()
	stop := r.stop
	select { // so that who comes first is told what was published before
	case list := <-r.sources:
		l.step(time.Now(), published{list})
	default:
	}
	for s.ended == nil {
		var c Command
		select {
		case c = <-r.inbox:
		case list := <-r.sources:
			c = published{list}
		case c = <-l.results:
			l.running--
		case <-timer.C:
			c = tick{}
		case <-stop:
			stop = nil
			c = stopping{}
		}
		now := time.Now()
		l.step(now, c)
		timer.Reset(max(s.due(now).Sub(now), 0))
	}
	return s.ended
}

// Refusal says to clients of a room that has ended what that means for them: why
// they are out, and when to come back.
func (r *Room) Refusal() *protocol.Error {
	err := r.Wait()
	if errors.Is(err, ErrIdle) || errors.Is(err, ErrStopped) {
		return protocol.NewError(protocol.RoomRestarting)
	}
	return refusalFor(err)
}

// refuse answers the joins that wait for a room that cannot be read.
func (r *Room) refuse(err error) {
	refusal := refusalFor(err)
	for {
		select {
		case c := <-r.inbox:
			if j, ok := c.(Join); ok {
				j.Peer.Close(refusal)
			}
		default:
			return
		}
	}
}

// refusalFor says to clients what an error of the log means.
func refusalFor(err error) *protocol.Error {
	var known *protocol.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, replay.ErrNoRoom):
		return protocol.NewError(protocol.NoSuchRoom)
	case errors.Is(err, replay.ErrFull):
		return protocol.NewError(protocol.StoreUnavailable, "reason", "full")
	default:
		return protocol.NewError(protocol.StoreUnavailable, "reason", "failed")
	}
}

// loop performs the effects of steps. Its methods run on the room's goroutine;
// what blocks runs beside it and comes back as a command.
type loop struct {
	*Room
	state   *state
	ctx     context.Context
	results chan Command
	running int // goroutines whose result is still to come

	building context.Context // ends with the room, which waits for no builds
}

func (l *loop) step(now time.Time, c Command) {
	for _, e := range l.state.step(now, c) {
		l.perform(e)
	}
	l.noteIdle()
}

// noteIdle keeps what IdleSince says.
func (l *loop) noteIdle() {
	ns := int64(0)
	if since := l.state.idleSince; !since.IsZero() {
		ns = since.UnixNano()
	}
	l.idle.Store(ns)
}

func (l *loop) perform(e effect) {
	switch e := e.(type) {
	case sendControl:
		e.peer.Control(e.bytes)
	case openStream:
		e.view.begin(e.stream, e.parts, e.upTo)
	case haltStream:
		e.view.lagging = true
	case closeStream:
		e.peer.CloseDocument(e.handle)
	case sendDocument:
		e.view.send(e.parts, e.upTo)
	case broadcast:
		for _, v := range e.viewers {
			v.send(e.parts, e.upTo)
		}
	case sendDatagram:
		e.peer.Datagram(e.bytes)
	case closePeer:
		e.peer.Close(e.err)
	case appendGroup:
		l.beside(func() Command {
			start := time.Now()
			records, err := l.cfg.Log.Append(l.ctx, l.cfg.ID, e.now, e.expect, e.entries)
			l.cfg.Metrics.append.Observe(time.Since(start).Seconds())
			return appended{records: records, err: err}
		})
	case loadBoard:
		l.beside(func() Command { return l.load(e.document) })
	case buildPast:
		l.beside(func() Command {
			p, err := l.build(e)
			return pastBuilt{document: e.document, at: e.at, past: p, err: err}
		})
	case saveSnapshot:
		l.beside(func() Command {
			err := l.cfg.Log.PutSnapshot(l.ctx, l.cfg.ID, e.snapshot)
			return snapshotSaved{document: e.snapshot.Document, err: err}
		})
	case answerCopy:
		e.to <- e.bytes
	case answerPages:
		e.to <- e.pages
	case answerPlace:
		e.to <- e.place
	case answerClock:
		e.to <- e.clock
	case putName:
		l.beside(func() Command {
			if err := l.cfg.Table.Put(l.ctx, l.cfg.ID, e.key, []byte(e.name)); err != nil {
				l.cfg.Logger.Warn("name not kept", "error", err)
				return nameLost{e.key}
			}
			return nil
		})
	}
}

// load reads a board and makes its snapshot, which whoever opens it first would else
// have the room wait for.
func (l *loop) load(name replay.Document) Command {
	d, err := readDocument(l.ctx, l.cfg, name)
	if err == nil {
		_, err = d.snapshot()
	}
	return boardLoaded{document: d, name: name, err: err}
}

// build reads a document as of a time once it is this room's turn.
func (l *loop) build(b buildPast) (*past, error) {
	select {
	case l.cfg.Builds <- struct{}{}:
		defer func() { <-l.cfg.Builds }()
		return readPast(l.building, l.cfg, b)
	case <-l.building.Done():
		return nil, l.building.Err()
	}
}

// beside runs f on a goroutine of its own; its command is stepped later.
func (l *loop) beside(f func() Command) {
	l.running++
	go func() { l.results <- f() }()
}

// finish waits for what still runs beside the room.
func (l *loop) finish() {
	switch err := l.state.ended; {
	case errors.Is(err, ErrIdle):
		l.cfg.Metrics.ended.WithLabelValues("idle").Inc()
	case errors.Is(err, ErrStopped):
		l.cfg.Metrics.ended.WithLabelValues("stopped").Inc()
	default:
		l.cfg.Metrics.ended.WithLabelValues("failed").Inc()
		l.cfg.Logger.Error("room ended", "error", err)
	}
	for _, m := range l.state.members { // who did not leave before
		l.state.noteDelay(m, 0)
		l.cfg.Metrics.participants.Dec()
	}
	for ; l.running > 0; l.running-- {
		<-l.results
	}
}

// String names the room in logs.
func (r *Room) String() string { return fmt.Sprintf("room %v", r.cfg.ID) }
