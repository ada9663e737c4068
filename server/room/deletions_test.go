package room

import (
	"testing"

	"chalkline/ot"
)

func TestDeletingAndBringingBackDoesNotFillMemory(t *testing.T) {
	var d deletions
	for i := range 1_000_000 {
		id := ot.ID{Replica: 1, Counter: uint32(i%500 + 1)}
		d.note(id, i/500%2 == 0, int64(i/4000)) // some in the same millisecond
	}
	if len(d.queue) > 8192 {
		t.Fatalf("%d entries for 500 elements", len(d.queue))
	}
	for counter := range uint32(500) {
		d.note(ot.ID{Replica: 1, Counter: counter + 1}, true, 500)
	}
	if ids := d.take(499); len(ids) > 0 {
		t.Fatalf("%d elements that were brought back meanwhile are to be purged", len(ids))
	}
	if ids := d.take(500); len(ids) != 500 {
		t.Fatalf("%d elements are to be purged, want 500", len(ids))
	}
}

func TestOT16WhatIsDeletedAgainIsPurgedAfterAllWasTidied(t *testing.T) {
	var d deletions
	id := ot.ID{Replica: 1, Counter: 1}
	d.note(id, true, 1)
	d.note(id, false, 2)
	d.note(id, true, 3)
	d.tidy()
	if ids := d.take(3); len(ids) != 1 || ids[0] != id {
		t.Fatalf("%v are to be purged, want %v", ids, id)
	}
}
