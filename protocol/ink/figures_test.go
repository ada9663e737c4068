package ink_test

import (
	"fmt"
	"testing"

	"chalkline/ot"
	"chalkline/protocol/ink"
	"chalkline/protocol/ink/inktest"
)

// live returns the bytes of all frames of n points.
func live(t testing.TB, strokes [][]ot.Point, n int) int {
	t.Helper()
	e := ink.NewEncoder()
	var buf []byte
	bytes := 0
	for _, stroke := range strokes {
		e.Reset()
		for _, frame := range frames(stroke, n) {
			var err error
			if buf, err = e.AppendFrame(buf[:0], frame); err != nil {
				t.Fatal(err)
			}
			bytes += len(buf)
		}
	}
	return bytes
}

func chunk(t testing.TB, strokes [][]ot.Point) int {
	t.Helper()
	b, err := ink.AppendChunk(nil, strokes)
	if err != nil {
		t.Fatal(err)
	}
	return len(b)
}

// source returns the bytes that the 3-byte scheme of the source needs: 8 for the
// first point of a frame, 3 for every other.
func source(strokes [][]ot.Point, n int) (bytes int) {
	for _, stroke := range strokes {
		for _, frame := range frames(stroke, n) {
			bytes += 8 + 3*(len(frame)-1)
		}
	}
	return bytes
}

func frames(stroke []ot.Point, n int) (out [][]ot.Point) {
	for i := 0; i < len(stroke); i += n {
		out = append(out, stroke[i:min(i+n, len(stroke))])
	}
	return out
}

func count(strokes [][]ot.Point) (n int) {
	for _, stroke := range strokes {
		n += len(stroke)
	}
	return n
}

// TestHandwritingTakesAsFewBytesAsPromised prints, with -v, the table of
// docs/ink.md.
func TestHandwritingTakesAsFewBytesAsPromised(t *testing.T) {
	sets, err := inktest.Sets()
	if err != nil {
		t.Fatal(err)
	}
	promised := map[string]struct{ live8, chunk float64 }{
		"marzinotto-b":      {1.65, 1.55},
		"wacom-paper-240hz": {1.10, 1.00},
	}
	for _, set := range sets {
		strokes := inktest.Scatter(set.Strokes)
		per := 1 / float64(count(strokes))
		row := fmt.Sprintf("| %s |", set.Name)
		var live8 float64
		for _, n := range []int{1, 4, 8} {
			live8 = per * float64(live(t, inktest.EvenAll(strokes, n), n))
			row += fmt.Sprintf(" %.2f / %.2f |", live8, per*float64(source(strokes, n)))
		}
		evened := inktest.EvenAll(strokes, 8)
		snapshot := per * float64(chunk(t, evened))
		inPlace := per * float64(chunk(t, inktest.EvenAll(set.Strokes, 8)))
		t.Logf("%s %.2f / %.2f | %.2f | %.2f |", row, snapshot, per*float64(source(strokes, ink.MaxStroke)),
			inPlace, per*float64(live(t, strokes, 8)))
		if p, ok := promised[set.Name]; ok && (live8 > p.live8 || snapshot > p.chunk) {
			t.Errorf("%s: %.3f bytes a point live, %.3f in a snapshot, want at most %v", set.Name, live8, snapshot, p)
		}
	}
}
