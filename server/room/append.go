package room

import (
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// maxGroup bounds one append; what is over goes into the next.
const maxGroup = 1024

// nextAppend starts the next append if none is in flight. What arrived since the
// last one goes together: that is the group commit.
func (s *state) nextAppend(now time.Time) {
	if len(s.inFlight) > 0 || len(s.pending) == 0 || s.ended != nil {
		return
	}
	group := s.pending[:min(len(s.pending), maxGroup)]
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
		// What was permitted was so under this authority (SYN6).
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
		d := s.documents[r.Document]
		s.durable.set(r.Document, r.Replica, r.N)
		d.take(now, b, r)
		authority = authority || d.authority != nil
		if b.member != nil && b.member.views[b.handle] == nil {
			if s.members[b.member.peer] == b.member {
				s.control(b.member.peer, ack(b.handle, r.N))
			}
		}
	}
	for _, d := range s.documents {
		if len(d.out) > 0 {
			s.flushSoon(now, d)
		}
		s.saveIfDue(d)
	}
	if authority {
		s.resume(classroom.AuthorityDocument)
	}
}

// attended takes an attendance record in.
func (s *state) attended(now time.Time, b *batch, r *replay.Record) {
	s.heads[r.Document] = headOf(r)
	if b.join == nil {
		return
	}
	var e chalklinev1.AttendanceEvent
	if err := proto.Unmarshal(b.payload, &e); err == nil && e.GetReplicaGiven() != nil {
		given := e.GetReplicaGiven()
		s.replicas[given.GetReplica()] = given
	}
	s.enter(now, b.join.Join, b.join.replica, b.join.Key)
}

func headOf(r *replay.Record) replay.Head {
	return replay.Head{
		Position:    replay.Position{Revision: r.Revision, Digest: r.Digest},
		SequencedAt: r.SequencedAt, ReleaseAt: r.ReleaseAt,
	}
}

// take applies a durable record and codes it for the viewers.
func (d *document) take(now time.Time, b *batch, r *replay.Record) {
	if len(d.out) == 0 {
		d.outFirst, d.oldest = r.Revision, b.received
	}
	before := len(d.out)
	d.out = d.code(d.out, r)
	d.tail.add(r, d.out[before:])
	for i := range b.ops {
		delete(d.creates, b.ops[i].ID)
	}
	if d.board != nil {
		d.board.Apply(r.Revision, r.Replica, b.ops)
	} else if b.event != nil {
		d.authority.Apply(b.event)
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

// unsettled returns the batches that are not durable yet, in order.
func (s *state) unsettled() []*batch { return slices.Concat(s.inFlight, s.pending) }
