package classroom_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/classroom"
)

func removed(page string) *chalklinev1.AuthorityEvent {
	return &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageRemoved{PageRemoved: &chalklinev1.PageRemoved{Page: page}}}
}

func restored(page string) *chalklinev1.AuthorityEvent {
	return &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageRestored{PageRestored: &chalklinev1.PageRestored{Page: page}}}
}

func moved(page, after string) *chalklinev1.AuthorityEvent {
	return &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageMoved{PageMoved: &chalklinev1.PageMoved{Page: page, After: after}}}
}

// withPages returns an authority with pages of one letter each.
func withPages(pages string) classroom.Authority {
	return classroom.Authority{Order: strings.Split(pages, "")}
}

func TestPGS2PagesAreRemovedRestoredAndMoved(t *testing.T) {
	for name, c := range map[string]struct {
		events []*chalklinev1.AuthorityEvent
		want   string
	}{
		"removed":                         {[]*chalklinev1.AuthorityEvent{removed("b")}, "acd"},
		"removed twice":                   {[]*chalklinev1.AuthorityEvent{removed("b"), removed("b")}, "acd"},
		"restored where it was":           {[]*chalklinev1.AuthorityEvent{removed("b"), restored("b")}, "abcd"},
		"restored twice":                  {[]*chalklinev1.AuthorityEvent{removed("b"), restored("b"), restored("b")}, "abcd"},
		"restored, and never removed":     {[]*chalklinev1.AuthorityEvent{restored("b")}, "abcd"},
		"unknown":                         {[]*chalklinev1.AuthorityEvent{removed("x"), restored("x"), moved("x", "a")}, "abcd"},
		"all but the last":                {[]*chalklinev1.AuthorityEvent{removed("a"), removed("b"), removed("c"), removed("d")}, "d"},
		"two of the last two":             {[]*chalklinev1.AuthorityEvent{removed("a"), removed("b"), removed("d"), removed("c"), restored("b")}, "bc"},
		"moved back":                      {[]*chalklinev1.AuthorityEvent{moved("a", "c")}, "bcad"},
		"moved to the front":              {[]*chalklinev1.AuthorityEvent{moved("c", "")}, "cabd"},
		"moved behind an unknown":         {[]*chalklinev1.AuthorityEvent{moved("c", "x")}, "cabd"},
		"moved behind itself":             {[]*chalklinev1.AuthorityEvent{moved("c", "c")}, "abcd"},
		"moved to where it is":            {[]*chalklinev1.AuthorityEvent{moved("c", "b")}, "abcd"},
		"moved by two at once":            {[]*chalklinev1.AuthorityEvent{moved("a", "d"), moved("a", "b")}, "bacd"},
		"moved behind a removed one":      {[]*chalklinev1.AuthorityEvent{removed("b"), moved("d", "b"), restored("b")}, "abdc"},
		"added behind a removed one":      {[]*chalklinev1.AuthorityEvent{removed("b"), added("x", "b")}, "axcd"},
		"moved while removed, there then": {[]*chalklinev1.AuthorityEvent{removed("b"), moved("b", "d"), restored("b")}, "acdb"},
		"the neighbours moved meanwhile":  {[]*chalklinev1.AuthorityEvent{removed("b"), moved("a", "d"), restored("b")}, "bcda"},
	} {
		a := withPages("abcd")
		for _, e := range c.events {
			a.Apply(e)
		}
		if got := strings.Join(a.Pages(), ""); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestPGS1WhoMayArrangePages(t *testing.T) {
	a := withPages("abc")
	a.Apply(removed("b"))
	last := withPages("a")
	for name, c := range map[string]struct {
		state classroom.Authority
		role  classroom.Role
		event *chalklinev1.AuthorityEvent
		want  protocol.Code
	}{
		"a student removes":       {a, classroom.Student, removed("a"), 0},
		"a student restores":      {a, classroom.Student, restored("b"), 0},
		"a student moves":         {a, classroom.Student, moved("c", ""), 0},
		"an observer removes":     {a, classroom.Observer, removed("a"), protocol.NotPermitted},
		"an observer restores":    {a, classroom.Observer, restored("b"), protocol.NotPermitted},
		"an observer moves":       {a, classroom.Observer, moved("c", ""), protocol.NotPermitted},
		"removed already":         {a, classroom.Teacher, removed("b"), 0},
		"not removed":             {a, classroom.Teacher, restored("a"), 0},
		"a removed one moves":     {a, classroom.Teacher, moved("b", "c"), 0},
		"behind an unknown":       {a, classroom.Teacher, moved("c", "x"), 0},
		"behind itself":           {a, classroom.Teacher, moved("c", "c"), protocol.BadMessage},
		"behind what is no id":    {a, classroom.Teacher, moved("c", "x y"), protocol.BadMessage},
		"an unknown one moves":    {a, classroom.Teacher, moved("x", "a"), protocol.NoSuchDocument},
		"an unknown one goes":     {a, classroom.Teacher, removed("x"), protocol.NoSuchDocument},
		"an unknown one is back":  {a, classroom.Teacher, restored("x"), protocol.NoSuchDocument},
		"no page at all":          {a, classroom.Teacher, removed(""), protocol.NoSuchDocument},
		"a removed one is added":  {a, classroom.Teacher, added("b", ""), protocol.BadMessage},
		"the last page":           {last, classroom.Teacher, removed("a"), protocol.LastPage},
		"the last but an unknown": {last, classroom.Teacher, removed("b"), protocol.NoSuchDocument},
	} {
		if got := code(t, c.state.Check(who(c.role), c.event)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPGS3ARemovedPageIsReadAndNotWritten(t *testing.T) {
	a := withPages("ab")
	a.Apply(removed("b"))
	b := classroom.Board{Page: "b"}
	if got := code(t, a.Authorise(who(classroom.Student), b, classroom.Write)); got != protocol.PageRemoved {
		t.Errorf("write: %v", got)
	}
	if got := code(t, a.Authorise(who(classroom.Observer), b, classroom.Write)); got != protocol.NotPermitted {
		t.Errorf("an observer's write: %v", got)
	}
	if got := code(t, a.Authorise(who(classroom.Observer), b, classroom.Read)); got != 0 {
		t.Errorf("read: %v", got)
	}
	s := classroom.Stage{}
	if got := code(t, s.Check(who(classroom.Teacher), turned("b"), &a)); got != protocol.PageRemoved {
		t.Errorf("turned to: %v", got)
	}
}

func TestPGS4WhatIsShownInPlaceOfARemovedPage(t *testing.T) {
	a := withPages("abcd")
	for _, p := range []string{"b", "c", "d"} {
		a.Apply(removed(p))
	}
	for page, want := range map[string]string{"a": "a", "b": "a", "d": "a", "x": "", "": ""} {
		if got := a.Shown(page); got != want {
			t.Errorf("%q: %q, want %q", page, got, want)
		}
	}
	a.Apply(restored("d"))
	if got := a.Shown("b"); got != "d" {
		t.Errorf("the next one is %q", got)
	}
}

// TestPGS2TheOrderIsAFunctionOfTheEvents: whatever comes, every page has one place
// and one is to be seen; a snapshot of it is the same state.
func TestPGS2TheOrderIsAFunctionOfTheEvents(t *testing.T) {
	const seed = 7
	dice := rand.New(rand.NewPCG(seed, 0))
	page := func() string { return string(rune('a' + dice.IntN(6))) }
	a := withPages("a")
	hashes := map[[16]byte]string{}
	for i := range 5_000 {
		switch dice.IntN(5) {
		case 0:
			a.Apply(added(page(), page()))
		case 1, 2:
			a.Apply(removed(page()))
		case 3:
			a.Apply(restored(page()))
		default:
			a.Apply(moved(page(), page()))
		}
		sorted := slices.Sorted(slices.Values(a.Order))
		if len(slices.Compact(sorted)) != len(a.Order) || len(a.Pages()) == 0 || len(a.Pages())+len(a.Removed) != len(a.Order) {
			t.Fatalf("seed %d, event %d: %+v", seed, i, a)
		}
		again := classroom.AuthorityOf(a.State())
		state := fmt.Sprint(a.Order, a.Removed)
		if again.Hash() != a.Hash() || fmt.Sprint(again.Order, again.Removed) != state {
			t.Fatalf("seed %d, event %d: the snapshot is another state", seed, i)
		}
		if other, ok := hashes[a.Hash()]; ok && other != state {
			t.Fatalf("seed %d: %s and %s have one hash", seed, state, other)
		}
		hashes[a.Hash()] = state
	}
}

// TestPGS2TheHashCoversTheOrder has the vector that the page's tests have too.
func TestPGS2TheHashCoversTheOrder(t *testing.T) {
	a := classroom.Authority{Semantics: 2, CreatedAt: 5, Order: []string{"b", "a", "c"}, Removed: []string{"c"}}
	if got := fmt.Sprintf("%x", a.Hash()); got != "5c5c2fde0adac387442cd0f6fe0d5514" {
		t.Errorf("hash %s", got)
	}
}
