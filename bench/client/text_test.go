package client

import (
	"testing"
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/ot"
	"chalkline/protocol"
)

// writer is a client alone with a board that has one text, and the records that
// its server would send.
type writer struct {
	doc  *document
	text *Text
}

const self = 5

func newWriter(t *testing.T, text string) *writer {
	t.Helper()
	c := &Client{cfg: Config{Clock: time.Now}, claim: &chalklinev1.ReplicaClaim{Replica: self}}
	c.newDocument("authority")
	d := c.document(boardName("p1"))
	d.context = &protocol.Context{}
	id := ot.ID{Replica: 9, Counter: 1}
	w := &writer{doc: d}
	w.record(9, 1, ot.Op{Kind: ot.Create, ID: id, Element: ot.Text})
	w.record(9, 2, ot.Op{Kind: ot.TextEdit, ID: id, Edit: ot.Edit{{Kind: ot.Insert, Text: text}}})
	w.text = d.board.Text(id)
	return w
}

// record is the next record of the board's stream.
func (w *writer) record(replica uint32, n uint64, ops ...ot.Op) {
	w.doc.position.revision++
	if state, ok := w.doc.content.(*boardContent); ok {
		state.board.Apply(w.doc.position.revision, replica, ops)
	}
	w.doc.noteRecord(Record{Revision: w.doc.position.revision, Replica: replica, N: n, Ops: ops})
}

// insert is an edit as the server logs it.
func (w *writer) insert(at int, text string) ot.Op {
	return ot.Op{Kind: ot.TextEdit, ID: w.text.state.ID, Edit: ot.Edit{{Kind: ot.Keep, N: at}, {Kind: ot.Insert, Text: text}}}
}

// snapshot takes the place of the board; it is of a revision, with a text and own
// batches up to last.
func (w *writer) snapshot(revision uint64, text string, last uint64) {
	id := w.text.state.ID
	state := newBoardContent()
	state.board.Apply(1, 9, []ot.Op{{Kind: ot.Create, ID: id, Element: ot.Text}, {Kind: ot.TextEdit, ID: id, Edit: ot.Edit{{Kind: ot.Insert, Text: text}}}})
	w.doc.content, w.doc.position.revision = state, revision
	w.doc.noteSnapshot(func(uint32) (uint64, bool) { return last, true })
}

// left returns the newest batch that was not acknowledged.
func (w *writer) left(t *testing.T) ot.Op {
	t.Helper()
	if len(w.doc.unsent) == 0 {
		t.Fatal("nothing is on its way")
	}
	return w.doc.unsent[len(w.doc.unsent)-1].ops[0]
}

func TestSYN7ADeletionOutlivesASnapshotThatIsOlderThanItsText(t *testing.T) {
	w := newWriter(t, "ab") // revision 2
	w.record(9, 3, w.insert(2, "x"))
	w.text.Insert(0, "-") // on its way
	w.text.Delete(3, 1)   // waits: the x
	w.snapshot(2, "ab", 0)
	if got := w.text.String(); got != "-ab" {
		t.Errorf("the writer sees %q", got)
	}
	w.record(9, 3, w.insert(2, "x")) // again
	w.record(self, 1, w.insert(0, "-"))
	if op, want := w.left(t), (ot.Edit{{Kind: ot.Keep, N: 3}, {Kind: ot.Delete, N: 1}}); op.Base != 4 || op.Edit.Apply("-abx") != want.Apply("-abx") {
		t.Errorf("what waited leaves as %v on revision %d, want %v on 4", op.Edit, op.Base, want)
	}
	if got := w.text.String(); got != "-ab" {
		t.Errorf("the writer sees %q", got)
	}
}

func TestSYN7AnEditKeptOverAReloadSaysWhatItIsMadeOn(t *testing.T) {
	w := newWriter(t, "ab")
	w.record(9, 3, w.insert(2, "x"))
	context := w.doc.context
	w.doc.context = nil // the board is not there
	w.text.Delete(2, 1)
	w.doc.context = context
	w.snapshot(2, "ab", 0)
	if op := w.left(t); op.Base != 3 || op.Edit.Apply("abx") != "ab" {
		t.Errorf("%v on revision %d, want the x deleted on 3", op.Edit, op.Base)
	}
}

func TestID4AnEditIsNotWaitedForInAnotherHistory(t *testing.T) {
	w := newWriter(t, "ab")
	w.record(9, 3, w.insert(2, "x"))
	w.record(9, 4, w.insert(3, "y"))
	w.text.Insert(0, "-")
	w.snapshot(2, "ab", 0)
	w.record(self, 1, w.insert(0, "-")) // revision 3: the x and the y are lost
	if w.text.state.N != 0 || w.text.String() != "-ab" {
		t.Errorf("the writer sees %q and waits for batch %d", w.text.String(), w.text.state.N)
	}
}

func TestSYN7ADeletionOutlivesAnAckThatIsNewerThanTheSnapshot(t *testing.T) {
	w := newWriter(t, "ab")
	w.text.Insert(2, "x")               // on its way
	w.text.Delete(2, 1)                 // waits
	w.doc.client.acknowledge(w.doc, 1)  // Ack comes on another stream
	w.snapshot(3, "abc", 0)             // others wrote the c
	w.record(self, 1, w.insert(2, "x")) // abxc
	if got := w.text.String(); got != "abc" {
		t.Errorf("the writer sees %q, want %q", got, "abc")
	}
	if op := w.left(t); op.Edit.Apply("abxc") != "abc" {
		t.Errorf("what waited leaves as %v", op.Edit)
	}
}
