package ottest

import (
	"math/rand/v2"

	"chalkline/ot"
)

// Source makes random ops of one replica. The same seed and the same boards
// give the same ops.
type Source struct {
	Author  uint32
	others  uint32 // replicas are 1 … others
	rng     *rand.Rand
	counter uint32
	strokes map[ot.ID]int // own strokes: points given out so far
	drawing []ot.ID       // those that it goes on drawing
}

// NewSource returns the source of one replica among replicas of them.
func NewSource(seed uint64, author, replicas uint32) *Source {
	return &Source{
		Author: author, others: replicas,
		rng:     rand.New(rand.NewPCG(seed, uint64(author))),
		strokes: map[ot.ID]int{},
	}
}

// Batch returns 1 to 4 ops (now and then many more) of somebody who sees b,
// which may be behind what he has written himself.
func (s *Source) Batch(b *ot.Board, revision uint64) []ot.Op {
	n := 1 + s.rng.IntN(4)
	if s.rng.IntN(40) == 0 {
		return s.manyStrokes(ot.MaxOpenStrokes + 2)
	}
	ops := make([]ot.Op, 0, n)
	for range n {
		ops = append(ops, s.op(b, revision))
	}
	return ops
}

func (s *Source) op(b *ot.Board, revision uint64) ot.Op {
	switch n := s.rng.IntN(100); {
	case n < 16 || len(s.drawing) == 0 && n < 40:
		return s.stroke()
	case n < 40:
		return s.extend(s.drawing[s.rng.IntN(len(s.drawing))])
	case n < 48:
		return s.shape()
	case n < 62:
		return ot.Op{Kind: ot.Set, ID: s.target(b), Settings: s.settings(1 + s.rng.IntN(3))}
	case n < 64:
		return ot.Op{Kind: ot.Clear, Base: s.rng.Uint64N(revision + 3)}
	case n < 68:
		return ot.Op{Kind: ot.End, ID: s.target(b)}
	case n < 78:
		return s.editText(b)
	case n < 86:
		return s.erase(b)
	case n < 94:
		return s.undo(b)
	default:
		return s.nonsense(b)
	}
}

// nonsense is what no honest client sends, and Apply takes all the same.
func (s *Source) nonsense(b *ot.Board) ot.Op {
	id := s.target(b)
	switch s.rng.IntN(6) {
	case 0: // an id that exists, or somebody else's
		return ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink, Settings: s.settings(2)}
	case 1: // a wrong first index, or somebody else's stroke
		return s.frame(id, b.Len(id)+s.rng.IntN(3)-1)
	case 2: // nobody's
		return ot.Op{Kind: ot.Set, ID: ot.ID{Replica: s.others + 7, Counter: 1}, Settings: s.settings(1)}
	case 3:
		return ot.Op{Kind: ot.Clear, Base: 1<<64 - 1 - s.rng.Uint64N(2)<<12}
	case 4: // the server's alone
		return Purge(s.rng, b)
	default: // large numbers
		return ot.Op{Kind: ot.Create, ID: ot.ID{Replica: s.Author, Counter: 1<<32 - 1 - s.rng.Uint32N(4)}, Element: ot.Text}
	}
}

func (s *Source) newID() ot.ID {
	s.counter++
	return ot.ID{Replica: s.Author, Counter: s.counter}
}

// shape is what is not ink: a text as often as not.
func (s *Source) shape() ot.Op {
	kind := ot.Text
	if s.rng.IntN(2) == 0 {
		kind = ot.Line + ot.ElementKind(s.rng.IntN(7))
	}
	return ot.Op{Kind: ot.Create, ID: s.newID(), Element: kind, Settings: s.settings(4)}
}

func (s *Source) stroke() ot.Op {
	id := s.newID()
	s.strokes[id] = 0
	s.drawing = append(s.drawing, id)
	settings := s.settings(s.rng.IntN(4))
	if s.rng.IntN(2) == 0 { // a pen that many use
		settings = []ot.Setting{{Register: ot.Color, Value: ot.ColorValue(0x20c0f0)}, {Register: ot.Width, Value: ot.WidthValue(30)}}
	}
	return ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink, Settings: settings}
}

func (s *Source) manyStrokes(n int) []ot.Op {
	ops := make([]ot.Op, 0, n)
	for range n {
		ops = append(ops, s.stroke())
	}
	return ops
}

func (s *Source) extend(id ot.ID) ot.Op {
	op := s.frame(id, s.strokes[id])
	s.strokes[id] += len(op.Points)
	if op.Ended || s.rng.IntN(12) == 0 {
		s.drawing = without(s.drawing, id)
	}
	return op
}

func (s *Source) frame(id ot.ID, first int) ot.Op {
	points := make([]ot.Point, 1+s.rng.IntN(9))
	x, y, t := s.rng.Int32N(60_000), s.rng.Int32N(260_000), int32(first*4)
	for i := range points {
		x, y, t = (x+s.rng.Int32N(200))&0xffff, (y+s.rng.Int32N(200))&0x3ffff, t+s.rng.Int32N(9)
		points[i] = ot.Point{X: x, Y: y, P: s.rng.Int32N(256), T: t}
	}
	return ot.Op{
		Kind: ot.Extend, ID: id, First: uint32(max(first, 0)), Ended: s.rng.IntN(8) == 0,
		Frame: Frame(points), Points: points,
	}
}

func without(ids []ot.ID, id ot.ID) []ot.ID {
	var left []ot.ID
	for _, i := range ids {
		if i != id {
			left = append(left, i)
		}
	}
	return left
}
