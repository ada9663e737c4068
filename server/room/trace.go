package room

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/server/classroom"
)

// Traces that one participant may send: pieces of half a second, two lasers' worth.
const (
	tracesPerSecond = 4
	tracesAtOnce    = 8
	maxTracing      = 16 // on their way to the log
)

// mayPoint tells whether a member may point at what it has open, for others to see (PRE1).
func (s *state) mayPoint(m *member, v *view) bool {
	return v.document.board != nil && s.authority.Authorise(m.who, v.document.page, classroom.Point) == nil
}

// trace logs a piece of a laser's path (SYN8). Traces are soft: what is too much,
// or points at what is not open or not to be pointed at, is dropped.
func (s *state) trace(now time.Time, c Trace) {
	m := s.member(c.Peer)
	if m == nil || s.stopping {
		return
	}
	v := m.views[c.Trace.GetHandle()]
	if v == nil || !s.mayPoint(m, v) || m.tracing >= maxTracing || !m.traces.AllowN(now, 1) {
		s.cfg.Metrics.traces.WithLabelValues("dropped").Inc()
		return
	}
	if err := checkTrace(c.Trace.GetInk()); err != nil {
		s.offend(now, m, err)
		return
	}
	payload, _ := proto.MarshalOptions{Deterministic: true}.Marshal(&chalklinev1.TraceEvent{
		Board: string(v.document.name), Ink: c.Trace.GetInk(),
	})
	m.tracing++
	s.cfg.Metrics.traces.WithLabelValues("logged").Inc()
	s.enqueue(&batch{
		document: classroom.TracesDocument, member: m, replica: m.replica,
		n:          s.accepted.last(classroom.TracesDocument, m.replica) + 1,
		capturedAt: s.capturedAt(now, c.Trace.GetCapturedAtUs()), payload: payload,
	})
}

// checkTrace says whether a trace's ink is within SYN8; the error ends the session.
func checkTrace(frame []byte) error {
	points, err := ink.NewDecoder().DecodeFrame(nil, frame)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", protocol.NewError(protocol.BadMessage), err)
	case len(points) > protocol.MaxTracePoints:
		return protocol.NewError(protocol.TooLarge, "limit", "trace_points", "max", fmt.Sprint(protocol.MaxTracePoints))
	case points[len(points)-1].T > protocol.MaxTraceMillis:
		return protocol.NewError(protocol.TooLarge, "limit", "trace_ms", "max", fmt.Sprint(protocol.MaxTraceMillis))
	}
	return nil
}
