package room

import (
	"fmt"
	"math"
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
)

// begin opens a stream of a higher generation: from where the client stands if
// that can be shown to be right, else from a snapshot.
func (s *state) begin(v *view, held *chalklinev1.Position) {
	d, m := v.document, v.member
	m.generation++
	stream := Stream{v.handle, m.generation}
	var missed [][]byte
	header := &chalklinev1.DocumentHeader{
		Handle: v.handle, Document: string(d.name), Generation: stream.Generation, Epoch: s.epoch,
	}
	if held.GetEpoch() == s.epoch {
		position := replay.Position{Revision: held.GetRevision(), Digest: replay.Digest(held.GetDigest())}
		if parts, ok := d.tail.since(position, math.MaxInt); ok {
			header.Resumed = true
			missed = parts
		} else {
			s.noteAhead(m, d, position)
		}
	}
	parts, resumed, err := d.shorter(missed, header.Resumed)
	if err != nil {
		s.fail(fmt.Errorf("room: snapshot of %s: %w", d.name, err))
		return
	}
	header.Resumed = resumed
	s.cfg.Metrics.opened.WithLabelValues(howOpened(resumed)).Inc()
	s.emit(openStream{v, stream, append([][]byte{frameDocument(headerMessage(header))}, parts...)})
}

func howOpened(resumed bool) string {
	if resumed {
		return "resumed"
	}
	return "snapshot"
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

// syncState is SYNC_STATE (REC3).
func (s *state) syncState(now time.Time, c SyncState) {
	m := s.members[c.Peer]
	if m == nil || m.views[c.Handle] == nil {
		return
	}
	v := m.views[c.Handle]
	s.cfg.Metrics.resyncs.WithLabelValues("client").Inc()
	s.cfg.Logger.Info("client resyncs", "document", v.document.name, "replica", m.replica, "reason", c.Reason)
	s.flush(now, v.document)
	s.begin(v, c.Position)
}

// drained starts all documents of a peer again whose full queue threw away what
// waited (REC4).
func (s *state) drained(now time.Time, p Peer) {
	m := s.members[p]
	if m == nil {
		return
	}
	for _, v := range m.views {
		s.cfg.Metrics.resyncs.WithLabelValues("slow").Inc()
		s.flush(now, v.document)
		s.begin(v, nil)
	}
}
