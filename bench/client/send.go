package client

import (
	"fmt"

	chalklinev1 "chalkline/protocol/chalkline/v1"
)

// pump submits what the window takes (SYN4); Client.mu is held.
func (c *Client) pump() {
	l := c.link
	if l == nil {
		return
	}
	for _, d := range c.documents {
		if !d.open || d.unopened != nil || d.outbox.replica != c.claim.GetReplica() {
			continue
		}
		for d.sent < len(d.unsent) && l.windowOpen(len(d.unsent[d.sent].payload)) {
			l.submit(d, d.unsent[d.sent])
			d.sent++
		}
	}
}

func (l *link) submit(d *document, b *batch) {
	l.unackedBatches++
	l.unackedBytes += len(b.payload)
	l.client.stats.Submitted++
	m := &chalklinev1.Submit{
		Handle: d.handle, N: b.n, AuthorityRevision: b.authority, CapturedAtUs: b.capturedAt, Ops: b.payload,
	}
	l.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Submit{Submit: m}})
	l.ask()
}

// acknowledge notes that the batches of d up to n are durable; Client.mu is held.
func (c *Client) acknowledge(d *document, n uint64) {
	before := len(d.unsent)
	batches, bytes := d.acknowledge(n)
	if c.link != nil {
		c.link.unackedBatches -= batches
		c.link.unackedBytes -= bytes
	}
	if len(d.unsent) < before {
		c.touch()
		c.pump()
	}
}

// touch notes that the Store is behind; Client.mu is held.
func (c *Client) touch() {
	if c.cfg.Store != nil {
		c.unsaved = true
		c.flushSoon()
	}
}

// flushSoon sees to it that what is queued is saved and written. The goroutine
// lives only while there is something to do; Client.mu is held.
func (c *Client) flushSoon() {
	if !c.flushing && c.err == nil {
		c.flushing = true
		c.tasks.Go(c.flush)
	}
}

// flush saves before it writes: what was sent must not be forgotten.
func (c *Client) flush() {
	var spare []byte
	for {
		c.mu.Lock()
		l := c.link
		var out []byte
		var datagrams [][]byte
		if l != nil {
			out, l.out = l.out, spare[:0]
			datagrams, l.datagrams = l.datagrams, nil
		}
		var saved *Saved
		if c.unsaved {
			saved, c.unsaved = c.toSave(), false
		}
		c.flushing = saved != nil || len(out) > 0 || len(datagrams) > 0
		more := c.flushing
		if !more {
			c.changes.notify()
		}
		c.mu.Unlock()
		if !more {
			return
		}
		c.save(saved)
		c.write(l, out, datagrams)
		spare = out
	}
}

func (c *Client) save(s *Saved) {
	if s == nil {
		return
	}
	if err := c.cfg.Store.Save(*s); err != nil {
		c.cfg.Log.Error("not saved", "error", err)
	}
}

// write writes to a link; a datagram may get lost, and a connection that broke
// is noticed by its readers too.
func (c *Client) write(l *link, out []byte, datagrams [][]byte) {
	for _, d := range datagrams {
		_ = l.conn.SendDatagram(d)
	}
	if len(out) == 0 {
		return
	}
	if err := l.conn.WriteControl(out); err != nil {
		c.mu.Lock()
		l.drop(fmt.Errorf("client: write: %w", err))
		c.mu.Unlock()
	}
}

// saveLast saves what Close leaves.
func (c *Client) saveLast() error {
	if c.cfg.Store == nil {
		return nil
	}
	c.mu.Lock()
	saved := c.toSave()
	c.mu.Unlock()
	return c.cfg.Store.Save(*saved)
}

// toSave returns a copy of what the Store keeps; Client.mu is held.
func (c *Client) toSave() *Saved {
	s := &Saved{
		Room: c.room, Token: c.authToken,
		Replica: c.claim.GetReplica(), Key: c.claim.GetKey(), Epoch: c.claim.GetEpoch(),
	}
	for _, d := range c.documents {
		sd := SavedDocument{Document: d.name, Replica: d.outbox.replica, N: d.n, Acked: d.acked, Counter: d.counter}
		for _, b := range d.unsent {
			saved := SavedBatch{N: b.n, CapturedAt: b.capturedAt, Authority: b.authority, Ops: b.ops}
			if d.board == nil {
				saved.Event = b.payload
			}
			sd.Unsent = append(sd.Unsent, saved)
		}
		for _, t := range d.texts {
			sd.Texts = append(sd.Texts, SavedText(t.state))
		}
		s.Documents = append(s.Documents, sd)
	}
	return s
}

// adopt takes over what a Store kept.
func (c *Client) adopt(s Saved) {
	c.room = s.Room
	if c.authToken == "" {
		c.authToken = s.Token
	}
	if s.Replica != 0 {
		c.claim = &chalklinev1.ReplicaClaim{Replica: s.Replica, Key: s.Key, Epoch: s.Epoch}
	}
	for _, sd := range s.Documents {
		d := c.document(sd.Document)
		d.outbox.adopt(sd)
		for _, saved := range sd.Texts {
			d.texts = append(d.texts, &Text{board: d.board, state: textState(saved)})
		}
	}
}
