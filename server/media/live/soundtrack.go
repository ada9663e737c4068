package live

import (
	"bytes"

	"chalkline/server/media/live/adts"
	"chalkline/server/media/stream"
)

const (
	// patience is how far sound that comes may be behind the picture before silence
	// takes its place. With absent it is no more than aim: a segment has its sound
	// before the next one ends.
	patience = second * 8 / 10
	// absent is the same while none comes: what begins again is not cut off.
	absent = second / 10
)

// soundtrack keeps the sound of a programme without holes: a player that was told
// of a sound waits for it, and one that was not told does not take it up later.
type soundtrack struct {
	known   []byte // AudioSpecificConfig of what comes; nil: none came yet
	config  []byte // that of the programme; nil until there was a frame
	codec   adts.Config
	changed bool // what comes does not fit the programme: it must begin anew

	start   int64 // PTS from which frames are counted
	frames  int64 // since start
	present bool  // sound comes
}

// begin starts a programme.
func (t *soundtrack) begin(pts int64, expected bool) {
	t.config, t.changed, t.present = nil, false, expected
	t.start, t.frames = pts, 0
}

// end is the PTS up to which there is sound.
func (t *soundtrack) end() int64 { return t.at(t.frames) }

func (t *soundtrack) at(frame int64) int64 {
	return t.start + frame*adts.SamplesPerFrame*second/int64(t.rate())
}

func (t *soundtrack) rate() int {
	if t.config == nil {
		return adts.Stereo().Rate()
	}
	return t.codec.Rate()
}

func (t *soundtrack) adopt(config []byte, c adts.Config) {
	t.config, t.codec = config, c
}

// place puts a frame where it belongs, behind silence if there is a hole. ok is
// false if its place is taken, or it does not fit.
func (t *soundtrack) place(u stream.Unit, c adts.Config) (out []stream.Unit, ok bool) {
	t.known = u.Config
	if t.config == nil {
		t.adopt(u.Config, c)
	}
	if !bytes.Equal(t.config, u.Config) {
		t.changed = true
		return nil, false
	}
	t.present = true
	length := t.at(1) - t.start
	if u.PTS+length/2 < t.end() {
		return nil, false
	}
	if u.PTS >= t.end()+length {
		out = t.silence(u.PTS-length/2, u.Time, u.PTS)
	}
	// Counted from here: times may drift against the count of samples.
	t.start, t.frames = u.PTS, 1
	return append(out, u), true
}

// fill returns the silence that is due when the picture has come to dts, captured
// at time.
func (t *soundtrack) fill(dts, time int64) []stream.Unit {
	behind := dts - t.end()
	switch {
	case t.present && behind <= patience, !t.present && behind <= absent:
		return nil
	}
	t.present = false
	return t.cover(dts-absent/2, time, dts)
}

// cover returns silence up to a PTS where there is no sound yet, as silence does.
func (t *soundtrack) cover(to, time, timePTS int64) []stream.Unit {
	if t.config == nil {
		t.adoptKnown()
	}
	return t.silence(to, time, timePTS)
}

// adoptKnown takes the configuration of what came before, else the usual one.
func (t *soundtrack) adoptKnown() {
	if c, err := adts.Parse(t.known); err == nil {
		t.adopt(t.known, c)
		return
	}
	t.adopt(adts.Stereo().Specific(), adts.Stereo())
}

// silence returns frames up to a PTS, given when something of another PTS was
// captured.
func (t *soundtrack) silence(to, time, timePTS int64) (out []stream.Unit) {
	frame := t.codec.Silence()
	for t.end() < to {
		pts := t.end()
		u := stream.Unit{Codec: stream.AAC, PTS: pts, DTS: pts, Key: true, Config: t.config, Data: frame}
		if time > 0 {
			u.Time = time + (pts-timePTS)*100/9
		}
		out = append(out, u)
		t.frames++
	}
	return out
}

// silenceOf returns a frame in which nothing is heard, in the place of one of sound;
// nil if that is none that could go out.
func silenceOf(u stream.Unit) []byte {
	c, err := adts.Parse(u.Config)
	if err != nil {
		return nil
	}
	return c.Silence()
}

// muted returns a unit without its sound.
func muted(u stream.Unit) stream.Unit {
	if !u.Codec.Video() {
		u.Data = silenceOf(u)
	}
	return u
}
