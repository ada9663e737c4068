package ink_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/protocol/ink"
)

// pen makes the ops of one stroke, 8 points each.
func pen(t *testing.T, id ot.ID, seed uint64) (ops []*ot.Op, stroke []ot.Point) {
	t.Helper()
	stroke = walk(rand.New(rand.NewPCG(seed, 0)), 40, false)
	for i, frame := range encodeFrames(t, stroke, 8) {
		ops = append(ops, &ot.Op{Kind: ot.Extend, ID: id, First: uint32(8 * i), Frame: frame})
	}
	return ops, stroke
}

func decodeAll(t *testing.T, s *ink.Strokes, ops []*ot.Op) (pts []ot.Point) {
	t.Helper()
	for _, op := range ops {
		if err := s.Decode(op); err != nil {
			t.Fatal(err)
		}
		pts = append(pts, op.Points...)
	}
	return pts
}

func TestStrokesOfSeveralPensDecodeSideBySide(t *testing.T) {
	s := ink.NewStrokes(10)
	a, wantA := pen(t, ot.ID{Replica: 1, Counter: 1}, 1)
	b, wantB := pen(t, ot.ID{Replica: 2, Counter: 1}, 2)
	var gotA, gotB []ot.Point
	for i := range a {
		gotA = append(gotA, decodeAll(t, s, a[i:i+1])...)
		gotB = append(gotB, decodeAll(t, s, b[i:i+1])...)
	}
	if !slices.Equal(gotA, wantA) || !slices.Equal(gotB, wantB) {
		t.Fatal("points differ")
	}
	if s.Len() != 2 {
		t.Fatalf("%d open, want 2", s.Len())
	}
}

func TestAStrokeIsForgottenWhenItEnds(t *testing.T) {
	s := ink.NewStrokes(1)
	id := ot.ID{Replica: 1, Counter: 1}
	for _, end := range []func(ops []*ot.Op) []*ot.Op{
		func(ops []*ot.Op) []*ot.Op { ops[len(ops)-1].Ended = true; return ops },
		func(ops []*ot.Op) []*ot.Op { return append(ops, &ot.Op{Kind: ot.End, ID: id}) },
	} {
		ops, want := pen(t, id, 1)
		if got := decodeAll(t, s, end(ops)); !slices.Equal(got, want) {
			t.Fatal("points differ")
		}
		if s.Len() != 0 {
			t.Fatalf("%d open, want none", s.Len())
		}
	}
}

func TestOT3AFrameThatIsNotTheNextDecodesToNothing(t *testing.T) {
	s := ink.NewStrokes(10)
	ops, _ := pen(t, ot.ID{Replica: 1, Counter: 1}, 1)
	other, _ := pen(t, ot.ID{Replica: 2, Counter: 1}, 2)
	decodeAll(t, s, ops[:2])
	for name, op := range map[string]*ot.Op{"again": ops[1], "the first again": ops[0], "one left out": ops[3], "of an unknown stroke": other[1]} {
		op.Points = make([]ot.Point, 1)
		if err := s.Decode(op); !errors.Is(err, ink.ErrNotOpen) || op.Points != nil {
			t.Errorf("%s: %v, %d points, want %v", name, err, len(op.Points), ink.ErrNotOpen)
		}
	}
	decodeAll(t, s, ops[2:])
}

func TestADamagedFrameEndsItsStrokeAndNoOther(t *testing.T) {
	s := ink.NewStrokes(10)
	a, _ := pen(t, ot.ID{Replica: 1, Counter: 1}, 1)
	b, _ := pen(t, ot.ID{Replica: 1, Counter: 2}, 2)
	decodeAll(t, s, []*ot.Op{a[0], b[0]})
	bad := *a[1]
	bad.Frame = append(slices.Clone(bad.Frame), 0)
	if err := s.Decode(&bad); !errors.Is(err, ink.ErrCorrupt) || bad.Points != nil {
		t.Fatalf("%v, want %v", err, ink.ErrCorrupt)
	}
	if err := s.Decode(a[1]); !errors.Is(err, ink.ErrNotOpen) {
		t.Fatalf("after damage: %v, want %v", err, ink.ErrNotOpen)
	}
	decodeAll(t, s, b[1:])
}

func TestOT4AReplicasSeventeenthStrokeClosesItsOldest(t *testing.T) {
	s := ink.NewStrokes(100)
	other, _ := pen(t, ot.ID{Replica: 2, Counter: 1}, 1)
	decodeAll(t, s, other[:1])
	var strokes [][]*ot.Op
	for i := range ink.MaxOpenPerReplica + 1 {
		ops, _ := pen(t, ot.ID{Replica: 1, Counter: uint32(5 + i)}, uint64(i))
		decodeAll(t, s, ops[:1])
		strokes = append(strokes, ops)
	}
	if s.Len() != ink.MaxOpenPerReplica+1 {
		t.Fatalf("%d open, want %d", s.Len(), ink.MaxOpenPerReplica+1)
	}
	if err := s.Decode(strokes[0][1]); !errors.Is(err, ink.ErrNotOpen) {
		t.Fatalf("the oldest: %v, want %v", err, ink.ErrNotOpen)
	}
	for _, ops := range append(strokes[1:], other) {
		decodeAll(t, s, ops[1:])
	}
}

func TestNoMoreStrokesOpenThanTheCallerAllows(t *testing.T) {
	s := ink.NewStrokes(1)
	a, _ := pen(t, ot.ID{Replica: 1, Counter: 1}, 1)
	b, _ := pen(t, ot.ID{Replica: 2, Counter: 1}, 2)
	decodeAll(t, s, a[:1])
	if err := s.Decode(b[0]); !errors.Is(err, ink.ErrLimit) {
		t.Fatalf("%v, want %v", err, ink.ErrLimit)
	}
	decodeAll(t, s, a[1:])
	s.Forget(ot.ID{Replica: 1, Counter: 1})
	decodeAll(t, s, b)
}

func TestARestoredStrokeGoesOn(t *testing.T) {
	id := ot.ID{Replica: 1, Counter: 1}
	ops, want := pen(t, id, 1)
	s := ink.NewStrokes(10)
	pts, err := s.Restore(id, [][]byte{ops[0].Frame, ops[1].Frame})
	if err != nil {
		t.Fatal(err)
	}
	if pts = append(pts, decodeAll(t, s, ops[2:])...); !slices.Equal(pts, want) {
		t.Fatal("points differ")
	}
	if _, err := s.Restore(id, [][]byte{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}); !errors.Is(err, ink.ErrCorrupt) {
		t.Fatalf("%v, want %v", err, ink.ErrCorrupt)
	}
	if s.Len() != 0 {
		t.Fatal("a stroke that could not be restored is open")
	}
	if pts, err := s.Restore(id, nil); err != nil || pts != nil || s.Len() != 0 {
		t.Fatalf("stroke without points: %v, %v, %d open", pts, err, s.Len())
	}
	decodeAll(t, s, ops)
}

func TestOT9AStrokeOfTooManyPointsIsGivenUp(t *testing.T) {
	frames := encodeFrames(t, make([]ot.Point, ink.MaxStroke+1), ink.MaxFrame)
	s := ink.NewStrokes(10)
	id := ot.ID{Replica: 1, Counter: 1}
	last := len(frames) - 1
	if _, err := s.Restore(id, frames[:last]); err != nil {
		t.Fatal(err)
	}
	op := &ot.Op{Kind: ot.Extend, ID: id, First: ink.MaxStroke, Frame: frames[last]}
	if err := s.Decode(op); !errors.Is(err, ink.ErrLimit) || op.Points != nil || s.Len() != 0 {
		t.Fatalf("%v, %d open, want %v", err, s.Len(), ink.ErrLimit)
	}
	if _, err := s.Restore(id, frames); !errors.Is(err, ink.ErrLimit) {
		t.Fatalf("%v, want %v", err, ink.ErrLimit)
	}
}
