package classroom_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/classroom"
)

func who(r classroom.Role) classroom.Participant {
	return classroom.Participant{ID: "someone", Role: r}
}

func created(semantics uint32, at int64) *chalklinev1.AuthorityEvent {
	return &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_RoomCreated{
		RoomCreated: &chalklinev1.RoomCreated{OpSemantics: semantics, CreatedAtUs: at},
	}}
}

func added(page, after string) *chalklinev1.AuthorityEvent {
	return &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageAdded{
		PageAdded: &chalklinev1.PageAdded{Page: page, After: after},
	}}
}

// code returns what a rule answers: 0 is yes.
func code(t *testing.T, err error) protocol.Code {
	t.Helper()
	if err == nil {
		return 0
	}
	var refusal *protocol.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("%v is no *protocol.Error", err)
	}
	return refusal.Code
}

// TestSYN6WhoMayDoWhat is the table of the rules.
func TestSYN6WhoMayDoWhat(t *testing.T) {
	a := classroom.Authority{Order: []string{"p1"}}
	common, unknown, own := classroom.Board{Page: "p1"}, classroom.Board{Page: "p2"}, classroom.Board{Owner: "ann", Page: "p1"}
	const no, none = protocol.NotPermitted, protocol.NoSuchDocument
	for _, c := range []struct {
		board                                 classroom.Board
		action                                classroom.Action
		teacher, assistant, student, observer protocol.Code
	}{
		{common, classroom.Read, 0, 0, 0, 0},
		{common, classroom.Write, 0, 0, 0, no},
		{unknown, classroom.Read, none, none, none, none},
		{unknown, classroom.Write, none, none, none, none},
		{own, classroom.Read, none, none, none, none},
		{own, classroom.Write, none, none, none, none},
		{unknown, classroom.AddPage, 0, 0, 0, no},
		{own, classroom.AddPage, none, none, none, none},
	} {
		for role, want := range map[classroom.Role]protocol.Code{
			classroom.Teacher: c.teacher, classroom.Assistant: c.assistant, classroom.Student: c.student, classroom.Observer: c.observer,
		} {
			if got := code(t, a.Authorise(who(role), c.board, c.action)); got != want {
				t.Errorf("%s, action %d, board %v: %v, want %v", role, c.action, c.board, got, want)
			}
		}
	}
}

func TestCheckTakesOnlyPagesThatCanBeAdded(t *testing.T) {
	full := classroom.Authority{}
	for i := range protocol.MaxPages {
		full.Apply(added(fmt.Sprint("p", i), ""))
	}
	one := classroom.Authority{Order: []string{"p1"}}
	for name, c := range map[string]struct {
		state classroom.Authority
		role  classroom.Role
		event *chalklinev1.AuthorityEvent
		want  protocol.Code
	}{
		"a page":             {one, classroom.Student, added("p2", "p1"), 0},
		"behind none":        {one, classroom.Teacher, added("p2", ""), 0},
		"behind an unknown":  {one, classroom.Teacher, added("p2", "p9"), 0},
		"an observer's":      {one, classroom.Observer, added("p2", ""), protocol.NotPermitted},
		"there already":      {one, classroom.Teacher, added("p1", ""), 0},
		"the last, again":    {full, classroom.Teacher, added("p0", ""), 0},
		"no id":              {one, classroom.Teacher, added("", ""), protocol.BadMessage},
		"a position":         {one, classroom.Teacher, added("p:2", ""), protocol.BadMessage},
		"a long id":          {one, classroom.Teacher, added(strings.Repeat("x", protocol.MaxPageID+1), ""), protocol.BadMessage},
		"behind a long text": {one, classroom.Teacher, added("p2", strings.Repeat("x", 1000)), protocol.BadMessage},
		"one too many":       {full, classroom.Teacher, added("new", ""), protocol.BoardFull},
		"a second creation":  {one, classroom.Teacher, created(1, 1), protocol.NotPermitted},
		"nothing":            {one, classroom.Teacher, &chalklinev1.AuthorityEvent{}, protocol.NotPermitted},
	} {
		if got := code(t, c.state.Check(who(c.role), c.event)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestOT1ApplyIsTotal(t *testing.T) {
	var a classroom.Authority
	for _, e := range []*chalklinev1.AuthorityEvent{
		created(1, 42), created(9, 43), // the first stands
		added("a", ""), added("b", "a"), added("c", "a"), added("d", "nowhere"), // d first
		added("a", ""), added("bad id", ""), {}, nil,
	} {
		a.Apply(e)
	}
	if a.Semantics != 1 || a.CreatedAt != 42 || !slices.Equal(a.Order, []string{"d", "a", "c", "b"}) {
		t.Fatalf("state %+v", a)
	}
	for i := range protocol.MaxPages + 5 {
		a.Apply(added(fmt.Sprint("p", i), ""))
	}
	if len(a.Order) != protocol.MaxPages {
		t.Fatalf("%d pages", len(a.Order))
	}
}

func TestASnapshotOfTheAuthorityIsTheAuthority(t *testing.T) {
	a := classroom.Authority{Semantics: 1, CreatedAt: 42, Order: []string{"a", "b"}}
	state := a.State()
	b := classroom.AuthorityOf(state)
	if a.Hash() != b.Hash() {
		t.Fatal("hashes differ")
	}
	state.Pages[0] = "x"
	if a.Order[0] != "a" {
		t.Fatal("the snapshot shares the pages")
	}
	before := b.Hash()
	b.Order = []string{"b", "a"}
	if b.Hash() == before {
		t.Fatal("the order of pages is not in the hash")
	}
}

func TestBoardsAreNamedByOwnerAndPage(t *testing.T) {
	for document, want := range map[string]struct {
		board classroom.Board
		ok    bool
	}{
		"board::p1":     {classroom.Board{Page: "p1"}, true},
		"board:ann:p1":  {classroom.Board{Owner: "ann", Page: "p1"}, true},
		"board::A-z_09": {classroom.Board{Page: "A-z_09"}, true},
		"board::":       {classroom.Board{}, false},
		"board:p1":      {classroom.Board{}, false},
		"board::p1:p2":  {classroom.Board{}, false},
		"board::p 1":    {classroom.Board{}, false},
		"authority":     {classroom.Board{}, false},
		"attendance":    {classroom.Board{}, false},
		"":              {classroom.Board{}, false},
		"board::" + strings.Repeat("x", protocol.MaxPageID+1): {classroom.Board{}, false},
	} {
		board, ok := classroom.ParseBoard(document)
		if ok != want.ok || ok && (board != want.board || board.Document() != document) {
			t.Errorf("ParseBoard(%q) = %v, %v", document, board, ok)
		}
	}
}

func TestRolesAreAClosedSet(t *testing.T) {
	for role, want := range map[classroom.Role]bool{"teacher": true, "assistant": true, "student": true, "observer": true, "": false, "Teacher": false, "root": false} {
		if role.Known() != want {
			t.Errorf("%q: known %v", role, !want)
		}
	}
}
