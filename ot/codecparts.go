package ot

import "encoding/binary"

// The most parts that one op may have.
const (
	MaxSpans     = 4096
	MaxUndoItems = 1024
	MaxRanges    = 65_536
)

func appendEdit(dst []byte, e Edit) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(e)))
	for _, c := range e {
		if c.Kind == Insert {
			dst = binary.AppendUvarint(dst, uint64(len(c.Text))<<2|uint64(Insert))
			dst = append(dst, c.Text...)
		} else {
			dst = binary.AppendUvarint(dst, uint64(c.N)<<2|uint64(c.Kind))
		}
	}
	return dst
}

func (r *reader) edit() Edit {
	n := r.count(MaxComponents, 1)
	if n == 0 {
		return nil
	}
	e := make(Edit, 0, n)
	for range n {
		e = append(e, r.component())
		if r.err != nil {
			return nil
		}
	}
	if err := e.Check(); err != nil {
		r.fail(err)
		return nil
	}
	return e
}

func (r *reader) component() Component {
	head := r.uvarint()
	c, n := Component{Kind: ComponentKind(head & 3)}, head>>2
	switch {
	case r.err != nil:
	case c.Kind > Insert:
		r.fail(ErrKind)
	case n == 0:
		r.fail(ErrCanonical)
	case c.Kind == Insert:
		c.Text = string(r.take(n))
	case n > MaxRun:
		r.fail(ErrValue)
	default:
		c.N = int(n)
	}
	return c
}

func appendSpans(dst []byte, spans []Span) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(spans)))
	end := uint32(0)
	for _, s := range spans {
		dst = binary.AppendUvarint(dst, uint64(s.From-end))
		dst = binary.AppendUvarint(dst, uint64(s.To-s.From))
		end = s.To
	}
	return dst
}

// spans reads 1 to limit spans, which end below 2³².
func (r *reader) spans(limit int) []Span {
	n := r.count(uint64(limit), 2)
	if n == 0 {
		return nil
	}
	spans := make([]Span, 0, n)
	end := uint32(0)
	for i := range n {
		from := end + uint32(r.atMost(uint64(1<<32-1-end), ErrValue))
		to := from + uint32(r.atMost(uint64(1<<32-1-from), ErrValue))
		if r.err == nil && (to == from || i > 0 && from == end) {
			r.fail(ErrCanonical)
		}
		if r.err != nil {
			return nil
		}
		spans = append(spans, Span{from, to})
		end = to
	}
	return spans
}

func appendUndo(dst []byte, items []UndoItem) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(items)))
	for i := range items {
		item := &items[i]
		dst = appendID(append(dst, byte(item.Kind)), item.ID)
		switch item.Kind {
		case UndoValue:
			dst = appendString(append(dst, byte(item.Register)), item.Expected)
			dst = appendString(dst, item.Value)
		case UndoErasure:
			dst = append(binary.AppendUvarint(dst, uint64(item.Eraser)), bit(item.Off))
		}
	}
	return dst
}

func (r *reader) undo() []UndoItem {
	n := r.count(MaxUndoItems, 3)
	if n == 0 {
		return nil
	}
	items := make([]UndoItem, 0, n)
	for range n {
		items = append(items, r.undoItem())
		if r.err != nil {
			return nil
		}
	}
	return items
}

func (r *reader) undoItem() UndoItem {
	item := UndoItem{Kind: UndoKind(r.byte())}
	if r.err == nil && (item.Kind < UndoValue || item.Kind > UndoErasure) {
		r.fail(ErrKind)
	}
	item.ID = r.id()
	switch item.Kind {
	case UndoValue:
		item.Register = Register(r.byte())
		item.Expected = r.value(item.Register)
		item.Value = r.value(item.Register)
	case UndoErasure:
		item.Eraser = r.number()
		item.Off = r.bool()
	}
	return item
}

// value reads a value of a register.
func (r *reader) value(register Register) string {
	s := Setting{register, string(r.bytes())}
	if r.err == nil {
		if err := CheckSetting(s); err != nil {
			r.fail(err)
		}
	}
	return s.Value
}

func (r *reader) bool() bool {
	b := r.byte()
	if b > 1 {
		r.fail(ErrValue)
	}
	return b == 1
}

func appendRanges(dst []byte, ranges []IDRange) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(ranges)))
	for _, g := range ranges {
		dst = binary.AppendUvarint(dst, uint64(g.Replica))
		dst = binary.AppendUvarint(dst, uint64(g.First))
		dst = binary.AppendUvarint(dst, uint64(g.Count))
	}
	return dst
}

// end is the first counter behind the range.
func (g IDRange) end() uint64 { return uint64(g.First) + uint64(g.Count) }

// ranges reads ranges of ids, rising and apart: two that touch are one.
func (r *reader) ranges() []IDRange {
	n := r.count(MaxRanges, 3)
	if n == 0 {
		return nil
	}
	ranges := make([]IDRange, 0, n)
	var before IDRange
	for range n {
		g := IDRange{r.number(), r.number(), r.number()}
		if r.err == nil && g.end() > 1<<32 {
			r.fail(ErrValue)
		}
		if g.Replica < before.Replica || g.Replica == before.Replica && uint64(g.First) <= before.end() {
			r.fail(ErrCanonical)
		}
		if r.err != nil {
			return nil
		}
		ranges = append(ranges, g)
		before = g
	}
	return ranges
}
