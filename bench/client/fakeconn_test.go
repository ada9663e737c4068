package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/protocol"
	"chalkline/server/transport"
)

// fakeConn is a client's end, and what the server knows of it.
type fakeConn struct {
	server  *fakeServer
	route   transport.Route
	control chan []byte
	streams chan *fakeStream
	once    sync.Once
	done    chan struct{}
	err     error

	// guarded by server.mu
	replica    uint32
	generation uint32
}

func (c *fakeConn) fail(err error) {
	c.once.Do(func() {
		c.err = err
		close(c.done)
	})
}

func (c *fakeConn) ReadMessage() ([]byte, error) {
	select {
	case b := <-c.control:
		return b, nil
	default:
	}
	select {
	case b := <-c.control:
		return b, nil
	case <-c.done:
		return nil, c.err
	}
}

func (c *fakeConn) WriteControl(p []byte) error {
	r := bufio.NewReader(bytes.NewReader(p))
	for {
		b, err := protocol.ReadFrame(r, nil, protocol.MaxMessage)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		m := &chalklinev1.ClientMessage{}
		if err := proto.Unmarshal(b, m); err != nil {
			return err
		}
		c.server.handle(c, m)
	}
}

func (c *fakeConn) AcceptStream(ctx context.Context) (transport.ServerStream, error) {
	select {
	case s := <-c.streams:
		return s, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.done:
		return nil, c.err
	}
}

func (c *fakeConn) SendDatagram([]byte) error { return nil }

func (c *fakeConn) ReceiveDatagram(ctx context.Context) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (c *fakeConn) Close(uint32) error {
	c.fail(transport.ErrClosed)
	return nil
}

func (c *fakeConn) Done() <-chan struct{}  { return c.done }
func (c *fakeConn) Route() transport.Route { return c.route }

func (c *fakeConn) send(m *chalklinev1.ServerMessage) {
	b, _ := proto.Marshal(m)
	c.control <- b
}

type fakeStream struct {
	conn     *fakeConn
	messages chan []byte
	closed   chan struct{}
	once     sync.Once
}

func (s *fakeStream) put(m *chalklinev1.DocumentMessage) {
	b, _ := proto.Marshal(m)
	s.messages <- b
}

func (s *fakeStream) ReadMessage() ([]byte, error) {
	select {
	case b := <-s.messages:
		return b, nil
	case <-s.closed:
		return nil, transport.ErrClosed
	case <-s.conn.done:
		return nil, s.conn.err
	}
}

func (s *fakeStream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}
