package ot

import (
	"cmp"
	"math"
	"slices"
)

// purged is the index of an element that is off the board.
const purged = math.MaxUint32

// purge is OT16. It looks at every element a few times, however many go.
func (b *Board) purge(author uint32, ranges []IDRange) {
	if author != 0 {
		return
	}
	gone := 0
	for _, e := range b.order {
		if e.deleted && inRanges(ranges, e.id) {
			b.name(e)
			e.index, e.dirty = purged, false
			b.points -= len(e.points)
			b.sum = b.sum.minus(e.sum)
			gone++
		}
	}
	if gone == 0 {
		return
	}
	b.dirty = slices.DeleteFunc(b.dirty, func(e *Element) bool { return e.index == purged })
	b.forget(gone)
}

// forget makes everything that the board finds elements by anew without those
// that are purged, so that not even the room that they took stays.
func (b *Board) forget(gone int) {
	before := b.order
	b.order = make([]*Element, 0, len(before)-gone)
	b.byID = make(map[ID]*Element, len(before)-gone)
	b.live, b.ordered, b.bytes = bitmap{}, 0, 0
	for _, w := range b.writers {
		w.elements = nil
		w.open = slices.DeleteFunc(w.open, func(e *Element) bool { return e.index == purged })
	}
	for _, e := range before {
		if e.index != purged {
			b.put(e)
		}
	}
	for replica, w := range b.writers {
		if len(w.elements) == 0 {
			delete(b.writers, replica)
		}
	}
}

// inRanges says whether an id is in ranges, which are rising and apart.
func inRanges(ranges []IDRange, id ID) bool {
	_, found := slices.BinarySearchFunc(ranges, id, func(g IDRange, id ID) int {
		switch {
		case g.Replica != id.Replica:
			return cmp.Compare(g.Replica, id.Replica)
		case g.First > id.Counter:
			return 1
		case g.end() <= uint64(id.Counter):
			return -1
		}
		return 0
	})
	return found
}
