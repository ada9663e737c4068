package ot

// ID names an element of one board: the replica that made it and that
// replica's counter on this board, both from 1. The zero ID names nothing.
type ID struct{ Replica, Counter uint32 }

// Point is one sample of a pen: x 0..65535 and y 0..262143 in 1/10 px, pressure
// p 0..255, t in ms since the stroke's first point, never falling.
type Point struct{ X, Y, P, T int32 }

// ElementKind says what an element is.
type ElementKind uint8

// The kinds of elements (docs/format.md).
const (
	Ink ElementKind = 1 + iota
	Line
	Arrow
	Rectangle
	Ellipse
	Polygon
	Text
	Image
)

// Register numbers one value of an element that is written whole: the later in
// log order wins.
type Register uint8

// The registers (docs/format.md has their values).
const (
	Place Register = 1 + iota
	Color
	Width
	Deleted
	Order
	Group
	Opacity
	Fill
	Dash
	Content
	Locked
	Pen
)

// Setting is a register with its value in canonical bytes.
type Setting struct {
	Register Register
	Value    string
}

// OpKind says what an op does.
type OpKind uint8

// The kinds of ops. TextEdit to Purge have their numbers and are refused by
// op semantics 1.
const (
	Create OpKind = 1 + iota
	Extend
	Set
	Clear
	TextEdit
	EraseSpans
	Undo
	Purge
	End
)

// Op is one edit of a board. Which fields count depends on Kind.
type Op struct {
	Kind     OpKind
	ID       ID
	Element  ElementKind // Create
	Settings []Setting   // Create, Set: by rising register
	First    uint32      // Extend: index of the first point
	Ended    bool        // Extend: the stroke ends with this frame
	Frame    []byte      // Extend: the points as they travel, opaque here
	Points   []Point     // Extend: the points of Frame, filled in by whoever decodes it, before Apply
	Base     uint64      // Clear: revision up to which others' elements are deleted
}
