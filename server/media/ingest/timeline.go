package ingest

const (
	second = 90_000 // units of the timeline

	// far is how far, in 1/90 000 s, units may be from those before without being on a
	// timeline that begins anew. Picture and sound come interleaved closer than that.
	far = 3 * second
	// maxStrays is how many units in a row may be left over from an old timeline.
	maxStrays = 200
)

// The tracks of a timeline.
const (
	videoTrack = iota
	audioTrack
	tracks
)

// timeline puts the decoding times of picture and sound, which wrap, onto one line
// that does not.
type timeline struct {
	bits   uint // after so many bits times wrap
	head   int64
	begun  bool
	last   [tracks]int64
	known  [tracks]bool
	strays int
}

// place returns where a time, in 1/90 000 s, lies on the line. jumped: the line
// begins anew with it. A unit that is not ok is a remainder of the line before.
func (l *timeline) place(track int, time int64) (at int64, jumped, ok bool) {
	if !l.begun {
		l.begun = true
		l.set(track, time)
		return time, false, true
	}
	at = l.unwrap(time)
	if distance(at, l.head) <= far {
		l.strays = 0
		l.set(track, at)
		return at, false, true
	}
	if l.known[track] && distance(at, l.last[track]) <= far && l.strays < maxStrays {
		l.strays++
		l.last[track] = at
		return at, false, false
	}
	l.strays = 0
	l.set(track, at)
	return at, true, true
}

func (l *timeline) set(track int, at int64) {
	l.head, l.last[track], l.known[track] = at, at, true
}

// unwrap returns what time stands for nearest to the head of the line.
func (l *timeline) unwrap(time int64) int64 {
	return l.head + signed(time-l.head, l.bits)
}

// signed returns the lower bits of d as a signed number.
func signed(d int64, bits uint) int64 { return d << (64 - bits) >> (64 - bits) }

func distance(a, b int64) int64 { return max(a-b, b-a) }
