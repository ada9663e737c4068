package ot_test

import (
	"errors"
	"testing"

	"chalkline/ot"
)

func TestOT9LimitsOfAnElementNameWhatIsFull(t *testing.T) {
	limits := ot.Limits{Text: 5, Erasures: 2, Spans: 4}
	two := erase(id(1, 1), 1, ot.Span{From: 0, To: 1}, ot.Span{From: 2, To: 3})
	cases := []struct {
		name    string
		load    ot.ElementLoad
		op      ot.Op
		started bool
		want    string
	}{
		{"room for the text", ot.ElementLoad{Text: 4}, typed(id(1, 1), keep(4), ins("😀")), false, ""},
		{"nothing to delete at the end", ot.ElementLoad{Text: 4}, typed(id(1, 1), keep(4), ins("汉😀"), del(1)), false, "text"},
		{"as much deleted", ot.ElementLoad{Text: 4}, typed(id(1, 1), ins("汉😀"), del(1)), false, ""},
		{"text", ot.ElementLoad{Text: 4}, typed(id(1, 1), ins("ab")), false, "text"},
		{"room for an erasure", ot.ElementLoad{Erasures: 1, Spans: 2}, two, false, ""},
		{"erasures", ot.ElementLoad{Erasures: 2}, two, false, "erasures"},
		{"an erasure that goes on", ot.ElementLoad{Erasures: 2, Spans: 2}, two, true, ""},
		{"spans", ot.ElementLoad{Erasures: 2, Spans: 3}, two, true, "spans"},
		{"others", ot.ElementLoad{Text: 5, Erasures: 2, Spans: 4}, set(id(1, 1), color(1)), false, ""},
	}
	for _, c := range cases {
		err := limits.CheckElement(c.load.After(&c.op, c.started))
		var limit *ot.LimitError
		if c.want == "" && err == nil {
			continue
		}
		if !errors.As(err, &limit) || limit.Limit != c.want || !errors.Is(err, ot.ErrLimit) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestOT9LimitsNameWhatIsFull(t *testing.T) {
	limits := ot.Limits{Elements: 2, Points: 10, Bytes: 1000, StrokePoints: 6}
	empty := ot.NewBoard()
	five := make([]ot.Point, 5)
	cases := []struct {
		name string
		load ot.Load
		op   ot.Op
		want string
	}{
		{"room for both", ot.Load{Elements: 1, Points: 5}, extend(id(1, 1), 1, false, five...), ""},
		{"room for an element", ot.Load{Elements: 1}, createInk(id(1, 1)), ""},
		{"elements", ot.Load{Elements: 2}, createInk(id(1, 1)), "elements"},
		{"points", ot.Load{Points: 6}, extend(id(1, 1), 0, false, five...), "points"},
		{"stroke", ot.Load{}, extend(id(1, 1), 2, false, five...), "stroke_points"},
		{"stroke, largest index", ot.Load{}, extend(id(1, 1), 1<<32-1, false, five...), "stroke_points"},
		{"bytes", ot.Load{Bytes: 990}, typed(id(1, 1), ins("eleven more")), "bytes"},
		{"room for a letter", ot.Load{Bytes: 999}, typed(id(1, 1), ins("a")), ""},
		{"set", ot.Load{Elements: 2, Points: 10}, set(id(1, 1), color(1)), ""},
		{"clear", ot.Load{Elements: 2, Points: 10, Bytes: 1001}, ot.Op{Kind: ot.Clear}, ""},
	}
	for _, c := range cases {
		err := limits.Check(c.load, empty.Brings(1, &c.op), &c.op)
		var limit *ot.LimitError
		if c.want == "" && err == nil {
			continue
		}
		if !errors.As(err, &limit) || limit.Limit != c.want || !errors.Is(err, ot.ErrLimit) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestLoadOfWaitingOpsAddsUpToTheLoadOfTheBoard(t *testing.T) {
	l := newLog()
	var load ot.Load
	for _, op := range []ot.Op{createInk(id(1, 1)), extend(id(1, 1), 0, false, make([]ot.Point, 3)...), createInk(id(1, 2))} {
		load = load.Plus(l.board.Brings(1, &op))
		l.apply(1, op)
	}
	if l.board.Load() != load {
		t.Fatalf("board %v, ops %v", l.board.Load(), load)
	}
}
