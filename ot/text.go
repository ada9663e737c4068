package ot

// ComponentKind says what a part of an Edit does.
type ComponentKind uint8

// The kinds of components, as they are numbered on the wire.
const (
	Keep ComponentKind = iota
	Delete
	Insert
)

// Component is one part of an Edit: N code points kept or deleted, or Text inserted.
type Component struct {
	Kind ComponentKind
	N    int    // Keep, Delete
	Text string // Insert
}

// Edit changes a text from its start on; what it does not reach is kept. The
// canonical form is that of docs/format.md.
type Edit []Component
