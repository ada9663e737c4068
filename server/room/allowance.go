package room

import (
	"maps"
	"time"

	"golang.org/x/time/rate"

	"chalkline/protocol"
	"chalkline/protocol/ink"
)

// allowance is what one participant may do in a room, over all of its connections: who
// comes again, or is here many times, may do no more.
type allowance struct {
	connections int           // members, and joins whose replica is on its way to the log
	work        *rate.Limiter // points decoded, and what costs as much
	traces      *rate.Limiter // pieces of a laser's path
	times       *rate.Limiter // documents as of a time
}

// maxConnections is how many connections of one participant a room has, a tenth of its
// seats: devices, and tabs of a browser.
const maxConnections = 100

// Ink that one participant may submit: several hands' worth for ever, and the rest of
// a lesson at once. Decoding costs most of what a batch costs here, and a few
// bytes can stand for many points. What other ops count for: work.go.
const (
	pointsPerSecond = 30_000
	pointsAtOnce    = 2 * protocol.MaxOpsPerBatch * ink.MaxFrame
)

// allowance returns what a participant may do. Those are forgotten who are gone and may
// do as much again as anybody new.
func (s *state) allowance(now time.Time, participant string) *allowance {
	if a := s.allowances[participant]; a != nil {
		return a
	}
	maps.DeleteFunc(s.allowances, func(_ string, a *allowance) bool { return a.connections == 0 && a.whole(now) })
	a := &allowance{
		work: rate.NewLimiter(pointsPerSecond, pointsAtOnce), traces: rate.NewLimiter(tracesPerSecond, tracesAtOnce),
		times: rate.NewLimiter(timesPerSecond, timesAtOnce),
	}
	s.allowances[participant] = a
	return a
}

// whole tells whether nothing of an allowance is used up.
func (a *allowance) whole(now time.Time) bool {
	for _, l := range []*rate.Limiter{a.work, a.traces, a.times} {
		if l.TokensAt(now) < float64(l.Burst()) {
			return false
		}
	}
	return true
}
