package render

import "math"

// verb is one step of a Path.
type verb uint8

const (
	moveTo  verb = iota // one point
	lineTo              // one point
	quadTo              // two points
	cubicTo             // three points
	closing             // none
)

// Path is closed shapes in units (1/10 px of the board, x to the right, y
// down), filled by the non-zero rule: where shapes that turn the same way
// overlap, it is their union.
type Path struct {
	verbs  []verb
	points []float32 // x, y of the verbs' points
}

func (p *Path) moveTo(x, y float64) { p.put(moveTo, x, y) }
func (p *Path) lineTo(x, y float64) { p.put(lineTo, x, y) }
func (p *Path) close()              { p.put(closing) }

func (p *Path) quadTo(x1, y1, x, y float64) { p.put(quadTo, x1, y1, x, y) }

func (p *Path) cubicTo(x1, y1, x2, y2, x, y float64) { p.put(cubicTo, x1, y1, x2, y2, x, y) }

func (p *Path) put(v verb, numbers ...float64) {
	p.verbs = append(p.verbs, v)
	for _, n := range numbers {
		p.points = append(p.points, float32(n))
	}
}

// kappa makes a cubic out of a quarter of a circle, within 0.03 % of its radius.
const kappa = 0.5522847498

// ellipse adds an ellipse that is not turned, clockwise on the screen.
func (p *Path) ellipse(x, y, rx, ry float64) {
	kx, ky := rx*kappa, ry*kappa
	p.moveTo(x+rx, y)
	p.cubicTo(x+rx, y+ky, x+kx, y+ry, x, y+ry)
	p.cubicTo(x-kx, y+ry, x-rx, y+ky, x-rx, y)
	p.cubicTo(x-rx, y-ky, x-kx, y-ry, x, y-ry)
	p.cubicTo(x+kx, y-ry, x+rx, y-ky, x+rx, y)
	p.close()
}

// polygon adds a closed shape through points.
func (p *Path) polygon(points []vec) {
	for i, at := range points {
		if i == 0 {
			p.moveTo(at.x, at.y)
			continue
		}
		p.lineTo(at.x, at.y)
	}
	p.close()
}

func (p *Path) append(more *Path) {
	p.verbs = append(p.verbs, more.verbs...)
	p.points = append(p.points, more.points...)
}

func (p *Path) empty() bool { return len(p.verbs) == 0 }

// bytes is about how much memory the path takes.
func (p *Path) bytes() int { return cap(p.verbs) + 4*cap(p.points) }

// transform moves every point.
func (p *Path) transform(m matrix) {
	for i := 0; i+1 < len(p.points); i += 2 {
		x, y := m.apply(float64(p.points[i]), float64(p.points[i+1]))
		p.points[i], p.points[i+1] = float32(x), float32(y)
	}
}

// bounds is the box of all its points, which holds the shapes.
func (p *Path) bounds() rect {
	r := nowhere()
	for i := 0; i+1 < len(p.points); i += 2 {
		r = r.with(float64(p.points[i]), float64(p.points[i+1]), 0)
	}
	return r
}

// vec is a point in units.
type vec struct{ x, y float64 }

// rect is a rectangle in units; empty when x1 <= x0 or y1 <= y0.
type rect struct{ x0, y0, x1, y1 float64 }

// nowhere is empty and takes part in no union.
func nowhere() rect { return rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)} }

func (r rect) empty() bool { return !(r.x1 > r.x0 && r.y1 > r.y0) }

func (r rect) meets(o rect) bool { return r.x0 < o.x1 && o.x0 < r.x1 && r.y0 < o.y1 && o.y0 < r.y1 }

// with returns r grown to hold a circle.
func (r rect) with(x, y, radius float64) rect {
	return rect{math.Min(r.x0, x-radius), math.Min(r.y0, y-radius), math.Max(r.x1, x+radius), math.Max(r.y1, y+radius)}
}

func (r rect) union(o rect) rect {
	return rect{math.Min(r.x0, o.x0), math.Min(r.y0, o.y0), math.Max(r.x1, o.x1), math.Max(r.y1, o.y1)}
}

func (r rect) intersect(o rect) rect {
	return rect{math.Max(r.x0, o.x0), math.Max(r.y0, o.y0), math.Min(r.x1, o.x1), math.Min(r.y1, o.y1)}
}

func (r rect) grow(by float64) rect { return rect{r.x0 - by, r.y0 - by, r.x1 + by, r.y1 + by} }

// matrix maps (x, y) to (a·x + c·y + e, b·x + d·y + f), as in SVG and PDF.
type matrix struct{ a, b, c, d, e, f float64 }

func identity() matrix { return matrix{a: 1, d: 1} }

func (m matrix) apply(x, y float64) (float64, float64) {
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

// then returns the matrix that does m first, then n.
func (m matrix) then(n matrix) matrix {
	return matrix{
		n.a*m.a + n.c*m.b, n.b*m.a + n.d*m.b,
		n.a*m.c + n.c*m.d, n.b*m.c + n.d*m.d,
		n.a*m.e + n.c*m.f + n.e, n.b*m.e + n.d*m.f + n.f,
	}
}

// turned turns by an angle in 1/100°, clockwise on the screen, around a point.
func turned(angle int32, around vec) matrix {
	if angle%36_000 == 0 {
		return identity()
	}
	sin, cos := math.Sincos(float64(angle) * math.Pi / 18_000)
	return matrix{a: cos, b: sin, c: -sin, d: cos, e: around.x - cos*around.x + sin*around.y, f: around.y - sin*around.x - cos*around.y}
}
