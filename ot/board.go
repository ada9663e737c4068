package ot

import (
	"iter"
	"slices"
)

// MaxOpenStrokes is how many strokes a replica may have open on a board (OT4).
const MaxOpenStrokes = 16

// Board is the state of one board.
type Board struct {
	byID    map[ID]*Element
	order   []*Element // by (created, order in the batch)
	writers map[uint32]*writer
	live    bitmap // by Element.index: not deleted
	points  int
	bytes   int // of all elements' sizes
	ordered int // elements with an order of their own, deleted ones too

	sum   fnv128     // of all elements' sums
	dirty []*Element // whose sums are out of date

	applies uint64
	changed []ID
}

// writer is what the board knows of a replica that created something.
type writer struct {
	elements []uint32   // indexes of its elements, rising
	open     []*Element // oldest first, at most MaxOpenStrokes
}

// NewBoard returns the board at revision 0.
func NewBoard() *Board {
	return &Board{byID: map[ID]*Element{}, writers: map[uint32]*writer{}}
}

// Apply takes the ops of one record and returns the ids of the elements that
// changed, each once, valid until the next Apply; of those that were purged too,
// which Get does not find any more. Revisions never fall. The ops
// of a record may also be applied in several calls with the same revision, one
// by one say: the state is the same. An Extend brings the points of its frame,
// decoded; ask Extends first, because a frame that does not extend its stroke
// must not reach the stroke's decoder.
//
// Apply is total (OT1): an op that finds no target changes nothing. It keeps
// nothing of ops but the strings.
func (b *Board) Apply(revision uint64, author uint32, ops []Op) (changed []ID) {
	b.applies++
	b.changed = b.changed[:0]
	for i := range ops {
		b.apply(revision, author, &ops[i])
	}
	return b.changed
}

func (b *Board) apply(revision uint64, author uint32, op *Op) {
	switch op.Kind {
	case Create:
		b.create(revision, author, op)
	case Extend:
		b.extend(author, op)
	case Set:
		b.set(revision, author, op)
	case Clear:
		b.clear(revision, author, op.Base)
	case TextEdit:
		b.editText(author, op)
	case EraseSpans:
		b.erase(author, op)
	case Undo:
		b.undo(revision, author, op.Items)
	case Purge:
		b.purge(author, op.Ranges)
	case End:
		b.end(author, op.ID)
	}
}

// create is OT2.
func (b *Board) create(revision uint64, author uint32, op *Op) {
	if op.ID.Replica != author || author == 0 || op.ID.Counter == 0 || b.byID[op.ID] != nil {
		return
	}
	e := &Element{id: op.ID, kind: op.Element, created: revision, open: op.Element == Ink}
	e.registers = make([]Stamped, 0, len(op.Settings))
	for _, s := range op.Settings {
		e.write(s, revision, author)
	}
	e.size = e.measure()
	b.name(e)
	b.add(e)
}

// add puts a new element at the end of the board, and closes its replica's
// oldest stroke if it now has one too many (OT4).
func (b *Board) add(e *Element) {
	w := b.put(e)
	if !e.open {
		return
	}
	if len(w.open) == MaxOpenStrokes {
		b.close(w.open[0])
	}
	w.open = append(w.open, e)
}

// put puts an element where the board finds it.
func (b *Board) put(e *Element) *writer {
	e.index = uint32(len(b.order))
	b.byID[e.id] = e
	b.order = append(b.order, e)
	b.live.put(e.index, !e.deleted)
	b.ordered += int(bit(e.ordered))
	b.bytes += e.size
	w := b.writers[e.id.Replica]
	if w == nil {
		w = new(writer)
		b.writers[e.id.Replica] = w
	}
	w.elements = append(w.elements, e.index)
	return w
}

// Extends says whether an Extend finds its stroke as it expects it (OT3). Only
// then are its points part of the stroke.
func (b *Board) Extends(author uint32, op *Op) bool {
	e := b.byID[op.ID]
	return e != nil && e.open && op.ID.Replica == author && uint64(op.First) == uint64(len(e.points))
}

// extend is OT3. A frame has at least one point.
func (b *Board) extend(author uint32, op *Op) {
	if len(op.Points) == 0 || !b.Extends(author, op) {
		return
	}
	e := b.byID[op.ID]
	e.points = append(e.points, op.Points...)
	b.points += len(op.Points)
	b.name(e)
	if op.Ended {
		b.close(e)
		return
	}
	e.frames = append(e.frames, append([]byte{}, op.Frame...))
	b.grow(e, frameBytes(op.Frame))
}

// set is OT5 and OT6.
func (b *Board) set(revision uint64, author uint32, op *Op) {
	e := b.byID[op.ID]
	if e == nil || len(op.Settings) == 0 {
		return
	}
	for _, s := range op.Settings {
		b.write(e, s, revision, author)
	}
	b.changedBy(author, e)
}

// write writes a register of an element on the board.
func (b *Board) write(e *Element, s Setting, revision uint64, author uint32) {
	b.ordered -= int(bit(e.ordered))
	b.grow(e, e.growth(s))
	e.write(s, revision, author)
	b.ordered += int(bit(e.ordered))
	b.live.put(e.index, !e.deleted)
}

// end is OT8.
func (b *Board) end(author uint32, id ID) {
	if e := b.byID[id]; e != nil && e.open && (id.Replica == author || author == 0) {
		b.close(e)
	}
}

func (b *Board) close(e *Element) {
	w := b.writers[e.id.Replica]
	w.open = slices.DeleteFunc(w.open, func(o *Element) bool { return o == e })
	b.grow(e, -framesBytes(e.frames))
	e.close()
	b.name(e)
}

// changedBy notes that a replica wrote to an element (OT17).
func (b *Board) changedBy(author uint32, e *Element) {
	if author != e.id.Replica {
		e.touched = true
	}
	b.name(e)
}

// name notes that an element changes: for the caller of Apply and for Hash.
func (b *Board) name(e *Element) {
	if e.named != b.applies {
		e.named = b.applies
		b.changed = append(b.changed, e.id)
	}
	b.stale(e)
}

func (b *Board) stale(e *Element) {
	if !e.dirty {
		e.dirty = true
		b.dirty = append(b.dirty, e)
	}
}

// Hash returns the state hash (docs/format.md). It costs as much as what
// changed since the last call.
func (b *Board) Hash() [16]byte {
	for i, e := range b.dirty {
		sum := e.hash()
		b.sum = b.sum.minus(e.sum).plus(sum)
		e.sum, e.dirty = sum, false
		b.dirty[i] = nil
	}
	b.dirty = b.dirty[:0]
	return b.sum.sum()
}

// Get returns the element with an id, deleted or not; nil if there is none.
func (b *Board) Get(id ID) *Element { return b.byID[id] }

// Len returns how many points an element has; 0 if there is none.
func (b *Board) Len(id ID) int {
	if e := b.byID[id]; e != nil {
		return len(e.points)
	}
	return 0
}

// Elements yields all elements, deleted ones too, in the order of their creation.
func (b *Board) Elements() iter.Seq[*Element] { return slices.Values(b.order) }

// Strokes yields the points of the ink that a snapshot keeps in chunks: of
// every stroke that is closed and has points, in the order of the table. The
// points are not to be written.
func (b *Board) Strokes() iter.Seq[[]Point] {
	return func(yield func([]Point) bool) {
		for _, e := range b.order {
			if e.inChunks() && !yield(e.points) {
				return
			}
		}
	}
}

func (e *Element) inChunks() bool { return !e.open && len(e.points) > 0 }

// editText is OT12. The edit fits the text as it is, or is cut off at its end.
func (b *Board) editText(author uint32, op *Op) {
	if e := b.byID[op.ID]; e != nil && e.kind == Text {
		before := len(e.text)
		e.text = op.Edit.Apply(e.text)
		b.grow(e, len(e.text)-before)
		b.changedBy(author, e)
	}
}

// Load returns how full the board is.
func (b *Board) Load() Load { return Load{len(b.order), b.points, b.bytes} }
