package ot_test

import (
	"math"
	"strings"
	"testing"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

var red = []ot.Setting{{Register: ot.Color, Value: ot.ColorValue(0xff0000)}, {Register: ot.Width, Value: ot.WidthValue(30)}}

// written returns a board of strokes with points altogether, by ten writers.
func written(strokes, points int) (*ot.Board, uint64) {
	board, revision := ot.NewBoard(), uint64(0)
	each := points / strokes
	for s := range strokes {
		id := id(uint32(s%10)+1, uint32(s/10)+1)
		for first := 0; first < each; first += 8 {
			revision++
			ops := []ot.Op{extend(id, uint32(first), first+8 >= each, walk(s, first, min(8, each-first))...)}
			if first == 0 {
				ops = append([]ot.Op{createInk(id, red...)}, ops...)
			}
			board.Apply(revision, id.Replica, ops)
		}
	}
	return board, revision
}

func walk(stroke, first, n int) []ot.Point {
	points := make([]ot.Point, n)
	for i := range points {
		k := int32(first + i)
		points[i] = ot.Point{X: int32(stroke%300)*100 + k*7%90, Y: int32(stroke/300)*900 + k*11%130, P: 100 + k%50, T: k * 7}
	}
	return points
}

func BenchmarkApplyExtendOf8Points(b *testing.B) {
	op := []ot.Op{extend(id(1, 1), 0, false, walk(0, 0, 8)...)}
	var board *ot.Board
	revision := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		if revision%4096 == 0 {
			board = ot.NewBoard()
			board.Apply(0, 1, []ot.Op{createInk(id(1, 1))})
			op[0].First = 0
		}
		revision++
		board.Apply(revision, 1, op)
		op[0].First += 8
	}
}

func BenchmarkDecodeExtendOf8Points(b *testing.B) {
	bytes := ot.AppendOp(nil, extend(id(1, 1), 0, false, walk(0, 0, 8)...))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ot.DecodeOps(bytes, ot.MaxBatch); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHashAfterOneExtendOn100000Points(b *testing.B) {
	board, revision := written(3000, 100_000)
	op := []ot.Op{extend(id(11, 1), 0, false, walk(0, 0, 8)...)}
	board.Apply(revision, 11, []ot.Op{createInk(op[0].ID)})
	board.Hash()
	for b.Loop() {
		revision++
		board.Apply(revision, 11, op)
		op[0].First += 8
		board.Hash()
	}
}

func BenchmarkFirstHashOf100000Points(b *testing.B) {
	board, _ := written(3000, 100_000)
	snapshot := ottest.Take(board)
	for b.Loop() {
		b.StopTimer()
		again, err := snapshot.Board()
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		again.Hash()
	}
}

func BenchmarkAppendTable100000Points3000Strokes(b *testing.B) {
	board, _ := written(3000, 100_000)
	var table []byte
	for b.Loop() {
		table = ot.AppendTable(table[:0], board)
	}
	b.ReportMetric(float64(len(table)), "bytes")
}

func BenchmarkReadTable100000Points3000Strokes(b *testing.B) {
	board, _ := written(3000, 100_000)
	table := ot.AppendTable(nil, board)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ot.ReadTable(table, ot.BoardLimits()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClearOfAFullBoardByAHostileClient: undelete one, clear all, over and over.
func BenchmarkClearOfAFullBoardByAHostileClient(b *testing.B) {
	board := ot.NewBoard()
	for c := range uint32(100_000) {
		board.Apply(1, 1, []ot.Op{createInk(id(1, c+1))})
	}
	board.Apply(2, 1, []ot.Op{{Kind: ot.Clear}})
	ops := []ot.Op{set(id(1, 50_000), deleted(false)), {Kind: ot.Clear}}
	for b.Loop() {
		board.Apply(3, 1, ops)
	}
}

// BenchmarkPurgeOf100000Elements is the worst that one purge costs.
func BenchmarkPurgeOf100000Elements(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		board := ot.NewBoard()
		for c := range uint32(100_000) {
			board.Apply(1, c%50+1, []ot.Op{createInk(id(c%50+1, c/50+1))})
		}
		board.Hash()
		board.Apply(2, 1, []ot.Op{{Kind: ot.Clear, Base: 1}})
		op := ot.Op{Kind: ot.Purge}
		for replica := range uint32(50) {
			op.Ranges = append(op.Ranges, ot.IDRange{Replica: replica + 1, First: 1, Count: 1999})
		}
		b.StartTimer()
		board.Apply(3, 0, []ot.Op{op})
	}
}

func BenchmarkDrawnOf100000Elements(b *testing.B) {
	board := ot.NewBoard()
	for c := range uint32(100_000) {
		board.Apply(1, 1, []ot.Op{createInk(id(1, c+1))})
	}
	run := func(b *testing.B) {
		for b.Loop() {
			for range board.Drawn() {
			}
		}
	}
	b.Run("none ordered", run)
	board.Apply(2, 1, []ot.Op{set(id(1, 500), ot.Setting{Register: ot.Order, Value: "V"})})
	b.Run("one ordered", run)
}

func BenchmarkTransform(b *testing.B) {
	typing, other := ot.Edit{keep(800), ins("a")}, ot.Edit{keep(120), ins("室"), del(3)}
	b.ReportAllocs()
	for b.Loop() {
		ot.Transform(typing, other)
	}
}

// BenchmarkRebaseOver16384Edits: back from offline, with the oldest base there is.
func BenchmarkRebaseOver16384Edits(b *testing.B) {
	edits := ot.NewEdits(0)
	for revision := range uint64(16_384) {
		edits.Add(revision+1, id(1, 1), ot.Edit{keep(int(revision) + 1), ins("a")})
	}
	for b.Loop() {
		if _, _, ok := edits.Rebase(id(1, 1), 0, ot.Edit{keep(1), ins("b"), del(2)}, math.MaxInt); !ok {
			b.Fatal("not carried")
		}
	}
}

func BenchmarkTextEditInATextOf16384(b *testing.B) {
	board := ot.NewBoard()
	board.Apply(1, 1, []ot.Op{{Kind: ot.Create, ID: id(1, 1), Element: ot.Text}, typed(id(1, 1), ins(strings.Repeat("汉", 16_384)))})
	op := []ot.Op{typed(id(1, 1), keep(9_000), ins("字"), del(1))}
	for b.Loop() {
		board.Apply(2, 1, op)
		board.Hash()
	}
}
