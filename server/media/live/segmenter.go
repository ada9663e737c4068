package live

import (
	"fmt"
	"slices"

	"chalkline/server/media/live/ts"
	"chalkline/server/media/stream"
)

const (
	// aim is how long segments are where key frames permit it: a little less than a
	// second, so that key frames once a second are not just missed.
	aim = second * 9 / 10
	// longest is how long one may be, in time and in bytes.
	longest      = 10 * second
	longestBytes = 16 << 20
	// stragglers is how long a segment that has its pictures waits for its sound: until
	// silence takes its place. A player may stop for good at one without.
	stragglers = patience + absent
	// still is after how much sound without a picture segments are cut at sound.
	still = second
)

// segment is a part of a stream that can be fetched. Once it is given out nothing
// changes but that its sound may become silence.
type segment struct {
	sequence      int64
	name          string
	start         int64 // DTS
	ticks         int64 // how long it is, 1/90 000 s
	time          int64 // when its first unit was captured, µs room time; 0: not known
	discontinuity bool  // its timeline or format is not that of the one before
	pictured      bool  // it has a picture
	independent   bool  // the first of its pictures, if it has any, is a key frame
	data          []byte
	silence       []byte // a frame in the place of one of its sound; nil: it has no sound
	muted         bool   // its sound is to be silence, and is not yet
}

// content is what is sent of it, which nobody changes.
func (s *segment) content() []byte {
	if s.muted {
		s.data = slices.Clone(s.data)
		s.mute()
		s.muted = false
	}
	return s.data
}

func (s *segment) mute() {
	if s.silence != nil {
		ts.ReplaceSound(s.data, s.silence)
	}
}

func (s *segment) seconds() float64 { return float64(s.ticks) / second }

// segmenter cuts a programme into segments. It is pure.
type segmenter struct {
	name     string // that no other output has
	sequence int64  // of the next segment

	out     programme
	open    *segment
	closing *segment // waits for sound
	cut     int64    // DTS where it ended
	end     int64    // of the open segment: DTS of the newest unit, and its length
	last    int64    // DTS of the newest picture
	frame   int64    // length of a picture
	forced  int      // cuts that were not at a key frame
	forgot  bool     // what comes next does not follow on from what was given out
}

// push takes a unit and returns the segments that are complete now.
func (g *segmenter) push(u stream.Unit) (done []*segment) {
	u.Discontinuity = u.Discontinuity || g.forgot
	g.forgot = false
	g.out.place(&u)
	if u.Discontinuity {
		done = g.finish()
	}
	if u.Codec.Video() {
		return append(done, g.pushPicture(u)...)
	}
	return append(done, g.pushSound(u)...)
}

// forget drops what is not complete.
func (g *segmenter) forget() { g.open, g.closing, g.forgot = nil, nil, true }

// mute takes the sound out of what is not complete.
func (g *segmenter) mute() {
	for _, s := range []*segment{g.closing, g.open} {
		if s != nil {
			s.mute()
		}
	}
}

// finish completes what there is: nothing follows, or something else.
func (g *segmenter) finish() []*segment {
	if g.open == nil {
		return nil
	}
	done := g.release()
	g.open.ticks = max(g.end-g.open.start, 1)
	done = append(done, g.open)
	g.open = nil
	return done
}

// release gives out the segment that waits for sound.
func (g *segmenter) release() (done []*segment) {
	if g.closing != nil {
		done = []*segment{g.closing}
		g.closing = nil
	}
	return done
}

func (g *segmenter) pushPicture(u stream.Unit) (done []*segment) {
	if g.open == nil || g.cuts(u) {
		done = g.next(u)
		g.last = u.DTS
	}
	if u.DTS > g.last {
		g.frame = min(u.DTS-g.last, second)
	}
	g.last = u.DTS
	g.end = max(g.end, u.DTS+g.frame)
	if !g.open.pictured {
		g.open.pictured, g.open.independent = true, u.Key
	}
	g.open.data = g.out.append(g.open.data, u)
	if g.closing != nil && u.DTS >= g.cut+stragglers {
		done = append(done, g.release()...)
	}
	return done
}

// cuts says whether a picture begins a segment.
func (g *segmenter) cuts(u stream.Unit) bool {
	length := u.DTS - g.open.start
	return u.Key && length >= aim || length >= longest || len(g.open.data) >= longestBytes
}

func (g *segmenter) pushSound(u stream.Unit) (done []*segment) {
	if g.closing != nil {
		if u.PTS < g.cut {
			g.closing.silence = silenceOf(u)
			g.closing.data = g.out.append(g.closing.data, u)
			return nil
		}
		done = g.release()
	}
	if g.open == nil || u.PTS-g.open.start >= aim && (!g.out.video || u.PTS-g.last >= still) {
		done = append(done, g.next(u)...)
	}
	g.end = max(g.end, u.PTS+length(u))
	g.open.silence = silenceOf(u)
	g.open.data = g.out.append(g.open.data, u)
	return done
}

// next begins a segment with a unit.
func (g *segmenter) next(u stream.Unit) (done []*segment) {
	if g.open != nil {
		done = g.release()
		g.open.ticks = max(u.DTS-g.open.start, 1)
		g.closing, g.cut = g.open, u.DTS
		if !u.Key {
			g.forced++
		}
		if !g.out.video {
			done = append(done, g.release()...)
		}
	}
	if u.Discontinuity {
		g.frame = frameTime
	}
	g.open = &segment{
		sequence: g.sequence, name: fmt.Sprintf("%s-%d", g.name, g.sequence), start: u.DTS, time: u.Time,
		discontinuity: u.Discontinuity, independent: true, data: g.out.mux.AppendTables(nil),
	}
	g.sequence++
	g.end = u.DTS
	return done
}
