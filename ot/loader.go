package ot

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrStrokes says that strokes do not fit the table that they come with.
var ErrStrokes = errors.New("strokes and table differ")

// minElement is the least number of bytes that an element takes in a table.
const minElement = 5

// Loader builds a board from a snapshot: ReadTable, then the points of the
// strokes that are open (SetOpen, after decoding their frames) and of those
// that are closed (AddStrokes, as the chunks come), then Board.
type Loader struct {
	board   *Board
	closed  []expected // closed strokes whose points are still to come, in table order
	open    map[ID]int // points of open strokes still to come
	missing int        // points of closed
}

// expected is a stroke that the table has announced.
type expected struct {
	element *Element
	points  int
}

// OpenStroke is a stroke that goes on: its frames decode to Points points.
type OpenStroke struct {
	ID     ID
	Points int
	Frames [][]byte
}

// ReadTable reads a table, exactly src. What is allocated is bounded by the
// length of src, whatever it announces; what is over the limits is refused, all
// but Bytes.
// Only the canonical bytes are taken: AppendTable of the board is src again.
// Errors: ErrTruncated, ErrCanonical, ErrKind, ErrValue, ErrLimit.
func ReadTable(src []byte, limits Limits) (*Loader, error) {
	t := tableReader{
		reader: reader{src: src}, limits: limits,
		state:  tableState{counters: map[uint32]uint32{}},
		loader: &Loader{board: NewBoard(), open: map[ID]int{}},
	}
	n := t.elementCount()
	t.loader.board.order = make([]*Element, 0, n)
	t.loader.board.byID = make(map[ID]*Element, n)
	elements := make([]Element, n)
	for i := range elements {
		t.element(&elements[i])
		if t.err != nil {
			return nil, fmt.Errorf("ot: read table: element %d: %w", i, t.err)
		}
	}
	if err := t.end(); err != nil {
		return nil, fmt.Errorf("ot: read table: %w", err)
	}
	return t.loader, nil
}

type tableReader struct {
	reader
	limits Limits
	state  tableState
	loader *Loader
	points int // announced so far
}

func (t *tableReader) elementCount() int {
	n := t.atMost(uint64(t.limits.Elements), ErrLimit)
	if n > uint64(len(t.src)/minElement) {
		t.fail(ErrTruncated)
		return 0
	}
	return int(n)
}

func (t *tableReader) element(e *Element) {
	e.created = t.revision(t.state.created)
	e.id = t.elementID()
	flags := t.byte()
	t.kind(e, flags)
	t.registers(e, flags)
	points := 0
	switch e.kind {
	case Ink:
		points = t.ink(e)
		t.erasures(e, flags)
	case Text:
		e.text = t.text()
	}
	if w := t.loader.board.writers[e.id.Replica]; e.open && w != nil && len(w.open) == MaxOpenStrokes {
		t.fail(ErrLimit)
	}
	if t.err != nil {
		return
	}
	e.size = e.measure()
	t.state.follow(e)
	t.loader.put(e, points)
}

// revision reads a revision as its distance from an earlier one.
func (t *tableReader) revision(before uint64) uint64 {
	return before + t.atMost(maxRevision-before, ErrValue)
}

func (t *tableReader) elementID() ID {
	replica := t.uint32()
	step := t.zigzag()
	counter := int64(t.state.counters[replica]) + step
	id := ID{Replica: replica, Counter: uint32(counter)}
	if t.err != nil {
		return ID{}
	}
	if replica == 0 || counter < 1 || counter > 1<<32-1 {
		t.fail(ErrValue)
	} else if t.loader.board.byID[id] != nil {
		t.fail(ErrCanonical)
	}
	return id
}

func (t *tableReader) kind(e *Element, flags byte) {
	if flags&flagUnknown != 0 {
		t.fail(ErrCanonical)
	}
	e.touched = flags&flagTouched != 0
	if flags&flagInk != 0 {
		e.kind, e.open = Ink, flags&flagOpen != 0
		return
	}
	e.kind = t.elementKind()
	if e.kind == Ink || flags&^flagTouched != 0 {
		t.fail(ErrCanonical)
	}
}

func (t *tableReader) registers(e *Element, flags byte) {
	if flags&flagSame != 0 {
		e.registers = make([]Stamped, 0, len(t.state.ink))
		for _, s := range t.state.ink {
			e.write(s.Setting, e.created, e.id.Replica)
		}
		return
	}
	n := t.settingsCount()
	e.registers = make([]Stamped, 0, n)
	var before Register
	for range n {
		stamp, writer := e.created, e.id.Replica
		s := t.setting(before, func() {
			if stamp = t.revision(e.created); stamp != e.created {
				writer = t.uint32()
			}
		})
		if t.err != nil {
			return
		}
		before = s.Register
		e.write(s, stamp, writer)
	}
	if e.kind == Ink && t.state.same(e) {
		t.fail(ErrCanonical) // flagSame is the shorter form
	}
}

// ink reads how many points there are and, of an open stroke, the frames.
func (t *tableReader) ink(e *Element) (points int) {
	points = int(t.atMost(uint64(t.limits.StrokePoints), ErrLimit))
	t.points += points
	if t.points > t.limits.Points {
		t.fail(ErrLimit)
	}
	if !e.open {
		return points
	}
	n := t.uvarint()
	if n > uint64(len(t.src)) {
		t.fail(ErrTruncated)
	} else if n > uint64(points) || n == 0 && points > 0 {
		t.fail(ErrValue) // a frame has at least one point
	}
	if t.err != nil {
		return 0
	}
	e.frames = make([][]byte, 0, n)
	for range n {
		e.frames = append(e.frames, append([]byte{}, t.bytes()...))
	}
	return points
}

// erasures reads what was erased of ink.
func (t *tableReader) erasures(e *Element, flags byte) {
	if flags&flagErased == 0 {
		return
	}
	n := t.count(uint64(t.limits.Erasures), 5)
	e.erasures = make([]Erasure, 0, n)
	spans := t.limits.Spans // that may still come
	for range n {
		erasure := Erasure{Replica: t.uint32(), Eraser: t.number(), Off: t.bool()}
		if t.err == nil && e.Erasure(erasure.Replica, erasure.Eraser) != nil {
			t.fail(ErrCanonical)
		}
		erasure.Spans = t.spans(spans)
		if t.err != nil {
			return
		}
		spans -= len(erasure.Spans)
		e.erasures = append(e.erasures, erasure)
	}
}

// text reads the string of a text.
func (t *tableReader) text() string {
	b := t.bytes()
	if utf8.RuneCount(b) > t.limits.Text {
		t.fail(ErrLimit)
	}
	if s := string(b); t.err == nil && wellFormed(s) {
		return s
	}
	t.fail(ErrValue)
	return ""
}

func (l *Loader) put(e *Element, points int) {
	l.board.add(e)
	l.board.stale(e)
	switch {
	case points == 0:
	case e.open:
		l.open[e.id] = points
	default:
		l.closed = append(l.closed, expected{e, points})
		l.missing += points
	}
}

// Missing returns how many points AddStrokes is still to bring.
func (l *Loader) Missing() int { return l.missing }

// OpenStrokes returns the strokes that are open and have points, in table
// order. Each is to be given its points by SetOpen.
func (l *Loader) OpenStrokes() []OpenStroke {
	var strokes []OpenStroke
	for _, e := range l.board.order {
		if points := l.open[e.id]; points > 0 {
			strokes = append(strokes, OpenStroke{e.id, points, e.frames})
		}
	}
	return strokes
}

// SetOpen gives an open stroke the points of its frames and keeps the slice.
// ErrStrokes if the table says otherwise.
func (l *Loader) SetOpen(id ID, points []Point) error {
	if want := l.open[id]; len(points) != want || want == 0 {
		return fmt.Errorf("ot: load open stroke %v: %d points, not %d: %w", id, len(points), want, ErrStrokes)
	}
	delete(l.open, id)
	l.give(l.board.byID[id], points)
	return nil
}

// AddStrokes gives the next closed strokes, in table order, their points and
// keeps the slices. ErrStrokes if the table says otherwise.
func (l *Loader) AddStrokes(strokes ...[]Point) error {
	for _, points := range strokes {
		if len(l.closed) == 0 {
			return fmt.Errorf("ot: load strokes: one too many: %w", ErrStrokes)
		}
		next := l.closed[0]
		if len(points) != next.points {
			return fmt.Errorf("ot: load stroke %v: %d points, not %d: %w", next.element.id, len(points), next.points, ErrStrokes)
		}
		l.closed = l.closed[1:]
		l.missing -= len(points)
		l.give(next.element, points)
	}
	return nil
}

func (l *Loader) give(e *Element, points []Point) {
	e.points = points[:len(points):len(points)]
	l.board.points += len(points)
}

// Board returns the board once all strokes have come; ErrStrokes before. The
// loader is of no more use after it.
func (l *Loader) Board() (*Board, error) {
	if n := len(l.closed) + len(l.open); n > 0 {
		return nil, fmt.Errorf("ot: load board: %d strokes are missing: %w", n, ErrStrokes)
	}
	return l.board, nil
}
