package ot

import (
	"cmp"
	"iter"
	"slices"
)

// A key that is made of the revision that created an element: unordered and the
// revision in base 62, most significant digit first.
const (
	unordered      = 'U'
	creationDigits = 9
)

// Key returns the element's place in the drawing order (OT10): keys are compared
// byte by byte, and elements with equal keys are drawn in the order of creation.
func (e *Element) Key() string {
	if e.ordered {
		key, _ := e.Value(Order)
		return key
	}
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var key [1 + creationDigits]byte
	key[0] = unordered
	created := e.created
	for i := creationDigits; i > 0; i-- {
		key[i] = digits[created%uint64(len(digits))]
		created /= uint64(len(digits))
	}
	return string(key[:])
}

// Drawn yields the elements that are not deleted in drawing order (OT10). What
// has no order of its own is in that order already; only the rest is sorted.
func (b *Board) Drawn() iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		ordered := b.inOrder()
		for i := range b.live.below(uint32(len(b.order))) {
			e := b.order[i]
			if e.ordered {
				continue
			}
			for len(ordered) > 0 && ordered[0].before(e) {
				if !yield(ordered[0].Element) {
					return
				}
				ordered = ordered[1:]
			}
			if !yield(e) {
				return
			}
		}
		for _, o := range ordered {
			if !yield(o.Element) {
				return
			}
		}
	}
}

// keyed is an element with its key.
type keyed struct {
	*Element
	key string
}

// before says whether it is drawn before an element that has no order.
func (k keyed) before(e *Element) bool {
	if k.key[0] != unordered {
		return k.key[0] < unordered
	}
	if c := cmp.Compare(k.key, e.Key()); c != 0 {
		return c < 0
	}
	return k.index < e.index
}

// inOrder returns the live elements that have an order of their own, by key.
func (b *Board) inOrder() []keyed {
	if b.ordered == 0 {
		return nil
	}
	var elements []keyed
	for i := range b.live.below(uint32(len(b.order))) {
		if e := b.order[i]; e.ordered {
			elements = append(elements, keyed{e, e.Key()})
		}
	}
	slices.SortFunc(elements, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.index, b.index))
	})
	return elements
}
