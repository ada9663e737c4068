package client

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/server/classroom"
)

// ErrTooMany says that no more documents can be open at once, or that no more
// ops go into a batch.
var ErrTooMany = errors.New("client: over a limit")

// ErrReplica says that an op creates or draws on an element of a replica that the
// client is not any more (ID4, SES10): NextID gives others now.
var ErrReplica = errors.New("client: id of another replica")

func boardName(page string) string { return classroom.Board{Page: page}.Document() }

// document returns the document with a name, new if need be; Client.mu is held
// or not needed yet.
func (c *Client) document(name string) *document {
	if d := c.find(name); d != nil {
		return d
	}
	return c.newDocument(name)
}

// find returns the document with a name, nil if there is none; Client.mu is held
// or not needed yet.
func (c *Client) find(name string) *document {
	for _, d := range c.documents {
		if d.name == name {
			return d
		}
	}
	return nil
}

// OpenBoard opens the board of a page and looks at it. It does not wait: see
// WaitReady. ErrTooMany when as many documents are open as may be.
func (c *Client) OpenBoard(page string) (*Board, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := boardName(page)
	open := 0
	for _, d := range c.documents {
		d.look = false
		if d.open && d.name != name {
			open++
		}
	}
	if open >= maxDocuments {
		return nil, fmt.Errorf("open board %s: %w", page, ErrTooMany)
	}
	known := len(c.documents)
	d := c.document(name)
	d.look, d.unopened = true, nil
	if fresh := len(c.documents) > known || !d.open; fresh && c.link == nil {
		d.late = true
	}
	d.open = true
	if c.link != nil {
		c.link.sendOpen(d)
	}
	return d.board, nil
}

// sendOpen is CHANGE_BOARD; Client.mu is held.
func (l *link) sendOpen(d *document) {
	d.late = false
	m := &chalklinev1.ChangeBoard{Open: d.openMessage(), Look: d.look}
	l.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_ChangeBoard{ChangeBoard: m}})
	l.ask()
}

// Close closes the board here and at the server. What it holds stays, and goes
// on from there when it is opened again; own work waits until then.
func (b *Board) Close() {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	d := b.doc
	if !d.open {
		return
	}
	d.open, d.ready, d.look = false, false, false
	if c.link != nil {
		m := &chalklinev1.CloseDocument{Handle: d.handle}
		c.link.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_CloseDocument{CloseDocument: m}})
	}
}

// AddPage puts a page behind another one, first if after is empty. It does not
// wait: see WaitPage.
func (c *Client) AddPage(page, after string) error {
	if !classroom.ValidPage(page) {
		return fmt.Errorf("client: add page %q: %w", page, protocol.NewError(protocol.BadMessage))
	}
	return c.arrange(&chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageAdded{
		PageAdded: &chalklinev1.PageAdded{Page: page, After: after},
	}})
}

// RemovePage takes a page out of sight (PGS2). It does not wait.
func (c *Client) RemovePage(page string) error {
	return c.arrange(&chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageRemoved{
		PageRemoved: &chalklinev1.PageRemoved{Page: page},
	}})
}

// RestorePage brings a removed page back. It does not wait.
func (c *Client) RestorePage(page string) error {
	return c.arrange(&chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageRestored{
		PageRestored: &chalklinev1.PageRestored{Page: page},
	}})
}

// MovePage puts a page behind another one, first if after is empty. It does not wait.
func (c *Client) MovePage(page, after string) error {
	return c.arrange(&chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageMoved{
		PageMoved: &chalklinev1.PageMoved{Page: page, After: after},
	}})
}

func (c *Client) arrange(event *chalklinev1.AuthorityEvent) error {
	payload, err := proto.Marshal(event)
	if err != nil {
		return fmt.Errorf("client: arrange pages: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.documents[0].add(c.newBatch(payload, nil))
	c.touch()
	c.pump()
	return nil
}

// NextID returns a new element id of this client on the board.
func (b *Board) NextID() ot.ID {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return b.doc.nextID()
}

// Submit submits ops as one batch; it does not wait for the network. Extends
// have their Frame and the Points that it is the code of; Stroke makes them. The
// ops are kept. ErrTooMany when they are more than a batch may have, ErrReplica
// when they create or draw on an element with an id that NextID gave too long ago.
func (b *Board) Submit(ops ...ot.Op) error {
	if len(ops) == 0 || len(ops) > protocol.MaxOpsPerBatch {
		return fmt.Errorf("submit %d ops: %w", len(ops), ErrTooMany)
	}
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range ops {
		switch ops[i].Kind {
		case ot.Create, ot.Extend, ot.End:
			if ops[i].ID.Replica != b.doc.outbox.replica {
				return fmt.Errorf("submit: element %v: %w", ops[i].ID, ErrReplica)
			}
		}
	}
	b.submit(ops)
	return nil
}

// submit is Submit with Client.mu held.
func (b *Board) submit(ops []ot.Op) {
	c := b.doc.client
	b.doc.add(c.newBatch(ot.AppendOps(nil, ops), ops))
	c.touch()
	c.pump()
}
