package ot_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"chalkline/ot"
)

// by is ops of one replica.
type by struct {
	author uint32
	ops    []ot.Op
}

func do(author uint32, ops ...ot.Op) by { return by{author, ops} }

// at is a place of a width.
func at(x, w int32) ot.Setting {
	return ot.Setting{Register: ot.Place, Value: ot.PlaceValue(ot.Placement{X: x, W: w})}
}

func inGroup(id ot.ID) ot.Setting { return ot.Setting{Register: ot.Group, Value: ot.GroupValue(id)} }

func ordered(key string) ot.Setting { return ot.Setting{Register: ot.Order, Value: key} }

func dashed() ot.Setting { return ot.Setting{Register: ot.Dash, Value: ot.ByteValue(1)} }

// seen tells what a board shows, in drawing order, and in brackets what is hidden.
func seen(b *ot.Board) string {
	var all []string
	for e := range b.Drawn() {
		all = append(all, told(e))
	}
	for e := range b.Elements() {
		if e.Deleted() {
			all = append(all, "("+told(e)+")")
		}
	}
	return strings.Join(all, " ")
}

func told(e *ot.Element) string {
	said := fmt.Sprintf("%d.%d", e.ID().Replica, e.ID().Counter)
	if v, ok := e.Value(ot.Place); ok {
		p, _ := ot.DecodePlace(v)
		said += fmt.Sprintf(" at %d+%d", p.X, p.W)
	}
	if v, ok := e.Value(ot.Color); ok {
		c, _ := ot.DecodeColor(v)
		said += fmt.Sprintf(" color %d", c)
	}
	if _, ok := e.Value(ot.Dash); ok {
		said += " dashed"
	}
	if v, ok := e.Value(ot.Group); ok {
		g, _ := ot.DecodeGroup(v)
		said += fmt.Sprintf(" in %d.%d", g.Replica, g.Counter)
	}
	if n := len(e.Points()); n > 0 {
		said += fmt.Sprintf(" of %d", n)
	}
	if parts, whole := e.Visible(); !whole {
		said += fmt.Sprint(parts)
	}
	if e.Text() != "" {
		said += " " + e.Text()
	}
	return said
}

// TestOT5ToOT18TwoWhoWriteAtOnce is the table of pairs in docs/protocol.md, one case for
// each row of two ops: replicas 2 and 3 (or 1, whose the elements are, or the server) write
// without knowing of each other. Both orders of the log are tried.
func TestOT5ToOT18TwoWhoWriteAtOnce(t *testing.T) {
	stroke, text, third := id(1, 1), id(1, 2), id(1, 3)
	points := make([]ot.Point, 4)
	drawn := []ot.Op{createInk(stroke, color(1)), extend(stroke, 0, true, points...)}
	drawing := []ot.Op{createInk(stroke), extend(stroke, 0, false, points...)}
	written := []ot.Op{createText(text), typed(text, ins("abcd"))}
	three := []ot.Op{createText(stroke), createText(text), createText(third)}
	hide, show := deleted(true), undo(undoDeleted(stroke, true))
	hidden := []ot.Op{drawn[0], drawn[1], set(stroke, hide)}
	gone := purge(ot.IDRange{Replica: 1, First: 1, Count: 9})
	split := func(replica uint32) by {
		piece := id(replica, 1)
		return do(replica, createInk(piece, color(1)), extend(piece, 0, true, points[:2]...), set(stroke, hide))
	}
	whole := func(replica uint32) by { return do(replica, undo(made(id(replica, 1)), undoDeleted(stroke, true))) }

	rules, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	row := ""
	for _, c := range []struct {
		name   string
		before []ot.Op // of replica 1
		a, b   by
		after  []by
		ab, ba string
	}{
		{"set × set, one register", drawn, do(2, set(stroke, color(2))), do(3, set(stroke, color(3))), nil, "1.1 color 3 of 4", "1.1 color 2 of 4"},
		{"move × move, move × resize", three[:1], do(2, set(stroke, at(9, 1))), do(3, set(stroke, at(0, 5))), nil, "1.1 at 0+5", "1.1 at 9+1"},
		{"set × set, different registers", drawn, do(2, set(stroke, color(2))), do(3, set(stroke, dashed())), nil, "1.1 color 2 dashed of 4", ""},
		{
			"format × format, format × type", written, do(2, set(text, color(2))), do(3, typed(text, keep(4), ins("!"))), nil,
			"1.2 color 2 abcd!", "",
		},
		{"delete × set, extend, erase, type", drawing, do(2, set(stroke, hide)), do(3, set(stroke, color(3))), nil, "(1.1 color 3 of 4)", ""},
		{"", drawing, do(2, set(stroke, hide)), do(1, extend(stroke, 4, true, points...)), []by{do(2, show)}, "1.1 of 8", ""},
		{"", drawn, do(2, set(stroke, hide)), do(3, erase(stroke, 1, ot.Span{From: 0, To: 256})), nil, "(1.1 color 1 of 4[{256 1024}])", ""},
		{"", written, do(2, set(text, hide)), do(3, typed(text, ins("!"))), nil, "(1.2 !abcd)", ""},
		{
			"delete × delete", drawn, do(2, set(stroke, hide)), do(3, set(stroke, hide)),
			[]by{do(2, show)},
			"(1.1 color 1 of 4)", "1.1 color 1 of 4",
		},
		{"clear × create, extend", drawing, do(2, ot.Op{Kind: ot.Clear, Base: 1}), do(3, createInk(id(3, 1))), nil, "3.1 (1.1 of 4)", ""},
		{"", drawing, do(2, ot.Op{Kind: ot.Clear, Base: 1}), do(1, extend(stroke, 4, true, points...)), nil, "(1.1 of 8)", ""},
		{
			"erase × erase", drawn, do(2, erase(stroke, 1, ot.Span{From: 0, To: 300})), do(3, erase(stroke, 1, ot.Span{From: 200, To: 400})),
			[]by{do(2, undo(erasure(stroke, 1, true)))},
			"1.1 color 1 of 4[{0 200} {400 1024}]", "",
		},
		{
			"erase × extend", drawing, do(2, erase(stroke, 1, ot.Span{From: 256, To: 1024})), do(1, extend(stroke, 4, true, points...)), nil,
			"1.1 of 8[{0 256} {1024 2048}]", "",
		},
		{
			"split × split", drawn, split(2), split(3), nil,
			"2.1 color 1 of 2 3.1 color 1 of 2 (1.1 color 1 of 4)", "3.1 color 1 of 2 2.1 color 1 of 2 (1.1 color 1 of 4)",
		},
		{
			"", drawn, split(2), split(3),
			[]by{whole(2)},
			"3.1 color 1 of 2 (1.1 color 1 of 4) (2.1 color 1 of 2)", "1.1 color 1 of 4 3.1 color 1 of 2 (2.1 color 1 of 2)",
		},
		{
			"split × set, erase", drawn, split(2), do(3, set(stroke, color(3)), erase(stroke, 1, ot.Span{From: 0, To: 256})),
			[]by{whole(2)},
			"1.1 color 3 of 4[{256 1024}] (2.1 color 1 of 2)", "",
		},
		{"order × order", three, do(2, set(stroke, ordered("Z"))), do(3, set(text, ordered("Z"))), nil, "1.3 1.1 1.2", ""},
		{
			"group × group", three, do(2, set(stroke, inGroup(stroke)), set(text, inGroup(stroke))), do(3, set(text, inGroup(text)), set(third, inGroup(text))),
			nil, "1.1 in 1.1 1.2 in 1.2 1.3 in 1.2", "1.1 in 1.1 1.2 in 1.1 1.3 in 1.2",
		},
		{
			"group × delete", three[:2], do(2, set(stroke, inGroup(stroke)), set(text, inGroup(stroke))), do(3, set(stroke, hide)), nil,
			"1.2 in 1.1 (1.1 in 1.1)", "",
		},
		{
			"lock × set", drawn, do(2, set(stroke, ot.Setting{Register: ot.Locked, Value: ot.BoolValue(true)})), do(3, set(stroke, color(3))), nil,
			"1.1 color 3 of 4", "",
		},
		{"insert × insert, one place", written, do(2, typed(text, keep(2), ins("+"))), do(3, typed(text, keep(2), ins("-"))), nil, "1.2 ab+-cd", "1.2 ab-+cd"},
		{"insert × delete around it", written, do(2, typed(text, keep(2), ins("+"))), do(3, typed(text, keep(1), del(2))), nil, "1.2 a+d", ""},
		{"delete × delete, letters", written, do(2, typed(text, keep(1), del(2))), do(3, typed(text, keep(2), del(2))), nil, "1.2 a", ""},
		{"undo × set", drawn, do(1, undo(undoColor(stroke, 1, 9))), do(3, set(stroke, color(3))), nil, "1.1 color 3 of 4", ""},
		{"undo of making × write", drawn, do(1, undo(made(stroke))), do(3, set(stroke, color(3))), nil, "(1.1 color 3 of 4)", "1.1 color 3 of 4"},
		{"purge × undo of delete", hidden, do(0, gone), do(1, show), nil, "", "1.1 color 1 of 4"},
		{"purge × set, erase, type", hidden, do(0, gone), do(3, set(stroke, color(3))), nil, "", ""},
	} {
		if c.ba == "" {
			c.ba = c.ab
		}
		if c.name == "" { // one more of the row before
			c.name = row
		}
		if row = c.name; !strings.Contains(string(rules), "| "+row+" |") {
			t.Fatalf("docs/protocol.md has no row %q", row)
		}
		for _, order := range []struct {
			first, second by
			want          string
		}{{c.a, c.b, c.ab}, {c.b, c.a, c.ba}} {
			if got := atOnce(c.before, order.first, order.second, c.after); got != order.want {
				t.Errorf("%s, replica %d first: %q, want %q", row, order.first.author, got, order.want)
			}
		}
	}
}

// atOnce returns what is seen after two wrote on the same board, and what came of it. Like
// the server it transforms the later of two edits of one text.
func atOnce(before []ot.Op, first, second by, after []by) string {
	l := newLog()
	l.apply(1, before...)
	l.apply(first.author, first.ops...)
	later := second.ops[0]
	if earlier := first.ops[0]; earlier.Kind == ot.TextEdit && later.Kind == ot.TextEdit {
		later.Edit, _ = ot.Transform(later.Edit, earlier.Edit)
	}
	l.apply(second.author, append([]ot.Op{later}, second.ops[1:]...)...)
	for _, x := range after {
		l.apply(x.author, x.ops...)
	}
	return seen(l.board)
}
