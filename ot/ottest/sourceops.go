package ottest

import (
	"math/rand/v2"
	"slices"

	"chalkline/ot"
)

// target is an element of the board, mostly; else an id that may not exist.
func (s *Source) target(b *ot.Board) ot.ID {
	if s.rng.IntN(8) > 0 {
		if e := pick(s.rng, b, func(*ot.Element) bool { return true }); e != nil {
			return e.ID()
		}
	}
	return ot.ID{Replica: 1 + s.rng.Uint32N(s.others), Counter: 1 + s.rng.Uint32N(40)}
}

// pick returns one of the elements that are wanted, deleted ones too; nil if there is none.
func pick(rng *rand.Rand, b *ot.Board, wanted func(*ot.Element) bool) *ot.Element {
	var picked *ot.Element
	n := 0
	for e := range b.Elements() {
		if wanted(e) {
			if n++; rng.IntN(n) == 0 {
				picked = e
			}
		}
	}
	return picked
}

// editText edits a text, now and then beyond its end.
func (s *Source) editText(b *ot.Board) ot.Op {
	op := ot.Op{Kind: ot.TextEdit, ID: s.target(b), Base: s.rng.Uint64N(3)}
	length := s.rng.IntN(6)
	if e := pick(s.rng, b, func(e *ot.Element) bool { return e.Kind() == ot.Text }); e != nil {
		op.ID = e.ID()
		length += e.Load().Text - s.rng.IntN(6)
	}
	op.Edit = Edit(s.rng, max(length, 0))
	return op
}

// Edit returns a random edit, never empty, of a text of n code points.
func Edit(rng *rand.Rand, n int) ot.Edit {
	var e ot.Edit
	for left := n; left > 0; {
		run := 1 + rng.IntN(min(left, 1+rng.IntN(8)))
		switch rng.IntN(4) {
		case 0:
			e = append(e, ot.Component{Kind: ot.Insert, Text: Letters(rng, 1+rng.IntN(4))})
		case 1:
			e = append(e, ot.Component{Kind: ot.Delete, N: run})
			left -= run
		default:
			e = append(e, ot.Component{Kind: ot.Keep, N: run})
			left -= run
		}
	}
	if rng.IntN(4) == 0 {
		e = append(e, ot.Component{Kind: ot.Insert, Text: Letters(rng, 1+rng.IntN(4))})
	}
	if e = e.Canonical(); len(e) == 0 {
		return ot.Edit{{Kind: ot.Insert, Text: Letters(rng, 1)}}
	}
	return e
}

// Letters returns a string of n code points, of one to four bytes each.
func Letters(rng *rand.Rand, n int) string {
	alphabet := []rune("abcdef \né汉字😀")
	out := make([]rune, n)
	for i := range out {
		out[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(out)
}

// erase erases parts of ink, in a few erasures that it comes back to.
func (s *Source) erase(b *ot.Board) ot.Op {
	id, points := s.target(b), 0
	if e := pick(s.rng, b, func(e *ot.Element) bool { return e.Kind() == ot.Ink }); e != nil {
		id, points = e.ID(), len(e.Points())
	}
	return ot.Op{Kind: ot.EraseSpans, ID: id, Eraser: 1 + s.rng.Uint32N(3), Spans: Spans(s.rng, points)}
}

// Spans returns 1 to 3 random spans of a stroke of n points.
func Spans(rng *rand.Rand, n int) []ot.Span {
	spans := make([]ot.Span, 1+rng.IntN(3))
	at := rng.Uint32N(uint32(n*256) + 1)
	if rng.IntN(3) == 0 {
		at = 0
	}
	for i := range spans {
		spans[i] = ot.Span{From: at, To: at + 1 + rng.Uint32N(uint32(n*64)+256)}
		at = spans[i].To + 1 + rng.Uint32N(300)
	}
	return spans
}

// undo takes back what its author may have written, or may not.
func (s *Source) undo(b *ot.Board) ot.Op {
	op := ot.Op{Kind: ot.Undo, Items: make([]ot.UndoItem, 1+s.rng.IntN(3))}
	for i := range op.Items {
		op.Items[i] = s.undoItem(b)
	}
	return op
}

func (s *Source) undoItem(b *ot.Board) ot.UndoItem {
	item := ot.UndoItem{Kind: ot.UndoValue + ot.UndoKind(s.rng.IntN(3)), ID: s.target(b)}
	e := b.Get(item.ID)
	switch item.Kind {
	case ot.UndoValue:
		item.Register = ot.Place + ot.Register(s.rng.IntN(16))
		item.Expected = value(s.rng, item.Register, s.others)
		if e != nil && len(e.Registers()) > 0 {
			written := e.Registers()[s.rng.IntN(len(e.Registers()))]
			item.Register, item.Expected = written.Register, written.Value
		}
		item.Value = value(s.rng, item.Register, s.others)
	case ot.UndoMade:
		if own := pick(s.rng, b, func(e *ot.Element) bool { return e.ID().Replica == s.Author && !e.Deleted() }); own != nil {
			item.ID = own.ID()
		}
	case ot.UndoErasure:
		item.Eraser, item.Off = 1+s.rng.Uint32N(3), s.rng.IntN(2) == 0
		if e := pick(s.rng, b, func(e *ot.Element) bool { return len(e.Erasures()) > 0 }); e != nil {
			item.ID = e.ID()
		}
	}
	return item
}

// Purge returns the op that takes some of the deleted elements of a board off it.
func Purge(rng *rand.Rand, b *ot.Board) ot.Op {
	ranges := []ot.IDRange{{Replica: 1<<32 - 1, First: 1 + rng.Uint32N(9), Count: 1}} // nobody's
	for e := range b.Elements() {
		if id := e.ID(); rng.IntN(3) > 0 && id.Counter < 1<<31 {
			ranges = append(ranges, ot.IDRange{Replica: id.Replica, First: id.Counter, Count: 1 + rng.Uint32N(3)})
		}
	}
	return ot.Op{Kind: ot.Purge, Ranges: Ranges(ranges)}
}

// Ranges puts ranges in order and makes one of those that touch.
func Ranges(ranges []ot.IDRange) []ot.IDRange {
	slices.SortFunc(ranges, func(a, b ot.IDRange) int {
		if a.Replica != b.Replica {
			return int(int64(a.Replica) - int64(b.Replica))
		}
		return int(int64(a.First) - int64(b.First))
	})
	out := ranges[:0]
	for _, g := range ranges {
		if n := len(out); n > 0 && out[n-1].Replica == g.Replica && g.First <= out[n-1].First+out[n-1].Count {
			last := &out[n-1]
			last.Count = max(last.First+last.Count, g.First+g.Count) - last.First
			continue
		}
		out = append(out, g)
	}
	return out
}
