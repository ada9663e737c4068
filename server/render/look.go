package render

import "chalkline/ot"

// look is what an element's registers say; what was never written, or cannot be
// read, is as docs/format.md has it.
type look struct {
	place    ot.Placement
	placed   bool
	color    uint32  // 0xRRGGBB
	width    float64 // units
	opacity  uint8
	fill     uint32
	filled   bool
	dash     uint8
	size     float64 // units
	align    ot.Alignment
	style    int // boldFace | italicFace
	vertices []ot.Vertex
	content  string
}

func lookOf(e *ot.Element) look {
	l := look{width: 20, opacity: 255, size: 240}
	for _, r := range e.Registers() {
		l.take(r.Setting)
	}
	if k := e.Kind(); k != ot.Line && k != ot.Arrow { // only these have a direction
		l.place.W, l.place.H = max(l.place.W, 0), max(l.place.H, 0)
	}
	return l
}

func (l *look) take(s ot.Setting) {
	switch s.Register {
	case ot.Place:
		if p, err := ot.DecodePlace(s.Value); err == nil {
			l.place, l.placed = p, true
		}
	case ot.Color:
		l.color = or(l.color)(ot.DecodeColor(s.Value))
	case ot.Width:
		l.width = float64(or(uint32(l.width))(ot.DecodeWidth(s.Value)))
	case ot.Opacity:
		l.opacity = or(l.opacity)(ot.DecodeByte(s.Value))
	case ot.Fill:
		if fill, filled, err := ot.DecodeFill(s.Value); err == nil {
			l.fill, l.filled = fill, filled
		}
	case ot.Dash:
		l.dash = or(l.dash)(ot.DecodeByte(s.Value))
	case ot.Size:
		l.size = float64(or(uint32(l.size))(ot.DecodeSize(s.Value)))
	case ot.Align:
		l.align = or(l.align)(ot.DecodeAlign(s.Value))
	case ot.Style:
		l.style = styleOf(s.Value)
	case ot.Vertices:
		l.vertices = or(l.vertices)(ot.DecodeVertices(s.Value))
	case ot.Content:
		l.content = s.Value
	case ot.Deleted, ot.Order, ot.Group, ot.Locked, ot.Pen: // not seen
	}
}

func styleOf(value string) int {
	bold, italic, _ := ot.DecodeStyle(value)
	style := 0
	if bold {
		style |= boldFace
	}
	if italic {
		style |= italicFace
	}
	return style
}

// or keeps what there was if a value cannot be read.
func or[T any](was T) func(T, error) T {
	return func(v T, err error) T {
		if err != nil {
			return was
		}
		return v
	}
}
