package client

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/protocol"
	"chalkline/server/transport"
)

// readControl dispatches the control stream's messages until it ends.
func (c *Client) readControl(l *link) error {
	for {
		m, err := readMessage(l.conn)
		if err != nil {
			return fmt.Errorf("client: control: %w", err)
		}
		if err := c.control(l, m); err != nil {
			return err
		}
	}
}

// control takes one message; an error ends the connection.
func (c *Client) control(l *link, m *chalklinev1.ServerMessage) error {
	c.mu.Lock()
	var report func()
	var err error
	switch m := m.GetMessage().(type) {
	case *chalklinev1.ServerMessage_Ack:
		if d := c.byHandle(m.Ack.GetHandle()); d != nil {
			c.acknowledge(d, m.Ack.GetN())
		}
	case *chalklinev1.ServerMessage_Refused:
		report = c.refused(m.Refused)
	case *chalklinev1.ServerMessage_Pong:
		c.pong(m.Pong)
	case *chalklinev1.ServerMessage_Sources:
		c.sources = m.Sources.GetSources()
	case *chalklinev1.ServerMessage_Error:
		err = protocol.ErrorOf(m.Error)
	case *chalklinev1.ServerMessage_GoingAway:
		err = awayError(m.GoingAway)
	}
	l.heard(c.cfg.Clock())
	c.changes.notify()
	c.mu.Unlock()
	if report != nil {
		report()
	}
	return err
}

func (c *Client) byHandle(handle uint32) *document {
	if handle == 0 || int(handle) > len(c.documents) {
		return nil
	}
	return c.documents[handle-1]
}

// refused notes what was not accepted. The batch itself comes back without it
// (SYN3); n = 0 says that the document was not opened.
func (c *Client) refused(m *chalklinev1.Refused) (report func()) {
	d := c.byHandle(m.GetHandle())
	if d == nil {
		return nil
	}
	err := protocol.ErrorOf(m.GetError())
	if m.GetN() == 0 {
		if !d.ready { // else it is only not to be had as of a time (ALN5)
			d.unopened = err
		}
		return nil
	}
	ops := d.outbox.refused(m.GetN(), m.GetOps())
	c.stats.Refused += uint64(len(ops))
	if c.cfg.OnRefused == nil {
		return nil
	}
	return func() { c.cfg.OnRefused(d.name, ops, err) }
}

func (c *Client) pong(m *chalklinev1.Pong) {
	now := c.cfg.Clock()
	trip := now.UnixMicro() - m.GetClientTimeUs()
	if trip < 0 || trip > patience.Microseconds()*4 {
		return
	}
	c.clock.add(sample{
		offset: m.GetRoomTimeUs() + trip/2 - now.UnixMicro(),
		trip:   time.Duration(trip) * time.Microsecond,
	})
}

// accept takes the streams that the server opens.
func (l *link) accept(ctx context.Context) {
	for {
		s, err := l.conn.AcceptStream(ctx)
		if err != nil {
			return
		}
		l.tasks.Go(func() { l.read(s) })
	}
}

// read takes the messages of one document's stream.
func (l *link) read(s transport.ServerStream) {
	defer func() { _ = s.Close() }()
	c := l.client
	first, err := s.ReadMessage()
	if err != nil {
		return
	}
	var m chalklinev1.DocumentMessage
	if proto.Unmarshal(first, &m) != nil || m.GetHeader() == nil {
		c.mu.Lock()
		l.drop(fmt.Errorf("client: stream without a header: %w", protocol.NewError(protocol.Resync)))
		c.mu.Unlock()
		return
	}
	ended := make(chan struct{})
	defer close(ended)
	c.mu.Lock()
	c.count(first)
	c.mu.Unlock()
	d := l.begin(m.GetHeader(), s, ended)
	if d == nil {
		return
	}
	l.readOn(d, m.GetHeader().GetGeneration(), s)
}

func (l *link) readOn(d *document, generation uint32, s transport.ServerStream) {
	c := l.client
	for k := 0; ; k++ {
		b, err := s.ReadMessage()
		if err != nil {
			return // the server opens another, or the connection is over
		}
		arrival := c.cfg.Clock()
		if c.cfg.Fault != nil && c.cfg.Fault(d.name, generation, k) {
			c.mu.Lock()
			c.count(b)
			c.mu.Unlock()
			continue
		}
		if !d.message(l, generation, b, arrival) {
			return
		}
	}
}

// errMoving: own work can move to a new replica only once the whole state is
// known, and what follows a resume has no end that could be seen.
var errMoving = errors.New("client: a new replica needs a snapshot")

// begin makes s the stream of its document, if no higher generation is, and
// waits until the one before is no longer read.
func (l *link) begin(h *chalklinev1.DocumentHeader, s transport.ServerStream, ended chan struct{}) *document {
	c := l.client
	c.mu.Lock()
	d := c.byHandle(h.GetHandle())
	if d == nil || c.link != l || h.GetDocument() != d.name || h.GetGeneration() <= d.generation {
		c.mu.Unlock()
		return nil
	}
	before, reader := d.stream, d.reader
	d.generation, d.stream, d.reader, d.syncing = h.GetGeneration(), s, ended, false
	d.unopened = nil
	c.mu.Unlock()
	if before != nil {
		_ = before.Close()
		<-reader
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != l || d.generation != h.GetGeneration() {
		return nil
	}
	switch err := d.confirmed.begin(h); {
	case err != nil:
		d.resync(l, err)
	case h.GetResumed() && d.outbox.replica != c.claim.GetReplica():
		d.resync(l, errMoving)
	case h.GetResumed():
		d.becomeReady()
	}
	c.changes.notify()
	return d
}

// count counts a message of a document's stream with its length; Client.mu is held.
func (c *Client) count(b []byte) {
	c.stats.DocumentBytes += uint64(len(b) + (bits.Len64(uint64(len(b))|1)+6)/7)
}
