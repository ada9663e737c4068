package ot_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

func TestEveryTruncationOfAnOpIsRefused(t *testing.T) {
	source := ottest.NewSource(3, 1, 3)
	board := randomBoard(t, 8, 30)
	for range 200 {
		for _, op := range source.Batch(board, 9) {
			b := ot.AppendOp(nil, op)
			for n := range b {
				if _, err := ot.DecodeOps(b[:n], 1); !errors.Is(err, ot.ErrTruncated) {
					t.Fatalf("%d bytes of %x: %v, want ErrTruncated", n, b, err)
				}
			}
		}
	}
}

func TestABatchHasNoMoreOpsThanItMay(t *testing.T) {
	b := bytes.Repeat([]byte{4, 0}, 5)
	if ops, err := ot.DecodeOps(b, 5); err != nil || len(ops) != 5 {
		t.Fatalf("%d ops, %v", len(ops), err)
	}
	if _, err := ot.DecodeOps(b, 4); !errors.Is(err, ot.ErrLimit) {
		t.Fatalf("%v, want ErrLimit", err)
	}
}

func TestDecodedFramesArePartsOfTheirSource(t *testing.T) {
	op := extend(id(1, 1), 0, false, ot.Point{X: 1, Y: 2, P: 3, T: 0})
	b := ot.AppendOp(nil, op)
	ops, err := ot.DecodeOps(b, 1)
	if err != nil || !bytes.Equal(ops[0].Frame, op.Frame) || cap(ops[0].Frame) != len(op.Frame) {
		t.Fatalf("%v, %v", ops, err)
	}
	b[len(b)-1]++
	if bytes.Equal(ops[0].Frame, op.Frame) {
		t.Fatal("the frame was copied")
	}
}

func TestValuesComeBackAsTheyWent(t *testing.T) {
	place := ot.Placement{X: -1 << 31, Y: 1<<31 - 1, W: 0, H: -5, Angle: 35_999}
	if got, err := ot.DecodePlace(ot.PlaceValue(place)); got != place || err != nil {
		t.Errorf("place %v, %v", got, err)
	}
	if got, err := ot.DecodeColor(ot.ColorValue(0xabc123)); got != 0xabc123 || err != nil {
		t.Errorf("color %x, %v", got, err)
	}
	for tenths, want := range map[uint32]uint32{0: 1, 25: 25, 9_999: ot.MaxWidth} {
		if got, err := ot.DecodeWidth(ot.WidthValue(tenths)); got != want || err != nil {
			t.Errorf("width %d, %v, want %d", got, err, want)
		}
	}
	if rgb, filled, err := ot.DecodeFill(ot.FillValue(0xffffff)); rgb != 0xffffff || !filled || err != nil {
		t.Errorf("fill %x, %v, %v", rgb, filled, err)
	}
	if _, filled, err := ot.DecodeFill(ot.NoFillValue()); filled || err != nil {
		t.Errorf("no fill: %v, %v", filled, err)
	}
	if got, err := ot.DecodeBool(ot.BoolValue(true)); !got || err != nil {
		t.Errorf("bool %v, %v", got, err)
	}
	if got, err := ot.DecodeByte(ot.ByteValue(200)); got != 200 || err != nil {
		t.Errorf("byte %d, %v", got, err)
	}
	for _, group := range []ot.ID{{}, {Replica: 7, Counter: 1<<32 - 1}} {
		if got, err := ot.DecodeGroup(ot.GroupValue(group)); got != group || err != nil {
			t.Errorf("group %v, %v", got, err)
		}
	}
}

func TestValuesOfTextsAndPolygonsComeBackAsTheyWent(t *testing.T) {
	for tenths, want := range map[uint32]uint32{0: ot.MinSize, 240: 240, 1 << 31: ot.MaxSize} {
		if got, err := ot.DecodeSize(ot.SizeValue(tenths)); got != want || err != nil {
			t.Errorf("size %d, %v, want %d", got, err, want)
		}
	}
	for align, want := range map[ot.Alignment]ot.Alignment{ot.AlignCentre: ot.AlignCentre, ot.AlignRight: ot.AlignRight, 9: ot.AlignLeft} {
		if got, err := ot.DecodeAlign(ot.AlignValue(align)); got != want || err != nil {
			t.Errorf("align %d, %v, want %d", got, err, want)
		}
	}
	for _, want := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
		if bold, italic, err := ot.DecodeStyle(ot.StyleValue(want[0], want[1])); bold != want[0] || italic != want[1] || err != nil {
			t.Errorf("style %v, %v, %v, want %v", bold, italic, err, want)
		}
	}
	corners := []ot.Vertex{{X: 0, Y: 65_535}, {X: 200, Y: 3}, {X: 65_535, Y: 0}}
	if got, err := ot.DecodeVertices(ot.VerticesValue(corners)); !slices.Equal(got, corners) || err != nil {
		t.Errorf("vertices %v, %v", got, err)
	}
	for _, n := range []int{0, ot.MinVertices - 1, ot.MaxVertices + 1} {
		s := ot.Setting{Register: ot.Vertices, Value: ot.VerticesValue(make([]ot.Vertex, n))}
		if err := ot.CheckSetting(s); !errors.Is(err, ot.ErrValue) {
			t.Errorf("%d vertices: %v, want ErrValue", n, err)
		}
	}
}

func FuzzDecodeOps(f *testing.F) {
	for _, r := range ottest.Converge(f, 11, 3, 60) {
		f.Add(r.Ops)
	}
	var vectors []bytesVector
	readVectors(f, "testdata/ops.json", &vectors)
	for _, v := range vectors {
		f.Add(unhex(f, v.Bytes))
	}
	start := randomBoard(f, 12, 60)
	snapshot := ottest.Take(start)
	f.Fuzz(func(t *testing.T, src []byte) {
		ops, err := ot.DecodeOps(src, ot.MaxBatch)
		if err != nil {
			return
		}
		if again := ot.AppendOps(nil, ops); !bytes.Equal(again, src) {
			t.Fatalf("%x came back as %x", src, again)
		}
		for i := range ops {
			ops[i].Points = ottest.Points(ops[i].Frame)
		}
		for _, author := range []uint32{0, 2} { // replica 0 may purge
			wantTotal(t, snapshot, author, ops)
		}
	})
}

// wantTotal applies ops at once and one by one to the board of a snapshot, and
// checks that all ways lead to one board, which comes back from its own snapshot.
func wantTotal(t *testing.T, snapshot ottest.Snapshot, author uint32, ops []ot.Op) {
	t.Helper()
	var boards [2]*ot.Board
	for i := range boards {
		board, err := snapshot.Board()
		if err != nil {
			t.Fatal(err)
		}
		boards[i] = board
	}
	boards[0].Apply(1000, author, ops)
	for i := range ops {
		boards[1].Apply(1000, author, ops[i:i+1])
		boards[1].Hash()
	}
	hash := boards[0].Hash()
	if hash != ottest.Hash(boards[0]) || hash != boards[1].Hash() {
		t.Fatalf("hashes %x, in parts %x, as described %x", hash, boards[1].Hash(), ottest.Hash(boards[0]))
	}
	again, err := ottest.Take(boards[0]).Board()
	switch {
	case errors.Is(err, ot.ErrStrokes): // a damaged frame does not decode to the points that were applied
	case errors.Is(err, ot.ErrLimit): // Apply knows no limits
	case err != nil:
		t.Fatal(err)
	case again.Hash() != hash || !bytes.Equal(ot.AppendTable(nil, again), ot.AppendTable(nil, boards[0])):
		t.Fatal("another board came back from the snapshot")
	}
}
