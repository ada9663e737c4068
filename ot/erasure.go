package ot

import "slices"

// Erasure is what one gesture of an eraser took from a stroke (OT11): its
// author's number for it, the spans and whether it was taken back.
type Erasure struct {
	Replica, Eraser uint32
	Off             bool
	Spans           []Span // rising, apart
}

// Erasures returns what was erased of ink, in the order of the first ops, valid
// until the next Apply; not to be written.
func (e *Element) Erasures() []Erasure { return e.erasures }

// Erasure returns the erasure with a number of its author's, nil if there is none.
func (e *Element) Erasure(replica, eraser uint32) *Erasure {
	for i := range e.erasures {
		if e.erasures[i].Replica == replica && e.erasures[i].Eraser == eraser {
			return &e.erasures[i]
		}
	}
	return nil
}

// erase is OT11.
func (b *Board) erase(author uint32, op *Op) {
	e := b.byID[op.ID]
	if e == nil || e.kind != Ink || op.Eraser == 0 || len(op.Spans) == 0 {
		return
	}
	erasure := e.Erasure(author, op.Eraser)
	if erasure == nil {
		e.erasures = append(e.erasures, Erasure{author, op.Eraser, false, unite(nil, op.Spans)})
		b.grow(e, erasureBytes+len(op.Spans)*spanBytes)
		b.changedBy(author, e)
		return
	}
	if !covers(erasure.Spans, op.Spans) {
		before := len(erasure.Spans)
		erasure.Spans = unite(erasure.Spans, op.Spans)
		b.grow(e, (len(erasure.Spans)-before)*spanBytes)
		b.changedBy(author, e)
	}
}

// covers says whether all of b lies in a.
func covers(a, b []Span) bool {
	for _, s := range b {
		for len(a) > 0 && a[0].To < s.To {
			a = a[1:]
		}
		if len(a) == 0 || a[0].From > s.From {
			return false
		}
	}
	return true
}

// unite returns what is in a or in b, both rising.
func unite(a, b []Span) []Span {
	out := make([]Span, 0, len(a)+len(b))
	for len(a)+len(b) > 0 {
		from := &a
		if len(a) == 0 || len(b) > 0 && b[0].From < a[0].From {
			from = &b
		}
		s := (*from)[0]
		*from = (*from)[1:]
		if last := len(out) - 1; last >= 0 && s.From <= out[last].To {
			out[last].To = max(out[last].To, s.To)
		} else {
			out = append(out, s)
		}
	}
	return slices.Clip(out)
}

// Visible returns what is to be seen of the line of ink, rising and apart (OT11).
// The line goes from 0 to k·256, k being the count of its points; what lies
// behind the last point shows nothing, so a part ends at k·256 if it has the
// last point and begins at (k−1)·256 at the latest. whole says that nothing is
// erased of it: the one part is the line. Without points there are no parts.
func (e *Element) Visible() (parts []Span, whole bool) {
	if len(e.points) == 0 {
		return nil, true
	}
	end := uint32(len(e.points)) * 256
	var gone []Span
	for i := range e.erasures {
		if !e.erasures[i].Off {
			gone = unite(gone, e.erasures[i].Spans)
		}
	}
	if len(e.points) == 1 {
		if len(gone) > 0 && gone[0].From == 0 {
			return nil, false
		}
		return []Span{{0, end}}, true
	}
	at := uint32(0)
	for _, s := range gone {
		if s.From > end-256 {
			break // behind the last point
		}
		if s.From > at {
			parts = append(parts, Span{at, s.From})
		}
		at = s.To
	}
	if at <= end-256 {
		parts = append(parts, Span{at, end})
	}
	return parts, len(parts) == 1 && parts[0] == Span{0, end}
}
