package ot_test

import (
	"reflect"
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

func undo(items ...ot.UndoItem) ot.Op { return ot.Op{Kind: ot.Undo, Items: items} }

// undoColor takes back that a colour was set.
func undoColor(id ot.ID, from, to uint32) ot.UndoItem {
	return ot.UndoItem{Kind: ot.UndoValue, ID: id, Register: ot.Color, Expected: ot.ColorValue(from), Value: ot.ColorValue(to)}
}

func undoDeleted(id ot.ID, from bool) ot.UndoItem {
	return ot.UndoItem{Kind: ot.UndoValue, ID: id, Register: ot.Deleted, Expected: ot.BoolValue(from), Value: ot.BoolValue(!from)}
}

func made(id ot.ID) ot.UndoItem { return ot.UndoItem{Kind: ot.UndoMade, ID: id} }

func erasure(id ot.ID, eraser uint32, off bool) ot.UndoItem {
	return ot.UndoItem{Kind: ot.UndoErasure, ID: id, Eraser: eraser, Off: off}
}

func erase(id ot.ID, eraser uint32, spans ...ot.Span) ot.Op {
	return ot.Op{Kind: ot.EraseSpans, ID: id, Eraser: eraser, Spans: spans}
}

func typed(id ot.ID, components ...ot.Component) ot.Op {
	return ot.Op{Kind: ot.TextEdit, ID: id, Edit: components}
}

// look is what there is to see of an element.
type look struct {
	deleted, whole bool
	color, text    string
	parts          int
}

func looks(e *ot.Element) look {
	parts, whole := e.Visible()
	c, _ := e.Value(ot.Color)
	return look{e.Deleted(), whole, c, e.Text(), len(parts)}
}

func TestOT15UndoThenRedoIsIdentityWhenNobodyWroteBetween(t *testing.T) {
	stroke := id(1, 1)
	cases := []struct {
		name                    string
		step, undo, redo, undo2 ot.Op
	}{
		{"set", set(stroke, color(2)), undo(undoColor(stroke, 2, 1)), undo(undoColor(stroke, 1, 2)), undo(undoColor(stroke, 2, 1))},
		{"delete", set(stroke, deleted(true)), undo(undoDeleted(stroke, true)), undo(undoDeleted(stroke, false)), undo(undoDeleted(stroke, true))},
		{"clear", ot.Op{Kind: ot.Clear}, undo(undoDeleted(stroke, true)), undo(undoDeleted(stroke, false)), undo(undoDeleted(stroke, true))},
		{"erase", erase(stroke, 1, ot.Span{From: 10, To: 300}), undo(erasure(stroke, 1, true)), undo(erasure(stroke, 1, false)), undo(erasure(stroke, 1, true))},
	}
	for _, c := range cases {
		l := newLog()
		l.apply(1, createInk(stroke, color(1)), extend(stroke, 0, true, make([]ot.Point, 4)...))
		before := looks(l.board.Get(stroke))
		l.apply(1, c.step)
		after := looks(l.board.Get(stroke))
		if before == after {
			t.Fatalf("%s: nothing to undo", c.name)
		}
		for i, op := range []ot.Op{c.undo, c.redo, c.undo2} {
			l.apply(1, op)
			if got, want := looks(l.board.Get(stroke)), []look{before, after, before}[i]; got != want {
				t.Fatalf("%s, step %d: %+v, want %+v", c.name, i, got, want)
			}
		}
	}
}

func TestOT15UndoOfWhatWasMadeAndRedo(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)))
	if l.apply(1, undo(made(id(1, 1)))); !l.board.Get(id(1, 1)).Deleted() {
		t.Fatal("still there")
	}
	wantNothing(t, l, 1, undo(made(id(1, 1))))
	if l.apply(1, undo(undoDeleted(id(1, 1), true))); l.board.Get(id(1, 1)).Deleted() {
		t.Fatal("not back")
	}
}

func TestOT15UndoNeverRepaintsWhatAnotherDid(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1), color(1)))
	l.apply(1, set(id(1, 1), color(2)))
	l.apply(2, set(id(1, 1), color(3)))
	wantNothing(t, l, 1, undo(undoColor(id(1, 1), 2, 1)))
	l.apply(2, set(id(1, 1), color(2))) // the same value, but another's
	wantNothing(t, l, 1, undo(undoColor(id(1, 1), 2, 1)))
	l.apply(1, set(id(1, 1), color(4)))
	wantNothing(t, l, 1, undo(undoColor(id(1, 1), 2, 1))) // mine, but not this one
	wantNothing(t, l, 1, undo(ot.UndoItem{Kind: ot.UndoValue, ID: id(1, 1), Register: ot.Width, Expected: ot.WidthValue(1), Value: ot.WidthValue(2)}))
}

func TestOT15SpansErasedByBothStayErasedWhenOneTakesHisBack(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)), extend(id(1, 1), 0, true, make([]ot.Point, 5)...))
	l.apply(2, erase(id(1, 1), 1, ot.Span{From: 100, To: 400}))
	l.apply(3, erase(id(1, 1), 1, ot.Span{From: 300, To: 600}))
	l.apply(2, undo(erasure(id(1, 1), 1, true)))
	want := []ot.Span{{From: 0, To: 300}, {From: 600, To: 1280}}
	if parts, whole := l.board.Get(id(1, 1)).Visible(); !slices.Equal(parts, want) || whole {
		t.Fatalf("%v, %v, want %v", parts, whole, want)
	}
	wantNothing(t, l, 1, undo(erasure(id(1, 1), 1, true))) // the owner has erased nothing
	wantNothing(t, l, 2, undo(erasure(id(1, 1), 1, true))) // is off already
	wantNothing(t, l, 2, undo(erasure(id(1, 1), 7, true)))
}

func TestOT15ATextThatOthersTypedIntoIsNotUnmade(t *testing.T) {
	l := newLog()
	l.apply(1, createText(id(1, 1)), typed(id(1, 1), ins("mine")))
	l.apply(2, typed(id(1, 1), keep(4), ins(", yours")))
	wantNothing(t, l, 1, undo(made(id(1, 1))))
	if e := l.board.Get(id(1, 1)); e.Deleted() || e.Text() != "mine, yours" {
		t.Fatalf("%q", e.Text())
	}
}

func TestOT15UndoOfAClearedPageBringsBackWhatNobodyElseDeleted(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)), createInk(id(1, 2)), createInk(id(1, 3)))
	l.apply(2, set(id(1, 2), deleted(true)))
	l.apply(1, ot.Op{Kind: ot.Clear})        // 1.1 and 1.3
	l.apply(3, set(id(1, 3), deleted(true))) // again
	l.apply(1, undo(undoDeleted(id(1, 1), true), undoDeleted(id(1, 2), true), undoDeleted(id(1, 3), true)))
	for counter, want := range map[uint32]bool{1: false, 2: true, 3: true} {
		if got := l.board.Get(id(1, counter)).Deleted(); got != want {
			t.Errorf("1.%d deleted: %v, want %v", counter, got, want)
		}
	}
}

func TestOT15EachItemIsByItself(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1), color(1)), createInk(id(1, 2), color(1)))
	l.apply(2, set(id(1, 1), color(9)))
	changed := l.apply(1, undo(undoColor(id(1, 1), 1, 5), undoColor(id(7, 7), 1, 5), undoColor(id(1, 2), 1, 5), undoColor(id(1, 2), 5, 6)))
	if v, _ := l.board.Get(id(1, 2)).Value(ot.Color); !slices.Equal(changed, []ot.ID{id(1, 2)}) || v != ot.ColorValue(6) {
		t.Fatalf("changed %v, color %q", changed, v)
	}
}

// others is what is there of an element that a replica did not do.
type others struct {
	registers []ot.Stamped
	erasures  []ot.Erasure
	text      string
}

func othersThan(author uint32, e *ot.Element) others {
	o := others{text: e.Text()}
	for _, r := range e.Registers() {
		if r.Writer != author {
			o.registers = append(o.registers, r)
		}
	}
	for _, x := range e.Erasures() {
		if x.Replica != author {
			o.erasures = append(o.erasures, x)
		}
	}
	return o
}

// TestOT15UndoTakesNothingOfOthersAway: over random logs, every undo leaves all
// that others wrote, erased and typed as it was.
func TestOT15UndoTakesNothingOfOthersAway(t *testing.T) {
	undone := 0
	for seed := range uint64(20) {
		board := ot.NewBoard()
		for _, r := range ottest.Converge(t, 300+seed, 3, 300) {
			ops, err := ottest.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			for i := range ops {
				before := map[ot.ID]others{}
				for _, item := range ops[i].Items {
					if e := board.Get(item.ID); e != nil {
						before[item.ID] = othersThan(r.Author, e)
					}
				}
				undone += len(board.Apply(r.Revision, r.Author, ops[i:i+1])) * min(len(before), 1)
				for id, want := range before {
					if got := othersThan(r.Author, board.Get(id)); !reflect.DeepEqual(got, want) {
						t.Fatalf("seed %d, revision %d, %v: %+v became %+v", seed, r.Revision, id, want, got)
					}
				}
			}
		}
	}
	if undone < 100 {
		t.Fatalf("only %d undone", undone)
	}
}

func TestOT17TheFirstWriteOfAnotherTouches(t *testing.T) {
	span := ot.Span{From: 0, To: 9}
	cases := []struct {
		name   string
		author uint32
		op     ot.Op
		want   bool
	}{
		{"own set", 1, set(id(1, 1), color(2)), false},
		{"own clear", 1, ot.Op{Kind: ot.Clear, Base: 9}, false},
		{"own erasure", 1, erase(id(1, 1), 1, span), false},
		{"own edit", 1, typed(id(1, 2), ins("a")), false},
		{"own undo", 1, undo(undoColor(id(1, 1), 1, 2), made(id(1, 2))), false},
		{"end by the server", 0, ot.Op{Kind: ot.End, ID: id(1, 1)}, false},
		{"set", 2, set(id(1, 1), color(2)), true},
		{"clear", 2, ot.Op{Kind: ot.Clear, Base: 9}, true},
		{"clear that does not reach it", 2, ot.Op{Kind: ot.Clear, Base: 0}, false},
		{"erasure", 2, erase(id(1, 1), 1, span), true},
		{"erasure of what is no ink", 2, erase(id(1, 2), 1, span), false},
		{"edit", 2, typed(id(1, 2), ins("a")), true},
		{"edit of what is no text", 2, typed(id(1, 1), ins("a")), false},
		{"undo in vain", 2, undo(undoColor(id(1, 1), 1, 2), made(id(1, 1)), erasure(id(1, 1), 1, true)), false},
	}
	for _, c := range cases {
		l := newLog()
		l.apply(1, createInk(id(1, 1), color(1)), createText(id(1, 2)))
		l.apply(c.author, c.op)
		if got := l.board.Get(id(1, 1)).Touched() || l.board.Get(id(1, 2)).Touched(); got != c.want {
			t.Errorf("%s: touched %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOT17WhatWasTouchedStaysTouchedWhenItIsUndone(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)))
	l.apply(2, set(id(1, 1), color(2)))
	l.apply(2, undo(undoColor(id(1, 1), 2, 1)))
	if !l.board.Get(id(1, 1)).Touched() {
		t.Fatal("once touched, always touched")
	}
	wantNothing(t, l, 1, undo(made(id(1, 1))))
}
