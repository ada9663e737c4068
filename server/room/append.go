package room

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// One append is bounded in batches and in bytes, and so is what it costs to send
// it on; what is over goes into the next.
const (
	maxGroup      = 1024
	maxGroupBytes = replay.MaxAppend / 16
)

// group returns how many of the pending batches go into the next append.
func (s *state) group() int {
	bytes := 0
	for i, b := range s.pending {
		if bytes += len(b.payload); i == maxGroup || i > 0 && bytes > maxGroupBytes {
			return i
		}
	}
	return len(s.pending)
}

// The beat of a busy room: an append, and the writes to all viewers that follow
// it, cost about the same whatever they carry, so where much is written they come
// at this pace; longer where many listen, but below the 25 ms after which a QUIC
// receiver acknowledges a single packet (RFC 9000, section 13.2.1): then it
// acknowledges every second one. After a pause the first goes at once.
const (
	beat        = 16 * time.Millisecond
	beatOfMany  = 22 * time.Millisecond
	manyMembers = 50
)

func (s *state) beat() time.Duration {
	if len(s.members) >= manyMembers {
		return beatOfMany
	}
	return beat
}

// nextAppend starts the next append if none is in flight and the beat allows it.
// What arrived since the last one goes together: that is the group commit.
func (s *state) nextAppend(now time.Time) {
	if len(s.inFlight) > 0 || len(s.pending) == 0 || s.ended != nil || now.Before(s.appendDue) && !s.stopping {
		return
	}
	s.appendDue = now.Add(s.beat())
	group := s.pending[:s.group()]
	s.pending = s.pending[len(group):]
	s.inFlight = group
	if len(s.pending) == 0 {
		s.pending = nil
	}
	entries := make([]replay.Entry, len(group))
	for i, b := range group {
		entries[i] = replay.Entry{Document: b.document, Replica: b.replica, N: b.n, CapturedAt: b.capturedAt, Payload: b.payload}
	}
	s.emit(appendGroup{
		now: cutMillis(s.clock.At(now)),
		// What was permitted was so under this authority and what of it goes before in
		// the line (SYN6); nobody else may have changed it.
		expect:  []replay.Expect{{Document: classroom.AuthorityDocument, Revision: s.documents[classroom.AuthorityDocument].head.Revision}},
		entries: entries,
	})
}

// appended takes a durable group in and hands it out.
func (s *state) appended(now time.Time, c appended) {
	group := s.inFlight
	s.inFlight = nil
	if c.err != nil {
		s.inFlight = group
		s.fail(c.err)
		return
	}
	if len(c.records) != len(group) {
		s.fail(errors.New("room: the log answered with another count of records"))
		return
	}
	authority := false
	for i := range c.records {
		b, r := group[i], &c.records[i]
		if r.Document == classroom.AttendanceDocument {
			s.attended(now, b, r)
			continue
		}
		s.durable.set(r.Document, r.Replica, r.N)
		if r.Document == classroom.TracesDocument {
			s.heads[r.Document] = headOf(r)
			b.member.tracing--
			continue
		}
		if b.revision != 0 && b.revision != r.Revision {
			s.inFlight = group[i:]
			s.fail(fmt.Errorf("room: %s: somebody else wrote revision %d", r.Document, b.revision))
			return
		}
		d := s.documents[r.Document]
		s.takeIn(d, b, r)
		authority = authority || r.Document == classroom.AuthorityDocument
		s.acknowledge(b, d)
		if len(d.out) > maxOutBytes { // a message to viewers is bounded
			s.flush(now, d)
		}
	}
	s.cfg.Metrics.group.Observe(float64(len(group)))
	for _, d := range s.documents {
		if len(d.out) > 0 {
			s.flush(now, d)
		}
		s.saveIfDue(d)
	}
	if authority {
		s.resume(now, classroom.AuthorityDocument, nil)
	}
}

// acknowledge makes room in its author's window and, where the document's stream
// does not tell the author that the batch is durable, tells it (SYN2). A handle
// that has become another document's would say something else.
func (s *state) acknowledge(b *batch, d *document) {
	m := b.member
	if m == nil {
		return
	}
	m.window.sub(b.size)
	if s.members[m.peer] == m && m.views[b.handle] == nil && !m.isOpening(b.handle) {
		s.control(m.peer, ack(b.handle, b.n))
	}
}

// attended takes an attendance record in. A replica is given even if who asked
// for it has left meanwhile: it is in the log.
func (s *state) attended(now time.Time, b *batch, r *replay.Record) {
	s.heads[r.Document] = headOf(r)
	if b.given != nil {
		s.replicas[b.given.GetReplica()] = b.given
	}
	if b.join != nil {
		s.joining--
		s.enter(now, b.join.Join, b.join.replica, b.join.Key)
	}
}

func headOf(r *replay.Record) replay.Head {
	return replay.Head{
		Position:    replay.Position{Revision: r.Revision, Digest: r.Digest},
		SequencedAt: r.SequencedAt, ReleaseAt: r.ReleaseAt,
	}
}

// coarsely is how many bytes a point takes in a snapshot at most, about.
const coarsely = 2

// takeIn applies a durable record. The snapshot from before a purge would bring
// joiners all that is gone, and records that are longer than the board serve nobody.
func (s *state) takeIn(d *document, b *batch, r *replay.Record) {
	purges := len(b.ops) > 0 && b.ops[0].Kind == ot.Purge
	if !purges {
		d.take(b, r)
		return
	}
	before := d.board.Load()
	d.chunks.without(d.board, &b.ops[0])
	d.take(b, r)
	d.cached = nil
	load := d.board.Load()
	d.tail.shorten(max(fewRecords, coarsely*load.Points+load.Bytes))
	s.cfg.Metrics.purged.Add(float64(before.Minus(load).Elements))
}

// take applies a durable record and codes it for the viewers.
func (d *document) take(b *batch, r *replay.Record) {
	if len(d.out) == 0 {
		d.outFirst, d.oldest = r.Revision, b.received
	}
	before := len(d.out)
	d.out = d.code(d.out, r)
	d.tail.add(r, d.out[before:])
	if d.board != nil {
		changed := d.board.Apply(r.Revision, r.Replica, b.ops)
		d.ahead.durable(r.Replica, b.ops, b.brings)
		if hides(b.ops) {
			d.noteDeletions(changed, r.SequencedAt)
		}
	} else {
		_ = d.table.apply(r.Payload) // was encoded here
	}
	d.head = headOf(r)
}

// code appends the coded form of the next record.
func (d *document) code(dst []byte, r *replay.Record) []byte {
	return d.context.AppendRecord(dst, &protocol.Record{
		Revision: r.Revision, Replica: r.Replica, N: r.N,
		CapturedAt: r.CapturedAt, SequencedAt: r.SequencedAt, Payload: r.Payload,
	}, d.lengths())
}

// onItsWay tells whether a record of a document is on its way to the log.
func (s *state) onItsWay(name replay.Document) bool {
	for _, b := range s.unsettled() {
		if b.document == name {
			return true
		}
	}
	return false
}

// pageOnItsWay tells whether a page is on its way to the log.
func (s *state) pageOnItsWay(page string) bool {
	return s.pages.coming.Has(page) && !s.authority.Has(page)
}

// unsettled returns the batches that are not durable yet, in order.
func (s *state) unsettled() []*batch { return slices.Concat(s.inFlight, s.pending) }
