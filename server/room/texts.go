package room

import (
	"unicode/utf8"

	"chalkline/ot"
	"chalkline/protocol"
)

// keptRecords is how many of a board's newest records are looked through for
// text edits when it is read (SYN7): so far an edit's base may lie back after a
// restart.
const keptRecords = 16_384

// texts is what the log will make of a board's texts once everything taken in
// is durable.
type texts struct {
	edits   *ot.Edits            // in the log, or on their way with the revision that they will take
	lengths map[ot.ID]*textAhead // of texts that have edits on their way
}

// textAhead is a text after the edits that are on their way.
type textAhead struct {
	length int // code points
	edits  int // on their way
}

// textChange is an edit that was taken in, and how long the text is after it.
type textChange struct {
	id     ot.ID
	edit   ot.Edit
	length int
}

func newTexts() texts {
	return texts{edits: ot.NewEdits(0), lengths: map[ot.ID]*textAhead{}}
}

// commit counts the edits of a batch in, which will have a revision.
func (t *texts) commit(revision uint64, changes []textChange) {
	for _, c := range changes {
		t.edits.Add(revision, c.id, c.edit)
		if t.lengths[c.id] == nil {
			t.lengths[c.id] = &textAhead{}
		}
		t.lengths[c.id].length = c.length
		t.lengths[c.id].edits++
	}
}

// durable notes that an edit is on the board.
func (t *texts) durable(id ot.ID) {
	if a := t.lengths[id]; a != nil {
		if a.edits--; a.edits == 0 {
			delete(t.lengths, id)
		}
	}
}

// replayed notes an edit that was read from the log.
func (t *texts) replayed(revision uint64, ops []ot.Op) {
	for i := range ops {
		if ops[i].Kind == ot.TextEdit {
			t.edits.Add(revision, ops[i].ID, ops[i].Edit)
		}
	}
}

// text returns how long a text is, and the revision that created it, with what
// is on its way. False if there is no such text.
func (a *ahead) text(id ot.ID) (length int, created uint64, ok bool) {
	e := a.board.Get(id)
	if e != nil {
		length, created, ok = utf8.RuneCountInString(e.Text()), e.Created(), e.Kind() == ot.Text
	} else if n, coming := a.created[id]; coming {
		created, ok = n.revision, n.kind == ot.Text
	}
	if t := a.texts.lengths[id]; t != nil {
		length = t.length
	}
	return length, created, ok
}

// textEdit is SYN7: the edit becomes what is to be logged, with base 0.
func (in *intake) textEdit(op *ot.Op) error {
	for i := range in.edits {
		if in.edits[i].id == op.ID { // at most one of a text is on its way
			return refuse(protocol.OutOfOrder)
		}
	}
	length, created, ok := in.text(op.ID)
	if !ok {
		return errNothingLeft
	}
	// Nobody has seen what is not durable (ID4), and nothing was before its creation.
	base := max(min(op.Base, in.head), created-1)
	edit, ok := in.carry(op, base, length)
	if in.work > pointsAtOnce {
		return protocol.NewError(protocol.Overloaded)
	}
	if !ok {
		return refuse(protocol.TextBaseTooOld)
	}
	edit = edit.Fit(length)
	if len(edit) == 0 {
		return errNothingLeft
	}
	after := edit.Length(length)
	if err := ot.BoardLimits().CheckElement(ot.ElementLoad{Text: after}); err != nil {
		return boardFull(err)
	}
	op.Base, op.Edit = 0, edit
	if err := in.bring(op); err != nil {
		return err
	}
	in.edits = append(in.edits, textChange{op.ID, edit, after})
	return nil
}
