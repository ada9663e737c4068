package ink_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/protocol/ink"
)

func equal(a, b [][]ot.Point) bool { return slices.EqualFunc(a, b, slices.Equal) }

func clone(strokes [][]ot.Point) [][]ot.Point {
	out := make([][]ot.Point, len(strokes))
	for i := range out {
		out[i] = slices.Clone(strokes[i])
	}
	return out
}

func TestStrokesDecodeToWhatWasEncoded(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	sets := [][][]ot.Point{nil, {extremes()}, {hours(), hours(), {{}}}, {make([]ot.Point, 5000)}}
	for k := range 100 {
		sets = append(sets, walks(r, r.IntN(20), 200, k%2 == 1))
	}
	for _, strokes := range sets {
		given := clone(strokes)
		b, err := ink.AppendStrokes(nil, strokes)
		if err != nil {
			t.Fatal(err)
		}
		if !equal(given, strokes) {
			t.Fatal("encoding changed its input")
		}
		n := count(strokes)
		if got, err := ink.DecodeStrokes(b, n); err != nil || !equal(got, strokes) {
			t.Fatalf("%d strokes: %v", len(strokes), err)
		}
		if _, err := ink.DecodeStrokes(b, n-1); n > 0 && !errors.Is(err, ink.ErrLimit) {
			t.Fatalf("%d points where %d are allowed: %v, want %v", n, n-1, err, ink.ErrLimit)
		}
	}
}

// What live frames can carry, a snapshot must be able to keep: else one client
// could stop the snapshots of its board.
func TestEveryStrokeThatLiveFramesCarryFitsInASnapshot(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		stroke := []ot.Point{{}}
		for t := int32(0); len(stroke) < 40; {
			t = min(t+r.Int32N(ink.MaxGap+1)*r.Int32N(2), ink.MaxT)
			stroke = append(stroke, ot.Point{X: r.Int32N(ink.MaxX + 1), Y: r.Int32N(ink.MaxY + 1), P: r.Int32N(256), T: t})
		}
		roundTrip(t, stroke, 1)
		b, err := ink.AppendStrokes(nil, [][]ot.Point{stroke})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ink.DecodeStrokes(b, len(stroke)); err != nil || !slices.Equal(got[0], stroke) {
			t.Fatalf("%v: %v", stroke, err)
		}
	}
}

func TestStrokesThatCannotBeCodedAreRefused(t *testing.T) {
	for _, strokes := range [][][]ot.Point{
		{{{}}, {}},
		{{{T: 1}}},
		{{{}, {X: ink.MaxX + 1}}},
		{{{}, {T: ink.MaxGap + 1}}},
		{{{}, {T: 5}, {T: 4}}},
	} {
		if b, err := ink.AppendChunk([]byte{1}, strokes); !errors.Is(err, ink.ErrRange) || len(b) != 1 {
			t.Errorf("%v: %d bytes, %v, want %v", strokes, len(b), err, ink.ErrRange)
		}
	}
}

func TestAByteOfManyPointsIsBoundedByTheLimit(t *testing.T) {
	b, err := ink.AppendStrokes(nil, [][]ot.Point{make([]ot.Point, 200_000)})
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 400 {
		t.Fatalf("%d bytes: not the case that this test is about", len(b))
	}
	allocated := testing.AllocsPerRun(1, func() {
		if _, err := ink.DecodeStrokes(b, 1000); !errors.Is(err, ink.ErrLimit) {
			t.Fatalf("%v, want %v", err, ink.ErrLimit)
		}
	})
	if allocated > 10 {
		t.Fatalf("%v allocations to refuse it", allocated)
	}
	if _, err := ink.DecodeStrokes(b, -1); !errors.Is(err, ink.ErrLimit) {
		t.Fatalf("%v, want %v", err, ink.ErrLimit)
	}
}

func TestDamagedStrokesAreNoticedOrStayInRange(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 1000 {
		b, err := ink.AppendStrokes(nil, [][]ot.Point{walk(r, 200, false), walk(r, 30, true)})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ink.DecodeStrokes(damage(r, b), 1000)
		if err == nil && (count(got) > 1000) {
			t.Fatal("more points than allowed")
		}
		if _, err := ink.AppendStrokes(nil, got); err != nil {
			t.Fatalf("decoded what cannot be coded: %v", err)
		}
	}
}

func TestEveryDamagedChunkIsNoticed(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	strokes := walks(r, 5, 40, false)
	b, err := ink.AppendChunk([]byte("before"), strokes)
	if err != nil {
		t.Fatal(err)
	}
	b = b[len("before"):]
	if got, err := ink.DecodeChunk(b, 200); err != nil || !equal(got, strokes) {
		t.Fatalf("whole: %v", err)
	}
	for n := range b {
		if _, err := ink.DecodeChunk(b[:n], 200); !errors.Is(err, ink.ErrCorrupt) {
			t.Errorf("first %d bytes: %v, want %v", n, err, ink.ErrCorrupt)
		}
		for bit := range 8 {
			c := slices.Clone(b)
			c[n] ^= 1 << bit
			if _, err := ink.DecodeChunk(c, 200); !errors.Is(err, ink.ErrCorrupt) {
				t.Errorf("bit %d of byte %d flipped: %v, want %v", bit, n, err, ink.ErrCorrupt)
			}
		}
	}
	if _, err := ink.DecodeChunk(append(b, 0), 200); !errors.Is(err, ink.ErrCorrupt) {
		t.Errorf("a byte more: %v, want %v", err, ink.ErrCorrupt)
	}
}
