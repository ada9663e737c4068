package ot_test

import (
	"bytes"
	"errors"
	"testing"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

func randomBoard(t testing.TB, seed uint64, steps int) *ot.Board {
	t.Helper()
	board := ot.NewBoard()
	for _, r := range ottest.Converge(t, seed, 4, steps) {
		ops, err := ottest.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		board.Apply(r.Revision, r.Author, ops)
	}
	return board
}

func TestASnapshotIsTheBoard(t *testing.T) {
	for seed := range uint64(10) {
		board := randomBoard(t, seed, 200)
		snapshot := ottest.Take(board)
		again, err := snapshot.Board()
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if again.Hash() != board.Hash() || again.Load() != board.Load() {
			t.Fatalf("seed %d: another board came back", seed)
		}
		if !bytes.Equal(ottest.Take(again).Table, snapshot.Table) {
			t.Fatalf("seed %d: another table", seed)
		}
	}
}

func TestEveryTruncationOfATableIsRefused(t *testing.T) {
	table := ottest.Take(randomBoard(t, 5, 120)).Table
	for n := range table {
		if _, err := ot.ReadTable(table[:n], ot.BoardLimits()); !errors.Is(err, ot.ErrTruncated) {
			t.Fatalf("%d of %d bytes: %v, want ErrTruncated", n, len(table), err)
		}
	}
}

func TestOT9ATableOverTheLimitsIsRefused(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)), extend(id(1, 1), 0, true, make([]ot.Point, 5)...), createInk(id(1, 2)))
	table := ottest.Take(l.board).Table
	for _, limits := range []ot.Limits{{Elements: 1, Points: 5, StrokePoints: 5}, {Elements: 2, Points: 4, StrokePoints: 5}, {Elements: 2, Points: 5, StrokePoints: 4}} {
		if _, err := ot.ReadTable(table, limits); !errors.Is(err, ot.ErrLimit) {
			t.Errorf("%v: %v, want ErrLimit", limits, err)
		}
	}
	if _, err := ot.ReadTable(table, ot.Limits{Elements: 2, Points: 5, StrokePoints: 5}); err != nil {
		t.Error(err)
	}
}

func TestATableAllocatesNoMoreThanItsBytesAnnounce(t *testing.T) {
	huge := []byte{0x9f, 0x8d, 0x06, 0, 1, 2, 4, 0, 0} // 99 999 elements in nine bytes
	if n := testing.AllocsPerRun(10, func() { _, _ = ot.ReadTable(huge, ot.BoardLimits()) }); n > 20 {
		t.Fatalf("%v allocations", n)
	}
	if _, err := ot.ReadTable(huge, ot.BoardLimits()); !errors.Is(err, ot.ErrTruncated) {
		t.Fatal(err)
	}
}

func TestStrokesThatDoNotFitTheirTableAreRefused(t *testing.T) {
	l := newLog()
	points := []ot.Point{{X: 1}, {X: 2}}
	l.apply(1, createInk(id(1, 1)), extend(id(1, 1), 0, true, points...))
	l.apply(1, createInk(id(1, 2)), extend(id(1, 2), 0, false, points...))
	table := ottest.Take(l.board).Table
	cases := []struct {
		name string
		load func(*ot.Loader) error
	}{
		{"too few points", func(l *ot.Loader) error { return l.AddStrokes(points[:1]) }},
		{"a stroke too many", func(l *ot.Loader) error { return l.AddStrokes(points, points) }},
		{"an open stroke that is closed", func(l *ot.Loader) error { return l.SetOpen(id(1, 1), points) }},
		{"open points missing", func(l *ot.Loader) error { return l.SetOpen(id(1, 2), points[:1]) }},
		{"nothing came", func(l *ot.Loader) error { _, err := l.Board(); return err }},
	}
	for _, c := range cases {
		loader, err := ot.ReadTable(table, ot.BoardLimits())
		if err != nil {
			t.Fatal(err)
		}
		if loader.Missing() != 2 || len(loader.OpenStrokes()) != 1 {
			t.Fatalf("missing %d, open %v", loader.Missing(), loader.OpenStrokes())
		}
		if err := c.load(loader); !errors.Is(err, ot.ErrStrokes) {
			t.Errorf("%s: %v, want ErrStrokes", c.name, err)
		}
	}
}

func TestAStrokeGoesOnAfterASnapshot(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)), extend(id(1, 1), 0, false, ot.Point{X: 1}))
	again, err := ottest.Take(l.board).Board()
	if err != nil {
		t.Fatal(err)
	}
	more := extend(id(1, 1), 1, true, ot.Point{X: 9})
	l.apply(1, more)
	again.Apply(2, 1, []ot.Op{more})
	if again.Hash() != l.board.Hash() {
		t.Fatal("hashes differ")
	}
}

func FuzzReadTable(f *testing.F) {
	for seed := range uint64(3) {
		f.Add(ottest.Take(randomBoard(f, seed, 20)).Table)
	}
	var vectors []bytesVector
	readVectors(f, "testdata/tables.json", &vectors)
	for _, v := range vectors {
		f.Add(unhex(f, v.Bytes))
	}
	limits := ot.Limits{Elements: 1000, Points: 10_000, StrokePoints: 1000, Text: 1000, Erasures: 20, Spans: 50}
	f.Fuzz(func(t *testing.T, src []byte) {
		loader, err := ot.ReadTable(src, limits)
		if err != nil {
			return
		}
		for _, s := range loader.OpenStrokes() {
			if err := loader.SetOpen(s.ID, make([]ot.Point, s.Points)); err != nil {
				t.Fatal(err)
			}
		}
		for loader.Missing() > 0 {
			n := 1
			for errors.Is(loader.AddStrokes(make([]ot.Point, n)), ot.ErrStrokes) {
				n++
			}
		}
		board, err := loader.Board()
		if err != nil {
			t.Fatal(err)
		}
		if again := ot.AppendTable(nil, board); !bytes.Equal(again, src) {
			t.Fatalf("%x\ncame back as\n%x", src, again)
		}
		if board.Hash() != ottest.Hash(board) {
			t.Fatal("hash")
		}
	})
}
