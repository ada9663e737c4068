package ot_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

// onItsWay is an op that was taken in and not applied yet.
type onItsWay struct {
	author uint32
	op     ot.Op
	brings ot.Load
}

// TestOT9NoOpBringsMoreThanItCountedFor takes random ops in while others are on
// their way, as a room does: what the board counts is never less than its table
// takes, and the same when that is read.
func TestOT9NoOpBringsMoreThanItCountedFor(t *testing.T) {
	for seed := range uint64(8) {
		t.Logf("seed %d", seed)
		const last = 1<<53 - 1_000_000 // late revisions are long ones
		rng, board, revision := rand.New(rand.NewPCG(seed, 0)), ot.NewBoard(), uint64(last)
		var coming []onItsWay
		var sources []*ottest.Source
		for author := range uint32(3) {
			sources = append(sources, ottest.NewSource(seed, author+1, 3))
		}
		for range 800 {
			s := sources[rng.IntN(len(sources))]
			for _, op := range s.Batch(board, revision) {
				if op.Kind != ot.Create || board.Get(op.ID) == nil { // else it is refused
					coming = append(coming, onItsWay{s.Author, op, board.Brings(s.Author, &op)})
				}
			}
			if rng.IntN(30) == 0 {
				coming = append(coming, onItsWay{op: ottest.Purge(rng, board)})
			}
			for n := rng.IntN(8); n > 0 && len(coming) > 0; n-- {
				revision++
				next, before := coming[0], board.Load()
				coming = coming[1:]
				board.Apply(revision, next.author, []ot.Op{next.op})
				if l := board.Load().Minus(before); l.Elements > next.brings.Elements || l.Points > next.brings.Points || l.Bytes > next.brings.Bytes {
					t.Fatalf("op of kind %d brought %+v, counted %+v", next.op.Kind, l, next.brings)
				}
			}
			if rng.IntN(10) == 0 {
				wantCounted(t, board)
			}
		}
	}
}

// wantCounted checks what a board counts against its table, and against the board
// that is read from that.
func wantCounted(t *testing.T, board *ot.Board) {
	t.Helper()
	snapshot := ottest.Take(board)
	const count = 3 // of elements, before them
	if n := board.Load().Bytes + count; len(snapshot.Table) > n {
		t.Fatalf("the table has %d bytes, %d are counted", len(snapshot.Table), n)
	}
	again, err := snapshot.Board()
	if err != nil {
		t.Fatal(err)
	}
	if again.Load() != board.Load() {
		t.Fatalf("counted %+v, once it is read %+v", board.Load(), again.Load())
	}
}

// TestOT9TheDearestElementsAreCounted makes everything as long as it can be.
func TestOT9TheDearestElementsAreCounted(t *testing.T) {
	const far = 1<<32 - 1
	var vertices []ot.Vertex
	for range ot.MaxVertices {
		vertices = append(vertices, ot.Vertex{X: 65_535, Y: 65_535})
	}
	all := []ot.Setting{
		{Register: ot.Place, Value: ot.PlaceValue(ot.Placement{X: -1 << 31, Y: -1 << 31, W: -1 << 31, H: -1 << 31, Angle: -1 << 31})},
		color(0xffffff),
		{Register: ot.Width, Value: ot.WidthValue(ot.MaxWidth)},
		deleted(true),
		{Register: ot.Order, Value: strings.Repeat("z", ot.MaxOrder)},
		{Register: ot.Group, Value: ot.GroupValue(id(far, far))},
		{Register: ot.Opacity, Value: ot.ByteValue(255)},
		{Register: ot.Fill, Value: ot.FillValue(0xffffff)},
		{Register: ot.Dash, Value: ot.ByteValue(2)},
		{Register: ot.Content, Value: strings.Repeat("c", ot.MaxContent)},
		{Register: ot.Locked, Value: ot.BoolValue(true)},
		{Register: ot.Pen, Value: ot.ByteValue(2)},
		{Register: ot.Size, Value: ot.SizeValue(ot.MaxSize)},
		{Register: ot.Align, Value: ot.ByteValue(2)},
		{Register: ot.Style, Value: ot.StyleValue(true, true)},
		{Register: ot.Vertices, Value: ot.VerticesValue(vertices)},
	}
	for _, s := range all {
		if err := ot.CheckSetting(s); err != nil {
			t.Fatal(err)
		}
	}
	limits := ot.BoardLimits()
	var spans []ot.Span
	const step = 1 << 32 / 33 // the gaps and spans are long
	for at := uint64(step / 2); at+step/2 < 1<<32; at += step {
		spans = append(spans, ot.Span{From: uint32(at), To: uint32(at + step/2)})
	}
	for _, kind := range []ot.ElementKind{ot.Ink, ot.Text, ot.Polygon} {
		b := ot.NewBoard()
		e := id(far, far)
		create, open := ot.Op{Kind: ot.Create, ID: e, Element: kind}, extend(e, 0, false, make([]ot.Point, 200)...)
		b.Apply(1<<52, far, []ot.Op{create, open, set(e, all...)})
		b.Apply(1<<53-1, far-1, []ot.Op{
			set(e, all...), typed(e, ins(strings.Repeat("😀", limits.Text))), {Kind: ot.EraseSpans, ID: e, Eraser: far, Spans: spans},
		})
		wantCounted(t, b)
	}
}

func TestOT9OnAFullBoardWhatIsThereCanBeChangedAndTakenBack(t *testing.T) {
	l := newLog()
	ink, text := id(1, 1), id(1, 2)
	place := ot.Setting{Register: ot.Place, Value: ot.PlaceValue(ot.Placement{X: 1})}
	far := ot.Setting{Register: ot.Place, Value: ot.PlaceValue(ot.Placement{X: 170_000, Y: 170_000})}
	l.apply(1, createInk(ink, color(1), place), extend(ink, 0, false, make([]ot.Point, 9)...), createText(text), typed(text, ins("long")))
	l.apply(1, ot.Op{Kind: ot.EraseSpans, ID: ink, Eraser: 1, Spans: []ot.Span{{From: 1, To: 9}}})
	value := func(was, becomes ot.Setting) ot.UndoItem {
		return ot.UndoItem{Kind: ot.UndoValue, ID: ink, Register: was.Register, Expected: was.Value, Value: becomes.Value}
	}
	for name, c := range map[string]struct {
		op   ot.Op
		full bool // it brings more than there is room for
	}{
		"create":           {createInk(id(1, 3)), true},
		"extend":           {extend(ink, 9, false, ot.Point{}), true},
		"extend and end":   {extend(ink, 9, true, ot.Point{}), false},
		"end":              {ot.Op{Kind: ot.End, ID: ink}, false},
		"delete":           {set(ink, deleted(true)), false},
		"delete, bring":    {set(ink, color(9), deleted(true)), false},
		"move":             {set(ink, far), false},
		"a new register":   {set(text, far), true},
		"clear":            {ot.Op{Kind: ot.Clear, Base: 9}, false},
		"undo creation":    {undo(ot.UndoItem{Kind: ot.UndoMade, ID: ink}), false},
		"undo deletion":    {undo(value(deleted(true), deleted(false))), false},
		"undo a move":      {undo(value(place, far)), false},
		"undo an erasure":  {undo(ot.UndoItem{Kind: ot.UndoErasure, ID: ink, Eraser: 1, Off: true}), false},
		"erase":            {ot.Op{Kind: ot.EraseSpans, ID: ink, Eraser: 2, Spans: []ot.Span{{From: 1, To: 9}}}, true},
		"type":             {typed(text, ins("x")), true},
		"take letters out": {typed(text, keep(1), del(3)), false},
		"longer vertices":  {set(ink, ot.Setting{Register: ot.Vertices, Value: ot.VerticesValue(make([]ot.Vertex, 3))}), true},
	} {
		limits := ot.BoardLimits()
		limits.Bytes = l.board.Load().Bytes - 1 // an old board may be over it
		err := limits.Check(l.board.Load(), l.board.Brings(1, &c.op), &c.op)
		if full := err != nil; full != c.full {
			t.Errorf("%s: %v, %+v", name, err, l.board.Brings(1, &c.op))
		}
	}
}
