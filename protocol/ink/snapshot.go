package ink

import (
	"fmt"
	"slices"

	"chalkline/ot"
)

// Sizes that are no segment.
const (
	endOfStroke   = 0
	endOfSnapshot = -1
)

// Segments that AppendStrokes makes: other encoders may cut otherwise.
const (
	maxEven   = 64
	maxUneven = 16
)

// AppendStrokes appends strokes to dst as one code, in which later strokes gain
// from what the earlier ones taught. Each has a point at least, the first at
// T = 0, and points at most MaxGap ms apart, as live frames have. After an error
// dst is returned as it was.
func AppendStrokes(dst []byte, strokes [][]ot.Point) ([]byte, error) {
	var s model
	s.reset()
	s.snapshot = true
	c := encodeTo(dst)
	for i, stroke := range strokes {
		if err := s.appendStroke(&c, stroke); err != nil {
			return dst, fmt.Errorf("ink: encode stroke %d: %w", i, err)
		}
	}
	s.size(&c, endOfSnapshot)
	return c.finish(), nil
}

func (s *model) appendStroke(c *coder, pts []ot.Point) error {
	if len(pts) == 0 {
		return fmt.Errorf("%w: no points", ErrRange)
	}
	if err := check(pts, nil); err != nil {
		return err
	}
	s.startStroke()
	for len(pts) > 0 {
		n := s.cut(pts)
		s.size(c, n)
		if err := s.segment(c, pts[:n]); err != nil {
			return err
		}
		pts = pts[n:]
	}
	s.size(c, endOfStroke)
	return nil
}

// cut returns how many points the next segment takes: the longest evenly spaced
// run of at least three, or else some uneven ones.
func (s *model) cut(pts []ot.Point) int {
	skip := 1 // the first point of a stroke has its time already
	if s.started {
		skip = 0
	}
	uneven, run := 1, 0
	var slope slopes
	for n := skip + 1; n <= min(len(pts), maxEven); n++ {
		d := pts[n-1].T - s.last.T
		if d > MaxGap {
			break
		}
		if n <= maxUneven {
			uneven = n
		}
		if slope.add(int64(d), int64(n-skip)) && n >= 3 {
			run = n
		}
	}
	if run > 0 {
		return run
	}
	return uneven
}

// slopes finds evenly spaced runs. Times t(1) … t(n) are even when every t(i) is
// t(n)·i/n rounded down, that is when the slope t(n)/n is in every
// [t(i)/i, (t(i)+1)/i): the slopes that are left need no second look at the times.
type slopes struct{ low, lowAt, high, highAt int64 }

// add takes the next time t(n) and tells whether the run up to it is even.
func (s *slopes) add(t, n int64) bool {
	if n == 1 {
		*s = slopes{low: t, lowAt: 1, high: t + 1, highAt: 1}
		return true
	}
	ok := t*s.lowAt >= s.low*n && t*s.highAt < s.high*n
	if t*s.lowAt > s.low*n {
		s.low, s.lowAt = t, n
	}
	if (t+1)*s.highAt < s.high*n {
		s.high, s.highAt = t+1, n
	}
	return ok
}

// DecodeStrokes decodes what AppendStrokes made, exactly src, of at most
// maxPoints points in all: ErrLimit if there are more, ErrCorrupt for anything
// that is no such code. A byte may stand for 1 900 points, so maxPoints alone
// bounds work and memory. The strokes share one array.
func DecodeStrokes(src []byte, maxPoints int) ([][]ot.Point, error) {
	var s model
	s.reset()
	s.snapshot = true
	c := decodeFrom(src)
	// A point takes about a byte and a half.
	all := make([]ot.Point, 0, min(max(maxPoints, 0), len(src)))
	var ends []int
	for {
		had := len(all)
		var err error
		if all, err = s.decodeStroke(&c, all, maxPoints); err != nil {
			return nil, err
		}
		if len(all) == had {
			break
		}
		ends = append(ends, len(all))
	}
	if !c.finished() {
		return nil, ErrCorrupt
	}
	return split(all, ends), nil
}

// decodeStroke appends the points of the next stroke to all; none at the end of
// the snapshot.
func (s *model) decodeStroke(c *coder, all []ot.Point, maxPoints int) ([]ot.Point, error) {
	s.startStroke()
	for {
		n := s.size(c, 0)
		if n == endOfStroke && s.started || n == endOfSnapshot && !s.started {
			return all, nil
		}
		if n < 1 || n > MaxFrame || c.exhausted() {
			return nil, ErrCorrupt
		}
		had := len(all)
		if n > maxPoints-had {
			return nil, ErrLimit
		}
		all = slices.Grow(all, n)[:had+n]
		if err := s.segment(c, all[had:]); err != nil {
			return nil, err
		}
	}
}

// split cuts all at the ends of the strokes.
func split(all []ot.Point, ends []int) [][]ot.Point {
	strokes := make([][]ot.Point, len(ends))
	from := 0
	for i, to := range ends {
		strokes[i] = all[from:to:to]
		from = to
	}
	return strokes
}
