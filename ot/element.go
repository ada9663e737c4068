package ot

import (
	"slices"
	"unicode/utf8"
)

// Stamped is a register of an element with its last write: the record's revision and author.
type Stamped struct {
	Setting
	Stamp  uint64
	Writer uint32
}

// Element is one thing on a board. It belongs to its Board and changes with it.
type Element struct {
	id        ID
	created   uint64
	index     uint32 // in the board's order
	kind      ElementKind
	open      bool
	deleted   bool      // what the register says
	ordered   bool      // the register Order is not empty
	touched   bool      // OT17
	dirty     bool      // in Board.dirty: sum is out of date
	named     uint64    // Board.applies when last named as changed
	registers []Stamped // by rising register

	// Ink only.
	points   []Point
	frames   [][]byte // while open: points as they travelled
	digest   fnv128   // of points[:digested]
	digested int
	erasures []Erasure // in the order of their first op

	text string // Text only

	size int // bytes that it counts as in Load

	sum fnv128 // its part of the board's hash
}

// ID returns the element's id.
func (e *Element) ID() ID { return e.id }

// Kind returns what the element is.
func (e *Element) Kind() ElementKind { return e.kind }

// Created returns the revision that created the element.
func (e *Element) Created() uint64 { return e.created }

// Open says whether the element is a stroke that goes on.
func (e *Element) Open() bool { return e.open }

// Deleted says whether the element is hidden (OT6).
func (e *Element) Deleted() bool { return e.deleted }

// Touched says whether another replica than its own has written to it (OT17).
func (e *Element) Touched() bool { return e.touched }

// Text returns the string of a text, "" of any other kind.
func (e *Element) Text() string { return e.text }

// Load returns how much of what is limited per element there is (OT9).
func (e *Element) Load() ElementLoad {
	return ElementLoad{Text: utf8.RuneCountInString(e.text), Erasures: len(e.erasures), Spans: e.Spans()}
}

// Spans returns how many spans all erasures of the element have.
func (e *Element) Spans() (n int) {
	for i := range e.erasures {
		n += len(e.erasures[i].Spans)
	}
	return n
}

// Points returns the points of ink, valid until the next Apply; not to be written.
func (e *Element) Points() []Point { return e.points }

// Frames returns the frames of a stroke that is open, nil for any other; not to be written.
func (e *Element) Frames() [][]byte { return e.frames }

// Registers returns the registers that were ever written, by rising number,
// valid until the next Apply; not to be written.
func (e *Element) Registers() []Stamped { return e.registers }

// Value returns the value of a register, and whether it was ever written.
func (e *Element) Value(register Register) (value string, ok bool) {
	if i, ok := e.find(register); ok {
		return e.registers[i].Value, true
	}
	return "", false
}

func (e *Element) find(register Register) (index int, found bool) {
	return slices.BinarySearchFunc(e.registers, register, func(s Stamped, r Register) int {
		return int(s.Register) - int(r)
	})
}

// write sets one register; the later write stands (OT5).
func (e *Element) write(s Setting, stamp uint64, writer uint32) {
	i, found := e.find(s.Register)
	if found {
		e.registers[i] = Stamped{s, stamp, writer}
	} else {
		e.registers = slices.Insert(e.registers, i, Stamped{s, stamp, writer})
	}
	switch s.Register {
	case Deleted:
		e.deleted = s.Value == BoolValue(true)
	case Order:
		e.ordered = s.Value != ""
	}
}

// close ends a stroke: its frames are not needed any more and its points do not grow.
func (e *Element) close() {
	e.open = false
	e.frames = nil
	if cap(e.points) > len(e.points)+len(e.points)/8 {
		e.points = append(make([]Point, 0, len(e.points)), e.points...)
	}
}

// hash returns the FNV-1a/128 of the element's canonical bytes. Of its points
// only those are read that are new since the last time.
func (e *Element) hash() fnv128 {
	h := fnvStart().uvarint(uint64(e.id.Replica)).uvarint(uint64(e.id.Counter))
	h = h.byte(byte(e.kind)).byte(bit(e.touched)).uvarint(e.created).uvarint(uint64(len(e.registers)))
	for i := range e.registers {
		s := &e.registers[i]
		h = h.byte(byte(s.Register)).uvarint(s.Stamp).uvarint(uint64(s.Writer)).string(s.Value)
	}
	switch e.kind {
	case Ink:
		h = h.byte(bit(e.open)).uvarint(uint64(len(e.points)))
		sum := e.pointsDigest().sum()
		h = h.bytes(sum[:]).erasures(e.erasures)
	case Text:
		h = h.string(e.text)
	}
	return h
}

func (e *Element) pointsDigest() fnv128 {
	if e.digested == 0 {
		e.digest = fnvStart()
	}
	var before Point
	if e.digested > 0 {
		before = e.points[e.digested-1]
	}
	e.digest = e.digest.points(before, e.points[e.digested:])
	e.digested = len(e.points)
	return e.digest
}
