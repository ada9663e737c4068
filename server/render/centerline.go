package render

import "math"

// The line that a pen's points mean, the same as web/src/board/centerline.ts: a
// quadratic B-spline through the middles of the samples, cut into short straight
// pieces.
const (
	flatness = 0.6  // units: a curve lies within this of its pieces
	maxCuts  = 12   // pieces of one curve
	noise    = 0.25 // points nearer than this share of the half width say nothing
)

// sample is a point of a centre line with half the line's thickness there. at
// is which part of the line it is, as an index of points with a fraction: the
// middle between points i and i + 1 is i + ½, and a curve from one middle to the
// next runs evenly.
type sample struct{ x, y, r, at float64 }

// radiusAt is half the thickness at a pressure of 0..255: 0.4 to 1.6 times half
// the pen's width.
func radiusAt(width float64, pressure int32) float64 {
	return width / 2 * (0.4 + 1.2*float64(pressure)/255)
}

// centerline grows point by point; close ends it.
type centerline struct {
	samples  []sample
	controls int    // how many of a and b there are
	a, b     sample // the last two control points
	skips    bool   // the last point was too near to count: it is skipped
	skipped  sample
}

func (c *centerline) add(next sample) {
	if c.controls == 0 {
		c.a, c.controls = next, 1
		c.samples = append(c.samples, next)
		return
	}
	last := c.a
	if c.controls == 2 {
		last = c.b
	}
	if math.Hypot(next.x-last.x, next.y-last.y) < noise*last.r {
		c.skips, c.skipped = true, next
		return
	}
	c.skips = false
	c.control(next)
}

// close brings the line to its last point.
func (c *centerline) close() {
	if c.skips {
		c.control(c.skipped)
	}
	if c.controls == 2 {
		c.samples = append(c.samples, c.b)
	}
}

func (c *centerline) control(next sample) {
	if c.controls == 2 {
		c.curve(c.a, c.b, next)
		c.a = c.b
	} else {
		c.samples = append(c.samples, middle(c.a, next))
	}
	c.b, c.controls = next, 2
}

// curve goes from the middle of a–b to the middle of b–c, bent towards b.
func (c *centerline) curve(a, b, d sample) {
	from, to := middle(a, b), middle(b, d)
	sag := math.Hypot(from.x-2*b.x+to.x, from.y-2*b.y+to.y) / 4
	cuts := min(max(math.Ceil(math.Sqrt(sag/flatness)), 1), maxCuts)
	for i := 1.0; i <= cuts; i++ {
		t := i / cuts
		u := 1 - t
		p, q, s := u*u, 2*u*t, t*t
		c.samples = append(c.samples, sample{
			p*from.x + q*b.x + s*to.x,
			p*from.y + q*b.y + s*to.y,
			p*from.r + q*b.r + s*to.r,
			u*from.at + t*to.at,
		})
	}
}

func middle(a, b sample) sample { return between(a, b, 0.5) }

// between is the sample at a share t of the way from a to b.
func between(a, b sample, t float64) sample {
	u := 1 - t
	return sample{u*a.x + t*b.x, u*a.y + t*b.y, u*a.r + t*b.r, u*a.at + t*b.at}
}
