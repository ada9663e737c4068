package room_test

import (
	"testing"
	"unsafe"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/room"
)

// hoard is a peer that reads nothing: all that it is given stays in its queue.
type hoard struct {
	*peer
	given int
	held  map[*byte]int // bytes by where they are
}

func (h *hoard) Document(_ room.Stream, parts [][]byte, _ uint64, _ bool) bool {
	for _, p := range parts {
		h.given += len(p)
		h.held[unsafe.SliceData(p)] = len(p)
	}
	return true
}

// Who comes back again and again and reads nothing of it holds up the memory of
// what all share, and little more.
func TestREC4WhatWasMissedIsSharedByAllWhoMissedIt(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		frames := randomFrames(t, 80)
		draw := func(counter uint32) {
			ann.submit(2, extendAll(ot.ID{Replica: ann.replica(), Counter: counter}, frames))
			settle()
		}
		for counter := range uint32(4) {
			draw(counter + 1)
		}
		held := &chalklinev1.Position{Epoch: ann.board().header.GetEpoch(), Revision: ann.board().at.Revision, Digest: uint64(ann.board().at.Digest)}
		for counter := range uint32(3) {
			draw(counter + 5)
		}
		h := &hoard{peer: &peer{t: t, room: f.room, raw: map[uint32][][]byte{}}, held: map[*byte]int{}}
		f.join("ben", func(j *room.Join) { j.Peer, j.Open[1].Position = h, held })
		for range 2*protocol.MaxOpenDocuments - 1 {
			f.room.Post(room.SyncState{Peer: h, Handle: 2, Position: held})
		}
		settle()
		once, all := h.given/(2*protocol.MaxOpenDocuments), 0
		for _, bytes := range h.held {
			all += bytes
		}
		if once < 300<<10 {
			t.Fatalf("only %d bytes were missed", once)
		}
		if all > 2*once+2*protocol.MaxOpenDocuments*128<<10 {
			t.Fatalf("%d bytes are held of %d that were missed", all, once)
		}
	})
}
