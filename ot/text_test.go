package ot_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

// allEdits returns every canonical edit that fits a text of n code points and
// inserts at most one of inserts in each gap, the empty one first.
func allEdits(n int, inserts ...string) []ot.Edit {
	seen := map[string]bool{}
	var edits []ot.Edit
	var grow func(e ot.Edit, left int, gap bool)
	grow = func(e ot.Edit, left int, gap bool) {
		if gap {
			grow(e, left, false)
			for _, text := range inserts {
				grow(append(slices.Clone(e), ins(text)), left, false)
			}
			return
		}
		if left > 0 {
			grow(append(slices.Clone(e), keep(1)), left-1, true)
			grow(append(slices.Clone(e), del(1)), left-1, true)
			return
		}
		e = e.Canonical()
		if key := string(ot.AppendOp(nil, ot.Op{Kind: ot.TextEdit, Edit: e})); !seen[key] {
			seen[key] = true
			edits = append(edits, e)
		}
	}
	grow(nil, n, true)
	return edits
}

func TestCanonicalIsTheOnlyFormOfWhatAnEditDoes(t *testing.T) {
	const text = "汉😀"
	forms := map[string]ot.Edit{}
	for _, e := range allEdits(2, "a", "😀") {
		if len(e) > 0 && e.Check() != nil {
			t.Fatalf("%v: %v", e, e.Check())
		}
		if again := e.Canonical(); !slices.Equal(again, e) {
			t.Fatalf("%v became %v", e, again)
		}
		if same, ok := forms[marked(e)]; ok {
			t.Fatalf("%v and %v do the same", same, e)
		}
		forms[marked(e)] = e
		if got, want := e.Length(2), utf8.RuneCountInString(e.Apply(text)); got != want {
			t.Fatalf("%v: length %d, want %d", e, got, want)
		}
	}
}

// marked tells edits apart by what they do to code points that are told apart
// from all that is inserted.
func marked(e ot.Edit) string { return e.Apply("12") }

func TestOT12WhatReachesBeyondTheEndIsCutOff(t *testing.T) {
	cases := []struct {
		edit ot.Edit
		want string
	}{
		{ot.Edit{keep(9), ins("x")}, "汉😀x"},
		{ot.Edit{keep(1), del(9)}, "汉"},
		{ot.Edit{del(9), ins("x"), keep(9), ins("y")}, "xy"},
		{ot.Edit{keep(math.MaxInt), ins("x"), del(math.MaxInt)}, "汉😀x"},
		{ot.Edit{keep(-4), del(math.MinInt), ins("x"), {Kind: 9, N: 3, Text: "?"}}, "x汉😀"},
		{nil, "汉😀"},
	}
	for _, c := range cases {
		if got := c.edit.Apply("汉😀"); got != c.want {
			t.Errorf("%v: %q, want %q", c.edit, got, c.want)
		}
		if got := c.edit.Canonical().Apply("汉😀"); got != c.want {
			t.Errorf("%v as %v: %q, want %q", c.edit, c.edit.Canonical(), got, c.want)
		}
		if got := c.edit.Fit(2).Apply("汉😀"); got != c.want {
			t.Errorf("%v cut to %v: %q, want %q", c.edit, c.edit.Fit(2), got, c.want)
		}
		if got := c.edit.Length(2); got != utf8.RuneCountInString(c.want) {
			t.Errorf("%v: length %d of %q", c.edit, got, c.want)
		}
		if got := ot.Invert(c.edit, "汉😀").Apply(c.want); got != "汉😀" {
			t.Errorf("%v undone: %q", c.edit, got)
		}
	}
}

func TestInvertBringsEveryTextBack(t *testing.T) {
	for _, text := range []string{"", "a", "汉😀", "😀b汉"} {
		for _, e := range allEdits(utf8.RuneCountInString(text), "x", "😀") {
			back := ot.Invert(e, text)
			if got := back.Apply(e.Apply(text)); got != text {
				t.Fatalf("%q, %v, then %v: %q", text, e, back, got)
			}
			wantCanonical(t, back)
		}
	}
	rng := rand.New(rand.NewPCG(3, 1))
	for range 2_000 {
		text := ottest.Letters(rng, rng.IntN(200))
		e := ottest.Edit(rng, rng.IntN(250)) // beyond the end too
		if got := ot.Invert(e, text).Apply(e.Apply(text)); got != text {
			t.Fatalf("%q, %v: %q", text, e, got)
		}
	}
}

func wantCanonical(t *testing.T, edits ...ot.Edit) {
	t.Helper()
	for _, e := range edits {
		if err := e.Check(); len(e) > 0 && len(e) <= ot.MaxComponents && err != nil {
			t.Fatalf("%v: %v", e, err)
		}
	}
}

func TestACaretStaysLeftOfWhatIsInsertedAtIt(t *testing.T) {
	cases := []struct {
		edit ot.Edit
		want [5]int // for positions 0 to 4
	}{
		{ot.Edit{keep(2), ins("😀x")}, [5]int{0, 1, 2, 5, 6}},
		{ot.Edit{keep(1), del(2)}, [5]int{0, 1, 1, 1, 2}},
		{ot.Edit{ins("是"), del(3)}, [5]int{0, 1, 1, 1, 2}}, // an input method replaces what it composed
		{ot.Edit{keep(4), ins("!")}, [5]int{0, 1, 2, 3, 4}},
	}
	for _, c := range cases {
		for position, want := range c.want {
			if got := c.edit.MovePosition(position); got != want {
				t.Errorf("%v moves %d to %d, want %d", c.edit, position, got, want)
			}
		}
	}
}

func TestAnEditThatIsNoOpSaysWhy(t *testing.T) {
	long := make(ot.Edit, 0, ot.MaxComponents+2)
	for range ot.MaxComponents/2 + 1 {
		long = append(long, keep(1), del(1))
	}
	cases := []struct {
		edit ot.Edit
		want error
	}{
		{nil, ot.ErrCanonical},
		{long, ot.ErrLimit},
		{long[:ot.MaxComponents], nil},
		{ot.Edit{ins("\xff")}, ot.ErrValue},
		{ot.Edit{ins("a\rb")}, ot.ErrValue},
		{ot.Edit{keep(ot.MaxRun + 1), del(1)}, ot.ErrCanonical},
		{ot.Edit{{Kind: ot.Insert, N: 1, Text: "a"}}, ot.ErrCanonical},
		{ot.Edit{{Kind: ot.Delete, N: 1, Text: "a"}}, ot.ErrCanonical},
	}
	for i, c := range cases {
		if got := c.edit.Check(); !errors.Is(got, c.want) {
			t.Errorf("case %d: %v, want %v", i, got, c.want)
		}
	}
}

func TestOT12AnEditReachesHiddenTextAndNoOtherKind(t *testing.T) {
	l := newLog()
	l.apply(1, createText(id(1, 1)), createInk(id(1, 2)), set(id(1, 1), deleted(true)))
	wantNothing(t, l, 1, typed(id(1, 2), ins("a")))
	wantNothing(t, l, 1, typed(id(1, 3), ins("a")))
	l.apply(2, typed(id(1, 1), ins("汉😀")), typed(id(1, 1), keep(1), ins("x"), del(1)))
	if e := l.board.Get(id(1, 1)); e.Text() != "汉x" || e.Load().Text != 2 || !e.Touched() {
		t.Fatalf("%q", e.Text())
	}
}
