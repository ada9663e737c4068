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
	case n < 18 || len(s.drawing) == 0 && n < 50:
		return s.stroke()
	case n < 50:
		return s.extend(s.drawing[s.rng.IntN(len(s.drawing))])
	case n < 58:
		return ot.Op{Kind: ot.Create, ID: s.newID(), Element: ot.Line + ot.ElementKind(s.rng.IntN(7)), Settings: s.settings(4)}
	case n < 82:
		return ot.Op{Kind: ot.Set, ID: s.target(b), Settings: s.settings(1 + s.rng.IntN(3))}
	case n < 84:
		return ot.Op{Kind: ot.Clear, Base: s.rng.Uint64N(revision + 3)}
	case n < 90:
		return ot.Op{Kind: ot.End, ID: s.target(b)}
	default:
		return s.nonsense(b)
	}
}

// nonsense is what no honest client sends, and Apply takes all the same.
func (s *Source) nonsense(b *ot.Board) ot.Op {
	id := s.target(b)
	switch s.rng.IntN(5) {
	case 0: // an id that exists, or somebody else's
		return ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink, Settings: s.settings(2)}
	case 1: // a wrong first index, or somebody else's stroke
		op := s.frame(id, b.Len(id)+s.rng.IntN(3)-1)
		return op
	case 2: // nobody's
		return ot.Op{Kind: ot.Set, ID: ot.ID{Replica: s.others + 7, Counter: 1}, Settings: s.settings(1)}
	case 3:
		return ot.Op{Kind: ot.Clear, Base: 1<<64 - 1 - s.rng.Uint64N(2)<<12}
	default: // large numbers
		return ot.Op{Kind: ot.Create, ID: ot.ID{Replica: s.Author, Counter: 1<<32 - 1 - s.rng.Uint32N(4)}, Element: ot.Text}
	}
}

func (s *Source) newID() ot.ID {
	s.counter++
	return ot.ID{Replica: s.Author, Counter: s.counter}
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

// target is an element of the board, mostly; else an id that may not exist.
func (s *Source) target(b *ot.Board) ot.ID {
	if n := b.Load().Elements; n > 0 && s.rng.IntN(8) > 0 {
		at := s.rng.IntN(n)
		for e := range b.Elements() {
			if at == 0 {
				return e.ID()
			}
			at--
		}
	}
	return ot.ID{Replica: 1 + s.rng.Uint32N(s.others), Counter: 1 + s.rng.Uint32N(40)}
}

// settings returns at most n settings by rising register.
func (s *Source) settings(n int) []ot.Setting {
	var settings []ot.Setting
	for register := ot.Place; register <= ot.Pen && len(settings) < n; register++ {
		if left := int(ot.Pen-register) + 1; s.rng.IntN(left) < n-len(settings) {
			settings = append(settings, ot.Setting{Register: register, Value: s.value(register)})
		}
	}
	return settings
}

func (s *Source) value(register ot.Register) string {
	switch register {
	case ot.Place:
		return ot.PlaceValue(ot.Placement{X: int32(s.rng.Uint32()), Y: s.rng.Int32N(170_650), W: 500, H: -300, Angle: s.rng.Int32N(36_000)})
	case ot.Color:
		return ot.ColorValue(s.rng.Uint32())
	case ot.Width:
		return ot.WidthValue(s.rng.Uint32N(2_500))
	case ot.Deleted, ot.Locked:
		return ot.BoolValue(s.rng.IntN(2) == 0)
	case ot.Order:
		return s.text(s.rng.IntN(4))
	case ot.Group:
		if s.rng.IntN(3) == 0 {
			return ot.GroupValue(ot.ID{})
		}
		return ot.GroupValue(ot.ID{Replica: 1 + s.rng.Uint32N(s.others), Counter: 1 + s.rng.Uint32()>>1})
	case ot.Fill:
		return ot.FillValue(s.rng.Uint32())
	case ot.Dash:
		return ot.ByteValue(uint8(s.rng.IntN(3)))
	case ot.Content:
		return s.text(1 + s.rng.IntN(ot.MaxContent))
	default:
		return ot.ByteValue(uint8(s.rng.IntN(256)))
	}
}

func (s *Source) text(n int) string {
	const letters = "0123456789ABCXYZabcxyz"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[s.rng.IntN(len(letters))]
	}
	return string(b)
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
