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
	Size
	Align
	Style
	Vertices
)

// Setting is a register with its value in canonical bytes.
type Setting struct {
	Register Register
	Value    string
}

// OpKind says what an op does.
type OpKind uint8

// The kinds of ops.
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

// Span is a part of a stroke's line, from ≤ x < to in 1/256 of a point's index.
type Span struct{ From, To uint32 }

// UndoKind says what an item of an undo takes back (OT15).
type UndoKind uint8

// The kinds of undo items.
const (
	UndoValue   UndoKind = 1 + iota // a register's value
	UndoMade                        // that the element was created
	UndoErasure                     // an erasure, or that it was taken back
)

// UndoItem is one part of an undo. Which fields count depends on Kind.
type UndoItem struct {
	Kind     UndoKind
	ID       ID
	Register Register // UndoValue
	Expected string   // UndoValue: canonical value that the author wrote
	Value    string   // UndoValue: canonical value to write
	Eraser   uint32   // UndoErasure
	Off      bool     // UndoErasure
}

// IDRange is Count ids of one replica from First on.
type IDRange struct{ Replica, First, Count uint32 }

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
	Base     uint64      // Clear: revision up to which others' elements are deleted; TextEdit: revision that Edit was made on, 0 in the log
	Edit     Edit        // TextEdit
	Eraser   uint32      // EraseSpans: the author's number of the erasure
	Spans    []Span      // EraseSpans: rising, apart
	Items    []UndoItem  // Undo
	Ranges   []IDRange   // Purge: rising, apart
}
