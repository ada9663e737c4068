package ink_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/protocol/ink"
	"chalkline/protocol/ink/inktest"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew")

// vectors are what every implementation of the codec must reproduce. Points are
// x, y, p, t one after the other, bytes are hexadecimal digits.
type vectors struct {
	Live    []liveVector    `json:"live"`
	Refused []refusedVector `json:"refused"`
	Chunks  []chunkVector   `json:"chunks"`
	// Damaged frames come after good ones of the same stroke.
	DamagedFrames []damagedFrame `json:"damagedFrames"`
	// Damaged strokes are given without a checksum, chunks with it.
	DamagedStrokes []damagedStrokes `json:"damagedStrokes"`
	DamagedChunks  []string         `json:"damagedChunks"`
	Handwriting    []handVector     `json:"handwriting"`
}

// liveVector is one stroke in frames of these sizes.
type liveVector struct {
	Name   string   `json:"name"`
	Points []int32  `json:"points"`
	Sizes  []int    `json:"sizes"`
	Frames []string `json:"frames"`
}

// refusedVector cannot be coded as the first frame of a stroke.
type refusedVector struct {
	Name   string  `json:"name"`
	Points []int32 `json:"points"`
}

type chunkVector struct {
	Name    string    `json:"name"`
	Strokes [][]int32 `json:"strokes"`
	Chunk   string    `json:"chunk"`
}

// damagedFrame decodes to points or, where these are null, not at all.
type damagedFrame struct {
	Before []string `json:"before"`
	Frame  string   `json:"frame"`
	Points []int32  `json:"points"`
}

// damagedStrokes likewise, with at most Max points; Error is corrupt or limit.
type damagedStrokes struct {
	Code    string    `json:"code"`
	Max     int       `json:"max"`
	Error   string    `json:"error"`
	Strokes [][]int32 `json:"strokes"`
}

// handVector is a set of inktest coded in frames of Frame points, times evened or
// not, and as a chunk: how many bytes, and SHA-256 of them all.
type handVector struct {
	File   string `json:"file"`
	Frame  int    `json:"frame"`
	Even   bool   `json:"even"`
	Bytes  int    `json:"bytes"`
	Frames string `json:"frames"`
	Chunk  string `json:"chunk"`
}

func flat(pts []ot.Point) []int32 {
	out := []int32{}
	for _, p := range pts {
		out = append(out, p.X, p.Y, p.P, p.T)
	}
	return out
}

func points(flat []int32) (pts []ot.Point) {
	for v := range slices.Chunk(flat, 4) {
		pts = append(pts, ot.Point{X: v[0], Y: v[1], P: v[2], T: v[3]})
	}
	return pts
}

func flatAll(strokes [][]ot.Point) [][]int32 {
	out := [][]int32{}
	for _, s := range strokes {
		out = append(out, flat(s))
	}
	return out
}

func pointsAll(flat [][]int32) (strokes [][]ot.Point) {
	for _, s := range flat {
		strokes = append(strokes, points(s))
	}
	return strokes
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func makeVectors(t *testing.T) vectors {
	r := rand.New(rand.NewPCG(20, 1))
	hand := handwriting(t)
	return vectors{
		Live:           makeLive(t, r, hand),
		Refused:        makeRefused(),
		Chunks:         makeChunks(t, r, hand),
		DamagedFrames:  makeDamagedFrames(t, r),
		DamagedStrokes: makeDamagedStrokes(t, r),
		DamagedChunks:  makeDamagedChunks(t, r),
		Handwriting:    makeHandwriting(t),
	}
}

func makeLive(t *testing.T, r *rand.Rand, hand [][]ot.Point) (out []liveVector) {
	add := func(name string, stroke []ot.Point, size func() int) {
		v := liveVector{Name: name, Points: flat(stroke)}
		e := ink.NewEncoder()
		for len(stroke) > 0 {
			n := min(size(), len(stroke))
			b, err := e.AppendFrame(nil, stroke[:n])
			if err != nil {
				t.Fatal(err)
			}
			v.Sizes, v.Frames = append(v.Sizes, n), append(v.Frames, hex.EncodeToString(b))
			stroke = stroke[n:]
		}
		out = append(out, v)
	}
	always := func(n int) func() int { return func() int { return n } }
	some := func() int { return 1 + r.IntN(12) }
	for range 6 {
		add("tame", walk(r, 1+r.IntN(100), false), some)
		add("wild", walk(r, 1+r.IntN(100), true), some)
	}
	add("one point", walk(r, 1, false), always(1))
	add("frames of 256", walk(r, 520, false), always(ink.MaxFrame))
	add("extremes", extremes(), always(1))
	add("hours", hours(), always(1))
	add("still", make([]ot.Point, 300), always(8))
	add("handwriting", hand[2], always(8))
	add("handwriting", hand[3], always(4))
	return out
}

func makeRefused() []refusedVector {
	return []refusedVector{
		{"x below", []int32{-1, 0, 0, 0}},
		{"x above", []int32{ink.MaxX + 1, 0, 0, 0}},
		{"y above", []int32{0, ink.MaxY + 1, 0, 0}},
		{"p above", []int32{0, 0, ink.MaxP + 1, 0}},
		{"first time not 0", []int32{0, 0, 0, 1}},
		{"time falls", []int32{0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1}},
		{"gap", []int32{0, 0, 0, 0, 0, 0, 0, ink.MaxGap + 1}},
		{"frame too long", []int32{0, 0, 0, 0, 0, 0, 0, ink.MaxGap, 0, 0, 0, ink.MaxGap + 1}},
		{"no point", []int32{}},
	}
}

func makeChunks(t *testing.T, r *rand.Rand, hand [][]ot.Point) (out []chunkVector) {
	for _, c := range []struct {
		name    string
		strokes [][]ot.Point
	}{
		{"empty", nil},
		{"one point", [][]ot.Point{{{X: 1, Y: 2, P: 3}}}},
		{"extremes", [][]ot.Point{extremes(), {{}}, hours(), {{X: ink.MaxX, Y: ink.MaxY, P: ink.MaxP}}}},
		{"tame", walks(r, 8, 80, false)},
		{"wild", walks(r, 8, 80, true)},
		{"handwriting", hand[10:16]},
	} {
		b, err := ink.AppendChunk(nil, c.strokes)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, chunkVector{c.name, flatAll(c.strokes), hex.EncodeToString(b)})
	}
	return out
}

func makeDamagedFrames(t *testing.T, r *rand.Rand) (out []damagedFrame) {
	for range 60 {
		coded := encodeFrames(t, walk(r, 24, r.IntN(3) == 0), 8)
		k := r.IntN(3)
		v := damagedFrame{Before: []string{}, Frame: hex.EncodeToString(damage(r, coded[k]))}
		d := ink.NewDecoder()
		for _, b := range coded[:k] {
			v.Before = append(v.Before, hex.EncodeToString(b))
			if _, err := d.DecodeFrame(nil, b); err != nil {
				t.Fatal(err)
			}
		}
		if pts, err := d.DecodeFrame(nil, unhex(t, v.Frame)); err == nil {
			v.Points = flat(pts)
		}
		out = append(out, v)
	}
	return out
}

func makeDamagedStrokes(t *testing.T, r *rand.Rand) (out []damagedStrokes) {
	add := func(b []byte, limit int) {
		v := damagedStrokes{Code: hex.EncodeToString(b), Max: limit}
		strokes, err := ink.DecodeStrokes(b, limit)
		if v.Error = word(err); err == nil {
			v.Strokes = flatAll(strokes)
		}
		out = append(out, v)
	}
	for range 40 {
		b, err := ink.AppendStrokes(nil, walks(r, 3, 20, r.IntN(3) == 0))
		if err != nil {
			t.Fatal(err)
		}
		add(damage(r, b), 200)
	}
	long, err := ink.AppendStrokes(nil, [][]ot.Point{make([]ot.Point, 100_000)})
	if err != nil {
		t.Fatal(err)
	}
	add(long, 99_999)
	add(nil, 10)
	return out
}

func word(err error) string {
	switch {
	case errors.Is(err, ink.ErrCorrupt):
		return "corrupt"
	case errors.Is(err, ink.ErrLimit):
		return "limit"
	}
	return ""
}

func makeDamagedChunks(t *testing.T, r *rand.Rand) (out []string) {
	b, err := ink.AppendChunk(nil, walks(r, 2, 20, false))
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		out = append(out, hex.EncodeToString(damage(r, b)))
	}
	return append(out, "", "000000")
}

func makeHandwriting(t *testing.T) (out []handVector) {
	sets, err := inktest.Sets()
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sets {
		for _, v := range []handVector{{set.Name, 8, true, 0, "", ""}, {set.Name, 3, false, 0, "", ""}} {
			strokes := set.Strokes
			if v.Even {
				strokes = inktest.EvenAll(strokes, v.Frame)
			}
			var all []byte
			for _, stroke := range strokes {
				all = append(all, bytes.Join(encodeFrames(t, stroke, v.Frame), nil)...)
			}
			chunk, err := ink.AppendChunk(nil, strokes)
			if err != nil {
				t.Fatal(err)
			}
			v.Bytes, v.Frames, v.Chunk = len(all), digest(all), digest(chunk)
			out = append(out, v)
		}
	}
	return out
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// marshal puts every vector on a line of its own.
func marshal(t *testing.T, v vectors) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"},{", "],\"", "[{"} {
		b = bytes.ReplaceAll(b, []byte(s), []byte(s[:1]+"\n"+s[1:]))
	}
	return append(b, '\n')
}

func TestVectorsAreWhatTheCodecMakes(t *testing.T) {
	file := filepath.Join("testdata", "vectors.json")
	made := marshal(t, makeVectors(t))
	if *update {
		if err := os.WriteFile(file, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, kept) {
		t.Fatal("testdata/vectors.json differs: the format changed, or run with -update")
	}
}

func TestVectorsDecode(t *testing.T) {
	kept, err := os.ReadFile(filepath.Join("testdata", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(kept, &v); err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Live {
		d := ink.NewDecoder()
		var got []ot.Point
		for i, frame := range c.Frames {
			had := len(got)
			if got, err = d.DecodeFrame(got, unhex(t, frame)); err != nil || len(got)-had != c.Sizes[i] {
				t.Fatalf("%s, frame %d: %d points, %v", c.Name, i, len(got)-had, err)
			}
		}
		if !slices.Equal(got, points(c.Points)) {
			t.Errorf("%s: points differ", c.Name)
		}
	}
	for _, c := range v.Refused {
		if _, err := ink.NewEncoder().AppendFrame(nil, points(c.Points)); !errors.Is(err, ink.ErrRange) {
			t.Errorf("%s: %v, want %v", c.Name, err, ink.ErrRange)
		}
	}
	for _, c := range v.Chunks {
		if got, err := ink.DecodeChunk(unhex(t, c.Chunk), 10_000); err != nil || !equal(got, pointsAll(c.Strokes)) {
			t.Errorf("chunk %s: %v", c.Name, err)
		}
	}
	for _, c := range v.DamagedChunks {
		if _, err := ink.DecodeChunk(unhex(t, c), 10_000); !errors.Is(err, ink.ErrCorrupt) {
			t.Errorf("damaged chunk %s: %v, want %v", c, err, ink.ErrCorrupt)
		}
	}
}
