package ot

import (
	"math/bits"
	"sort"
)

// clear is OT7. It costs as much as what it deletes (and a bit for every
// element), so that clearing an empty board over and over hurts nobody.
func (b *Board) clear(revision uint64, author uint32, base uint64) {
	end := sort.Search(len(b.order), func(i int) bool { return b.order[i].created > base })
	for i := range b.live.below(uint32(end)) {
		b.hide(revision, author, b.order[i])
	}
	w := b.writers[author]
	if w == nil {
		return
	}
	for _, i := range w.elements {
		if b.live.has(i) {
			b.hide(revision, author, b.order[i])
		}
	}
}

func (b *Board) hide(revision uint64, author uint32, e *Element) {
	b.write(e, Setting{Deleted, BoolValue(true)}, revision, author)
	b.changedBy(author, e)
}

// bitmap is a set of small numbers.
type bitmap struct{ words []uint64 }

func (m *bitmap) put(i uint32, in bool) {
	for int(i/64) >= len(m.words) {
		m.words = append(m.words, 0)
	}
	if in {
		m.words[i/64] |= 1 << (i % 64)
	} else {
		m.words[i/64] &^= 1 << (i % 64)
	}
}

func (m *bitmap) has(i uint32) bool { return m.words[i/64]>>(i%64)&1 == 1 }

// below yields the numbers under end, rising. The one yielded may be taken out meanwhile.
func (m *bitmap) below(end uint32) func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for w, word := range m.words {
			for ; word != 0; word &= word - 1 {
				i := uint32(w*64 + bits.TrailingZeros64(word))
				if i >= end || !yield(i) {
					return
				}
			}
		}
	}
}
