package ink

import (
	"math/bits"

	"chalkline/ot"
)

// The sets of contexts, one values each.
const (
	nXY, nP = 14, 14 // activity classes of x and y, of pressure

	setXY        = 0
	setP         = setXY + nXY
	setSize      = setP + nP
	setDuration  = setSize + 1
	setDeviation = setDuration + 1 // from even spacing, by the one before: 0, 1, more
	setMove      = setDeviation + 3
	nSets        = setMove + 3 // x, y, p from stroke to stroke in a snapshot
)

// model is what coding knows. The probabilities of a live stroke live as long as
// the stroke, those of a snapshot as long as the snapshot.
type model struct {
	sets   [nSets]values
	even   prob
	count  int32 // points of the segment before
	period int32 // expected duration of 64 points, ms

	snapshot bool
	start    ot.Point // snapshot: where the stroke before began
	path
}

// path is what coding knows of one stroke.
type path struct {
	started          bool
	last             ot.Point
	vx, vy           [4]int32    // steps, the newest first
	vp               [2]int32    // likewise
	err              [nLPC]int32 // decaying sum of each predictor's errors
	perr             [nPLC]int32
	activity         int32 // decaying sum of |residual| of x and y
	pressureActivity int32
}

// reset begins with the trained probabilities and a new stroke.
func (s *model) reset() {
	s.sets = trained
	s.even = prob{tableEven<<8 | 128, startConfidence}
	s.count, s.period = 4, 533
	s.startStroke()
}

// trained are the probabilities at the start.
var trained = func() (sets [nSets]values) {
	for i, set := range table {
		for k, t := range set {
			sets[i][k] = prob{uint16(t)<<8 | 128, startConfidence}
		}
	}
	return sets
}()

// startStroke forgets the path and keeps the probabilities.
func (s *model) startStroke() {
	s.path = path{activity: 64, pressureActivity: 256}
}

// before is the point before the next one; nil at the start of a stroke.
func (s *model) before() *ot.Point {
	if !s.started {
		return nil
	}
	return &s.last
}

// size codes how many points a segment has.
func (s *model) size(c *coder, n int) int {
	v := s.count + c.signed(&s.sets[setSize], open, int32(n)-s.count)
	if v > 0 {
		s.count = v
	}
	return int(v)
}

// segment codes pts after what came before. Decoding fills pts; encoding leaves
// them alone and takes only what check lets pass.
func (s *model) segment(c *coder, pts []ot.Point) error {
	timed := pts
	if !s.started {
		timed = pts[1:]
	}
	if len(timed) > 0 {
		if err := s.times(c, timed, s.last.T); err != nil {
			return err
		}
	}
	for i := range pts {
		p := pts[i]
		if s.started {
			p = s.next(c, p)
		} else {
			p = s.first(c, p)
		}
		s.last = p
		if !c.dec {
			continue
		}
		if !inRange(p) || c.exhausted() {
			return ErrCorrupt
		}
		pts[i] = p
	}
	return nil
}

// times codes the times of a segment: its duration from t0 on, the time of the
// point before, and whether its points are evenly spaced; if not, by how many ms
// each is off.
func (s *model) times(c *coder, pts []ot.Point, t0 int32) error {
	n := int32(len(pts))
	want := (s.period*n + 32) >> 6
	d := want + c.signed(&s.sets[setDuration], open, pts[n-1].T-t0-want)
	if d < 0 || d > MaxGap || t0+d > MaxT {
		return ErrCorrupt
	}
	s.period = min((s.period+d*64/n)/2, 1<<16)
	if !c.bit(&s.even, !c.dec && isEven(pts, t0, d)) {
		return s.deviations(c, pts, t0, d)
	}
	if c.dec {
		for i := range pts {
			pts[i].T = t0 + d*int32(i+1)/n
		}
	}
	return nil
}

func isEven(pts []ot.Point, t0, d int32) bool {
	for i, p := range pts {
		if p.T-t0 != d*int32(i+1)/int32(len(pts)) {
			return false
		}
	}
	return true
}

// deviations codes the times of a segment that is not evenly spaced, all but the
// last, which the duration gives.
func (s *model) deviations(c *coder, pts []ot.Point, t0, d int32) error {
	n := int32(len(pts))
	dev, prev, off := int32(0), t0, int32(0)
	for i := range n - 1 {
		t := t0 + d*(i+1)/n
		e := expectation(min(max(dev, -1), 1) + 1)
		dev = c.signed(&s.sets[setDeviation+min(abs(dev), 2)], e, pts[i].T-t)
		t += dev
		off |= dev
		if t < prev || t > t0+d {
			return ErrCorrupt
		}
		prev = t
		if c.dec {
			pts[i].T = t
		}
	}
	if off == 0 {
		return ErrCorrupt // an encoder would have called it even
	}
	if c.dec {
		pts[n-1].T = t0 + d
	}
	return nil
}

// first codes the first point of a stroke: in full, or in a snapshot as the move
// from the first point of the stroke before.
func (s *model) first(c *coder, p ot.Point) ot.Point {
	if s.snapshot {
		p.X = s.start.X + c.signed(&s.sets[setMove], open, p.X-s.start.X)
		p.Y = s.start.Y + c.signed(&s.sets[setMove+1], open, p.Y-s.start.Y)
		p.P = s.start.P + c.signed(&s.sets[setMove+2], open, p.P-s.start.P)
	} else {
		p.X, p.Y, p.P = c.raw(16, p.X), c.raw(18, p.Y), c.raw(8, p.P)
	}
	p.T = 0
	s.started, s.start = true, p
	return p
}

// next codes x, y and p of a later point.
func (s *model) next(c *coder, p ot.Point) ot.Point {
	dx, dy := s.move(c, p.X-s.last.X, p.Y-s.last.Y)
	dp := s.press(c, p.P-s.last.P)
	return ot.Point{X: s.last.X + dx, Y: s.last.Y + dy, P: s.last.P + dp, T: p.T}
}

// move codes a step of x and y. The predictor with the least recent error
// serves both; how much they were off of late chooses the contexts.
func (s *model) move(c *coder, dx, dy int32) (int32, int32) {
	var qx, qy [nLPC]int32
	x, y := &s.vx, &s.vy
	best := 0
	for i := range lpc {
		a := &lpc[i]
		qx[i] = a[0]*x[0] + a[1]*x[1] + a[2]*x[2] + a[3]*x[3]
		qy[i] = a[0]*y[0] + a[1]*y[1] + a[2]*y[2] + a[3]*y[3]
		if s.err[i] < s.err[best] {
			best = i
		}
	}
	ex, dx := c.step(&s.sets[setXY+classXY(s.activity)], qx[best], dx)
	ey, dy := c.step(&s.sets[setXY+classXY((2*s.activity+8*abs(ex))/3)], qy[best], dy)
	for i := range s.err {
		s.err[i] += abs(qx[i]-dx<<6) + abs(qy[i]-dy<<6) - s.err[i]>>2
	}
	s.activity += 2*(abs(ex)+abs(ey)) - s.activity>>1
	s.vx = [4]int32{dx, s.vx[0], s.vx[1], s.vx[2]}
	s.vy = [4]int32{dy, s.vy[0], s.vy[1], s.vy[2]}
	return dx, dy
}

// press codes a step of the pressure, likewise.
func (s *model) press(c *coder, dp int32) int32 {
	var q [nPLC]int32
	best := 0
	for i := range plc {
		q[i] = plc[i][0]*s.vp[0] + plc[i][1]*s.vp[1]
		if s.perr[i] < s.perr[best] {
			best = i
		}
	}
	guess := min(max(q[best], -s.last.P<<6), (MaxP-s.last.P)<<6)
	e, dp := c.step(&s.sets[setP+min(class(s.pressureActivity), nP-1)], guess, dp)
	for i := range s.perr {
		s.perr[i] += abs(q[i]-dp<<6) - s.perr[i]>>2
	}
	s.pressureActivity += abs(e) - s.pressureActivity>>1
	s.vp = [2]int32{dp, s.vp[0]}
	return dp
}

// step codes v against its prediction q in 1/64. It returns the residual and v.
// The part of q that rounding drops says which sign the residual may have.
func (c *coder) step(m *values, q, v int32) (residual, coded int32) {
	r := (q + 32) >> 6
	e := open
	if f := q - r<<6; f < -10 {
		e = negative
	} else if f > 10 {
		e = positive
	}
	residual = c.signed(m, e, v-r)
	return residual, r + residual
}

// class maps v ≥ 0 to half octaves: 0, 1, 2, 3, 4–5, 6–7, 8–11, 12–15, ….
func class(v int32) int32 {
	if v < 4 {
		return v
	}
	e := int32(bits.Len32(uint32(v))) - 1
	return 2*e + v>>(e-1)&1
}

func classXY(activity int32) int32 {
	return min(max(class(activity)-3, 0), nXY-1)
}
