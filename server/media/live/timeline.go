package live

import (
	"chalkline/server/media/live/adts"
	"chalkline/server/media/live/ts"
	"chalkline/server/media/stream"
)

// frameTime is between the last unit of one timeline and the first of the next.
const frameTime = second / 25

// timeline makes one of several, so that a player's clock goes on whatever the
// source does: what begins at a discontinuity follows on from what was before. A
// player finds the time of a picture in its stamp.
type timeline struct {
	offset int64
	end    int64
	begun  bool
}

// place moves a unit to where it belongs.
func (t *timeline) place(u *stream.Unit) {
	switch {
	case !t.begun:
		t.begun, t.offset = true, second-u.DTS
	case u.Discontinuity:
		t.offset = t.end + frameTime - u.DTS
	}
	u.PTS += t.offset
	u.DTS += t.offset
	t.end = max(t.end, u.DTS)
}

// programme writes the units of a shaper as a transport stream.
type programme struct {
	times timeline
	mux   ts.Muxer
	video bool
	frame []byte // of sound, with its header
}

// place moves a unit to the stream's timeline, and begins anew where the unit does,
// or at the key frame that follows sound alone, as of a picture that was hidden;
// tables are to follow.
func (p *programme) place(u *stream.Unit) {
	u.Discontinuity = u.Discontinuity || u.Codec.Video() && u.Key && !p.video
	p.times.place(u)
	if u.Discontinuity {
		p.video = u.Codec.Video()
		p.mux.Begin(p.video)
	}
}

// append appends a unit that was placed. What cannot be written is left out.
func (p *programme) append(dst []byte, u stream.Unit) []byte {
	if u.Codec.Video() {
		return p.mux.AppendPicture(dst, ts.Picture{PTS: u.PTS, DTS: u.DTS, Key: u.Key, Data: u.Data})
	}
	c, err := adts.Parse(u.Config)
	if err != nil {
		return dst
	}
	if p.frame, err = c.Append(p.frame[:0], u.Data); err != nil {
		return dst
	}
	return p.mux.AppendSound(dst, u.PTS, p.frame)
}

// length is how long a unit of sound is, 1/90 000 s.
func length(u stream.Unit) int64 {
	c, err := adts.Parse(u.Config)
	if err != nil {
		return 0
	}
	return adts.SamplesPerFrame * second / int64(c.Rate())
}
