package render

import (
	"math"

	"chalkline/ot"
)

// Arrow heads as in web/src/board/shapes.ts.
const (
	headLeast  = 120 // units
	headWidths = 4
	headAngle  = 25 * math.Pi / 180
)

// ellipseFlat is how far an ellipse's line may lie from its straight pieces, in units.
const ellipseFlat = 0.2

// shapeMarks is the fill, if any, and the line on top of it. Translucent they
// are one layer: they do not show through each other.
func shapeMarks(kind ot.ElementKind, l look) []mark {
	rings, closed := shapeLines(kind, l)
	line := pen{path: &Path{}, radius: l.width / 2, left: maxDashes, view: l.view()}
	line.on, line.off = dashes(l.dash, l.width)
	for _, ring := range rings {
		line.line(ring, closed)
	}
	marks := []mark{{path: line.path, color: l.color, opacity: l.opacity}}
	if !closed || !l.filled {
		return marks
	}
	marks = []mark{{path: areaOf(kind, l, rings), color: l.fill, opacity: l.opacity}, marks[0]}
	if l.opacity == 255 {
		return marks
	}
	marks[0].opacity, marks[1].opacity = 255, 255
	return []mark{{layer: marks, opacity: l.opacity}}
}

// areaOf is what the fill covers.
func areaOf(kind ot.ElementKind, l look, rings [][]vec) *Path {
	area := &Path{}
	if kind == ot.Ellipse {
		rx, ry := float64(l.place.W)/2, float64(l.place.H)/2
		area.ellipse(float64(l.place.X)+rx, float64(l.place.Y)+ry, rx, ry)
		return area
	}
	for _, ring := range rings {
		area.polygon(ring)
	}
	return area
}

// view is the board as the element sees it before it is turned.
func (l *look) view() rect {
	back := turned(-l.place.Angle, l.middle())
	view := nowhere()
	for _, corner := range [4]vec{{0, 0}, {boardWidth, 0}, {boardWidth, boardHeight}, {0, boardHeight}} {
		x, y := back.apply(corner.x, corner.y)
		view = view.with(x, y, 0)
	}
	return view
}

// shapeLines are the lines of a shape before it is turned.
func shapeLines(kind ot.ElementKind, l look) (lines [][]vec, closed bool) {
	x, y, w, h := float64(l.place.X), float64(l.place.Y), float64(l.place.W), float64(l.place.H)
	switch kind {
	case ot.Line:
		return [][]vec{{{x, y}, {x + w, y + h}}}, false
	case ot.Arrow:
		return arrow(vec{x, y}, vec{x + w, y + h}, l.width), false
	case ot.Rectangle:
		return [][]vec{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}}, true
	case ot.Ellipse:
		return [][]vec{ellipseRing(x+w/2, y+h/2, w/2, h/2)}, true
	case ot.Polygon:
		var ring []vec
		for _, v := range l.vertices {
			ring = append(ring, vec{x + w*float64(v.X)/math.MaxUint16, y + h*float64(v.Y)/math.MaxUint16})
		}
		return [][]vec{ring}, true
	default:
		return nil, false
	}
}

func arrow(from, tip vec, width float64) [][]vec {
	shaft := []vec{from, tip}
	if from == tip {
		return [][]vec{shaft}
	}
	reach := math.Max(headLeast, headWidths*width)
	back := math.Atan2(from.y-tip.y, from.x-tip.x)
	barb := func(turn float64) vec {
		sin, cos := math.Sincos(back + turn)
		return vec{tip.x + reach*cos, tip.y + reach*sin}
	}
	return [][]vec{shaft, {tip, barb(headAngle)}, {tip, barb(-headAngle)}} // from the tip: dashes begin there
}

// ellipseRing goes clockwise from the right, in as many pieces as it needs.
func ellipseRing(x, y, rx, ry float64) []vec {
	n := 8.0
	if r := math.Max(rx, ry); r > ellipseFlat {
		n = math.Min(math.Max(math.Ceil(math.Pi/math.Acos(1-ellipseFlat/r)), n), 2048)
	}
	ring := make([]vec, int(n))
	for i := range ring {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / n)
		ring[i] = vec{x + rx*cos, y + ry*sin}
	}
	return ring
}
