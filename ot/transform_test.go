package ot_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

// wantTP1 checks that two edits of a text end at one, whoever was there first.
func wantTP1(t *testing.T, text string, a, b ot.Edit) {
	t.Helper()
	a2, b2 := ot.Transform(a, b)
	one, other := a2.Apply(b.Apply(text)), b2.Apply(a.Apply(text))
	if one != other {
		t.Fatalf("%q: a %v, b %v: b, then a' %v: %q; a, then b' %v: %q", text, a, b, a2, one, b2, other)
	}
}

func TestOT13TransformMeetsForAllEditsOfSmallTexts(t *testing.T) {
	for _, text := range []string{"", "a", "汉😀", "😀b汉"} {
		n := utf8.RuneCountInString(text)
		as, bs := allEdits(n, "A", "😀"), allEdits(n, "B", "汉")
		if n == 3 {
			as = allEdits(n, "A")
		}
		for _, a := range as {
			for _, b := range bs {
				wantTP1(t, text, a, b)
			}
		}
	}
}

func TestOT13TransformMeetsForRandomEditsOfLongTexts(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	for range 3_000 {
		n := rng.IntN(300)
		text, a, b := ottest.Letters(rng, n), ottest.Edit(rng, n), ottest.Edit(rng, n)
		wantTP1(t, text, a, b)
		a2, b2 := ot.Transform(a, b)
		wantCanonical(t, a2, b2, ot.Compose(a, b2))
	}
}

func TestOT13AtOnePlaceTheEarlierStandsLeft(t *testing.T) {
	a2, b2 := ot.Transform(ot.Edit{keep(1), ins("later")}, ot.Edit{keep(1), ins("earlier ")})
	if got := a2.Apply("xearlier y"); got != "xearlier latery" {
		t.Fatalf("%q", got)
	}
	if got := b2.Apply("xlatery"); got != "xearlier latery" {
		t.Fatalf("%q", got)
	}
}

func TestOT13WhatIsDeletedIsNotDeletedAgain(t *testing.T) {
	a2, b2 := ot.Transform(ot.Edit{keep(1), del(3)}, ot.Edit{del(2)})
	if !slices.Equal(a2, ot.Edit{del(2)}) || !slices.Equal(b2, ot.Edit{del(1)}) {
		t.Fatalf("%v, %v", a2, b2)
	}
	if a2, b2 = ot.Transform(ot.Edit{del(3)}, ot.Edit{del(3)}); len(a2)+len(b2) > 0 {
		t.Fatalf("%v, %v", a2, b2)
	}
}

func TestOT14AnInsertIntoWhatIsDeletedStays(t *testing.T) {
	insert, remove := ot.Edit{keep(2), ins("😀")}, ot.Edit{del(4)}
	for _, pair := range [][2]ot.Edit{{insert, remove}, {remove, insert}} {
		a2, _ := ot.Transform(pair[0], pair[1])
		if got := a2.Apply(pair[1].Apply("word")); got != "😀" {
			t.Fatalf("%q", got)
		}
	}
}

func TestComposeIsOneAfterTheOther(t *testing.T) {
	for _, text := range []string{"", "a", "汉😀"} {
		for _, a := range allEdits(utf8.RuneCountInString(text), "A", "😀") {
			after := a.Apply(text)
			if utf8.RuneCountInString(after) > 3 {
				continue
			}
			for _, b := range allEdits(utf8.RuneCountInString(after), "B") {
				both := ot.Compose(a, b)
				if got, want := both.Apply(text), b.Apply(after); got != want {
					t.Fatalf("%q, %v, %v: %v makes %q, want %q", text, a, b, both, got, want)
				}
				wantCanonical(t, both)
			}
		}
	}
}

func TestComposeOfManyIsAllOfThem(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		text := ottest.Letters(rng, rng.IntN(60))
		var all ot.Edit
		now := text
		for range 12 {
			e := ottest.Edit(rng, utf8.RuneCountInString(now))
			all, now = ot.Compose(all, e), e.Apply(now)
			if got := all.Apply(text); got != now {
				t.Fatalf("%q: %q, want %q", text, got, now)
			}
		}
	}
}

// TestComposedEditsAreTransformedAsTheirParts: what is typed, and replaced by an
// input method, meets the same at equal positions whether it leaves as one edit
// or as several. It does not hold for inserts beside deleted text of others,
// whose place the canonical form does not keep; nothing depends on it there,
// because an edit is composed before it leaves and never after.
func TestComposedEditsAreTransformedAsTheirParts(t *testing.T) {
	for _, text := range []string{"", "x", "😀y"} {
		n := utf8.RuneCountInString(text)
		for _, a := range allEdits(n, "A", "汉😀") {
			for _, more := range withinInserts(a, n) {
				for _, b := range allEdits(n, "B") {
					wantAsParts(t, a, more, b)
				}
			}
		}
	}
}

// withinInserts returns edits of a text after a, which has no deletes, that
// insert anywhere and delete only what a inserted; none if a has deletes.
func withinInserts(a ot.Edit, n int) []ot.Edit {
	var inserted []bool // by code point after a
	left := n
	for _, c := range a {
		switch c.Kind {
		case ot.Delete:
			return nil
		case ot.Keep:
			inserted, left = append(inserted, make([]bool, c.N)...), left-c.N
		case ot.Insert:
			for range c.Text {
				inserted = append(inserted, true)
			}
		}
	}
	inserted = append(inserted, make([]bool, left)...)
	if len(inserted) > 4 {
		return nil
	}
	return slices.DeleteFunc(allEdits(len(inserted), "C"), func(e ot.Edit) bool {
		at := 0
		for _, c := range e {
			if c.Kind == ot.Delete && slices.Contains(inserted[at:at+c.N], false) {
				return true
			}
			if c.Kind != ot.Insert {
				at += c.N
			}
		}
		return false
	})
}

func wantAsParts(t *testing.T, a, more, b ot.Edit) {
	t.Helper()
	whole, _ := ot.Transform(ot.Compose(a, more), b)
	a2, b2 := ot.Transform(a, b)
	more2, _ := ot.Transform(more, b2)
	if parts := ot.Compose(a2, more2); !slices.Equal(whole, parts) {
		t.Fatalf("a %v, more %v over b %v: whole %v, in parts %v", a, more, b, whole, parts)
	}
	_, whole = ot.Transform(b, ot.Compose(a, more))
	b2, a2 = ot.Transform(b, a)
	_, more2 = ot.Transform(b2, more)
	if parts := ot.Compose(a2, more2); !slices.Equal(whole, parts) {
		t.Fatalf("a %v, more %v as the earlier over b %v: whole %v, in parts %v", a, more, b, whole, parts)
	}
}

func TestTwoTypeInOneWordOneThroughAnInputMethod(t *testing.T) {
	text := "教师"
	// One composes: s, h, i are typed and then replaced by 室, each an edit of its own.
	composing := ot.Edit{keep(2), ins("s")}
	composing = ot.Compose(composing, ot.Edit{keep(3), ins("h")})
	composing = ot.Compose(composing, ot.Edit{keep(4), ins("i")})
	typing := ot.Edit{keep(2), ins("😀!")} // the other types at the same place
	for _, replaced := range []ot.Edit{composing, ot.Compose(composing, ot.Edit{keep(2), ins("室"), del(3)})} {
		wantTP1(t, text, replaced, typing)
		wantTP1(t, text, typing, replaced)
		a2, _ := ot.Transform(replaced, typing)
		got := a2.Apply(typing.Apply(text))
		for _, part := range []string{"教师", "😀!", replaced[1].Text} {
			if strings.Count(got, part) != 1 {
				t.Fatalf("%q must have %q once", got, part)
			}
		}
	}
}

func TestEverythingTakesAnyEdit(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	numbers := []int{-1 << 63, -1, 0, 1, 2, 3, ot.MaxRun, ot.MaxRun + 1, 1<<63 - 1}
	wild := func() ot.Edit {
		e := make(ot.Edit, rng.IntN(6))
		for i := range e {
			e[i] = ot.Component{Kind: ot.ComponentKind(rng.IntN(5)), N: numbers[rng.IntN(len(numbers))], Text: []string{"", "a", "\xff", "汉"}[rng.IntN(4)]}
		}
		return e
	}
	for range 20_000 {
		a, b, text := wild(), wild(), ottest.Letters(rng, rng.IntN(5))
		a2, b2 := ot.Transform(a, b)
		for _, e := range []ot.Edit{a2, b2, ot.Compose(a, b), ot.Invert(a, text), a.Fit(3), a.Canonical()} {
			if !slices.Equal(e, e.Canonical()) {
				t.Fatalf("a %v, b %v: %v is not canonical", a, b, e)
			}
		}
		if got, want := a.Canonical().Apply(text), a.Apply(text); got != want {
			t.Fatalf("%v on %q: %q, want %q", a, text, got, want)
		}
		a.MovePosition(numbers[rng.IntN(len(numbers))])
	}
}

func ExampleTransform() {
	text := "the bord"
	mine := ot.Edit{{Kind: ot.Keep, N: 6}, {Kind: ot.Insert, Text: "a"}}
	yours := ot.Edit{{Kind: ot.Delete, N: 3}, {Kind: ot.Insert, Text: "one"}} // was in the log first
	mineAfterYours, yoursAfterMine := ot.Transform(mine, yours)
	fmt.Println(mineAfterYours.Apply(yours.Apply(text)))
	fmt.Println(yoursAfterMine.Apply(mine.Apply(text)))
	// Output:
	// one board
	// one board
}

// fuzzEdit makes an edit of any bytes.
func fuzzEdit(b []byte) ot.Edit {
	e := make(ot.Edit, 0, len(b))
	for _, c := range b {
		switch c % 4 {
		case 0:
			e = append(e, keep(int(c/4)))
		case 1:
			e = append(e, del(int(c/4)))
		case 2:
			e = append(e, ins(string(rune(' '+c/4))))
		case 3:
			e = append(e, ins(string(rune(0x1f600+int(c/4)))))
		}
	}
	return e
}

func FuzzTransform(f *testing.F) {
	f.Add("", []byte{2}, []byte{6})
	f.Add("汉😀字", []byte{4, 3, 5}, []byte{4, 2, 9})
	f.Add("word", []byte{17}, []byte{8, 3})
	f.Add("shi", []byte{7, 13}, []byte{12, 2})
	f.Add("beyond", []byte{252, 2, 253}, []byte{252, 6})
	f.Add("\xff\xfe", []byte{5, 2, 1, 0}, []byte{4, 4, 6, 9, 2})
	f.Fuzz(func(t *testing.T, text string, one, other []byte) {
		text = strings.ToValidUTF8(text, "�") // half characters that come together make one
		n := utf8.RuneCountInString(text)
		a, b := fuzzEdit(one).Fit(n), fuzzEdit(other).Fit(n)
		wantTP1(t, text, a, b)
		wantTP1(t, text, b, a)
		_, b2 := ot.Transform(a, b)
		if got, want := ot.Compose(a, b2).Apply(text), b2.Apply(a.Apply(text)); got != want {
			t.Fatalf("%q, %v, %v composed: %q, want %q", text, a, b2, got, want)
		}
		if got := ot.Invert(a, text).Apply(a.Apply(text)); got != text {
			t.Fatalf("%q, %v undone: %q", text, a, got)
		}
		if got, want := a.Length(n), utf8.RuneCountInString(a.Apply(text)); got != want {
			t.Fatalf("%q, %v: length %d, want %d", text, a, got, want)
		}
		wantCanonical(t, a, b, b2, ot.Compose(a, b2))
		wild := fuzzEdit(one) // as it is: beyond the end, in any form
		if got, want := wild.Fit(n).Apply(text), wild.Apply(text); got != want {
			t.Fatalf("%q, %v cut: %q, want %q", text, wild, got, want)
		}
	})
}
