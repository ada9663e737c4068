package room

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// table is the state of a document that is no board: the authority, the stage. It
// is small, and its snapshot is a table alone.
//
// It is there twice: as it is in the log, and as it will be when all that was
// taken in is. Events are judged by the second, since they go into the log behind
// what is on its way there.
type table interface {
	// take judges a client's event, takes it in and returns it as it is to be logged.
	// The error is a refusal, or an offence.
	take(who classroom.Participant, payload []byte) ([]byte, error)
	// apply takes a record of the log in.
	apply(payload []byte) error
	// start is called once the log was read: nothing is on its way.
	start()

	hash() [16]byte
	marshal() []byte
	restore(table []byte) error
}

// newTable returns the empty state of a document; nil if it is a board.
func newTable(name replay.Document) table {
	switch name {
	case classroom.AuthorityDocument:
		return &authorityTable{}
	case classroom.StageDocument:
		return &stageTable{authority: &authorityTable{}}
	default:
		return nil
	}
}

// authorityTable is the document "authority".
type authorityTable struct{ now, coming classroom.Authority }

func (a *authorityTable) take(who classroom.Participant, payload []byte) ([]byte, error) {
	e := &chalklinev1.AuthorityEvent{}
	if err := decodeEvent(payload, e); err != nil {
		return nil, err
	}
	if err := a.coming.Check(who, e); err != nil {
		return nil, refusal{refusalFor(err)}
	}
	a.coming.Apply(e)
	return encodeEvent(e), nil
}

func (a *authorityTable) apply(payload []byte) error {
	e := &chalklinev1.AuthorityEvent{}
	err := readEvent(payload, e)
	if err == nil {
		a.now.Apply(e)
	}
	return err
}

func (a *authorityTable) start()          { a.coming = classroom.AuthorityOf(a.now.State()) }
func (a *authorityTable) hash() [16]byte  { return a.now.Hash() }
func (a *authorityTable) marshal() []byte { return encodeEvent(a.now.State()) }

func (a *authorityTable) restore(table []byte) error {
	s := &chalklinev1.AuthorityState{}
	err := proto.Unmarshal(table, s)
	a.now = classroom.AuthorityOf(s)
	return err
}

// stageTable is the document "stage".
type stageTable struct {
	now, coming classroom.Stage
	authority   *authorityTable // which pages there are
}

func (t *stageTable) take(who classroom.Participant, payload []byte) ([]byte, error) {
	e := &chalklinev1.StageEvent{}
	if err := decodeEvent(payload, e); err != nil {
		return nil, err
	}
	if err := t.coming.Check(who, e, &t.authority.coming); err != nil {
		return nil, refusal{refusalFor(err)}
	}
	return t.write(e), nil
}

// write takes an event in that needs no judging, and returns it as it is to be logged.
func (t *stageTable) write(e *chalklinev1.StageEvent) []byte {
	t.coming.Apply(e)
	return encodeEvent(e)
}

func (t *stageTable) apply(payload []byte) error {
	e := &chalklinev1.StageEvent{}
	err := readEvent(payload, e)
	if err == nil {
		t.now.Apply(e)
	}
	return err
}

func (t *stageTable) start()          { t.coming = t.now }
func (t *stageTable) hash() [16]byte  { return t.now.Hash() }
func (t *stageTable) marshal() []byte { return encodeEvent(t.now.State()) }

func (t *stageTable) restore(table []byte) error {
	s := &chalklinev1.StageState{}
	err := proto.Unmarshal(table, s)
	t.now = classroom.StageOf(s)
	return err
}

// decodeEvent decodes what a client sent; what is not known here is not logged.
func decodeEvent(payload []byte, e proto.Message) error {
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(payload, e); err != nil {
		return protocol.NewError(protocol.BadMessage)
	}
	return nil
}

// readEvent decodes what the log has.
func readEvent(payload []byte, e proto.Message) error {
	if err := proto.Unmarshal(payload, e); err != nil {
		return fmt.Errorf("%w: %w", replay.ErrCorrupt, err)
	}
	return nil
}

// encodeEvent cannot fail: strings that came in a message are UTF-8.
func encodeEvent(m proto.Message) []byte {
	b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	return b
}

// acceptEvent takes an event of a table in. A refused one becomes an empty batch,
// so that n stays dense (SYN3).
func (s *state) acceptEvent(_ time.Time, m *member, v *view, b *batch, payload []byte) error {
	canonical, err := v.document.table.take(m.who, payload)
	var refused refusal
	if errors.As(err, &refused) {
		s.refuse(m, v, b, nil, refused.why)
		return nil
	}
	b.payload = canonical
	return err
}
