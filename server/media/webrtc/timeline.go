package webrtc

// unitRate is what units' times are counted in, ticks a second.
const unitRate = 90_000

// What a track's own clock is off from the time of its frames is made good by at
// most a two-hundredth of the time that passes, so that sound stays even; what is
// more than timelineJump begins anew.
const (
	timelineSlew = 200
	timelineJump = unitRate / 2
)

// timeline counts the units of one track in 1/90 000 s of room time, the same for
// picture and sound: evenly by its RTP timestamps, and true to the times of its
// frames in the long run. The zero timeline with a rate is ready.
type timeline struct {
	rate int64

	begun bool
	rtp   uint32
	pts   int64
	part  int64 // of a tick that is left over, in 1/rate
}

// take returns the place of a frame, and whether it does not follow on from the
// one before.
func (l *timeline) take(rtp uint32, time int64) (pts int64, jumped bool) {
	want := time/1000*90 + time%1000*90/1000
	if l.begun {
		ticks := int64(int32(rtp-l.rtp))*unitRate + l.part
		passed, part := ticks/l.rate, ticks%l.rate
		next := l.pts + passed
		if off := want - next; passed >= 0 && off > -timelineJump && off < timelineJump {
			next += min(max(off, -passed/timelineSlew), passed/timelineSlew)
			l.rtp, l.pts, l.part = rtp, next, part
			return next, false
		}
	}
	l.begun, l.rtp, l.pts, l.part = true, rtp, want, 0
	return want, true
}
