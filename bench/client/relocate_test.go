package client

import (
	"math/rand/v2"
	"strings"
	"testing"

	"chalkline/ot"
)

// letters returns n random letters out of few, so that many are alike.
func letters(dice *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcd"[dice.IntN(4)]
	}
	return string(b)
}

func TestDifferenceLeadsFromOneTextToTheOther(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		from, to := letters(dice, dice.IntN(30)), letters(dice, dice.IntN(30))
		if got := difference(from, to).Apply(from); got != to {
			t.Fatalf("%q becomes %q, want %q", from, got, to)
		}
	}
	far := strings.Repeat("a", maxDifferences+1)
	if got := difference(far, strings.ToUpper(far)).Apply(far); got != strings.ToUpper(far) {
		t.Errorf("nothing in common: %q", got)
	}
}

func TestSYN7DifferenceKeepsWhatTwoPlacesHaveBetweenThem(t *testing.T) {
	middle := strings.Repeat("-", 500)
	waiting := ot.Edit{{Kind: ot.Keep, N: 200}, {Kind: ot.Delete, N: 1}}
	moved, _ := ot.Transform(waiting, difference("a"+middle+"b", "xy"+middle+"z"))
	if n := moved.Length(503); n != 502 {
		t.Errorf("what waits deletes %d characters, want 1: %v", 503-n, moved)
	}
}

func TestSYN7WhatWaitsFollowsAnEditThatCameElsewhere(t *testing.T) {
	text := "abc"
	from := ot.Edit{{Kind: ot.Insert, Text: "XY"}}
	waiting := ot.Edit{{Kind: ot.Delete, N: 1}, {Kind: ot.Keep, N: 2}, {Kind: ot.Insert, Text: "-"}, {Kind: ot.Delete, N: 1}} // of XYabc
	for name, c := range map[string]struct {
		to   ot.Edit
		want string
	}{
		"elsewhere":   {ot.Edit{{Kind: ot.Keep, N: 2}, {Kind: ot.Insert, Text: "XY"}}, "a-Yc"},
		"not at all":  {nil, "a-c"},
		"as expected": {from, "Ya-c"},
	} {
		t.Run(name, func(t *testing.T) {
			after := c.to.Apply(text)
			if got := relocate(waiting, from, c.to, len(text)).Apply(after); got != c.want {
				t.Errorf("%q becomes %q, want %q", after, got, c.want)
			}
		})
	}
}

func TestSYN7WhatWaitsIsFoundInATextThatOthersChangedToo(t *testing.T) {
	sent := ot.Edit{{Kind: ot.Keep, N: 1}, {Kind: ot.Insert, Text: "XY"}}
	waiting := ot.Edit{{Kind: ot.Keep, N: 1}, {Kind: ot.Delete, N: 1}} // of aXYbc: the X
	for now, want := range map[string]string{
		"aXYbc":   "aYbc",
		"apqXYbc": "apqYbc",
		"paqbXYr": "paqbYr", // X and Y came elsewhere
		"pq":      "pq",
	} {
		if got := found(waiting, sent, "abc", now).Apply(now); got != want {
			t.Errorf("%q becomes %q, want %q", now, got, want)
		}
	}
}

func FuzzRelocate(f *testing.F) {
	f.Add(uint64(1), uint8(5))
	f.Fuzz(func(t *testing.T, seed uint64, length uint8) {
		dice := rand.New(rand.NewPCG(seed, 0))
		text := letters(dice, int(length))
		from, to := difference(text, letters(dice, dice.IntN(20))), difference(text, letters(dice, dice.IntN(20)))
		waiting := difference(from.Apply(text), letters(dice, dice.IntN(20)))
		got := relocate(waiting, from, to, len(text))
		if after := to.Apply(text); len(got.Apply(after)) != got.Length(len(after)) || len(got) > 0 && got.Check() != nil {
			t.Fatalf("%v does not fit %q", got, after)
		}
		if same := relocate(waiting, from, from, len(text)); same.Apply(from.Apply(text)) != waiting.Apply(from.Apply(text)) {
			t.Fatalf("%v became %v though nothing moved", waiting, same)
		}
	})
}
