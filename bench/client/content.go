package client

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink"
	"chalkline/server/classroom"
)

// maxOpenStrokes bounds the open strokes of one board, each about 5 kB.
const maxOpenStrokes = 16 << 10

// content is the confirmed state of a document.
type content interface {
	// lengths is what coded records lean on; nil for documents that are no boards.
	lengths() protocol.Lengths
	// apply takes a record in and returns its ops, none where all were refused
	// (SYN3). After an error the state is of no more use.
	apply(r *protocol.Record) ([]ot.Op, error)
	hash() [16]byte
}

// boardContent is the state of a board with the decoders of its open strokes.
type boardContent struct {
	board   *ot.Board
	strokes *ink.Strokes
}

func newBoardContent() *boardContent {
	return &boardContent{board: ot.NewBoard(), strokes: ink.NewStrokes(maxOpenStrokes)}
}

func (c *boardContent) lengths() protocol.Lengths { return c.board }
func (c *boardContent) hash() [16]byte            { return c.board.Hash() }

// apply takes the ops one by one, since a frame may lean on an op before it.
func (c *boardContent) apply(r *protocol.Record) ([]ot.Op, error) {
	if len(r.Payload) == 0 {
		return nil, nil
	}
	ops, err := ot.DecodeOps(r.Payload, protocol.MaxOpsPerBatch)
	if err != nil {
		return nil, err
	}
	for i := range ops {
		op := &ops[i]
		if op.Kind == ot.Extend && c.board.Extends(r.Replica, op) {
			if err := c.strokes.Decode(op); err != nil {
				return nil, err
			}
		}
		changed := c.board.Apply(r.Revision, r.Replica, ops[i:i+1])
		c.forgetClosed(op, changed)
	}
	return ops, nil
}

// forgetClosed drops the decoders of strokes that an op closed: its own (OT3,
// OT8), for a create the replica's oldest (OT4), for a purge all that it took.
func (c *boardContent) forgetClosed(op *ot.Op, changed []ot.ID) {
	switch op.Kind {
	case ot.Create, ot.Extend, ot.End, ot.Purge:
	default:
		return
	}
	for _, id := range changed {
		if e := c.board.Get(id); e == nil || e.Kind() == ot.Ink && !e.Open() {
			c.strokes.Forget(id)
		}
	}
}

// loadBoard returns the state that a snapshot stands for.
func loadBoard(table []byte, chunks [][]byte) (*boardContent, error) {
	limits := ot.BoardLimits()
	loader, err := ot.ReadTable(table, limits)
	if err != nil {
		return nil, err
	}
	c := &boardContent{strokes: ink.NewStrokes(maxOpenStrokes)}
	for _, s := range loader.OpenStrokes() {
		points, err := c.strokes.Restore(s.ID, s.Frames)
		if err != nil {
			return nil, err
		}
		if err := loader.SetOpen(s.ID, points); err != nil {
			return nil, err
		}
	}
	for _, chunk := range chunks {
		strokes, err := ink.DecodeChunk(chunk, loader.Missing())
		if err != nil {
			return nil, err
		}
		if err := loader.AddStrokes(strokes...); err != nil {
			return nil, err
		}
	}
	c.board, err = loader.Board()
	return c, err
}

// authorityContent is the state of the document "authority".
type authorityContent struct{ state classroom.Authority }

func (c *authorityContent) lengths() protocol.Lengths { return nil }
func (c *authorityContent) hash() [16]byte            { return c.state.Hash() }

func (c *authorityContent) apply(r *protocol.Record) ([]ot.Op, error) {
	var e chalklinev1.AuthorityEvent
	if err := proto.Unmarshal(r.Payload, &e); err != nil {
		return nil, fmt.Errorf("client: authority event: %w", err)
	}
	c.state.Apply(&e)
	return nil, nil
}

// has tells whether an event would change nothing any more, or means nothing.
func (c *authorityContent) has(payload []byte) bool {
	var e chalklinev1.AuthorityEvent
	if proto.Unmarshal(payload, &e) != nil {
		return true
	}
	after := classroom.AuthorityOf(c.state.State())
	after.Apply(&e)
	return after.Hash() == c.state.Hash()
}

func loadAuthority(table []byte, chunks [][]byte) (*authorityContent, error) {
	var s chalklinev1.AuthorityState
	if err := loadState(classroom.AuthorityDocument, table, chunks, &s); err != nil {
		return nil, err
	}
	return &authorityContent{state: classroom.AuthorityOf(&s)}, nil
}

// errInk: a document that has none.
var errInk = errors.New("ink in a snapshot")

// loadState reads the snapshot of a document that has no ink.
func loadState(document string, table []byte, chunks [][]byte, into proto.Message) error {
	if len(chunks) > 0 {
		return fmt.Errorf("client: snapshot of %s: %w", document, errInk)
	}
	if err := proto.Unmarshal(table, into); err != nil {
		return fmt.Errorf("client: snapshot of %s: %w", document, err)
	}
	return nil
}
