// Package inktest holds recorded handwriting for tests and benchmarks: pen
// strokes with pressure and times that the tables of package ink were not
// trained on. testdata/SOURCES.md says where they come from.
package inktest

import (
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"math"

	"chalkline/ot"
)

//go:embed testdata/*.json.gz
var files embed.FS

// Set is handwriting from one source.
type Set struct {
	Name    string
	Hz      int          // samples a second
	Strokes [][]ot.Point // where the writer put them, times in whole ms
}

// source is a recording. Its strokes come in groups of this many, of which every
// second was kept from training; 0 means that all were.
type source struct {
	file  string
	hz    int
	group int
}

// Sets returns all the handwriting: the 133 Hz and 240 Hz sets of At133Hz and
// At240Hz first.
func Sets() ([]Set, error) {
	var sets []Set
	for _, s := range []source{
		{"marzinotto-b", 133, 0},
		{"wacom-paper-240hz", 240, 2},
		{"wacom-screen-240hz", 240, 1},
		{"bdalab-133hz", 133, 0},
	} {
		strokes, err := s.load()
		if err != nil {
			return nil, fmt.Errorf("inktest: load %s: %w", s.file, err)
		}
		sets = append(sets, Set{Name: s.file, Hz: s.hz, Strokes: strokes})
	}
	return sets, nil
}

// At133Hz returns 996 strokes, 40 525 points, of five people copying a text on a
// tablet.
func At133Hz() ([][]ot.Point, error) { return at(0) }

// At240Hz returns 8 strokes, 750 points, of one person writing on paper with a
// pen that a device records.
func At240Hz() ([][]ot.Point, error) { return at(1) }

func at(i int) ([][]ot.Point, error) {
	sets, err := Sets()
	if err != nil {
		return nil, err
	}
	return sets[i].Strokes, nil
}

// recording is the form of the files: px, pressure 0 to 1, ms.
type recording struct {
	Strokes []struct{ X, Y, P, T []float64 }
}

func (s source) load() ([][]ot.Point, error) {
	f, err := files.Open("testdata/" + s.file + ".json.gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var r recording
	if err := json.NewDecoder(z).Decode(&r); err != nil {
		return nil, err
	}
	var strokes [][]ot.Point
	for i, raw := range r.Strokes {
		if s.group == 0 || i/s.group%2 == 1 {
			strokes = append(strokes, quantise(raw.X, raw.Y, raw.P, raw.T))
		}
	}
	return strokes, nil
}

// quantise makes px into 1/10 px and pressure into 0 to 255.
func quantise(x, y, p, t []float64) []ot.Point {
	pts := make([]ot.Point, len(x))
	last := int32(0)
	for i := range pts {
		last = max(last, round(t[i]))
		pts[i] = ot.Point{X: round(x[i] * 10), Y: round(y[i] * 10), P: round(p[i] * 255), T: last}
	}
	return pts
}

func round(v float64) int32 { return int32(math.Round(v)) }

// Scatter returns the strokes moved to places all over a board, as if many wrote
// at once.
func Scatter(strokes [][]ot.Point) [][]ot.Point {
	out := make([][]ot.Point, len(strokes))
	for i, stroke := range strokes {
		dx, dy := int32(i*617%1000*10), int32(i*7177%14000*10)
		for _, p := range stroke {
			p.X, p.Y = p.X+dx, p.Y+dy
			out[i] = append(out[i], p)
		}
	}
	return out
}

// Even returns a stroke whose times are evenly spaced within each frame of n
// points, as a client sends it.
func Even(stroke []ot.Point, n int) []ot.Point {
	out := append([]ot.Point(nil), stroke...)
	t0 := int32(0)
	for i := 0; i < len(out); i += n {
		frame := out[i:min(i+n, len(out))]
		end := frame[len(frame)-1].T
		if i == 0 {
			frame = frame[1:] // the first point of a stroke is at 0
		}
		for k := range frame {
			frame[k].T = t0 + (end-t0)*int32(k+1)/int32(len(frame))
		}
		t0 = end
	}
	return out
}

// EvenAll is Even for many strokes.
func EvenAll(strokes [][]ot.Point, n int) [][]ot.Point {
	out := make([][]ot.Point, len(strokes))
	for i, stroke := range strokes {
		out[i] = Even(stroke, n)
	}
	return out
}
