package room

import (
	"bytes"
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// boardBytes is a board as a joiner would get it; none if it is not loaded.
type boardBytes struct {
	parts [][]byte
	err   error
}

// pageList is what Pages returns.
type pageList struct {
	pages []string
	name  string
}

// Copy returns the board of a page as it stands, the caller's own from then on,
// and its revision. It decodes on the caller's goroutine: the room is not held
// up. NO_SUCH_DOCUMENT, as *protocol.Error, if there is no such page; what the
// room's clients are told if it has ended.
func (r *Room) Copy(ctx context.Context, page string) (*ot.Board, uint64, error) {
	got, err := ask(ctx, r, func(to chan<- boardBytes) Command { return copyBoard{page, to} })
	if err == nil {
		err = got.err
	}
	if err != nil {
		return nil, 0, err
	}
	name := boardOf(page)
	var d *document
	if got.parts == nil {
		d, err = readDocument(ctx, r.cfg, name)
	} else {
		d, err = decodeCopy(name, got.parts)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("room: copy of page %s: %w", page, err)
	}
	return d.board, d.head.Revision, nil
}

// Pages returns the room's pages in their order, and its name. Errors as Copy's.
func (r *Room) Pages(ctx context.Context) (pages []string, name string, err error) {
	got, err := ask(ctx, r, func(to chan<- pageList) Command { return listPages{to} })
	return got.pages, got.name, err
}

// Place is where the board of a page stands: equal places are equal boards.
type Place struct {
	Epoch    uint64
	Revision uint64
	Digest   uint64 // chain digest at Revision
}

// Place returns where a page's board stands, which costs next to nothing. A page
// that there is not stands at revision 0. Errors as Copy's.
func (r *Room) Place(ctx context.Context, page string) (Place, error) {
	return ask(ctx, r, func(to chan<- Place) Command { return askPlace{page, to} })
}

// Clock returns the room clock, which is the same for as long as the room runs.
// Errors as Copy's.
func (r *Room) Clock(ctx context.Context) (Clock, error) {
	return ask(ctx, r, func(to chan<- Clock) Command { return askClock{to} })
}

// ask posts a command that is answered.
func ask[T any](ctx context.Context, r *Room, command func(chan<- T) Command) (answer T, err error) {
	to := make(chan T, 1)
	select {
	case r.inbox <- command(to):
	case <-r.done:
		return answer, r.Refusal()
	case <-ctx.Done():
		return answer, ctx.Err()
	}
	select {
	case answer = <-to:
		return answer, nil
	case <-r.done:
		return answer, r.Refusal()
	case <-ctx.Done():
		return answer, ctx.Err()
	}
}

func boardOf(page string) replay.Document {
	return replay.Document(classroom.Board{Page: page}.Document())
}

// copyBoard hands out a loaded board's bytes. One that is not loaded has all of
// it in the log, where the caller can read it without the room.
func (s *state) copyBoard(c copyBoard) {
	got := boardBytes{}
	if !s.authority.Has(c.page) {
		got.err = protocol.NewError(protocol.NoSuchDocument)
	} else if d := s.documents[boardOf(c.page)]; d != nil {
		got.parts, got.err = d.fromSnapshot()
	}
	s.emit(answerCopy{c.answer, got})
}

func (s *state) listPages(c listPages) {
	s.emit(answerPages{c.answer, pageList{s.authority.Pages(), s.name}})
}

func (s *state) tellPlace(c askPlace) {
	head := s.heads[boardOf(c.page)]
	if d := s.documents[boardOf(c.page)]; d != nil {
		head = d.head
	}
	s.emit(answerPlace{c.answer, Place{Epoch: s.epoch, Revision: head.Revision, Digest: uint64(head.Digest)}})
}

// decodeCopy decodes what fromSnapshot returned.
func decodeCopy(name replay.Document, parts [][]byte) (*document, error) {
	d := newDocument(name)
	p := snapshotParts{}
	restored := false
	for _, part := range parts {
		message, err := protocol.ReadFrame(bytes.NewReader(part), nil, protocol.MaxServerMessage)
		if err != nil {
			return nil, err
		}
		var m chalklinev1.DocumentMessage
		if err := proto.Unmarshal(message, &m); err != nil {
			return nil, err
		}
		switch {
		case restored:
			err = d.replayCoded(m.GetRecords())
		case m.GetSnapshotEnd() != nil:
			restored = true
			p.end = m.GetSnapshotEnd()
			err = d.restoreParts(&p)
		default:
			err = p.add(&m)
		}
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

// replayCoded applies the records of one DocumentMessage.
func (d *document) replayCoded(coded []byte) error {
	if len(coded) == 0 || coded[0] != byte(d.head.Revision+1) {
		return fmt.Errorf("room: records do not follow revision %d", d.head.Revision)
	}
	for coded = coded[1:]; len(coded) > 0; {
		r, n, err := d.context.ReadRecord(coded, d.head.Revision+1, d.lengths())
		if err != nil {
			return err
		}
		coded = coded[n:]
		if err := d.replayPayload(&replay.Record{Revision: r.Revision, Replica: r.Replica, Payload: r.Payload}); err != nil {
			return err
		}
		d.head.Revision = r.Revision
	}
	return nil
}
