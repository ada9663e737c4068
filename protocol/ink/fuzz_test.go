package ink_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/protocol/ink"
)

// FuzzFrame decodes frames, each behind a byte that is its length, and encodes
// what comes out: the bytes must be the same.
func FuzzFrame(f *testing.F) {
	r := rand.New(rand.NewPCG(8, 8))
	f.Add([]byte{})
	f.Add([]byte{7, 1, 2, 3, 4, 5, 6, 7})
	for _, wild := range []bool{false, true} {
		var seed []byte
		for _, frame := range encodeFrames(f, walk(r, 24, wild), 4) {
			seed = append(append(seed, byte(len(frame))), frame...)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, e := ink.NewDecoder(), ink.NewEncoder()
		for len(b) > 0 {
			n := min(int(b[0]), len(b)-1)
			frame := b[1 : 1+n]
			b = b[1+n:]
			pts, err := d.DecodeFrame(nil, frame)
			if err != nil {
				return
			}
			again, err := e.AppendFrame(nil, pts)
			if err != nil || !bytes.Equal(again, frame) {
				t.Fatalf("%x decodes to %v, which encodes to %x (%v)", frame, pts, again, err)
			}
		}
	})
}

// FuzzStrokes decodes a snapshot and encodes what comes out: it must decode to
// the same.
func FuzzStrokes(f *testing.F) {
	for _, b := range seedStrokes(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 5000
		strokes, err := ink.DecodeStrokes(b, limit)
		if err != nil {
			return
		}
		if n := count(strokes); n > limit {
			t.Fatalf("%d points where %d are allowed", n, limit)
		}
		again, err := ink.AppendStrokes(nil, strokes)
		if err != nil {
			t.Fatalf("decoded what cannot be coded: %v", err)
		}
		if got, err := ink.DecodeStrokes(again, limit); err != nil || !equal(got, strokes) {
			t.Fatalf("decodes to other strokes: %v", err)
		}
	})
}

// FuzzChunk decodes bytes as they are and with the right checksum behind them.
func FuzzChunk(f *testing.F) {
	for _, b := range seedStrokes(f) {
		f.Add(b)
	}
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 2000
		_, _ = ink.DecodeChunk(b, limit)
		sealed := binary.BigEndian.AppendUint32(slices.Clone(b), crc32.Checksum(b, castagnoli))
		got, err := ink.DecodeChunk(sealed, limit)
		want, wantErr := ink.DecodeStrokes(b, limit)
		if (err == nil) != (wantErr == nil) || !equal(got, want) {
			t.Fatalf("chunk: %v, its strokes: %v", err, wantErr)
		}
	})
}

func seedStrokes(f *testing.F) (seeds [][]byte) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, strokes := range [][][]ot.Point{nil, {extremes()}, walks(r, 3, 20, false), walks(r, 3, 20, true)} {
		b, err := ink.AppendStrokes(nil, strokes)
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, b)
	}
	return seeds
}

// FuzzRoundTrip takes the bytes as steps of a pen and the sizes of frames.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("a pen that goes here and there"), uint8(3))
	f.Add(bytes.Repeat([]byte{0, 0, 0, 8}, 40), uint8(8))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		stroke := []ot.Point{{X: 30_000, Y: 130_000, P: 100}}
		for step := range slices.Chunk(b, 4) {
			if len(step) < 4 || len(stroke) == 2000 {
				break
			}
			// An odd time makes a jump of the step.
			scale := 1 + int32(step[3]&1)*500
			p := stroke[len(stroke)-1]
			p.X = min(max(p.X+int32(int8(step[0]))*scale, 0), ink.MaxX)
			p.Y = min(max(p.Y+int32(int8(step[1]))*scale, 0), ink.MaxY)
			p.P = min(max(p.P+int32(int8(step[2])), 0), ink.MaxP)
			p.T = min(p.T+int32(step[3]), ink.MaxT)
			stroke = append(stroke, p)
		}
		roundTrip(t, stroke, 1+int(size))
		coded, err := ink.AppendStrokes(nil, [][]ot.Point{stroke, stroke})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ink.DecodeStrokes(coded, 2*len(stroke))
		if err != nil || !slices.Equal(got[0], stroke) || !slices.Equal(got[1], stroke) {
			t.Fatalf("snapshot: %v", err)
		}
	})
}
