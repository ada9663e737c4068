package render

import (
	"slices"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// What stands in for faces that a family lacks.
const (
	slantShare = 0.25     // an italic leans by this share of its height
	boldShare  = 1.0 / 36 // a bold letter's edges lie this share of the size further out
	tofu       = 0.6      // width of the box for a character that no font has, as a share of the size
	tofuLine   = 1.0 / 16 // and its line's thickness
)

// appendGlyph adds a glyph whose base line begins at (x, y), in units.
func (p *Path) appendGlyph(buffer *sfnt.Buffer, g glyph, x, y, size float64) {
	if g.face == nil {
		p.appendTofu(x, y, size)
		return
	}
	segments, err := g.face.font.LoadGlyph(buffer, g.index, fixed.Int26_6(g.face.em*64), nil)
	if err != nil {
		return // a damaged glyph is left out
	}
	scale := size / g.face.em / 64
	lean := 0.0
	if g.slant {
		lean = slantShare
	}
	at := func(q fixed.Point26_6) (float64, float64) {
		gx, gy := float64(q.X)*scale, float64(q.Y)*scale
		return x + gx - lean*gy, y + gy
	}
	shapes := p
	if g.embolden {
		shapes = &Path{}
	}
	open := false
	for _, s := range segments {
		ax, ay := at(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if open {
				shapes.close()
			}
			open = true
			shapes.moveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			shapes.lineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			bx, by := at(s.Args[1])
			shapes.quadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			bx, by := at(s.Args[1])
			cx, cy := at(s.Args[2])
			shapes.cubicTo(ax, ay, bx, by, cx, cy)
		}
	}
	if open {
		shapes.close()
	}
	if g.embolden {
		shapes.embolden(size * boldShare)
		p.append(shapes)
	}
}

// appendTofu draws a box for a character that no font has.
func (p *Path) appendTofu(x, y, size float64) {
	line := size * tofuLine
	left, top, right := x+line, y-0.7*size, x+tofu*size-line
	p.polygon([]vec{{left, top}, {right, top}, {right, y}, {left, y}})
	p.polygon([]vec{{left + line, top + line}, {left + line, y - line}, {right - line, y - line}, {right - line, top + line}})
}

// embolden moves the edges of the shapes outwards, by a line along them that
// turns as they do.
func (p *Path) embolden(by float64) {
	rings := p.rings()
	area := 0.0
	for _, ring := range rings {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			area += a.x*b.y - b.x*a.y
		}
	}
	bold := Path{}
	along := pen{path: &bold, radius: by}
	for _, ring := range rings {
		if area < 0 {
			slices.Reverse(ring)
		}
		bold.polygon(ring)
		along.line(ring, true)
	}
	*p = bold
}

// rings are the shapes in straight pieces.
func (p *Path) rings() [][]vec {
	var rings [][]vec
	var end vec
	flatten(p, identity(), func(x0, y0, x1, y1 float64) {
		from, to := vec{x0, y0}, vec{x1, y1}
		if len(rings) == 0 || from != end {
			rings = append(rings, []vec{from})
		}
		if last := len(rings) - 1; to != rings[last][0] {
			rings[last] = append(rings[last], to)
		}
		end = to
	})
	return rings
}
