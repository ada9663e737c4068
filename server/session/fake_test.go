package session

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/transport"
)

// fakeConn is a connection whose client reads only while it is open.
type fakeConn struct {
	in        *bufio.Reader // control, from the client
	hold      bool          // after in: wait until the end instead of io.EOF
	end       error         // after in: instead of io.EOF
	broken    error         // of every write to control
	datagrams chan []byte
	done      chan struct{}
	sent      atomic.Int64 // datagrams

	mu      sync.Mutex
	taking  *sync.Cond
	stopped bool // the client takes nothing
	control []byte
	streams []*fakeStream
	code    uint32
	ended   bool
}

// fakeStream is a document's stream as the client has it.
type fakeStream struct {
	conn   *fakeConn
	data   []byte
	writes [][]byte
	closed bool
}

func newFakeConn(in []byte) *fakeConn {
	c := &fakeConn{in: bufio.NewReader(bytes.NewReader(in)), datagrams: make(chan []byte, 16), done: make(chan struct{})}
	c.taking = sync.NewCond(&c.mu)
	return c
}

func (c *fakeConn) ReadMessage() ([]byte, error) {
	b, err := protocol.ReadFrame(c.in, nil, protocol.MaxMessage)
	if errors.Is(err, io.EOF) && c.hold {
		<-c.done
		return nil, transport.ErrClosed
	}
	if errors.Is(err, io.EOF) && c.end != nil {
		return nil, c.end
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, transport.ErrMalformed
	}
	return b, err
}

// take blocks while the client takes nothing; false at the end.
func (c *fakeConn) take() bool {
	for c.stopped && !c.ended {
		c.taking.Wait()
	}
	return !c.ended
}

// stop lets the client take nothing, or all again.
func (c *fakeConn) stop(stopped bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = stopped
	c.taking.Broadcast()
}

func (c *fakeConn) WriteControl(p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.take() {
		return transport.ErrClosed
	}
	if c.broken != nil {
		return c.broken
	}
	c.control = append(c.control, p...)
	return nil
}

func (c *fakeConn) OpenStream() (transport.Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &fakeStream{conn: c}
	c.streams = append(c.streams, s)
	return s, nil
}

func (c *fakeConn) SendDatagram([]byte) error {
	c.sent.Add(1)
	return nil
}

func (c *fakeConn) ReceiveDatagram(ctx context.Context) ([]byte, error) {
	select {
	case d := <-c.datagrams:
		return d, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.done:
		return nil, transport.ErrClosed
	}
}

func (c *fakeConn) Close(code uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.ended, c.code = true, code
		close(c.done)
		c.taking.Broadcast()
	}
	return nil
}

func (c *fakeConn) Done() <-chan struct{}  { return c.done }
func (c *fakeConn) Route() transport.Route { return transport.WebSocket }
func (c *fakeConn) RemoteAddr() string     { return "192.0.2.1:5" }

// told returns the control messages that the client got.
func (c *fakeConn) told(t *testing.T) (all []*chalklinev1.ServerMessage) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for r := bytes.NewReader(c.control); r.Len() > 0; {
		b, err := protocol.ReadFrame(r, nil, protocol.MaxServerMessage)
		if err != nil {
			t.Fatal(err)
		}
		m := &chalklinev1.ServerMessage{}
		if err := proto.Unmarshal(b, m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

func (s *fakeStream) Write(p []byte) error {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if !s.conn.take() {
		return transport.ErrClosed
	}
	s.data = append(s.data, p...)
	s.writes = append(s.writes, bytes.Clone(p))
	return nil
}

func (s *fakeStream) Close() error { s.closed = true; return nil }
