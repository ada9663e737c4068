package server_test

import (
	"bytes"
	"testing"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/replay"
	"chalkline/replay/memory"
)

// recordsOf are the records of a document.
func recordsOf(t *testing.T, log replay.Log, room replay.Room, document replay.Document) (all []replay.Record) {
	t.Helper()
	err := log.Read(t.Context(), room, document, 1, func(r replay.Record) bool {
		r.Payload = bytes.Clone(r.Payload)
		all = append(all, r)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The names are in the table, from where they can be erased, and nowhere else.
func TestID5NamesNeverEnterTheLog(t *testing.T) {
	const roomName, display = "Nr. 5c of Mme Lefèvre", "Jean-Baptiste"
	log := memory.New()
	r := start(t, log, log.Table(), "127.0.0.1:0")
	ann := r.dial(t, client.Config{Token: "participant-17", Name: display, RoomName: roomName})
	board := openFirst(t, ann)
	write(t, board, 2)
	if err := board.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	room := replay.Room(ann.RoomID())
	_ = ann.Close()
	r.stop() // what rooms took in is in the log now
	state, err := log.State(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for document := range state.Heads {
		var kept [][]byte
		for _, record := range recordsOf(t, log, room, document) {
			kept = append(kept, record.Payload)
		}
		if s, err := log.Snapshot(t.Context(), room, document, 1<<53); err == nil {
			kept = append(kept, s.Data)
		}
		for _, b := range kept {
			read++
			if bytes.Contains(b, []byte(roomName)) || bytes.Contains(b, []byte(display)) {
				t.Errorf("%s has a name: %q", document, b)
			}
		}
	}
	if read < 5 {
		t.Errorf("only %d records were read of %v", read, state.Heads)
	}
	named := map[string]bool{}
	err = log.Table().List(t.Context(), room, "", func(_ string, value []byte) bool {
		named[string(value)] = true
		return true
	})
	if err != nil || !named[roomName] || !named[display] {
		t.Errorf("the table has %v, %v", named, err)
	}
}

// Who may read one board does not learn from its numbers that another was written to.
func TestID3NumbersAreDenseInEachDocument(t *testing.T) {
	log := memory.New()
	r := start(t, log, log.Table(), "127.0.0.1:0")
	ann := r.dial(t, client.Config{Name: "ann", RoomName: "Lesson"})
	first := openFirst(t, ann)
	if err := ann.AddPage("second", first.Page()); err != nil {
		t.Fatal(err)
	}
	if err := ann.WaitPage(t.Context(), "second"); err != nil {
		t.Fatal(err)
	}
	second, err := ann.OpenBoard("second")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // by turns
		for _, board := range []*client.Board{first, second} {
			if err := board.Stroke(pen...).End([]ot.Point{{X: 3000, Y: 5000, P: 128}}); err != nil {
				t.Fatal(err)
			}
			if err := board.WaitSynced(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, board := range []*client.Board{first, second} {
		counter := uint32(0)
		for i, record := range recordsOf(t, log, replay.Room(ann.RoomID()), replay.Document("board::"+board.Page())) {
			ops, err := ot.DecodeOps(record.Payload, ot.MaxBatch)
			if err != nil {
				t.Fatal(err)
			}
			for _, op := range ops {
				if op.Kind != ot.Create {
					continue
				}
				if counter++; op.ID.Counter != counter || record.N != uint64(i+1) {
					t.Errorf("%s: batch %d makes element %v, want %d and %d", board.Page(), record.N, op.ID, i+1, counter)
				}
			}
		}
		if counter != 3 {
			t.Errorf("%s has %d strokes", board.Page(), counter)
		}
	}
}
