package ot

import "fmt"

// Limits are how much a board takes (OT9).
type Limits struct {
	Elements     int
	Points       int
	Bytes        int // Load.Bytes
	StrokePoints int // of one stroke
	Text         int // code points of one text
	Erasures     int // of one stroke
	Spans        int // of all erasures of one stroke
}

// BoardLimits returns the limits of OT9.
func BoardLimits() Limits {
	return Limits{
		Elements: 100_000, Points: 4_000_000, Bytes: 16 << 20, StrokePoints: 65_536,
		Text: 16_384, Erasures: 256, Spans: 4096,
	}
}

// Load is how much there is on a board, or how much ops will bring to it at most.
type Load struct {
	Elements, Points int
	Bytes            int // that the elements take in the table, counted as in size.go: never less
}

// Plus returns the sum of two loads.
func (l Load) Plus(k Load) Load {
	return Load{l.Elements + k.Elements, l.Points + k.Points, l.Bytes + k.Bytes}
}

// Minus returns the difference of two loads.
func (l Load) Minus(k Load) Load {
	return Load{l.Elements - k.Elements, l.Points - k.Points, l.Bytes - k.Bytes}
}

// LimitError says which limit of a board an op would pass. It is an ErrLimit.
type LimitError struct {
	Limit string // "elements", "points", "bytes", "stroke_points", "text", "erasures" or "spans"
	Max   int
}

func (e *LimitError) Error() string { return fmt.Sprintf("board is full: %s %d", e.Limit, e.Max) }

// Is makes a LimitError an ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// Check returns nil, or a *LimitError if op, which brings so much, would take a
// board with this load over the limits. What brings nothing is in order on the
// fullest board. Whoever accepts ops asks before they are appended, and then counts
// op in: Apply itself knows no limits, because it must do the same everywhere. Ops
// that in the end change nothing count until they are applied.
func (l Limits) Check(load, brings Load, op *Op) error {
	switch {
	case brings.Elements > 0 && load.Elements+brings.Elements > l.Elements:
		return &LimitError{"elements", l.Elements}
	case op.Kind == Extend && uint64(op.First)+uint64(len(op.Points)) > uint64(l.StrokePoints):
		return &LimitError{"stroke_points", l.StrokePoints}
	case brings.Points > 0 && load.Points+brings.Points > l.Points:
		return &LimitError{"points", l.Points}
	case brings.Bytes > 0 && load.Bytes+brings.Bytes > l.Bytes:
		return &LimitError{"bytes", l.Bytes}
	}
	return nil
}

// ElementLoad is how much there is of what is limited per element, or how much ops
// will make of it.
type ElementLoad struct {
	Text            int // code points
	Erasures, Spans int
}

// After returns what an op on the element makes of its size; of spans the most
// that it can be. started says that the erasure of an EraseSpans is there already.
func (l ElementLoad) After(op *Op, started bool) ElementLoad {
	switch op.Kind {
	case TextEdit:
		l.Text = op.Edit.Length(l.Text)
	case EraseSpans:
		l.Spans += len(op.Spans)
		if !started {
			l.Erasures++
		}
	}
	return l
}

// CheckElement returns nil, or a *LimitError if an element may not become that
// large. Like Check it is for whoever accepts ops.
func (l Limits) CheckElement(load ElementLoad) error {
	switch {
	case load.Text > l.Text:
		return &LimitError{"text", l.Text}
	case load.Erasures > l.Erasures:
		return &LimitError{"erasures", l.Erasures}
	case load.Spans > l.Spans:
		return &LimitError{"spans", l.Spans}
	}
	return nil
}
