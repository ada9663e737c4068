package webrtc

import (
	"slices"
	"time"
)

// clockWindow is from how far back the smallest delay is taken: long enough to
// see a packet that did not queue, short enough that 200 ppm of drift are 4 ms.
const clockWindow = 20 * time.Second

// maxSamples bounds the reports of a window: some ten times as many as come of four
// tracks with a report a second each.
const maxSamples = 1024

// A publisher's clock was set if its reports seem to come earlier than they can,
// or later, three times in a row, than a full queue explains.
const (
	clockAhead  = 100 * time.Millisecond
	clockBehind = 500 * time.Millisecond
	clockBelief = 3
)

// ntpClock maps the time of a publisher's sender reports to room time: by the
// smallest (arrival − NTP time) of a window, less half the round trip (MED8).
// Times are µs, of the room and of whatever epoch the publisher has. It reads no
// clock and belongs to one goroutine at a time.
type ntpClock struct {
	samples []sample // of the window, oldest first
	odd     []sample // the latest, that do not fit to those
}

// sample is what one report says.
type sample struct{ arrival, delay, rtt int64 }

// report takes a report's NTP time, its arrival and the round trip as it is
// measured then (0: not known). It returns by how much NTP times are to be moved,
// and whether that has nothing to do with what it said before.
func (c *ntpClock) report(ntp, arrival, rtt int64) (offset int64, jumped bool) {
	s := sample{arrival, arrival - ntp, rtt}
	if len(c.samples) > 0 {
		least := c.least()
		switch {
		case s.delay < least-clockAhead.Microseconds():
			c.samples, jumped = nil, true
		case s.delay > least+clockBehind.Microseconds():
			c.odd = append(c.odd, s)
			if len(c.odd) < clockBelief {
				return c.offset(), false
			}
			c.samples, jumped = append([]sample(nil), c.odd[:clockBelief-1]...), true
		}
	}
	c.odd = c.odd[:0]
	if len(c.samples) >= maxSamples {
		c.samples = c.samples[1:]
	}
	c.samples = append(c.samples, s)
	old := arrival - clockWindow.Microseconds()
	c.samples = slices.DeleteFunc(c.samples, func(o sample) bool { return o.arrival < old })
	return c.offset(), jumped
}

// known says whether there was a report.
func (c *ntpClock) known() bool { return len(c.samples) > 0 }

func (c *ntpClock) least() int64 {
	return slices.MinFunc(c.samples, func(a, b sample) int { return int(a.delay - b.delay) }).delay
}

func (c *ntpClock) offset() int64 {
	rtt := int64(0)
	for _, s := range c.samples {
		if s.rtt > 0 && (rtt == 0 || s.rtt < rtt) {
			rtt = s.rtt
		}
	}
	return c.least() - rtt/2
}

// A line follows the reports by at most a twentieth of the time that passes, so
// that times stay even; what is further off than most it jumps to.
const (
	lineSlew = 20
	lineJump = 100_000 // µs, by reports
)

// line maps RTP timestamps of one track to room time. It belongs to one
// goroutine at a time.
type line struct {
	rate int64 // ticks a second
	most int64 // µs

	set  bool
	rtp  uint32 // of the newest time taken
	time int64  // its room time, µs
	off  int64  // µs by which it is too early
}

// at returns the time of a timestamp; the line must be set.
func (l *line) at(rtp uint32) int64 {
	return l.time + int64(int32(rtp-l.rtp))*1_000_000/l.rate
}

// report says what time a timestamp has. It returns whether times from now on do
// not follow on from those before.
func (l *line) report(rtp uint32, time int64, jump bool) (jumped bool) {
	if l.set {
		off := time - l.at(rtp)
		if !jump && off > -l.most && off < l.most {
			l.off = off
			return false
		}
	}
	jumped = l.set
	l.set, l.rtp, l.time, l.off = true, rtp, time, 0
	return jumped
}

// forget makes it say nothing up to the next report.
func (l *line) forget() { *l = line{rate: l.rate, most: l.most} }

// take returns the time of a frame that goes out now, false if no report came.
func (l *line) take(rtp uint32) (time int64, ok bool) {
	if !l.set {
		return 0, false
	}
	t := l.at(rtp)
	if passed := t - l.time; passed > 0 {
		step := min(max(l.off, -passed/lineSlew), passed/lineSlew)
		l.off -= step
		t += step
		l.rtp, l.time = rtp, t
	}
	return t, true
}
