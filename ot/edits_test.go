package ot_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

func TestSYN7AnEditIsCarriedOverWhatCameAfterItsBase(t *testing.T) {
	edits := ot.NewEdits(10)
	edits.Add(11, id(1, 1), ot.Edit{keep(1), ins("汉😀")})
	edits.Add(12, id(1, 2), ot.Edit{ins("another text")})
	edits.Add(13, id(1, 1), ot.Edit{del(2)})
	cases := []struct {
		base uint64
		want ot.Edit
	}{
		{10, ot.Edit{keep(3), ins("x"), del(1)}}, // word, w汉😀ord, 😀ord
		{11, ot.Edit{keep(1), ins("x"), del(1)}},
		{12, ot.Edit{keep(1), ins("x"), del(1)}},
		{13, ot.Edit{keep(3), ins("x"), del(1)}},
		{99, ot.Edit{keep(3), ins("x"), del(1)}},
	}
	for _, c := range cases {
		got, _, ok := edits.Rebase(id(1, 1), c.base, ot.Edit{keep(3), ins("x"), del(1)}, math.MaxInt)
		if !ok || !slices.Equal(got, c.want) {
			t.Errorf("base %d: %v, %v, want %v", c.base, got, ok, c.want)
		}
	}
	if _, _, ok := edits.Rebase(id(1, 1), 9, ot.Edit{ins("x")}, math.MaxInt); ok {
		t.Error("a base from before the first revision kept was taken")
	}
	if e, _, ok := edits.Rebase(id(9, 9), 10, ot.Edit{ins("x")}, math.MaxInt); !ok || len(e) != 1 {
		t.Error("an edit of a text without edits changed")
	}
}

func TestSYN7OfAnEditMayBeNothingLeft(t *testing.T) {
	edits := ot.NewEdits(0)
	edits.Add(1, id(1, 1), ot.Edit{del(4)})
	if e, _, ok := edits.Rebase(id(1, 1), 0, ot.Edit{keep(1), del(2)}, math.MaxInt); !ok || len(e) > 0 {
		t.Fatalf("%v, %v", e, ok)
	}
}

func TestEditsKeepTheNewest(t *testing.T) {
	edits := ot.NewEdits(0)
	const kept = 16_384
	for revision := range uint64(kept + 3) {
		edits.Add(revision+1, id(1, uint32(revision%5)+1), ot.Edit{ins("a")})
	}
	for text, floor := range map[uint32]uint64{1: 1, 2: 2, 3: 3, 4: 0} {
		if got := edits.Floor(id(1, text)); got != floor {
			t.Fatalf("floor of text %d: %d, want %d", text, got, floor)
		}
	}
	if _, _, ok := edits.Rebase(id(1, 3), 2, ot.Edit{ins("x")}, math.MaxInt); ok {
		t.Fatal("a base older than what is kept was taken")
	}
	e, _, ok := edits.Rebase(id(1, 3), 3, ot.Edit{ins("x")}, math.MaxInt)
	if !ok || e[0].N != (kept+3)/5-1 { // of 3 277 the first is forgotten
		t.Fatalf("%v, %v", e, ok)
	}
}

func TestSYN7WhatIsForgottenOfOneTextIsNotMissedInAnother(t *testing.T) {
	edits := ot.NewEdits(0)
	edits.Add(1, id(1, 1), ot.Edit{ins("mine")})
	for revision := range uint64(50_000) {
		edits.Add(revision+2, id(1, 2), ot.Edit{ins("a")})
	}
	if e, _, ok := edits.Rebase(id(1, 1), 1, ot.Edit{keep(4), ins("!")}, math.MaxInt); !ok || e[0].N != 4 {
		t.Fatalf("a text that nobody else wrote to: %v, %v", e, ok)
	}
	if _, _, ok := edits.Rebase(id(1, 1), 0, ot.Edit{ins("x")}, math.MaxInt); ok {
		t.Fatal("a base older than a forgotten edit was taken")
	}
	for text := range uint32(120_000) { // more texts than a board has: then one floor does for all
		edits.Add(60_000+uint64(text), id(2, text+1), ot.Edit{ins("a")})
	}
	if floor := edits.Floor(id(9, 9)); floor == 0 {
		t.Fatal("what is forgotten grows without bounds")
	}
}

func TestEditsKeepNoMoreComponentsThanTheyMay(t *testing.T) {
	var large ot.Edit
	for range ot.MaxComponents / 2 {
		large = append(large, keep(1), del(1))
	}
	edits := ot.NewEdits(0)
	for revision := range uint64(100) { // 64 of them have 262 144 components
		edits.Add(revision+1, id(1, 1), large)
	}
	if edits.Floor(id(1, 1)) != 36 {
		t.Fatalf("floor %d, want 36", edits.Floor(id(1, 1)))
	}
}

func TestAnEditThatGetsTooLargeIsNotCarried(t *testing.T) {
	var comb ot.Edit
	for range ot.MaxComponents / 2 {
		comb = append(comb, keep(1), ins("x"))
	}
	edits := ot.NewEdits(0)
	edits.Add(1, id(1, 1), comb)
	if e, _, ok := edits.Rebase(id(1, 1), 0, ot.Edit{del(5_000)}, math.MaxInt); ok {
		t.Fatalf("%d components", len(e))
	}
	for revision := range uint64(2_000) {
		edits.Add(revision+2, id(1, 2), ot.Edit{ins("a")})
	}
	if _, work, ok := edits.Rebase(id(1, 2), 1, comb, 100_000); ok || work > 100_000 {
		t.Fatalf("%d components were looked at for one edit, %v", work, ok)
	}
}

// typist edits a text as SYN7 has it: one edit on its way, what is typed
// meanwhile composed into the next.
type typist struct {
	confirmed string
	revision  uint64
	sent      ot.Edit // on its way, transformed as records come
	waiting   ot.Edit
	view      string
	flying    *flight
}

type flight struct {
	base uint64
	edit ot.Edit
}

func (c *typist) typing(rng *rand.Rand) {
	e := ottest.Edit(rng, utf8.RuneCountInString(c.view))
	c.view, c.waiting = e.Apply(c.view), ot.Compose(c.waiting, e)
}

func (c *typist) send() {
	if c.flying == nil && len(c.waiting) > 0 {
		c.flying = &flight{c.revision, c.waiting}
		c.sent, c.waiting = c.waiting, nil
	}
}

// read takes the next record of the log; own says that it is the one on its way.
func (c *typist) read(t *testing.T, e ot.Edit, own bool) {
	t.Helper()
	c.revision++
	c.confirmed = e.Apply(c.confirmed)
	if own {
		if !slices.Equal(e, c.sent) {
			t.Fatalf("the log has %v of what here became %v", e, c.sent)
		}
		c.sent, c.flying = nil, nil
	} else {
		c.sent, e = ot.Transform(c.sent, e)
		c.waiting, e = ot.Transform(c.waiting, e)
		c.view = e.Apply(c.view)
	}
	if want := c.waiting.Apply(c.sent.Apply(c.confirmed)); c.view != want {
		t.Fatalf("the view is %q, confirmed and pending make %q", c.view, want)
	}
}

// TestSYN7ManyTypeInOneTextAndSeeTheSame: typists with any delay, through the
// server's Edits; nobody's view ever differs from what is confirmed and pending.
func TestSYN7ManyTypeInOneTextAndSeeTheSame(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		typists := make([]typist, 2+rng.IntN(4))
		edits := ot.NewEdits(0)
		var log []flight // base is the typist's index here
		read := func(i int) {
			r := log[typists[i].revision]
			typists[i].read(t, r.edit, r.base == uint64(i))
		}
		arrive := func(i int) {
			c := &typists[i]
			if c.flying == nil || c.flying.edit == nil {
				return
			}
			e, _, ok := edits.Rebase(id(1, 1), c.flying.base, c.flying.edit, math.MaxInt)
			if !ok {
				t.Fatalf("seed %d: not carried", seed)
			}
			c.flying.edit = nil // arrived; what comes back is the acknowledgement
			log = append(log, flight{uint64(i), e})
			edits.Add(uint64(len(log)), id(1, 1), e)
		}
		for range 300 {
			i := rng.IntN(len(typists))
			switch rng.IntN(5) {
			case 0:
				typists[i].typing(rng)
			case 1:
				typists[i].send()
			case 2:
				arrive(i)
			default:
				if typists[i].revision < uint64(len(log)) {
					read(i)
				}
			}
		}
		for busy := true; busy; {
			busy = false
			for i := range typists {
				typists[i].send()
				arrive(i)
				for typists[i].revision < uint64(len(log)) {
					busy = true
					read(i)
				}
			}
		}
		for i := range typists {
			if typists[i].view != typists[0].view || typists[i].view != typists[i].confirmed {
				t.Fatalf("seed %d: typist %d has %q, not %q", seed, i, typists[i].view, typists[0].view)
			}
		}
	}
}
