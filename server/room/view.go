package room

import (
	"slices"
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"
)

// view is one client's open document.
type view struct {
	member   *member
	document *document
	handle   uint32
	begun    bool  // it has a stream
	at       int64 // room time that it waits for the document of (ALN5); 0: none
	tries    int   // to build that

	// Set by loop.perform: what was emitted before a stream belongs to the older
	// one, or to none.
	stream  Stream
	lagging bool // its queue was full, or what waited in it is gone: it is to begin anew, or to go on
}

// begin opens a stream, or goes on with it.
func (v *view) begin(s Stream, parts [][]byte, upTo uint64) {
	v.stream, v.lagging = s, v.member.stopped
	v.queue(parts, upTo, true)
}

// send queues parts on the view's stream. It runs on the room's goroutine.
func (v *view) send(parts [][]byte, upTo uint64) {
	if v.stream.Generation != 0 {
		v.queue(parts, upTo, false)
	}
}

func (v *view) queue(parts [][]byte, upTo uint64, begins bool) {
	if !v.lagging && !v.member.peer.Document(v.stream, parts, upTo, begins) {
		v.member.stop()
	}
}

// stop sends nothing of documents any more, until the peer's queue is drained.
func (m *member) stop() {
	m.stopped = true
	for _, v := range m.views {
		v.lagging = true
	}
}

// drop forgets a view.
func (s *state) drop(now time.Time, m *member, handle uint32) {
	v := m.views[handle]
	delete(m.views, handle)
	d := v.document
	d.viewers = slices.DeleteFunc(slices.Clone(d.viewers), func(o *view) bool { return o == v })
	if len(d.viewers) == 0 {
		d.quietFrom, d.past = now, nil
	}
	if m.cursor.board == d {
		m.cursor.board, m.cursor.since = nil, time.Time{}
	}
}

// heartTick answers with a Marker in-band on every open document (SES6). Of too many
// only the delay is taken.
func (s *state) heartTick(now time.Time, c HeartTick) {
	m := s.members[c.Peer]
	if m == nil {
		return
	}
	s.noteDelay(m, c.MediaDelay)
	if !m.ticks.AllowN(now, 1) {
		return
	}
	s.noteReceived(m, c.Received)
	for _, v := range m.views {
		s.flush(now, v.document)
		hash := v.document.hash()
		s.emit(sendDocument{v, [][]byte{frameDocument(&chalklinev1.DocumentMessage{
			Message: &chalklinev1.DocumentMessage_Marker{Marker: &chalklinev1.Marker{
				Revision: v.document.head.Revision, Digest: uint64(v.document.head.Digest), Hash: hash[:],
			}},
		})}, v.document.head.Revision})
	}
}
