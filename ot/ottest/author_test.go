package ottest_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

// TestAuthorsWriteWhatAServerTakes: every batch decodes, stays within OT9, and
// all kinds of ops come up.
func TestAuthorsWriteWhatAServerTakes(t *testing.T) {
	board, revision := ot.NewBoard(), uint64(0)
	rng := rand.New(rand.NewPCG(1, 0))
	kinds := map[ot.OpKind]int{}
	authors := []*ottest.Author{ottest.NewAuthor(1, 1), ottest.NewAuthor(1, 2), ottest.NewAuthor(1, 3)}
	for range 6_000 {
		a := authors[revision%3]
		batch := a.Next(board, revision)
		if len(batch) == 0 {
			t.Fatal("an empty batch")
		}
		ops, err := ot.DecodeOps(ot.AppendOps(nil, batch), ot.MaxBatch)
		if err != nil {
			t.Fatalf("revision %d: %v", revision+1, err)
		}
		for i := range ops {
			op := &ops[i]
			kinds[op.Kind]++
			op.Points = batch[i].Points
			wantTaken(t, board, a.Replica, op)
			revision++
			board.Apply(revision, a.Replica, ops[i:i+1])
		}
		if rng.IntN(500) == 0 {
			revision++
			board.Apply(revision, 0, []ot.Op{ottest.Purge(rng, board)})
		}
	}
	for _, kind := range []ot.OpKind{ot.Create, ot.Extend, ot.Set, ot.Clear, ot.TextEdit, ot.EraseSpans, ot.Undo} {
		if kinds[kind] == 0 {
			t.Errorf("no op of kind %d", kind)
		}
	}
	if again, err := ottest.Take(board).Board(); err != nil || again.Hash() != ottest.Hash(board) {
		t.Fatalf("snapshot: %v", err)
	}
}

func wantTaken(t *testing.T, board *ot.Board, author uint32, op *ot.Op) {
	t.Helper()
	if err := ot.BoardLimits().Check(board.Load(), board.Brings(author, op), op); err != nil {
		t.Fatal(err)
	}
	if op.Kind == ot.Extend && !board.Extends(author, op) {
		t.Fatalf("%v does not extend its stroke", op.ID)
	}
	if e := board.Get(op.ID); e != nil {
		started := e.Erasure(author, op.Eraser) != nil
		if err := ot.BoardLimits().CheckElement(e.Load().After(op, started)); err != nil {
			t.Fatal(err)
		}
	}
	if op.Kind == ot.TextEdit && len(op.Edit) == 0 {
		t.Fatal("an edit of nothing")
	}
}

func TestTheSameSeedAndBoardGiveTheSameOps(t *testing.T) {
	one, other := ottest.NewAuthor(7, 2), ottest.NewAuthor(7, 2)
	board := ot.NewBoard()
	for revision := range uint64(400) {
		ops := one.Next(board, revision)
		if !bytes.Equal(ot.AppendOps(nil, ops), ot.AppendOps(nil, other.Next(board, revision))) {
			t.Fatalf("revision %d differs", revision)
		}
		board.Apply(revision+1, 2, ops)
	}
}
