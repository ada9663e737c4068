package client

import (
	"slices"

	"chalkline/ot"
)

// Text is a text of a board that this client writes in, as somebody at a page
// does: what is written is seen at once, at most one edit is on its way, and
// what is written meanwhile is composed into the next (SYN7). Its methods may be
// called by many goroutines.
type Text struct {
	board *Board
	state textState // guarded by Client.mu
}

// textState is a text and the own edits that are not in it. It is kept in the
// Store with the batches.
type textState struct {
	ID        ot.ID
	Confirmed string  // the text that the edits lean on
	Epoch     uint64  // history that it is of
	At        uint64  // revision that it is of; the board's may be an older one for a while (see replaced)
	Sent      ot.Edit // on its way, as it is behind Confirmed now
	N         uint64  // batch of Sent; 0: nothing is on its way
	Waiting   ot.Edit // behind Sent
}

// Text returns a text of the board to write in.
func (b *Board) Text(id ot.ID) *Text {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return b.text(id)
}

// NewText makes a text that looks as settings say.
func (b *Board) NewText(settings ...ot.Setting) *Text {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	id := b.doc.nextID()
	b.submit([]ot.Op{{Kind: ot.Create, ID: id, Element: ot.Text, Settings: slices.Clone(settings)}})
	return b.text(id)
}

func (b *Board) text(id ot.ID) *Text {
	for _, t := range b.doc.texts {
		if t.state.ID == id {
			return t
		}
	}
	t := &Text{board: b, state: textState{ID: id}}
	t.leanOnBoard()
	b.doc.texts = append(b.doc.texts, t)
	return t
}

// confirmedText returns a text as the server has it; empty if there is none.
func (d *document) confirmedText(id ot.ID) string {
	if state, ok := d.content.(*boardContent); ok {
		if e := state.board.Get(id); e != nil {
			return e.Text()
		}
	}
	return ""
}

// ID returns the element that the text is; it changes where the client had to
// take a new replica before the server had it (ID4).
func (t *Text) ID() ot.ID {
	c := t.board.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.state.ID
}

// String returns the text as the writer sees it.
func (t *Text) String() string {
	c := t.board.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.state.shown()
}

// Insert writes at a place, in code points of String.
func (t *Text) Insert(at int, text string) {
	t.Change(func(string) ot.Edit {
		return ot.Edit{{Kind: ot.Keep, N: at}, {Kind: ot.Insert, Text: text}}
	})
}

// Delete deletes n code points from a place on.
func (t *Text) Delete(at, n int) {
	t.Change(func(string) ot.Edit {
		return ot.Edit{{Kind: ot.Keep, N: at}, {Kind: ot.Delete, N: n}}
	})
}

// Append writes at the end.
func (t *Text) Append(text string) {
	t.Change(func(shown string) ot.Edit {
		return ot.Edit{{Kind: ot.Keep, N: len([]rune(shown))}, {Kind: ot.Insert, Text: text}}
	})
}

// Edit changes the text as String returns it; it does not wait for the network.
func (t *Text) Edit(e ot.Edit) { t.Change(func(string) ot.Edit { return e }) }

// Change is Edit with what f makes of the text as it is then: between String and
// Edit others may have written. f must not call the client.
func (t *Text) Change(f func(shown string) ot.Edit) {
	c := t.board.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	shown := t.state.shown()
	t.state.Waiting = ot.Compose(t.state.Waiting, f(shown).Fit(len([]rune(shown))))
	t.send()
	c.touch()
}

func (s *textState) shown() string { return s.Waiting.Apply(s.Sent.Apply(s.Confirmed)) }

// leanOnBoard makes the text of the confirmed board the one that the edits lean on.
func (t *Text) leanOnBoard() {
	d := t.board.doc
	t.state.Confirmed, t.state.Epoch, t.state.At = d.confirmedText(t.state.ID), d.position.epoch, d.position.revision
}

// send submits what waits if nothing is on its way. It waits where the board is
// not there yet: it may be of another history than a text from the Store.
// Client.mu is held.
func (t *Text) send() {
	s := &t.state
	if s.N != 0 || len(s.Waiting) == 0 || t.board.doc.context == nil {
		return
	}
	s.Sent, s.Waiting = s.Waiting, nil
	s.N = t.board.doc.outbox.n + 1
	t.board.submit([]ot.Op{{Kind: ot.TextEdit, ID: s.ID, Base: s.At, Edit: s.Sent}})
}

// follow takes a record in that was applied.
func (t *Text) follow(r *Record, own bool) {
	s := &t.state
	mine := own && r.N == s.N
	if r.Revision <= s.At { // after an older snapshot
		switch {
		case mine && s.N != 0: // Confirmed was of another history: here it had come by then
			t.find()
			t.send()
		case r.Revision == s.At:
			t.catchUp()
		}
		return
	}
	s.At = r.Revision
	for i := range r.Ops {
		if op := &r.Ops[i]; op.Kind == ot.TextEdit && op.ID == s.ID {
			if mine && s.N != 0 {
				s.arrive(op.Edit)
			} else {
				s.others(op.Edit)
			}
		}
	}
	if !mine {
		return
	}
	if s.N != 0 { // it came back without the edit: nothing was left of it, or it was refused
		s.arrive(nil)
	}
	t.send()
}

// arrive makes what was on its way part of the confirmed text, as the edit that
// the server made of it. That may be another one after a snapshot, when what the
// others did was guessed from the difference of the texts.
func (s *textState) arrive(e ot.Edit) {
	if !slices.Equal(s.Sent, e) {
		s.Waiting = relocate(s.Waiting, s.Sent, e, len([]rune(s.Confirmed)))
	}
	s.Confirmed, s.Sent, s.N = e.Apply(s.Confirmed), nil, 0
}

// others takes an edit in that another made of the confirmed text.
func (s *textState) others(e ot.Edit) {
	s.Confirmed = e.Apply(s.Confirmed)
	s.Sent, e = ot.Transform(s.Sent, e)
	s.Waiting, _ = ot.Transform(s.Waiting, e)
}

// replaced takes a snapshot in that has the own batches up to last, which may be
// fewer than are acknowledged: what others did meanwhile is seen as one edit. A
// snapshot may be older than the text that the edits lean on, since the server
// makes one for many. Then they stay as they are until the records up to there
// have come: a difference back would take letters away that are deleted here.
func (t *Text) replaced(last uint64) {
	s, d := &t.state, t.board.doc
	writing := s.N != 0 || len(s.Waiting) > 0
	switch ahead := s.Epoch == d.position.epoch && d.position.revision < s.At; {
	case writing && ahead:
	case s.N != 0 && s.N <= last:
		t.find()
	default:
		t.catchUp()
	}
	t.send()
}

// find brings what waits over to the confirmed board, which has what was on its way.
func (t *Text) find() {
	s := &t.state
	s.Waiting = found(s.Waiting, s.Sent, s.Confirmed, t.board.doc.confirmedText(s.ID))
	s.Sent, s.N = nil, 0
	t.leanOnBoard()
}

// catchUp brings the edits over to the confirmed board, which does not have what
// is on its way.
func (t *Text) catchUp() {
	s := &t.state
	if now := t.board.doc.confirmedText(s.ID); now != s.Confirmed {
		s.others(difference(s.Confirmed, now))
	}
	t.leanOnBoard()
}

// lostHistory notes that what the texts lean on may not be in the log any more (ID4).
func (d *document) lostHistory() {
	for _, t := range d.texts {
		t.state.Epoch = 0
	}
}

// sentEdits returns the edits that are on their way as they are on the confirmed
// state: in a history that lost some (ID4) their old base means another text.
func (d *document) sentEdits() map[ot.ID]ot.Op {
	edits := map[ot.ID]ot.Op{}
	for _, t := range d.texts {
		if s := &t.state; s.N != 0 {
			edits[s.ID] = ot.Op{Kind: ot.TextEdit, ID: s.ID, Base: s.At, Edit: s.Sent}
		}
	}
	return edits
}

// moveTexts lets the texts go on after what is unsent got new numbers and ids
// (ID4, SES10). An edit that is not among it any more is done, or lost with its
// text.
func (d *document) moveTexts(renamed map[ot.ID]ot.ID) {
	for _, t := range d.texts {
		s := &t.state
		if to, ok := renamed[s.ID]; ok {
			s.ID = to
		}
		if s.N == 0 {
			continue
		}
		if n := d.outbox.batchOf(s.ID); n != 0 {
			s.N = n
		} else {
			t.find()
			t.send()
		}
	}
}

// batchOf returns which unsent batch has an edit of a text; 0 if none.
func (o *outbox) batchOf(id ot.ID) uint64 {
	for _, b := range o.unsent {
		for i := range b.ops {
			if b.ops[i].Kind == ot.TextEdit && b.ops[i].ID == id {
				return b.n
			}
		}
	}
	return 0
}

// writing says whether a text has edits that the server does not have.
func (d *document) writing() bool {
	return slices.ContainsFunc(d.texts, func(t *Text) bool { return t.state.N != 0 || len(t.state.Waiting) > 0 })
}
