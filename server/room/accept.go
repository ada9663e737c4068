package room

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// batch is what one append entry is made of.
type batch struct {
	document   replay.Document
	member     *member // nil: the room's own
	handle     uint32
	replica    uint32
	n          uint64
	capturedAt int64
	received   time.Time
	payload    []byte
	ops        []ot.Op // boards: with points
	event      *chalklinev1.AuthorityEvent
	join       *waitingJoin // attendance: who is in once this is durable
}

// submit takes a batch in (SYN1): checks it, decodes its ink and puts it in line
// for the next append.
func (s *state) submit(now time.Time, c Submit) {
	if s.stopping {
		return
	}
	m := s.member(c.Peer)
	if m == nil {
		return
	}
	v := m.views[c.Batch.GetHandle()]
	if v == nil { // closed meanwhile, or its opening was refused
		s.control(m.peer, refused(c.Batch.GetHandle(), c.Batch.GetN(), nil, protocol.NewError(protocol.NoSuchDocument)))
		return
	}
	name, n := v.document.name, c.Batch.GetN()
	switch last := s.accepted.last(name, m.replica); {
	case n <= last:
		s.again(m, v, n)
		return
	case n != last+1:
		s.offend(m, protocol.NewError(protocol.OutOfOrder, "n", fmt.Sprint(n), "last", fmt.Sprint(last)))
		return
	}
	b := &batch{
		document: name, member: m, handle: v.handle, replica: m.replica, n: n, received: now,
		capturedAt: s.capturedAt(now, c.Batch.GetCapturedAtUs()),
	}
	var err error
	if v.document.board == nil {
		err = s.acceptEvent(m, v, b, c.Batch.GetOps())
	} else {
		err = s.acceptOps(m, v, b, c.Batch.GetOps())
	}
	if err != nil {
		s.offend(m, err)
		return
	}
	s.accepted.set(name, m.replica, n)
	m.wrote = now
	s.pending = append(s.pending, b)
	s.cfg.Metrics.batches.Inc()
}

// again answers a batch that was taken in before: done already, or about to be.
func (s *state) again(m *member, v *view, n uint64) {
	s.cfg.Metrics.duplicates.Inc()
	if n <= s.durable.last(v.document.name, m.replica) {
		s.control(m.peer, ack(v.handle, n))
	}
}

func ack(handle uint32, n uint64) *chalklinev1.ServerMessage {
	return &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Ack{Ack: &chalklinev1.Ack{Handle: handle, N: n}}}
}

// offend closes the session of a client that broke the rules (SES7).
func (s *state) offend(m *member, err error) {
	refusal := refusalFor(err)
	s.cfg.Metrics.offences.WithLabelValues(refusal.Code.String()).Inc()
	s.cfg.Logger.Warn("client offends", "replica", m.replica, "error", err)
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

// acceptEvent takes an authority event in. A refused one becomes an empty batch,
// so that n stays dense (SYN3).
func (s *state) acceptEvent(m *member, v *view, b *batch, payload []byte) error {
	e := &chalklinev1.AuthorityEvent{}
	if err := proto.Unmarshal(payload, e); err != nil {
		return protocol.NewError(protocol.BadMessage)
	}
	if err := s.authority.Check(m.who, e); err != nil {
		s.refuse(m, v, b, nil, refusalFor(err))
		return nil
	}
	b.payload, _ = proto.MarshalOptions{Deterministic: true}.Marshal(e)
	b.event = e
	return nil
}

func (s *state) refuse(m *member, v *view, b *batch, ops []uint32, err *protocol.Error) {
	s.cfg.Metrics.refused.WithLabelValues(err.Code.String()).Inc()
	s.control(m.peer, refused(v.handle, b.n, ops, err))
}

// acceptOps takes the ops of a board in. Verdicts are per op: what does not
// stand is taken out and named to its author.
func (s *state) acceptOps(m *member, v *view, b *batch, payload []byte) error {
	ops, err := ot.DecodeOps(payload, protocol.MaxOpsPerBatch)
	if err != nil {
		return fmt.Errorf("%w: %w", protocol.NewError(protocol.BadMessage), err)
	}
	var bad []uint32
	var why *protocol.Error
	kept := ops[:0]
	for i := range ops {
		op := ops[i]
		refusal, offence := s.acceptOp(m, v.document, &op)
		if offence != nil {
			return offence
		}
		if refusal != nil {
			bad, why = append(bad, uint32(i)), refusal
			continue
		}
		kept = append(kept, op)
	}
	b.ops, b.payload = kept, payload
	if len(bad) == 0 {
		return nil
	}
	b.payload = ot.AppendOps(nil, kept)
	if len(kept) == 0 {
		bad = nil // all
	}
	s.refuse(m, v, b, bad, why)
	return nil
}

// acceptOp judges one op and, if it stands, takes it into the state ahead of the
// log: the decoders and the load. refusal names the op to its author; offence
// ends the session.
func (s *state) acceptOp(m *member, d *document, op *ot.Op) (refusal *protocol.Error, offence error) {
	board, _ := classroom.ParseBoard(string(d.name))
	if err := s.authority.Authorise(m.who, board, classroom.Write); err != nil {
		return refusalFor(err), nil
	}
	switch op.Kind {
	case ot.Create:
		if op.ID.Replica != m.replica {
			return nil, protocol.NewError(protocol.NotPermitted)
		}
	case ot.Extend, ot.End:
		if op.ID.Replica != m.replica {
			return nil, protocol.NewError(protocol.NotPermitted)
		}
		if op.Kind == ot.Extend && op.First == 0 && !d.canBegin(op.ID) {
			return protocol.NewError(protocol.OutOfOrder), nil
		}
		if err := d.strokes.Decode(op); err != nil {
			return strokeError(err)
		}
	}
	if err := ot.BoardLimits().Check(d.load, op); err != nil {
		var limit *ot.LimitError
		errors.As(err, &limit)
		d.strokes.Forget(op.ID)
		return protocol.NewError(protocol.BoardFull, "limit", limit.Limit, "max", fmt.Sprint(limit.Max)), nil
	}
	d.load.Add(op)
	if op.Kind == ot.Create && op.Element == ot.Ink {
		d.creates[op.ID] = true
	}
	return nil, nil
}

// canBegin tells whether a first frame finds its stroke: just created, or
// created and still empty.
func (d *document) canBegin(id ot.ID) bool {
	if d.creates[id] {
		return true
	}
	e := d.board.Get(id)
	return e != nil && e.Kind() == ot.Ink && e.Open() && len(e.Points()) == 0
}

// strokeError sorts the errors of a stroke's decoder.
func strokeError(err error) (refusal *protocol.Error, offence error) {
	switch {
	case errors.Is(err, ink.ErrNotOpen):
		return protocol.NewError(protocol.OutOfOrder), nil
	case errors.Is(err, ink.ErrLimit):
		return protocol.NewError(protocol.BoardFull, "limit", "strokes"), nil
	default:
		return nil, fmt.Errorf("%w: %w", protocol.NewError(protocol.BadMessage), err)
	}
}
