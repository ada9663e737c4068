package render

import "math"

// The outline of a line with a thickness, the same as web/src/board/outline.ts:
// closed shapes, all turning the same way, so that one non-zero fill paints
// their union.

// sharp is the cosine of 36°, the turn from which on a joint is round.
const sharp = 0.8090169943749475

// outline adds the shape of a line, round at both ends.
func (p *Path) outline(s []sample) {
	if len(s) == 0 {
		return
	}
	last := len(s) - 1
	p.disc(s[0])
	if last == 0 {
		return
	}
	p.disc(s[last])
	start := 0
	for joint := 1; joint < last; joint++ {
		if smooth(s[joint-1], s[joint], s[joint+1]) {
			continue
		}
		p.ribbon(s[start : joint+1])
		p.disc(s[joint])
		start = joint
	}
	p.ribbon(s[start:])
}

// smooth says whether the two pieces at a joint can share their edge there
// without the inner side folding over.
func smooth(before, at, after sample) bool {
	ax, ay := at.x-before.x, at.y-before.y
	bx, by := after.x-at.x, after.y-at.y
	a, b := math.Hypot(ax, ay), math.Hypot(bx, by)
	cos := (ax*bx + ay*by) / (a * b)
	if !(cos > sharp) { // NaN is not smooth either
		return false
	}
	tanHalf := math.Sqrt((1 - math.Min(cos, 1)) / (1 + cos))
	return at.r*tanHalf < 0.45*math.Min(a, b)
}

func (p *Path) disc(s sample) { p.ellipse(s.x, s.y, s.r, s.r) }

// ribbon goes along the left side of a line and back along its right one.
func (p *Path) ribbon(s []sample) {
	for i := range s {
		x, y := edgeAt(s, i, 1)
		if i == 0 {
			p.moveTo(x, y)
		} else {
			p.lineTo(x, y)
		}
	}
	for i := len(s) - 1; i >= 0; i-- {
		p.lineTo(edgeAt(s, i, -1))
	}
	p.close()
}

// edgeAt is where the edge runs at a sample: the normal of a joint is the
// middle of its pieces' normals.
func edgeAt(s []sample, i int, side float64) (x, y float64) {
	var dx, dy float64
	if i > 0 {
		dx, dy = unit(s[i].x-s[i-1].x, s[i].y-s[i-1].y)
	}
	if i < len(s)-1 {
		ex, ey := unit(s[i+1].x-s[i].x, s[i+1].y-s[i].y)
		dx, dy = dx+ex, dy+ey
	}
	ux, uy := unit(dx, dy)
	r := side * s[i].r
	return s[i].x + uy*r, s[i].y - ux*r
}

func unit(x, y float64) (float64, float64) {
	length := math.Hypot(x, y)
	if length == 0 {
		return 0, 0
	}
	return x / length, y / length
}
