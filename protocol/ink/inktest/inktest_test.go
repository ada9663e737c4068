package inktest_test

import (
	"testing"

	"chalkline/ot"
	"chalkline/protocol/ink/inktest"
)

func TestTheHandwritingIsWhatItsDocSays(t *testing.T) {
	for _, c := range []struct {
		name            string
		load            func() ([][]ot.Point, error)
		strokes, points int
	}{
		{"133 Hz", inktest.At133Hz, 996, 40525},
		{"240 Hz", inktest.At240Hz, 8, 750},
	} {
		strokes, err := c.load()
		if err != nil {
			t.Fatal(err)
		}
		points := 0
		for _, s := range strokes {
			points += len(s)
		}
		if len(strokes) != c.strokes || points != c.points {
			t.Errorf("%s: %d strokes, %d points, want %d, %d", c.name, len(strokes), points, c.strokes, c.points)
		}
	}
}

func TestEvenSpacesEachFrameAndKeepsItsEnd(t *testing.T) {
	stroke := []ot.Point{{T: 0}, {T: 1}, {T: 9}, {T: 11}, {T: 30}, {T: 31}}
	got := inktest.Even(stroke, 3)
	for i, want := range []int32{0, 4, 9, 16, 23, 31} {
		if got[i].T != want {
			t.Errorf("point %d at %d ms, want %d", i, got[i].T, want)
		}
	}
	if stroke[1].T != 1 {
		t.Error("the stroke given was changed")
	}
}
