package ot

import "encoding/binary"

// Flags of an element in the table.
const (
	flagOpen    = 1 // ink that goes on: its frames follow
	flagSame    = 2 // ink with the registers of the ink before it, all written when it was created
	flagInk     = 4
	flagTouched = 8  // OT17
	flagErased  = 16 // ink with erasures
	flagUnknown = ^byte(flagOpen | flagSame | flagInk | flagTouched | flagErased)
)

// maxRevision is the last revision that a table may name: TypeScript counts in doubles.
const maxRevision = 1<<53 - 1

// tableState is what the elements of a table are coded against.
type tableState struct {
	created  uint64
	counters map[uint32]uint32 // of each replica's last element
	ink      []Stamped         // registers of the last ink element
}

// AppendTable appends the table of a board to dst. With the strokes that
// Strokes yields it is the board's snapshot. It changes nothing in b.
func AppendTable(dst []byte, b *Board) []byte {
	s := tableState{counters: make(map[uint32]uint32, len(b.writers))}
	dst = binary.AppendUvarint(dst, uint64(len(b.order)))
	for _, e := range b.order {
		dst = s.appendElement(dst, e)
	}
	return dst
}

func (s *tableState) appendElement(dst []byte, e *Element) []byte {
	same := e.kind == Ink && s.same(e)
	dst = binary.AppendUvarint(dst, e.created-s.created)
	dst = binary.AppendUvarint(dst, uint64(e.id.Replica))
	dst = binary.AppendVarint(dst, int64(e.id.Counter)-int64(s.counters[e.id.Replica]))
	dst = append(dst, bit(e.open)*flagOpen|bit(same)*flagSame|bit(e.kind == Ink)*flagInk|
		bit(e.touched)*flagTouched|bit(len(e.erasures) > 0)*flagErased)
	if e.kind != Ink {
		dst = append(dst, byte(e.kind))
	}
	if !same {
		dst = appendStamped(dst, e)
	}
	switch e.kind {
	case Ink:
		dst = appendErasures(appendInk(dst, e), e.erasures)
	case Text:
		dst = appendString(dst, e.text)
	}
	s.follow(e)
	return dst
}

func appendStamped(dst []byte, e *Element) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(e.registers)))
	for i := range e.registers {
		r := &e.registers[i]
		dst = append(dst, byte(r.Register))
		dst = binary.AppendUvarint(dst, r.Stamp-e.created)
		if r.Stamp != e.created { // else its replica wrote it: a record has one author
			dst = binary.AppendUvarint(dst, uint64(r.Writer))
		}
		dst = appendString(dst, r.Value)
	}
	return dst
}

func appendInk(dst []byte, e *Element) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(e.points)))
	if !e.open {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(e.frames)))
	for _, f := range e.frames {
		dst = appendBytes(dst, f)
	}
	return dst
}

func appendErasures(dst []byte, erasures []Erasure) []byte {
	if len(erasures) == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(erasures)))
	for i := range erasures {
		e := &erasures[i]
		dst = binary.AppendUvarint(dst, uint64(e.Replica))
		dst = binary.AppendUvarint(dst, uint64(e.Eraser))
		dst = appendSpans(append(dst, bit(e.Off)), e.Spans)
	}
	return dst
}

// same says whether the element's registers are those of the ink before it and
// were all written when it was created.
func (s *tableState) same(e *Element) bool {
	if len(e.registers) != len(s.ink) {
		return false
	}
	for i := range e.registers {
		if e.registers[i].Stamp != e.created || e.registers[i].Setting != s.ink[i].Setting {
			return false
		}
	}
	return true
}

func (s *tableState) follow(e *Element) {
	s.created = e.created
	s.counters[e.id.Replica] = e.id.Counter
	if e.kind == Ink {
		s.ink = e.registers
	}
}
