package ingest

const (
	second = 90_000 // units of the timeline

	// far is how far, in 1/90 000 s, units may be from those before without being on a
	// timeline that begins anew. Picture and sound come interleaved closer than that.
	far = 3 * second
	// unordered is how far back a decoding time may be behind the one before it of its
	// track: some encoders send times of presentation.
	unordered = second / 2
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
	bits    uint // after so many bits times wrap
	head    int64
	arrived int64 // when that did
	begun   bool
	last    [tracks]int64
	known   [tracks]bool
	old     [tracks]bool // last is of the line before
	strays  int
}

// place returns where a time lies on the line, given when it arrived, both in
// 1/90 000 s. jumped: the line begins anew with it. A unit that is not ok is a
// remainder of the line before.
func (l *timeline) place(track int, arrival, time int64) (at int64, jumped, ok bool) {
	if !l.begun {
		l.begun, l.head, l.arrived = true, time, arrival
	}
	at = l.unwrap(time)
	if l.remains(track, at) {
		l.strays++
		l.last[track] = at
		return at, false, false
	}
	if jumped = !l.follows(track, arrival, at); jumped {
		l.old = [tracks]bool{videoTrack: true, audioTrack: true}
	}
	l.strays = 0
	l.head, l.arrived = at, arrival
	l.last[track], l.known[track], l.old[track] = at, true, false
	return at, jumped, true
}

// remains says whether a time goes on where its track was before the line began anew.
func (l *timeline) remains(track int, at int64) bool {
	if !l.known[track] || l.strays >= maxStrays {
		return false
	}
	from, away := distance(at, l.last[track]), distance(at, l.head)
	if away > far {
		return from <= far
	}
	return l.old[track] && at >= l.last[track]-unordered && from < away
}

// follows says whether a time is on the line: not back, and near, or after a pause in
// which as much time passed.
func (l *timeline) follows(track int, arrival, at int64) bool {
	if l.known[track] && !l.old[track] && at < l.last[track]-unordered {
		return false
	}
	ahead := at - l.head
	return distance(at, l.head) <= far || ahead > 0 && distance(ahead, arrival-l.arrived) <= far
}

// unwrap returns what time stands for nearest to the head of the line.
func (l *timeline) unwrap(time int64) int64 {
	return l.head + signed(time-l.head, l.bits)
}

// signed returns the lower bits of d as a signed number.
func signed(d int64, bits uint) int64 { return d << (64 - bits) >> (64 - bits) }

func distance(a, b int64) int64 { return max(a-b, b-a) }
