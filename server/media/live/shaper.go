package live

import (
	"chalkline/sei"
	"chalkline/server/media/live/adts"
	"chalkline/server/media/stream"
)

const (
	second = 90_000 // of a timeline
	// jump is how far times may go from one unit to the next, either way, before it is
	// taken for another timeline.
	jump = 10 * second
	// near is how far apart picture and sound of one timeline may come.
	near = 2 * second
	// videoWait is for how much sound a picture is waited for where one is announced.
	videoWait = 3 * second
)

// shaper makes of the units of a source a programme that every player takes. It
// begins, and begins anew, with a unit that is marked as a discontinuity: a key
// frame, or sound where there is no picture, which says what it has. Each picture
// has a delimiter and, if its time is known, a stamp; pictures are in decoding
// order; sound is AAC without holes, silence where nothing comes. It holds nothing
// back. It is pure.
type shaper struct {
	origin func() sei.Origin
	has    func() (video, audio bool) // what the publisher says that it sends
	begins func() bool                // whether a programme may begin now; what comes till then is left out
	count  func(string)               // of events

	epoch        uint64 // counts timelines
	begun, video bool
	last         int64 // DTS of the unit before; of any
	seen         bool  // there was one
	picture      int64 // DTS of the picture before
	waiting      int64 // PTS of the first sound while not begun
	waits        bool

	sound soundtrack
}

// Events that a shaper counts.
const (
	eventUnstamped = "unstamped" // a picture without a time
	eventLate      = "late"      // sound that came after its place was filled
	eventUnusable  = "unusable"  // a unit that no player could use
)

// push returns what a unit becomes, in order. Opus becomes nothing: see pushCoded.
func (s *shaper) push(u stream.Unit) (out []stream.Unit) {
	if s.anew(u) {
		out = s.restart()
	}
	s.last, s.seen = u.DTS, true
	switch u.Codec {
	case stream.H264:
		return append(out, s.pushPicture(u)...)
	case stream.AAC:
		return append(out, s.pushSound(u)...)
	}
	return out
}

// anew says whether a timeline begins with u. Picture and sound of one publisher
// say so one after the other, and sound alone when its sender was changed: what is
// near to what came just before goes on with it.
func (s *shaper) anew(u stream.Unit) bool {
	away := u.DTS - s.last
	if away < 0 {
		away = -away
	}
	switch {
	case !s.seen || away > jump:
		return true
	case !u.Discontinuity:
		return false
	case away > near:
		return true
	}
	return s.begun && (u.Codec.Video() || !s.video)
}

// pushCoded takes sound that was Opus when the epoch was this.
func (s *shaper) pushCoded(u stream.Unit, epoch uint64) []stream.Unit {
	if epoch != s.epoch {
		return nil
	}
	return s.pushSound(u)
}

// restart makes what comes next a beginning. It returns what end does.
func (s *shaper) restart() []stream.Unit {
	out := s.end()
	s.epoch++
	s.sound.known = nil
	return out
}

// end ends the programme. It returns the silence that its last pictures lack: a
// player takes pictures without sound for a hole, and waits there.
func (s *shaper) end() (out []stream.Unit) {
	if s.begun && s.video {
		out = s.sound.cover(s.picture+1, 0, 0)
	}
	s.begun, s.waits = false, false
	return out
}

func (s *shaper) begin(u stream.Unit, video, audio bool) {
	s.begun, s.video, s.waits = true, video, false
	s.picture = u.DTS - 1
	s.sound.begin(u.PTS, audio)
}

func (s *shaper) pushPicture(u stream.Unit) []stream.Unit {
	u.Discontinuity = false
	going := s.begun && s.video
	begins := (!going || s.sound.changed) && u.Key && s.begins()
	if !going && !begins {
		return nil
	}
	data, ok := s.dress(&u)
	if !ok {
		s.count(eventUnusable)
		return nil
	}
	u.Data = data
	var out []stream.Unit
	if begins {
		out = s.end()
		_, audio := s.has()
		s.begin(u, true, audio)
		u.Discontinuity = true
	}
	u.DTS = max(u.DTS, s.picture+1)
	u.PTS = max(u.PTS, u.DTS)
	s.picture = u.DTS
	return append(append(out, u), s.sound.fill(u.DTS, u.Time)...)
}

// delimiter stands before every access unit of a transport stream; any kind of
// picture may follow.
const delimiter = "\x00\x00\x00\x01\x09\xf0"

// dress returns an access unit with delimiter and stamp; false if it has no picture.
func (s *shaper) dress(u *stream.Unit) ([]byte, bool) {
	data := make([]byte, 0, len(delimiter)+128+len(u.Data))
	for first, err := range sei.AnnexB.Units(u.Data) {
		if err != nil {
			return nil, false
		}
		u.Data = u.Data[first.Offset:]
		if sei.TypeOf(first.NAL) != sei.TypeDelimiter {
			data = append(data, delimiter...)
		}
		break
	}
	stamp, ok := sei.Read(sei.AnnexB, u.Data)
	switch {
	case ok:
		u.Time = stamp.Time
	case u.Time > 0:
		stamped, err := sei.Insert(sei.AnnexB, data, u.Data, sei.Stamp{Time: u.Time, Origin: s.origin()})
		return stamped, err == nil
	default:
		s.count(eventUnstamped)
	}
	return append(data, u.Data...), true
}

func (s *shaper) pushSound(u stream.Unit) []stream.Unit {
	u.Discontinuity = false
	c, err := adts.Parse(u.Config)
	if err != nil {
		s.count(eventUnusable)
		return nil
	}
	if s.begun && !s.video && s.sound.changed {
		s.begun, s.waits = false, false
	}
	var out []stream.Unit
	if !s.begun {
		s.sound.known = u.Config
		if s.waitsForVideo(u.PTS) || !s.begins() {
			return nil
		}
		s.begin(u, false, true)
		u.Discontinuity = true
	}
	out, ok := s.sound.place(u, c)
	if !ok {
		s.count(eventLate)
	}
	return out
}

// waitsForVideo says whether sound is left out because a picture is to come first.
func (s *shaper) waitsForVideo(pts int64) bool {
	if video, _ := s.has(); !video {
		return false
	}
	if !s.waits {
		s.waits, s.waiting = true, pts
	}
	return pts-s.waiting < videoWait
}
