package ink_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/protocol/ink"
)

// walk makes a stroke of n points; a wild one jumps to anywhere now and then.
func walk(r *rand.Rand, n int, wild bool) []ot.Point {
	stroke := make([]ot.Point, n)
	x, y, p, t := r.IntN(ink.MaxX+1), r.IntN(ink.MaxY+1), r.IntN(ink.MaxP+1), 0
	vx, vy := 0, 0
	for i := range stroke {
		stroke[i] = ot.Point{X: int32(x), Y: int32(y), P: int32(p), T: int32(t)}
		if wild && r.IntN(5) == 0 {
			x, y, p = r.IntN(ink.MaxX+1), r.IntN(ink.MaxY+1), r.IntN(ink.MaxP+1)
			t = min(t+r.IntN(2000), ink.MaxT)
			continue
		}
		vx, vy = vx+r.IntN(9)-4, vy+r.IntN(9)-4
		x, y = min(max(x+vx, 0), ink.MaxX), min(max(y+vy, 0), ink.MaxY)
		p, t = min(max(p+r.IntN(9)-4, 0), ink.MaxP), t+8+r.IntN(2)*r.IntN(2)
	}
	return stroke
}

func walks(r *rand.Rand, strokes, points int, wild bool) [][]ot.Point {
	out := make([][]ot.Point, strokes)
	for i := range out {
		out[i] = walk(r, 1+r.IntN(points), wild)
	}
	return out
}

// extremes is a stroke that goes to every bound.
func extremes() []ot.Point {
	return []ot.Point{
		{},
		{X: ink.MaxX, Y: ink.MaxY, P: ink.MaxP, T: ink.MaxGap},
		{T: ink.MaxGap},
		{X: ink.MaxX, P: ink.MaxP, T: 2 * ink.MaxGap},
		{Y: ink.MaxY, T: 2*ink.MaxGap + 1},
	}
}

// hours is a stroke that is held for as long as one can be, with the longest gaps.
func hours() []ot.Point {
	var stroke []ot.Point
	for t := int32(0); t <= ink.MaxT; t += ink.MaxGap {
		stroke = append(stroke, ot.Point{X: 5, Y: 5, P: 5, T: t})
	}
	return stroke
}

func encodeFrames(t testing.TB, stroke []ot.Point, size int) (out [][]byte) {
	t.Helper()
	e := ink.NewEncoder()
	for _, frame := range frames(stroke, size) {
		b, err := e.AppendFrame(nil, frame)
		if err != nil {
			t.Fatalf("encode %v: %v", frame, err)
		}
		out = append(out, b)
	}
	return out
}

func roundTrip(t *testing.T, stroke []ot.Point, size int) {
	t.Helper()
	given := slices.Clone(stroke)
	d := ink.NewDecoder()
	var got []ot.Point
	for _, b := range encodeFrames(t, stroke, size) {
		var err error
		if got, err = d.DecodeFrame(got, b); err != nil {
			t.Fatalf("decode after %d points: %v", len(got), err)
		}
	}
	if !slices.Equal(got, stroke) {
		t.Fatalf("frames of %d: got %v\nwant %v", size, got, stroke)
	}
	if !slices.Equal(given, stroke) {
		t.Fatal("encoding changed its input")
	}
}

func TestFramesDecodeToWhatWasEncoded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for k := range 1000 {
		roundTrip(t, walk(r, 1+r.IntN(300), k%2 == 1), 1+r.IntN(12))
	}
	for _, size := range []int{1, 2, 3, ink.MaxFrame} {
		roundTrip(t, walk(r, 2*ink.MaxFrame, true), size)
		roundTrip(t, walk(r, 2*ink.MaxFrame, false), size)
	}
	roundTrip(t, extremes(), 1)
	roundTrip(t, hours(), 1)
}

func TestAStillPenTakesOneByteAFrameAndNoFrameIsEmpty(t *testing.T) {
	still := make([]ot.Point, 64*8)
	coded := encodeFrames(t, still, 8)
	if n := len(coded[len(coded)-1]); n != 1 {
		t.Fatalf("frame of %d bytes, want 1", n)
	}
	roundTrip(t, still, 8)
	d := ink.NewDecoder()
	for _, b := range coded {
		if _, err := d.DecodeFrame(nil, b); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.DecodeFrame(nil, nil); !errors.Is(err, ink.ErrCorrupt) {
		t.Fatalf("empty frame: %v, want %v", err, ink.ErrCorrupt)
	}
}

func TestFramesAppendToWhatIsThere(t *testing.T) {
	b, err := ink.NewEncoder().AppendFrame([]byte("ab"), make([]ot.Point, 3))
	if err != nil || string(b[:2]) != "ab" {
		t.Fatalf("%q, %v", b, err)
	}
	pts, err := ink.NewDecoder().DecodeFrame([]ot.Point{{X: 9}}, b[2:])
	if err != nil || len(pts) != 4 || pts[0].X != 9 {
		t.Fatalf("%v, %v", pts, err)
	}
}

func TestFramesThatCannotBeCodedAreRefusedAndTheStrokeGoesOn(t *testing.T) {
	e, fresh := ink.NewEncoder(), ink.NewEncoder()
	for _, pts := range [][]ot.Point{
		{},
		make([]ot.Point, ink.MaxFrame+1),
		{{X: -1}},
		{{X: ink.MaxX + 1}},
		{{Y: ink.MaxY + 1}},
		{{P: ink.MaxP + 1}},
		{{P: -1}},
		{{T: 1}},
		{{}, {T: -1}},
		{{}, {T: ink.MaxGap + 1}},
		{{}, {T: ink.MaxGap}, {T: ink.MaxGap + 1}},
	} {
		if b, err := e.AppendFrame([]byte{1}, pts); !errors.Is(err, ink.ErrRange) || len(b) != 1 {
			t.Errorf("%v: %d bytes, %v, want %v", pts, len(b), err, ink.ErrRange)
		}
	}
	stroke := []ot.Point{{X: 3, Y: 4, P: 5}, {X: 4, Y: 6, P: 7, T: 8}}
	got, _ := e.AppendFrame(nil, stroke)
	want, err := fresh.AppendFrame(nil, stroke)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("after refusals %x, want %x (%v)", got, want, err)
	}
	long := hours()
	e.Reset()
	for _, p := range long {
		if _, err := e.AppendFrame(nil, []ot.Point{p}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.AppendFrame(nil, []ot.Point{{T: ink.MaxT + 1}}); !errors.Is(err, ink.ErrRange) {
		t.Fatalf("%v, want %v", err, ink.ErrRange)
	}
}

func TestADecoderIsUselessAfterADamagedFrameUntilReset(t *testing.T) {
	coded := encodeFrames(t, walk(rand.New(rand.NewPCG(4, 4)), 64, false), 8)
	d := ink.NewDecoder()
	if _, err := d.DecodeFrame(nil, coded[0]); err != nil {
		t.Fatal(err)
	}
	had := []ot.Point{{X: 1}}
	got, err := d.DecodeFrame(had, append(slices.Clone(coded[1]), 0))
	if !errors.Is(err, ink.ErrCorrupt) || !slices.Equal(got, had) {
		t.Fatalf("%v, %v, want %v", got, err, ink.ErrCorrupt)
	}
	if _, err := d.DecodeFrame(nil, coded[1]); !errors.Is(err, ink.ErrCorrupt) {
		t.Fatalf("after damage: %v, want %v", err, ink.ErrCorrupt)
	}
	d.Reset()
	if _, err := d.DecodeFrame(nil, coded[0]); err != nil {
		t.Fatalf("after Reset: %v", err)
	}
}

// A code has one form: bytes that an encoder would not have left are refused,
// so that a frame cannot be stretched or rewritten on its way.
func TestNoFrameHasTwoCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	decoded := 0
	for range 2000 {
		coded := encodeFrames(t, walk(r, 8, false), 8)[0]
		b := damage(r, coded)
		pts, err := ink.NewDecoder().DecodeFrame(nil, b)
		if err != nil {
			continue
		}
		decoded++
		again, err := ink.NewEncoder().AppendFrame(nil, pts)
		if err != nil || !slices.Equal(again, b) {
			t.Fatalf("%x decodes to %v, which encodes to %x (%v)", b, pts, again, err)
		}
	}
	if decoded == 0 {
		t.Fatal("nothing decoded: the test shows nothing")
	}
}

// damage flips a bit, cuts or lengthens.
func damage(r *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	switch r.IntN(3) {
	case 0:
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
	case 1:
		b = b[:r.IntN(len(b))]
	default:
		b = append(b, byte(r.IntN(256)))
	}
	return b
}
