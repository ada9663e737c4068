package render

import "chalkline/ot"

// mark is one thing to paint, the form between elements and the kinds of
// pictures: a filled path in one colour, or an image, or opaque paths that are
// one layer. What is drawn with a line is a path around that line, so that all
// pictures have the same ink.
type mark struct {
	path    *Path
	color   uint32 // 0xRRGGBB
	opacity uint8
	image   *placedImage // instead of path
	layer   []mark       // instead of path
}

// placedImage is an image with its unit square mapped to the board: (0, 0) is its
// top left corner.
type placedImage struct {
	content string
	to      matrix
}

func (m *mark) bounds() rect {
	r := nowhere()
	if m.path != nil {
		return m.path.bounds()
	}
	for i := range m.layer {
		r = r.union(m.layer[i].bounds())
	}
	if m.image == nil {
		return r
	}
	for _, corner := range [4]vec{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
		x, y := m.image.to.apply(corner.x, corner.y)
		r = r.with(x, y, 0)
	}
	return r
}

// bytes is about how much memory the mark takes.
func (m *mark) bytes() int {
	n := 128
	if m.path != nil {
		n += m.path.bytes()
	}
	for i := range m.layer {
		n += m.layer[i].bytes()
	}
	return n
}

// transform moves the paths.
func (m *mark) transform(by matrix) {
	if m.path != nil {
		m.path.transform(by)
	}
	for i := range m.layer {
		m.layer[i].transform(by)
	}
}

// painter turns elements into marks.
type painter struct {
	fonts *Fonts
}

// marks are what there is to paint of an element, the lowest first.
func (p *painter) marks(e *ot.Element) []mark {
	l := lookOf(e)
	if l.opacity == 0 {
		return nil
	}
	if e.Kind() == ot.Ink {
		return inkMarks(e, l)
	}
	if !l.placed {
		return nil
	}
	var marks []mark
	turn := turned(l.place.Angle, l.middle())
	switch e.Kind() {
	case ot.Text:
		marks, turn = p.textMarks(e.Text(), l)
	case ot.Image:
		return imageMarks(l, turn)
	default:
		marks = shapeMarks(e.Kind(), l)
	}
	if turn != identity() {
		for i := range marks {
			marks[i].transform(turn)
		}
	}
	return marks
}

// middle is what an element is turned around.
func (l *look) middle() vec {
	return vec{float64(l.place.X) + float64(l.place.W)/2, float64(l.place.Y) + float64(l.place.H)/2}
}

// inkMarks is a stroke: one path, so that translucent ink does not darken where
// it crosses itself.
func inkMarks(e *ot.Element, l look) []mark {
	points := e.Points()
	if len(points) == 0 {
		return nil
	}
	line, turn := inkLine(points, l)
	runs := [][]sample{line}
	if visible, whole := e.Visible(); !whole {
		runs = visibleRuns(line, visible, len(points))
	}
	path := &Path{}
	for _, run := range runs {
		path.outline(run)
	}
	if path.empty() {
		return nil
	}
	if turn != identity() {
		path.transform(turn)
	}
	return []mark{{path: path, color: l.color, opacity: l.opacity}}
}

// inkLine is the centre line of a stroke: with a place, scaled so that the box
// of its points fills it, and how it is turned then.
func inkLine(points []ot.Point, l look) (line []sample, turn matrix) {
	scale, turn := identity(), identity()
	if l.placed {
		scale, turn = fit(points, l), turned(l.place.Angle, l.middle())
	}
	grow := centerline{samples: make([]sample, 0, 2*len(points)+1)}
	for i, at := range points {
		x, y := scale.apply(float64(at.X), float64(at.Y))
		grow.add(sample{x, y, radiusAt(l.width, at.P), float64(i)})
	}
	grow.close()
	return grow.samples, turn
}

// fit maps the box of points to the place; a side that is 0 is not stretched.
func fit(points []ot.Point, l look) matrix {
	box := nowhere()
	for _, at := range points {
		box = box.with(float64(at.X), float64(at.Y), 0)
	}
	sx, sy := 1.0, 1.0
	if box.x1 > box.x0 {
		sx = float64(l.place.W) / (box.x1 - box.x0)
	}
	if box.y1 > box.y0 {
		sy = float64(l.place.H) / (box.y1 - box.y0)
	}
	return matrix{a: sx, d: sy, e: float64(l.place.X) - sx*box.x0, f: float64(l.place.Y) - sy*box.y0}
}

func imageMarks(l look, turn matrix) []mark {
	if l.content == "" || l.place.W == 0 || l.place.H == 0 {
		return nil
	}
	box := matrix{a: float64(l.place.W), d: float64(l.place.H), e: float64(l.place.X), f: float64(l.place.Y)}
	return []mark{{opacity: l.opacity, image: &placedImage{l.content, box.then(turn)}}}
}
