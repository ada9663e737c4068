package ot_test

import (
	"bytes"
	"errors"
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
		board, err := snapshot.Board()
		if err != nil {
			t.Fatal(err)
		}
		for i := range ops {
			ops[i].Points = ottest.Points(ops[i].Frame)
		}
		board.Apply(1000, 2, ops)
		if board.Hash() != ottest.Hash(board) {
			t.Fatal("hash")
		}
		if _, err := ottest.Take(board).Board(); err != nil {
			// Frames that fuzzing damaged do not decode to the points that were applied; all else must fit.
			if !errors.Is(err, ot.ErrStrokes) {
				t.Fatal(err)
			}
		}
	})
}
