package ingest

// All in 1/90 000 s.
const (
	// mostAhead is by how much units may come faster than time passes: encoders begin
	// with a burst.
	mostAhead = 10 * second
	// mostBehind is how much of what came too late may be made up for, as after a jam.
	mostBehind = 120 * second
	// gains is the part of the time that passes by which a clock may be too fast: twice
	// that of a stream of 30 frames a second that is sent as 29.97.
	gains = 500
)

// pace holds what goes out to the time that passes: outputs fill the holes between
// units, and who pushes times instead of media would have them work for nothing.
type pace struct {
	begun       bool
	at, arrival int64 // of the unit before
	ahead       int64 // by so much units came faster than time passed
}

// takes says whether a unit may go out, given when it arrived. Where much was left out
// the units begin anew.
func (p *pace) takes(arrival, at int64) (ok, anew bool) {
	passed := arrival - p.arrival
	ahead := max(p.ahead+at-p.at-passed-passed/gains, -mostBehind)
	switch {
	case !p.begun:
		ahead = 0
	case distance(at, p.at) > far && (at < p.at || ahead > mostAhead):
		ahead, anew = 0, true
	case ahead > mostAhead:
		return false, false
	}
	*p = pace{true, at, arrival, ahead}
	return true, anew
}
