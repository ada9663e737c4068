package room

import (
	"errors"
	"fmt"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// batch is what one append entry is made of.
type batch struct {
	document   replay.Document
	member     *member // nil: the room's own; of a trace, who pointed
	handle     uint32
	replica    uint32
	n          uint64
	revision   uint64 // boards: that it will take; nobody else writes to the log
	capturedAt int64
	received   time.Time
	size       int // bytes that its author sent
	payload    []byte
	ops        []ot.Op                   // boards: with points
	brings     ot.Load                   // boards: ops, at most
	given      *chalklinev1.ReplicaGiven // attendance: what it says
	join       *waitingJoin              // attendance: who is in once this is durable
}

// window is what a member sent that is not durable yet (SYN4).
type window struct{ batches, bytes int }

func (w *window) full() bool {
	return w.batches >= protocol.MaxUnackedBatches || w.bytes >= protocol.MaxUnackedBytes
}

func (w *window) add(bytes int) { w.batches, w.bytes = w.batches+1, w.bytes+bytes }
func (w *window) sub(bytes int) { w.batches, w.bytes = w.batches-1, w.bytes-bytes }

// errWindow is the offence of a client that waits for no acknowledgement.
func errWindow() *protocol.Error {
	return protocol.NewError(protocol.TooLarge, "limit", "unacknowledged", "max", fmt.Sprint(protocol.MaxUnackedBatches))
}

// submit takes a batch in (SYN1): checks it, decodes its ink and puts it in line
// for the next append. What comes for a document that is being read waits with
// its opening.
func (s *state) submit(now time.Time, c Submit) {
	if s.stopping {
		return
	}
	m := s.member(c.Peer)
	if m == nil {
		return
	}
	if handle := c.Batch.GetHandle(); m.isOpening(handle) {
		if m.window.full() {
			s.offend(now, m, errWindow())
			return
		}
		m.window.add(len(c.Batch.GetOps()))
		s.wait(m, handle, c)
		return
	}
	v := m.views[c.Batch.GetHandle()]
	if v == nil { // closed meanwhile, or its opening was refused
		s.control(m.peer, refused(c.Batch.GetHandle(), c.Batch.GetN(), nil, protocol.NewError(protocol.NoSuchDocument)))
		return
	}
	n, last := c.Batch.GetN(), s.accepted.last(v.document.name, m.replica)
	if n <= last {
		s.again(m, v, n)
		return
	}
	if err := s.take(now, m, v, c.Batch, last); err != nil {
		s.offend(now, m, err)
	}
}

// take puts the next batch of a document in line; an error ends the session.
func (s *state) take(now time.Time, m *member, v *view, c *chalklinev1.Submit, last uint64) error {
	switch {
	case c.GetN() != last+1:
		return protocol.NewError(protocol.OutOfOrder, "n", fmt.Sprint(c.GetN()), "last", fmt.Sprint(last))
	case m.window.full():
		return errWindow()
	}
	b := &batch{
		document: v.document.name, member: m, handle: v.handle, replica: m.replica, n: c.GetN(), received: now,
		size: len(c.GetOps()), capturedAt: s.capturedAt(now, c.GetCapturedAtUs()),
	}
	accept := s.acceptOps
	if v.document.table != nil {
		accept = s.acceptEvent
	}
	if err := accept(now, m, v, b, c.GetOps()); err != nil {
		return err
	}
	m.wrote = now
	m.window.add(b.size)
	s.enqueue(b)
	if b.document == classroom.AuthorityDocument {
		s.turnFromRemoved(now)
	}
	s.cfg.Metrics.batches.Inc()
	return nil
}

// enqueue puts a batch with its n in line for the log.
func (s *state) enqueue(b *batch) {
	s.accepted.set(b.document, b.replica, b.n)
	s.pending = append(s.pending, b)
}

// again answers a batch that was taken in before: done already, or about to be.
// One that came on a connection since lost is this one's now.
func (s *state) again(m *member, v *view, n uint64) {
	s.cfg.Metrics.duplicates.Inc()
	if n <= s.durable.last(v.document.name, m.replica) {
		s.control(m.peer, ack(v.handle, n))
		return
	}
	for _, b := range s.unsettled() {
		if b.document == v.document.name && b.replica == m.replica && b.n == n && b.member != m {
			b.member, b.handle = m, v.handle
			m.window.add(b.size)
		}
	}
}

func ack(handle uint32, n uint64) *chalklinev1.ServerMessage {
	return &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Ack{Ack: &chalklinev1.Ack{Handle: handle, N: n}}}
}

// offend takes a client out that broke the rules, and closes its session (SES7).
func (s *state) offend(now time.Time, m *member, err error) {
	refusal := refusalFor(err)
	s.cfg.Metrics.offences.WithLabelValues(refusal.Code.String()).Inc()
	s.cfg.Logger.Warn("client offends", "replica", m.replica, "error", err)
	s.leave(now, m.peer)
	s.emit(closePeer{m.peer, refusal})
}

// capturedAt is SYN5: a capture time ahead of the room clock is set to it.
func (s *state) capturedAt(now time.Time, us int64) int64 {
	roomNow := s.clock.At(now)
	if us > roomNow+protocol.MaxCapturedAhead {
		s.cfg.Metrics.clamped.Inc()
		us = roomNow
	}
	return cutMillis(max(us, 0))
}

func (s *state) refuse(m *member, v *view, b *batch, ops []uint32, err *protocol.Error) {
	s.cfg.Metrics.refused.WithLabelValues(err.Code.String()).Inc()
	s.control(m.peer, refused(v.handle, b.n, ops, err))
}

// acceptOps takes the ops of a board in. Verdicts are per op: what does not
// stand is taken out and named to its author.
func (s *state) acceptOps(now time.Time, m *member, v *view, b *batch, payload []byte) error {
	ops, err := ot.DecodeOps(payload, protocol.MaxOpsPerBatch)
	if err != nil {
		return fmt.Errorf("%w: %w", protocol.NewError(protocol.BadMessage), err)
	}
	if !m.work.AllowN(now, 0) { // of what comes again later nothing is decoded now: its strokes go on then
		return protocol.NewError(protocol.Overloaded)
	}
	in := v.document.ahead.intake(m.replica, v.document.head.Revision)
	// By the authority as it will be when this is appended: what of it is on its way
	// goes into the log before (SYN6).
	taken, err := in.acceptAll(ops, s.pages.coming.Authorise(m.who, v.document.page, classroom.Write))
	if err == nil && !m.work.ReserveN(now, in.work).OK() { // more than there may be at once
		err = protocol.NewError(protocol.Overloaded)
	}
	if err != nil {
		in.rollback(taken.ops)
		return err
	}
	in.commit()
	b.revision, b.ops, b.brings, b.payload = in.revision, taken.ops, in.brings, payload
	if taken.changed {
		b.payload = ot.AppendOps(nil, taken.ops)
	}
	if taken.why != nil {
		if len(taken.refused) == len(ops) {
			taken.refused = nil // all
		}
		s.refuse(m, v, b, taken.refused, taken.why)
	}
	return nil
}

// taken is what of a batch stands.
type taken struct {
	ops     []ot.Op
	changed bool            // they are not the ops that came
	refused []uint32        // indexes of those whose author is told
	why     *protocol.Error // of the last of them, but TEXT_BASE_TOO_OLD of any: else its client would not keep what was typed
}

// acceptAll judges the ops of a batch, which its author may have no right to. An
// error is an offence.
func (in *intake) acceptAll(ops []ot.Op, unwritable error) (t taken, offence error) {
	t.ops = ops[:0]
	for i := range ops {
		err, base := unwritable, ops[i].Base
		if err == nil {
			err = in.accept(&ops[i])
		} else {
			err = refusal{refusalFor(err)}
		}
		if err != nil {
			if err = t.leaveOut(uint32(i), err); err != nil {
				return t, err
			}
			continue
		}
		t.changed = t.changed || ops[i].Kind == ot.TextEdit || ops[i].Base != base
		t.ops = append(t.ops, ops[i])
	}
	return t, nil
}

// leaveOut leaves an op out that was not taken in, unless that is an offence.
func (t *taken) leaveOut(i uint32, err error) (offence error) {
	var refused refusal
	switch {
	case errors.As(err, &refused):
		t.refused = append(t.refused, i)
		if t.why == nil || t.why.Code != protocol.TextBaseTooOld {
			t.why = refused.why
		}
	case !errors.Is(err, errNothingLeft):
		return err
	}
	t.changed = true
	return nil
}
