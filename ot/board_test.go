package ot_test

import (
	"fmt"
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

func id(replica, counter uint32) ot.ID { return ot.ID{Replica: replica, Counter: counter} }

func createInk(id ot.ID, settings ...ot.Setting) ot.Op {
	return ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink, Settings: settings}
}

func createText(id ot.ID) ot.Op { return ot.Op{Kind: ot.Create, ID: id, Element: ot.Text} }

func extend(id ot.ID, first uint32, ended bool, points ...ot.Point) ot.Op {
	return ot.Op{Kind: ot.Extend, ID: id, First: first, Ended: ended, Points: points, Frame: ottest.Frame(points)}
}

func set(id ot.ID, settings ...ot.Setting) ot.Op {
	return ot.Op{Kind: ot.Set, ID: id, Settings: settings}
}

func deleted(v bool) ot.Setting { return ot.Setting{Register: ot.Deleted, Value: ot.BoolValue(v)} }

func color(rgb uint32) ot.Setting { return ot.Setting{Register: ot.Color, Value: ot.ColorValue(rgb)} }

// log applies ops as records of their own, from revision 1.
type log struct {
	board    *ot.Board
	revision uint64
}

func newLog() *log { return &log{board: ot.NewBoard()} }

func (l *log) apply(author uint32, ops ...ot.Op) []ot.ID {
	l.revision++
	return l.board.Apply(l.revision, author, ops)
}

func wantNothing(t *testing.T, l *log, author uint32, op ot.Op) {
	t.Helper()
	before := l.board.Hash()
	if changed := l.apply(author, op); len(changed) > 0 {
		t.Fatalf("changed %v, want nothing", changed)
	}
	if l.board.Hash() != before {
		t.Fatal("the hash changed")
	}
}

func TestOT1AnOpWithoutATargetChangesNothing(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)))
	for _, op := range []ot.Op{
		extend(id(1, 9), 0, true, ot.Point{X: 1}),
		set(id(2, 1), color(1)),
		{Kind: ot.End, ID: id(3, 3)},
		{Kind: ot.Clear, Base: 0},
		{Kind: ot.Undo, Items: []ot.UndoItem{made(id(1, 1)), {}}},
		typed(id(1, 1), ins("a")),
		erase(id(9, 1), 1, ot.Span{From: 0, To: 1}),
		purge(ot.IDRange{Replica: 1, First: 1, Count: 1}),
		{},
	} {
		wantNothing(t, l, 2, op)
	}
}

func TestOT2TheFirstCreateStands(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1), color(0xff0000)))
	wantNothing(t, l, 1, createText(id(1, 1)))
	if e := l.board.Get(id(1, 1)); e.Kind() != ot.Ink || e.Created() != 1 {
		t.Fatalf("element is %v of revision %d", e.Kind(), e.Created())
	}
}

func TestOT2NobodyCreatesInAnothersName(t *testing.T) {
	wantNothing(t, newLog(), 2, createInk(id(1, 1)))
}

func TestOT3ExtendIsTheAuthorsOnly(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)))
	op := extend(id(1, 1), 0, false, ot.Point{X: 1})
	if l.board.Extends(2, &op) || !l.board.Extends(1, &op) {
		t.Fatal("Extends must hold for replica 1 alone")
	}
	wantNothing(t, l, 2, op)
}

func TestOT3ExtendBeginsWhereThePointsEnd(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)), extend(id(1, 1), 0, false, ot.Point{X: 1}, ot.Point{X: 2}))
	for _, first := range []uint32{0, 1, 3, 1<<32 - 1} {
		wantNothing(t, l, 1, extend(id(1, 1), first, true, ot.Point{X: 3}))
	}
	l.apply(1, extend(id(1, 1), 2, true, ot.Point{X: 3}))
	if n, open := l.board.Len(id(1, 1)), l.board.Get(id(1, 1)).Open(); n != 3 || open {
		t.Fatalf("%d points, open %v; want 3, closed", n, open)
	}
	wantNothing(t, l, 1, extend(id(1, 1), 3, false, ot.Point{X: 4}))
}

func TestOT3AFrameWithoutPointsDoesNotExtend(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)))
	wantNothing(t, l, 1, extend(id(1, 1), 0, true))
}

func TestOT3ExtendReachesHiddenInk(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)))
	l.apply(2, set(id(1, 1), deleted(true)))
	l.apply(1, extend(id(1, 1), 0, false, ot.Point{X: 1}))
	if e := l.board.Get(id(1, 1)); len(e.Points()) != 1 || !e.Deleted() {
		t.Fatalf("%d points, deleted %v; want 1, true", len(e.Points()), e.Deleted())
	}
}

func TestOT4TheSeventeenthOpenStrokeClosesTheOldest(t *testing.T) {
	l := newLog()
	for c := range uint32(16) {
		l.apply(1, createInk(id(1, c+1)))
	}
	l.apply(2, createInk(id(2, 1)))
	changed := l.apply(1, createInk(id(1, 17)))
	if want := []ot.ID{id(1, 17), id(1, 1)}; !slices.Equal(changed, want) {
		t.Fatalf("changed %v, want %v", changed, want)
	}
	if l.board.Get(id(1, 1)).Open() || !l.board.Get(id(1, 2)).Open() || !l.board.Get(id(2, 1)).Open() {
		t.Fatal("only the oldest of the replica may close")
	}
}

func TestOT5TheLaterWriteWins(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1), color(1)))
	l.apply(2, set(id(1, 1), color(2), deleted(false)))
	l.apply(3, set(id(1, 1), color(3)))
	want := []ot.Stamped{{Setting: color(3), Stamp: 3, Writer: 3}, {Setting: deleted(false), Stamp: 2, Writer: 2}}
	if got := l.board.Get(id(1, 1)).Registers(); !slices.Equal(got, want) {
		t.Fatalf("registers %v, want %v", got, want)
	}
}

func TestOT6EditsReachAHiddenElementAndShowWhenItComesBack(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1), color(1)))
	l.apply(2, set(id(1, 1), deleted(true)))
	l.apply(1, set(id(1, 1), color(7)))
	l.apply(2, set(id(1, 1), deleted(false)))
	if v, _ := l.board.Get(id(1, 1)).Value(ot.Color); v != ot.ColorValue(7) || l.board.Get(id(1, 1)).Deleted() {
		t.Fatalf("color %q", v)
	}
}

func TestOT7ClearSparesConcurrentCreatesOfOthers(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1))) // 1: seen by whoever clears
	l.apply(2, createInk(id(2, 1))) // 2: not seen
	l.apply(3, createInk(id(3, 1))) // 3: own, later than the base
	changed := l.apply(3, ot.Op{Kind: ot.Clear, Base: 1})
	if want := []ot.ID{id(1, 1), id(3, 1)}; !slices.Equal(changed, want) {
		t.Fatalf("cleared %v, want %v", changed, want)
	}
	if stamp := l.board.Get(id(1, 1)).Registers()[0].Stamp; stamp != 4 {
		t.Fatalf("stamp %d, want 4", stamp)
	}
	wantNothing(t, l, 3, ot.Op{Kind: ot.Clear, Base: 1})
}

func TestOT7ClearTakesWhatCameBack(t *testing.T) {
	l := newLog()
	for c := range uint32(200) {
		l.apply(1, createInk(id(1, c+1)))
	}
	l.apply(2, ot.Op{Kind: ot.Clear, Base: 200})
	l.apply(2, set(id(1, 130), deleted(false)))
	if changed := l.apply(2, ot.Op{Kind: ot.Clear, Base: 200}); !slices.Equal(changed, []ot.ID{id(1, 130)}) {
		t.Fatalf("cleared %v", changed)
	}
}

func TestOT8EndIsTheAuthorsOnly(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)), extend(id(1, 1), 0, false, ot.Point{X: 1}))
	wantNothing(t, l, 2, ot.Op{Kind: ot.End, ID: id(1, 1)})
	if frames := l.board.Get(id(1, 1)).Frames(); len(frames) != 1 {
		t.Fatalf("%d frames, want 1", len(frames))
	}
	l.apply(1, ot.Op{Kind: ot.End, ID: id(1, 1)})
	if e := l.board.Get(id(1, 1)); e.Open() || e.Frames() != nil {
		t.Fatal("the stroke must be closed and its frames gone")
	}
	wantNothing(t, l, 1, ot.Op{Kind: ot.End, ID: id(1, 1)})
}

func TestOT8TheServerEndsAStrokeThatItsAuthorLeft(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)), extend(id(1, 1), 0, false, ot.Point{X: 1}))
	if changed := l.apply(0, ot.Op{Kind: ot.End, ID: id(1, 1)}); !slices.Equal(changed, []ot.ID{id(1, 1)}) {
		t.Fatalf("changed %v", changed)
	}
	if e := l.board.Get(id(1, 1)); e.Open() || e.Touched() {
		t.Fatal("the stroke must be closed, and it is not touched")
	}
	wantNothing(t, l, 1, extend(id(1, 1), 1, true, ot.Point{X: 2}))
}

func TestApplyKeepsNothingOfTheCallersBytes(t *testing.T) {
	l := newLog()
	op := extend(id(1, 1), 0, false, ot.Point{X: 5})
	l.apply(1, createInk(id(1, 1)), op)
	want := l.board.Hash()
	op.Frame[0], op.Points[0].X = 99, 99
	if e := l.board.Get(id(1, 1)); e.Points()[0].X != 5 || e.Frames()[0][0] != 5 || ottest.Hash(l.board) != want {
		t.Fatal("the board changed with its caller's slices")
	}
}

func TestHashIsThatOfTheDescriptionAfterEveryRecord(t *testing.T) {
	for seed := range uint64(4) {
		board := ot.NewBoard()
		for _, r := range ottest.Converge(t, seed, 3, 150) {
			ops, err := ottest.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			board.Apply(r.Revision, r.Author, ops)
			if got, want := board.Hash(), ottest.Hash(board); got != want {
				t.Fatalf("seed %d, revision %d: hash %x, want %x", seed, r.Revision, got, want)
			}
		}
	}
}

func TestReplicasConvergeWhateverTheyKnew(t *testing.T) {
	for seed := range uint64(40) {
		ottest.Converge(t, 1000+seed, 2+uint32(seed%11), 400)
	}
}

func TestEveryRandomBatchIsCanonical(t *testing.T) {
	for _, r := range ottest.Converge(t, 77, 4, 400) {
		ops, err := ot.DecodeOps(r.Ops, ot.MaxBatch)
		if err != nil || !slices.Equal(ot.AppendOps(nil, ops), r.Ops) {
			t.Fatalf("revision %d: %v", r.Revision, err)
		}
	}
}

func ExampleBoard() {
	board := ot.NewBoard()
	stroke := ot.ID{Replica: 1, Counter: 1}
	red := []ot.Setting{{Register: ot.Color, Value: ot.ColorValue(0xff0000)}}
	board.Apply(1, 1, []ot.Op{
		{Kind: ot.Create, ID: stroke, Element: ot.Ink, Settings: red},
		{Kind: ot.Extend, ID: stroke, Points: []ot.Point{{X: 100, Y: 100, P: 128}, {X: 104, Y: 101, P: 130, T: 8}}},
	})
	blue := []ot.Setting{{Register: ot.Color, Value: ot.ColorValue(0x0000ff)}}
	changed := board.Apply(2, 2, []ot.Op{{Kind: ot.Set, ID: stroke, Settings: blue}})
	value, _ := board.Get(stroke).Value(ot.Color)
	rgb, _ := ot.DecodeColor(value)
	fmt.Printf("%v has %d points, color %06x\n", changed, board.Len(stroke), rgb)
	// Output: [{1 1}] has 2 points, color 0000ff
}
