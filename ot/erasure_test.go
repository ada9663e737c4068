package ot_test

import (
	"reflect"
	"slices"
	"testing"

	"chalkline/ot"
)

func TestOT11SpansOfOneErasureAreUnited(t *testing.T) {
	l := newLog()
	span := func(from, to uint32) ot.Span { return ot.Span{From: from, To: to} }
	l.apply(1, createInk(id(1, 1)))
	l.apply(2, erase(id(1, 1), 5, span(10, 20), span(30, 40)))
	l.apply(2, erase(id(1, 1), 6, span(15, 16)))
	l.apply(2, erase(id(1, 1), 5, span(0, 2), span(20, 25), span(35, 50)))
	wantNothing(t, l, 2, erase(id(1, 1), 5, span(11, 24), span(30, 50)))
	want := []ot.Erasure{
		{Replica: 2, Eraser: 5, Spans: []ot.Span{span(0, 2), span(10, 25), span(30, 50)}},
		{Replica: 2, Eraser: 6, Spans: []ot.Span{span(15, 16)}},
	}
	if got := l.board.Get(id(1, 1)).Erasures(); !reflect.DeepEqual(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	if load := l.board.Get(id(1, 1)).Load(); load != (ot.ElementLoad{Erasures: 2, Spans: 4}) {
		t.Fatalf("load %v", load)
	}
}

func TestOT11ErasingGoesOnWhileTheErasureIsOff(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)), extend(id(1, 1), 0, true, make([]ot.Point, 3)...))
	l.apply(1, erase(id(1, 1), 1, ot.Span{From: 0, To: 100}))
	l.apply(1, undo(erasure(id(1, 1), 1, true)), erase(id(1, 1), 1, ot.Span{From: 200, To: 300}))
	if _, whole := l.board.Get(id(1, 1)).Visible(); !whole {
		t.Fatal("an erasure that is off hides something")
	}
	l.apply(1, undo(erasure(id(1, 1), 1, false)))
	if parts, _ := l.board.Get(id(1, 1)).Visible(); !slices.Equal(parts, []ot.Span{{From: 100, To: 200}, {From: 300, To: 768}}) {
		t.Fatalf("visible %v", parts)
	}
}

func TestOT11EraseOfWhatIsNoInkChangesNothing(t *testing.T) {
	l := newLog()
	l.apply(1, ot.Op{Kind: ot.Create, ID: id(1, 1), Element: ot.Line})
	for _, op := range []ot.Op{
		erase(id(1, 1), 1, ot.Span{From: 0, To: 9}),
		erase(id(1, 9), 1, ot.Span{From: 0, To: 9}),
	} {
		wantNothing(t, l, 1, op)
	}
}
