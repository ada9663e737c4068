package ot_test

import (
	"bytes"
	"runtime"
	"slices"
	"testing"

	"chalkline/ot"
)

func purge(ranges ...ot.IDRange) ot.Op { return ot.Op{Kind: ot.Purge, Ranges: ranges} }

func TestOT16APurgedBoardIsOneThatNeverHadIt(t *testing.T) {
	purged, never := newLog(), newLog()
	stays := []ot.Op{createInk(id(2, 1), color(7)), extend(id(2, 1), 0, false, make([]ot.Point, 3)...)}
	goes := []ot.Op{
		createInk(id(1, 1), ot.Setting{Register: ot.Order, Value: "A"}),
		extend(id(1, 1), 0, false, make([]ot.Point, 9)...),
		createText(id(1, 2)),
		typed(id(1, 2), ins("gone")),
		set(id(1, 1), deleted(true)),
		set(id(1, 2), deleted(true)),
	}
	purged.apply(2, stays...)
	purged.apply(1, goes...)
	changed := purged.apply(0, purge(ot.IDRange{Replica: 1, First: 1, Count: 9}, ot.IDRange{Replica: 2, First: 1, Count: 1}))
	never.apply(2, stays...)
	if want := []ot.ID{id(1, 1), id(1, 2)}; !slices.Equal(changed, want) {
		t.Fatalf("changed %v, want %v", changed, want)
	}
	if purged.board.Hash() != never.board.Hash() || purged.board.Load() != never.board.Load() {
		t.Fatal("another board")
	}
	if !bytes.Equal(ot.AppendTable(nil, purged.board), ot.AppendTable(nil, never.board)) {
		t.Fatal("another table")
	}
	if purged.board.Get(id(1, 1)) != nil || purged.board.Len(id(1, 1)) != 0 {
		t.Fatal("still found")
	}
	for _, l := range []*log{purged, never} { // and goes on as that one
		l.revision = 9
		l.apply(2, extend(id(2, 1), 3, true, ot.Point{X: 4}))
		l.apply(1, createInk(id(1, 3)), ot.Op{Kind: ot.Clear, Base: 11})
	}
	if purged.board.Hash() != never.board.Hash() {
		t.Fatal("goes on differently")
	}
}

func TestOT16OnlyTheServerPurgesAndOnlyWhatIsDeletedAndNamed(t *testing.T) {
	l := newLog()
	l.apply(1, createInk(id(1, 1)), createInk(id(1, 2)), createInk(id(1, 3)), set(id(1, 1), deleted(true)), set(id(1, 3), deleted(true)))
	wantNothing(t, l, 1, purge(ot.IDRange{Replica: 1, First: 1, Count: 3}))
	wantNothing(t, l, 0, purge(ot.IDRange{Replica: 1, First: 2, Count: 1}, ot.IDRange{Replica: 1, First: 4, Count: 1<<32 - 4}))
	if changed := l.apply(0, purge(ot.IDRange{Replica: 1, First: 2, Count: 2})); !slices.Equal(changed, []ot.ID{id(1, 3)}) {
		t.Fatalf("changed %v", changed)
	}
}

func TestOT16APurgedStrokeCountsAsOpenNoMore(t *testing.T) {
	l := newLog()
	for c := range uint32(ot.MaxOpenStrokes) {
		l.apply(1, createInk(id(1, c+1)))
	}
	l.apply(1, set(id(1, 3), deleted(true)))
	l.apply(0, purge(ot.IDRange{Replica: 1, First: 3, Count: 1}))
	l.apply(1, createInk(id(1, 17)))
	if !l.board.Get(id(1, 1)).Open() || !l.board.Get(id(1, 17)).Open() {
		t.Fatal("closed one of sixteen")
	}
	l.apply(1, createInk(id(1, 18)))
	if l.board.Get(id(1, 1)).Open() {
		t.Fatal("the oldest of seventeen is open")
	}
}

func TestOT16PurgeGivesMemoryBack(t *testing.T) {
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	empty := inUse()
	board, _ := written(3000, 100_000)
	board.Hash()
	full := inUse() - empty
	board.Apply(1<<20, 1, []ot.Op{{Kind: ot.Clear, Base: 1 << 20}})
	ranges := make([]ot.IDRange, 10)
	for i := range ranges {
		ranges[i] = ot.IDRange{Replica: uint32(i) + 1, First: 1, Count: 1 << 30}
	}
	if n := len(board.Apply(1<<20+1, 0, []ot.Op{purge(ranges...)})); n != 3000 {
		t.Fatalf("%d purged", n)
	}
	if after := inUse() - min(empty, inUse()); after > full/20 {
		t.Fatalf("%d bytes of %d are still in use", after, full)
	}
	if board.Hash() != ([16]byte{}) || board.Load() != (ot.Load{}) || !bytes.Equal(ot.AppendTable(nil, board), []byte{0}) {
		t.Fatal("not empty")
	}
}
