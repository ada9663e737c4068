package room

import (
	"fmt"
	"math"
	"time"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// begin opens a stream of a higher generation: from where the client stands if
// that can be shown to be right, else from a snapshot.
func (s *state) begin(v *view, held *chalklinev1.Position) {
	d := v.document
	var missed [][]byte
	resumed := false
	if held.GetEpoch() == s.epoch {
		position := replay.Position{Revision: held.GetRevision(), Digest: replay.Digest(held.GetDigest())}
		if missed, resumed = d.tail.since(position, math.MaxInt); !resumed {
			s.noteAhead(v.member, d, position)
		}
	}
	parts, resumed, err := d.shorter(missed, resumed)
	if err != nil {
		s.fail(fmt.Errorf("room: snapshot of %s: %w", d.name, err))
		return
	}
	how := "snapshot"
	if resumed {
		how = resumedStream
	}
	s.openStream(v, how, parts)
}

// resumedStream is how a stream is opened that goes on from the client's position.
const resumedStream = "resumed"

// openStream opens a stream of a higher generation with what it begins with.
func (s *state) openStream(v *view, how string, parts [][]byte) {
	v.member.generation++
	v.begun = true
	stream := Stream{v.handle, v.member.generation}
	header := frameDocument(headerMessage(&chalklinev1.DocumentHeader{
		Handle: v.handle, Document: string(v.document.name), Generation: stream.Generation, Epoch: s.epoch,
		Resumed: how == resumedStream,
	}))
	s.cfg.Metrics.opened.WithLabelValues(how).Inc()
	s.emit(openStream{v, stream, append([][]byte{header}, parts...), v.document.head.Revision})
}

// fewRecords is how many bytes of records are sent without asking whether a
// snapshot is shorter: making one costs more.
const fewRecords = 16 << 10

// shorter returns what brings a client to where the document stands in fewer
// bytes: the records that it missed, if there are such, or a snapshot. So what
// comes to who was away is bounded by what is on the board, however much was
// done there meanwhile.
func (d *document) shorter(missed [][]byte, resumed bool) (parts [][]byte, records bool, err error) {
	if resumed && sizeOf(missed) <= fewRecords {
		return missed, true, nil
	}
	parts, err = d.fromSnapshot()
	if resumed && (err != nil || sizeOf(missed) <= sizeOf(parts)) {
		return missed, true, nil
	}
	return parts, false, err
}

// noteAhead logs that a client knows more than the store: its history is not
// ours, as when an older copy of the store was put back.
func (s *state) noteAhead(m *member, d *document, held replay.Position) {
	if held.Revision > d.head.Revision {
		s.cfg.Metrics.ahead.Inc()
		s.cfg.Logger.Warn("client is ahead of the store: was an older copy put back?",
			"document", d.name, "replica", m.replica, "client_revision", held.Revision, "revision", d.head.Revision)
	}
}

// syncState is SYNC_STATE: because the stream broke (REC3), or for a time (ALN5).
func (s *state) syncState(now time.Time, c SyncState) {
	m := s.members[c.Peer]
	if m == nil {
		return
	}
	if m.isOpening(c.Handle) {
		s.wait(m, c.Handle, c)
		return
	}
	v := m.views[c.Handle]
	if v == nil {
		return
	}
	s.flush(now, v.document)
	if c.At != 0 {
		s.cfg.Metrics.resyncs.WithLabelValues("time").Inc()
		switch {
		case s.beginAt(now, v, c.At):
		case v.begun:
			s.refuseOpen(m, v.handle, protocol.NewError(protocol.Overloaded))
		default: // it has no stream that could go on
			s.begin(v, nil)
		}
		return
	}
	s.cfg.Metrics.resyncs.WithLabelValues("client").Inc()
	s.cfg.Logger.Info("client resyncs", "document", v.document.name, "replica", m.replica, "reason", c.Reason)
	v.at = 0
	s.begin(v, c.Position)
}

// drained goes on with all documents of a peer whose full queue threw away what
// waited (REC4).
func (s *state) drained(now time.Time, c Drained) {
	m := s.members[c.Peer]
	if m == nil {
		return
	}
	m.stopped = false
	for _, v := range m.views {
		if !v.begun {
			continue
		}
		s.cfg.Metrics.resyncs.WithLabelValues("slow").Inc()
		s.flush(now, v.document)
		if reached, ok := c.Reached[v.stream]; !ok || !s.goOn(v, reached) {
			s.restart(now, v)
		}
	}
}

// goOn goes on with a view's stream from a revision, unless a snapshot is shorter.
func (s *state) goOn(v *view, from uint64) bool {
	d := v.document
	at, known := d.tail.at(from)
	if !known {
		return false
	}
	missed, resumed := d.tail.since(at, math.MaxInt)
	parts, records, err := d.shorter(missed, resumed)
	if !records || err != nil {
		return false
	}
	s.emit(openStream{v, v.stream, parts, d.head.Revision})
	return true
}

// nearNow is how far behind a viewer may be whom the document of now serves: it
// asks for no earlier one (ALN5).
const nearNow = 250 * time.Millisecond

// restart opens a stream instead of one of which parts are gone: as of the time
// that its viewer shows, as far as the room knows. Until that is built nothing goes
// out on the old one.
func (s *state) restart(now time.Time, v *view) {
	if v.at == 0 { // it does not wait for a time already
		delay := v.member.delay
		if delay <= nearNow || v.document.name == classroom.AuthorityDocument ||
			!s.beginAt(now, v, s.clock.At(now)-delay.Microseconds()) {
			s.begin(v, nil)
		}
	}
	if v.at != 0 {
		v.begun = false
		s.emit(haltStream{v})
	}
}
