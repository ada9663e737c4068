package ot

// What the parts of a table take at most (docs/format.md). Load counts these, not
// what the coder makes of them just then, which changes with the revision that
// writes and with the element before. So to write again what was written, to
// delete, to clear and to undo a creation brings nothing.
const (
	elementBytes = 8 + 5 + 5 + 1 + 1 + 1 + // created, replica, counter, flags, kind, count of registers
		3 + 3 + 2 + // counts of points, frames and erasures; or the length of a text
		registerBytes + 1 // Deleted
	registerBytes = 1 + 8 + 5 + 1 // number, stamp, writer, length of the value
	erasureBytes  = 5 + 5 + 1 + 2 // replica, eraser, off, count of spans
	spanBytes     = 5 + 5
	placeBytes    = 5 * 5
	groupBytes    = 2 * 5
	colorBytes    = 4 // Fill too
	lengthBytes   = 2 // Width and Size
)

// bytes returns what a register counts as with this value.
func (s *Setting) bytes() int {
	switch s.Register {
	case Deleted: // is in elementBytes
		return 0
	case Place:
		return registerBytes + placeBytes
	case Color, Fill:
		return registerBytes + colorBytes
	case Width, Size:
		return registerBytes + lengthBytes
	case Order:
		return registerBytes + MaxOrder
	case Group:
		return registerBytes + groupBytes
	case Content:
		return registerBytes + MaxContent
	case Vertices: // their length takes a byte more
		return registerBytes + 1 + len(s.Value)
	default:
		return registerBytes + 1
	}
}

func frameBytes(frame []byte) int { return 3 + len(frame) }

func framesBytes(frames [][]byte) (n int) {
	for _, f := range frames {
		n += frameBytes(f)
	}
	return n
}

// measure returns the element's size by looking at all of it.
func (e *Element) measure() int {
	n := elementBytes + framesBytes(e.frames) + len(e.text) + len(e.erasures)*erasureBytes + e.Spans()*spanBytes
	for i := range e.registers {
		n += e.registers[i].bytes()
	}
	return n
}

// growth returns by how much writing s makes the element larger.
func (e *Element) growth(s Setting) int {
	if i, found := e.find(s.Register); found {
		return s.bytes() - e.registers[i].bytes()
	}
	return s.bytes()
}

// grow makes an element on the board count as larger.
func (b *Board) grow(e *Element, by int) {
	e.size += by
	b.bytes += by
}

// Brings returns how much an op of author's brings to the board at most, however
// many ops are applied before it. A Create must not be of what is there.
func (b *Board) Brings(author uint32, op *Op) (l Load) {
	e := b.byID[op.ID]
	switch op.Kind {
	case Create:
		l.Elements, l.Bytes = 1, elementBytes
		for i := range op.Settings {
			l.Bytes += op.Settings[i].bytes()
		}
	case Extend:
		l.Points = len(op.Points)
		if !op.Ended {
			l.Bytes = frameBytes(op.Frame)
		}
	case Set:
		for _, s := range op.Settings {
			l.Bytes += e.brings(s)
		}
	case TextEdit:
		for i := range op.Edit {
			l.Bytes += len(op.Edit[i].Text)
		}
	case EraseSpans:
		l.Bytes = len(op.Spans) * spanBytes
		if e == nil || e.Erasure(author, op.Eraser) == nil {
			l.Bytes += erasureBytes
		}
	case Undo:
		for i := range op.Items {
			if item := &op.Items[i]; item.Kind == UndoValue {
				l.Bytes += b.byID[item.ID].brings(Setting{item.Register, item.Value})
			}
		}
	}
	return l
}

// brings returns by how much writing s makes an element larger at most, whatever is
// written before. Only Vertices grow and shrink.
func (e *Element) brings(s Setting) int {
	if e != nil && s.Register != Vertices {
		return e.growth(s)
	}
	return s.bytes()
}
