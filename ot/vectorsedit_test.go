package ot_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"unicode/utf8"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

// plainEdit is an edit as JSON: a number n keeps n code points, −n deletes n, a
// string is inserted.
type plainEdit ot.Edit

func (e plainEdit) MarshalJSON() ([]byte, error) {
	parts := []any{}
	for _, c := range e {
		switch c.Kind {
		case ot.Keep:
			parts = append(parts, c.N)
		case ot.Delete:
			parts = append(parts, -c.N)
		case ot.Insert:
			parts = append(parts, c.Text)
		}
	}
	return json.Marshal(parts)
}

func (e *plainEdit) UnmarshalJSON(b []byte) error {
	var parts []any
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	*e = nil
	for _, part := range parts {
		switch part := part.(type) {
		case float64:
			if part < 0 {
				*e = append(*e, ot.Component{Kind: ot.Delete, N: int(-part)})
			} else {
				*e = append(*e, ot.Component{Kind: ot.Keep, N: int(part)})
			}
		case string:
			*e = append(*e, ot.Component{Kind: ot.Insert, Text: part})
		default:
			return errors.New("neither number nor string")
		}
	}
	return nil
}

// editVector is two edits of one text and all that is made of them.
type editVector struct {
	Text    string    `json:"text"`
	A       plainEdit `json:"a"`
	B       plainEdit `json:"b"` // the earlier in log order
	After   string    `json:"after"`
	Length  int       `json:"length"` // of after, in code points
	A2      plainEdit `json:"a2"`
	B2      plainEdit `json:"b2"`
	Both    string    `json:"both"`    // b, then a2
	Compose plainEdit `json:"compose"` // a, then b2
	Invert  plainEdit `json:"invert"`  // of a
	Fit     plainEdit `json:"fit"`     // a, for this text
	Moved   []int     `json:"moved"`   // by a: positions 0 to the length of text
}

func makeEditVector(text string, a, b ot.Edit) editVector {
	a2, b2 := ot.Transform(a, b)
	n := utf8.RuneCountInString(text)
	v := editVector{
		Text: text, A: plainEdit(a), B: plainEdit(b), After: a.Apply(text), Length: a.Length(n),
		A2: plainEdit(a2), B2: plainEdit(b2), Both: a2.Apply(b.Apply(text)),
		Compose: plainEdit(ot.Compose(a, b2)), Invert: plainEdit(ot.Invert(a, text)), Fit: plainEdit(a.Fit(n)),
	}
	for position := range n + 1 {
		v.Moved = append(v.Moved, a.MovePosition(position))
	}
	return v
}

func keep(n int) ot.Component      { return ot.Component{Kind: ot.Keep, N: n} }
func del(n int) ot.Component       { return ot.Component{Kind: ot.Delete, N: n} }
func ins(text string) ot.Component { return ot.Component{Kind: ot.Insert, Text: text} }

func makeEditVectors() []editVector {
	vectors := []editVector{
		makeEditVector("", ot.Edit{ins("a")}, ot.Edit{ins("b")}),
		makeEditVector("汉😀字", ot.Edit{keep(1), ins("x"), del(1)}, ot.Edit{keep(2), ins("y")}),
		makeEditVector("汉😀字", ot.Edit{keep(1), ins("x"), del(1)}, ot.Edit{keep(1), ins("y"), del(2)}),
		makeEditVector("word", ot.Edit{del(4)}, ot.Edit{keep(2), ins("😀")}),
		makeEditVector("word", ot.Edit{keep(2), ins("😀")}, ot.Edit{del(4)}),
		makeEditVector("shi", ot.Edit{ins("是"), del(3)}, ot.Edit{keep(3), ins("t")}),
		makeEditVector("ab", ot.Edit{keep(5), ins("x")}, ot.Edit{keep(1), del(7)}), // beyond the end
		makeEditVector("ab", ot.Edit{keep(ot.MaxRun), ins("x")}, ot.Edit{ins("y"), del(ot.MaxRun)}),
	}
	rng := rand.New(rand.NewPCG(2, 13))
	for range 120 {
		text := ottest.Letters(rng, rng.IntN(14))
		n := utf8.RuneCountInString(text)
		vectors = append(vectors, makeEditVector(text, ottest.Edit(rng, n), ottest.Edit(rng, n)))
	}
	return vectors
}

func TestVectorsOfEdits(t *testing.T) {
	const path = "testdata/edits.json"
	if *update {
		writeLines(t, path, makeEditVectors())
	}
	var vectors []editVector
	readVectors(t, path, &vectors)
	for i, v := range vectors {
		if got := makeEditVector(v.Text, ot.Edit(v.A), ot.Edit(v.B)); !reflect.DeepEqual(got, v) {
			t.Errorf("vector %d: %+v, want %+v", i, got, v)
		}
	}
}

// visibleVector is a stroke with what was erased of it.
type visibleVector struct {
	Points   int             `json:"points"`
	Erasures []erasureVector `json:"erasures"`
	Visible  [][2]uint32     `json:"visible"`
	Whole    bool            `json:"whole"`
}

type erasureVector struct {
	Off   bool        `json:"off"`
	Spans [][2]uint32 `json:"spans"`
}

func (v *visibleVector) fill() {
	l := newLog()
	l.apply(1, createInk(id(1, 1)))
	if v.Points > 0 {
		l.apply(1, extend(id(1, 1), 0, true, make([]ot.Point, v.Points)...))
	}
	for i, e := range v.Erasures {
		op := ot.Op{Kind: ot.EraseSpans, ID: id(1, 1), Eraser: uint32(i) + 1}
		for _, s := range e.Spans {
			op.Spans = append(op.Spans, ot.Span{From: s[0], To: s[1]})
		}
		l.apply(2, op)
		l.apply(2, ot.Op{Kind: ot.Undo, Items: []ot.UndoItem{{Kind: ot.UndoErasure, ID: id(1, 1), Eraser: op.Eraser, Off: e.Off}}})
	}
	parts, whole := l.board.Get(id(1, 1)).Visible()
	v.Visible, v.Whole = [][2]uint32{}, whole
	for _, s := range parts {
		v.Visible = append(v.Visible, [2]uint32{s.From, s.To})
	}
}

func makeVisibleVectors() []visibleVector {
	one := func(points int, spans ...[2]uint32) visibleVector {
		return visibleVector{Points: points, Erasures: []erasureVector{{Spans: spans}}}
	}
	vectors := []visibleVector{
		{Points: 0, Erasures: []erasureVector{}},
		{Points: 3, Erasures: []erasureVector{}},
		one(0, [2]uint32{0, 256}),
		one(1, [2]uint32{0, 1}),
		one(1, [2]uint32{1, 256}),
		one(3, [2]uint32{0, 768}),
		one(3, [2]uint32{0, 512}),                        // but the last point
		one(3, [2]uint32{0, 513}),                        // the last point too
		one(3, [2]uint32{513, 900}),                      // behind the last point
		one(3, [2]uint32{100, 200}, [2]uint32{512, 513}), // a gap and the last point
		one(2, [2]uint32{256, 1<<32 - 1}),
		{Points: 4, Erasures: []erasureVector{
			{Spans: [][2]uint32{{100, 200}, {300, 400}}},
			{Off: true, Spans: [][2]uint32{{0, 1024}}},
			{Spans: [][2]uint32{{150, 300}, {500, 510}}},
		}},
	}
	rng := rand.New(rand.NewPCG(2, 11))
	for range 40 {
		v := visibleVector{Points: rng.IntN(6), Erasures: []erasureVector{}}
		for range rng.IntN(4) {
			e := erasureVector{Off: rng.IntN(4) == 0}
			for _, s := range ottest.Spans(rng, v.Points) {
				e.Spans = append(e.Spans, [2]uint32{s.From, s.To})
			}
			v.Erasures = append(v.Erasures, e)
		}
		vectors = append(vectors, v)
	}
	for i := range vectors {
		vectors[i].fill()
	}
	return vectors
}

func TestVectorsOfVisibleParts(t *testing.T) {
	const path = "testdata/visible.json"
	if *update {
		writeLines(t, path, makeVisibleVectors())
	}
	var vectors []visibleVector
	readVectors(t, path, &vectors)
	for i, v := range vectors {
		got := v
		if got.fill(); !reflect.DeepEqual(got, v) {
			t.Errorf("vector %d: %+v, want %+v", i, got, v)
		}
	}
}

// orderVector is live elements in the order of creation.
type orderVector struct {
	Created []uint64 `json:"created"`
	Order   []string `json:"order"` // "": none
	Keys    []string `json:"keys"`
	Drawn   []int    `json:"drawn"` // indexes
}

func (v *orderVector) fill() {
	board := ot.NewBoard()
	for i, created := range v.Created {
		op := createInk(id(1, uint32(i)+1))
		if v.Order[i] != "" {
			op.Settings = []ot.Setting{{Register: ot.Order, Value: v.Order[i]}}
		}
		board.Apply(created, 1, []ot.Op{op})
	}
	v.Keys, v.Drawn = nil, nil
	for e := range board.Elements() {
		v.Keys = append(v.Keys, e.Key())
	}
	for e := range board.Drawn() {
		v.Drawn = append(v.Drawn, int(e.ID().Counter)-1)
	}
}

func makeOrderVectors() []orderVector {
	vectors := []orderVector{
		{Created: []uint64{1, 1, 2}, Order: []string{"", "", ""}},
		{Created: []uint64{1, 2, 3, 4}, Order: []string{"W", "", "T", ""}},
		{Created: []uint64{1, 2, 3, 4}, Order: []string{"U000000003", "", "", "U000000003"}},
		{Created: []uint64{61, 62, 3844, 1<<53 - 1}, Order: []string{"", "", "", ""}},
		{Created: []uint64{5, 6, 7, 8, 9}, Order: []string{"a", "A", "", "0", "U000000007V"}},
		{Created: []uint64{1, 2, 3}, Order: []string{"U", "Uz", "U0"}},
		{Created: []uint64{9, 9, 9}, Order: []string{"m", "", "m"}},
	}
	for i := range vectors {
		vectors[i].fill()
	}
	return vectors
}

func TestVectorsOfDrawingOrder(t *testing.T) {
	const path = "testdata/order.json"
	if *update {
		writeLines(t, path, makeOrderVectors())
	}
	var vectors []orderVector
	readVectors(t, path, &vectors)
	for i, v := range vectors {
		got := v
		if got.fill(); !reflect.DeepEqual(got, v) {
			t.Errorf("vector %d: %+v, want %+v", i, got, v)
		}
	}
}
