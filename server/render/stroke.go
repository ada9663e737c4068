package render

import "math"

// Dashes as in web/src/board/style.ts, in units.
const (
	leastDash = 60
	// maxDashes of one element; what is longer goes on solid. A page is 17 065 px
	// high, and a hostile line may be longer.
	maxDashes = 20_000
)

// dashes are the lengths of dash and gap; 0, 0 is solid.
func dashes(dash uint8, width float64) (on, off float64) {
	switch dash {
	case 1:
		return math.Max(4*width, leastDash), math.Max(3*width, leastDash)
	case 2:
		return 0, 2.5 * width
	default:
		return 0, 0
	}
}

// pen draws lines of one width, round at ends and corners.
type pen struct {
	path    *Path
	radius  float64
	on, off float64 // dashes; off 0: solid
	view    rect    // dashes that lie wholly outside are left out
	left    int     // dashes
}

// line draws along points; a closed one also back to the first.
func (p *pen) line(points []vec, closed bool) {
	line := make([]sample, 0, len(points)+1)
	for _, at := range points {
		line = append(line, sample{x: at.x, y: at.y, r: p.radius})
	}
	if closed && len(points) > 1 {
		line = append(line, line[0])
	}
	if p.off == 0 {
		p.path.outline(line)
		return
	}
	p.dashed(line)
}

// dashed cuts a line into dashes, which go round corners. The n-th one begins
// n patterns from the line's start.
func (p *pen) dashed(line []sample) {
	period := p.on + p.off
	var dash []sample
	current, gone := -1.0, 0.0 // the dash's number; length of the pieces before
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		length := math.Hypot(b.x-a.x, b.y-a.y)
		from, to := p.inView(a, b, length)
		for n := math.Floor((gone + from) / period); from < to && n*period < gone+to; n++ {
			start, end := math.Max(n*period-gone, 0), math.Min(n*period+p.on-gone, length)
			if end < start {
				continue // in the gap
			}
			if n != current {
				p.path.outline(dash)
				dash, current = []sample{between(a, b, start/length)}, n
				p.left--
			}
			if p.left < 0 {
				p.path.outline(append(dash, line[i:]...))
				return
			}
			if end > start {
				dash = append(dash, between(a, b, end/length))
			}
		}
		gone += length
	}
	p.path.outline(dash)
}

// inView is the part of a–b, by length, that may touch the view.
func (p *pen) inView(a, b sample, length float64) (from, to float64) {
	view := p.view.grow(p.radius + p.on)
	t0, t1 := 0.0, 1.0
	for _, side := range [][2]float64{
		{a.x - b.x, a.x - view.x0},
		{b.x - a.x, view.x1 - a.x},
		{a.y - b.y, a.y - view.y0},
		{b.y - a.y, view.y1 - a.y},
	} {
		switch move, room := side[0], side[1]; {
		case move == 0 && room < 0:
			return length, length
		case move < 0:
			t0 = math.Max(t0, room/move)
		case move > 0:
			t1 = math.Min(t1, room/move)
		}
	}
	if t0 > t1 {
		return length, length
	}
	return t0 * length, t1 * length
}
