package ot_test

import (
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

func TestOT10ElementsAreDrawnByKey(t *testing.T) {
	l := newLog()
	order := func(v string) ot.Setting { return ot.Setting{Register: ot.Order, Value: v} }
	l.apply(1, createInk(id(1, 1)), createInk(id(1, 2)), createInk(id(1, 3)), createInk(id(1, 4)))
	want := func(counters ...uint32) {
		t.Helper()
		var got []uint32
		for e := range l.board.Drawn() {
			got = append(got, e.ID().Counter)
		}
		if !slices.Equal(got, counters) {
			t.Fatalf("drawn %v, want %v", got, counters)
		}
	}
	want(1, 2, 3, 4)
	l.apply(1, set(id(1, 1), order("V")), set(id(1, 3), order("A")))
	want(3, 2, 4, 1)
	l.apply(1, createInk(id(1, 5)), set(id(1, 2), deleted(true)))
	want(3, 4, 5, 1)
	l.apply(1, set(id(1, 1), order("")), set(id(1, 3), deleted(true)))
	want(1, 4, 5)
	if again, err := ottest.Take(l.board).Board(); err != nil || !slices.Equal(drawn(again), drawn(l.board)) {
		t.Fatalf("a snapshot is drawn differently: %v", err)
	}
	for range l.board.Drawn() {
		break
	}
}
