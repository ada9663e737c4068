package webrtc

import (
	"chalkline/sei"
	"chalkline/sei/rtp"
)

// A publisher's stamp, and what its reports say of a frame, are believed if they are
// so much older or newer than its arrival at most (MED8).
const (
	stampOlder = 10_000_000 // µs
	stampNewer = 100_000
)

// plausible says whether what arrived then can be of that time (MED8).
func plausible(arrival, time int64) bool {
	age := arrival - time
	return age <= stampOlder && age >= -stampNewer
}

// origin is where a frame's time comes from.
type origin string

const (
	fromPublisher origin = "publisher"
	fromReport    origin = "report"
	fromArrival   origin = "arrival"
)

// stamp returns the stamp of a frame (MED8). The stamper calls it once for each,
// in order.
func (t *inbound) stamp(f rtp.Frame) (sei.Stamp, bool) {
	t.publisher.mu.Lock()
	reported, known := t.byReports(f.Timestamp)
	jumped := t.jumped
	t.jumped = false
	t.publisher.mu.Unlock()
	s := sei.Stamp{Time: t.arrival}
	from := fromArrival
	switch {
	case f.Found.Time != 0 && plausible(t.arrival, f.Found.Time):
		s, from, jumped = f.Found, fromPublisher, f.Found.Status&sei.Jumped != 0
		if known {
			t.publisher.server.metrics.stampError.Observe(abs(s.Time-reported) / 1e6)
		}
	case known:
		s.Time, from = reported, fromReport
	}
	if f.Found.Time != 0 && from != fromPublisher {
		t.publisher.server.metrics.refused.WithLabelValues(string(fromPublisher)).Inc()
	}
	return t.decided(f.Timestamp, s, from, jumped), true
}

// byReports returns the time of a frame that goes out now by the sender reports; false
// if there is none to be believed. A line that says what cannot be is forgotten up to
// the next report: one look at a time of hours ahead would take the boards there. The
// publisher's mu is held.
func (t *inbound) byReports(timestamp uint32) (time int64, ok bool) {
	time, ok = t.line.take(timestamp)
	if ok && !plausible(t.arrival, time) {
		t.line.forget()
		t.publisher.server.metrics.refused.WithLabelValues(string(fromReport)).Inc()
		return 0, false
	}
	return time, ok
}

// decided completes a stamp and keeps it for the packets of its frame.
func (t *inbound) decided(timestamp uint32, s sei.Stamp, from origin, jumped bool) sei.Stamp {
	p := t.publisher
	if jumped = jumped || t.origin != "" && t.origin != from; jumped {
		p.publication.Jump()
		s.Status |= sei.Jumped
		if s.Time < t.latest {
			s.Status |= sei.Backward
		}
	}
	if from == fromPublisher && t.origin != from {
		p.captured()
	}
	t.origin = from
	s.Origin = p.publication.Source.Origin(from != fromArrival)
	p.server.metrics.stamped.WithLabelValues(string(from)).Inc()
	t.latest = s.Time
	if len(t.stamped) >= maxStamped { // their packets' timestamps go back
		t.stamped = t.stamped[1:]
	}
	t.stamped = append(t.stamped, moment{timestamp, s.Time})
	return s
}

func abs(us int64) float64 { return float64(max(us, -us)) }
