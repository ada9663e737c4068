package ink_test

import (
	"testing"

	"chalkline/ot"
	"chalkline/protocol/ink"
	"chalkline/protocol/ink/inktest"
)

// handwriting is the 133 Hz set in frames of 8 points.
func handwriting(tb testing.TB) [][]ot.Point {
	tb.Helper()
	strokes, err := inktest.At133Hz()
	if err != nil {
		tb.Fatal(err)
	}
	return inktest.EvenAll(strokes, 8)
}

// perPoint reports what a run over points took.
func perPoint(b *testing.B, points int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(points)/float64(b.N), "ns/point")
	b.ReportAllocs()
}

func BenchmarkEncodeFrames(b *testing.B) {
	strokes := handwriting(b)
	e := ink.NewEncoder()
	var buf []byte
	for b.Loop() {
		for _, stroke := range strokes {
			e.Reset()
			for i := 0; i < len(stroke); i += 8 {
				buf, _ = e.AppendFrame(buf[:0], stroke[i:min(i+8, len(stroke))])
			}
		}
	}
	perPoint(b, count(strokes))
}

func BenchmarkDecodeFrames(b *testing.B) {
	strokes := handwriting(b)
	coded := make([][][]byte, len(strokes))
	for i, stroke := range strokes {
		coded[i] = encodeFrames(b, stroke, 8)
	}
	d := ink.NewDecoder()
	var pts []ot.Point
	for b.Loop() {
		for _, stroke := range coded {
			d.Reset()
			for _, frame := range stroke {
				pts, _ = d.DecodeFrame(pts[:0], frame)
			}
		}
	}
	perPoint(b, count(strokes))
}

func BenchmarkAppendChunk(b *testing.B) {
	strokes := handwriting(b)
	var buf []byte
	for b.Loop() {
		buf, _ = ink.AppendChunk(buf[:0], strokes)
	}
	perPoint(b, count(strokes))
}

func BenchmarkDecodeChunk(b *testing.B) {
	strokes := handwriting(b)
	coded, err := ink.AppendChunk(nil, strokes)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		_, _ = ink.DecodeChunk(coded, count(strokes))
	}
	perPoint(b, count(strokes))
}
