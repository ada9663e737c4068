package render

import "math"

// A curve in pixels lies within 1/20 px or so of its straight pieces.
const (
	piecesPerRoot = 2.2 // pieces of a curve per root of the px that it bends
	maxPieces     = 64
)

// flatten gives the straight pieces of a path's outline, moved by m. Shapes are
// closed.
func flatten(p *Path, m matrix, piece func(x0, y0, x1, y1 float64)) {
	var at, start vec
	to := func(v vec) {
		piece(at.x, at.y, v.x, v.y)
		at = v
	}
	i := 0
	point := func() vec {
		x, y := m.apply(float64(p.points[i]), float64(p.points[i+1]))
		i += 2
		return vec{x, y}
	}
	for _, v := range p.verbs {
		switch v {
		case moveTo:
			to(start)
			at = point()
			start = at
		case lineTo:
			to(point())
		case quadTo:
			flattenQuad(at, point(), point(), to)
		case cubicTo:
			flattenCubic(at, point(), point(), point(), to)
		case closing:
			to(start)
		}
	}
	to(start)
}

func flattenQuad(a, b, c vec, to func(vec)) {
	n := pieces(math.Hypot(a.x-2*b.x+c.x, a.y-2*b.y+c.y))
	for i := 1.0; i < n; i++ {
		t := i / n
		u := 1 - t
		to(vec{u*u*a.x + 2*u*t*b.x + t*t*c.x, u*u*a.y + 2*u*t*b.y + t*t*c.y})
	}
	to(c)
}

func flattenCubic(a, b, c, d vec, to func(vec)) {
	bend := math.Max(math.Hypot(a.x-2*b.x+c.x, a.y-2*b.y+c.y), math.Hypot(b.x-2*c.x+d.x, b.y-2*c.y+d.y))
	n := pieces(1.5 * bend)
	for i := 1.0; i < n; i++ {
		t := i / n
		u := 1 - t
		p, q, r, s := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		to(vec{p*a.x + q*b.x + r*c.x + s*d.x, p*a.y + q*b.y + r*c.y + s*d.y})
	}
	to(d)
}

func pieces(bend float64) float64 {
	n := math.Ceil(math.Sqrt(bend) * piecesPerRoot)
	if !(n > 1) { // NaN neither
		return 1
	}
	return math.Min(n, maxPieces)
}
