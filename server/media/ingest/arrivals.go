package ingest

import "math"

// All in µs.
const (
	// windowSeconds is how long back the earliest arrival is looked for. It outlasts the
	// bursts and jams of a connection, in which arrival says little about capture.
	windowSeconds = 30
	// step is by how much the mapping may be wrong before it is set anew at once.
	step = 250_000
	// slew is by how much a second it follows an encoder whose clock is slower than the
	// room's: twice what a stream of 29.97 frames a second does that is sent as 30.
	slew = 2_000
	// jam is for how long everything may come later than the mapping says, by more than a
	// step, before that is believed to be the encoder's clock. Until it is over frames
	// would be said to be newer than they are, and strokes come before them.
	jam = 120_000_000
	// silence is after how long without arrivals the window begins anew.
	silence = 5_000_000
)

// arrivals estimates which room time a time of the media has, from when units
// arrive: as early as the earliest of the last half minute came, since what is
// later was held up on its way. So the jitter of a network does not shake it.
type arrivals struct {
	known bool
	base  int64 // room time of media time 0

	earliest [windowSeconds]int64 // smallest (arrival − media time), by second of arrival
	second   int64                // of the newest
	since    int64                // arrival from which on the window is filled
	late     int64                // arrival from which on all of the window is later than a step; 0: it is not
	last     int64                // arrival
}

// note takes over that a unit of a media time arrived. jumped: times from now on do
// not follow on from those before.
func (a *arrivals) note(arrival, media int64) (jumped bool) {
	sample := arrival - media
	if !a.known {
		a.reset(arrival, sample)
		return false
	}
	a.turn(arrival)
	slot := &a.earliest[a.second%windowSeconds]
	*slot = min(*slot, sample)
	elapsed := max(arrival-a.last, 0)
	a.last = max(arrival, a.last)
	if sample < a.base { // nothing is captured after it arrived
		jumped = a.base-sample > step
		a.base = sample
		return jumped
	}
	if arrival-a.since < windowSeconds*1_000_000 {
		return false
	}
	floor := a.floor()
	switch {
	case floor-a.base <= step:
		a.late = 0
		a.base += min(floor-a.base, slew*elapsed/1_000_000+1)
	case a.late == 0:
		a.late = arrival
	case arrival-a.late > jam:
		a.late, a.base = 0, floor
		return true
	}
	return false
}

// at returns the room time of a media time.
func (a *arrivals) at(media int64) int64 { return a.base + media }

func (a *arrivals) reset(arrival, sample int64) {
	*a = arrivals{known: true, base: sample, second: arrival / 1_000_000, since: arrival, last: arrival}
	for i := range a.earliest {
		a.earliest[i] = math.MaxInt64
	}
	a.earliest[a.second%windowSeconds] = sample
}

// turn makes room for the second of an arrival.
func (a *arrivals) turn(arrival int64) {
	if arrival-a.last > silence {
		a.since = arrival
	}
	now := max(arrival/1_000_000, a.second)
	for range min(now-a.second, windowSeconds) {
		a.second++
		a.earliest[a.second%windowSeconds] = math.MaxInt64
	}
	a.second = now
}

// floor is the smallest of the window, which has the newest at least.
func (a *arrivals) floor() int64 {
	floor := int64(math.MaxInt64)
	for _, e := range a.earliest {
		floor = min(floor, e)
	}
	return floor
}
