package transport

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gorilla/websocket"
)

// webSocketConn is the server's end of a WebSocket.
type webSocketConn struct {
	*socket
	remote  string
	control *messageReader
	streams uint64 // opened so far; owned by the writer
}

func newWebSocketConn(ws *websocket.Conn, buffers *writeBuffers, remote string) *webSocketConn {
	c := &webSocketConn{socket: newSocket(ws, buffers, clientReadLimit), remote: remote}
	c.control = newClientReader(&controlReader{socket: c.socket})
	return c
}

func (c *webSocketConn) ReadMessage() ([]byte, error) {
	if err := c.startReading(); err != nil {
		return nil, err
	}
	defer c.stopReading()
	message, err := c.control.next()
	if err != nil && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrMalformed) { // else the client is still to be told
		c.finish(err)
	}
	return message, err
}

func (c *webSocketConn) WriteControl(p []byte) error { return c.write(controlChannel, p) }

func (c *webSocketConn) OpenStream() (Stream, error) {
	if c.closed.Load() {
		return nil, fmt.Errorf("transport: open stream: %w", ErrClosed)
	}
	return &webSocketStream{conn: c}, nil
}

func (c *webSocketConn) SendDatagram(p []byte) error { return c.sendDatagram(p) }

func (c *webSocketConn) ReceiveDatagram(ctx context.Context) ([]byte, error) {
	return c.receiveDatagram(ctx)
}

func (c *webSocketConn) Close(code uint32) error { return c.close(code) }
func (c *webSocketConn) Done() <-chan struct{}   { return c.done }
func (c *webSocketConn) Route() Route            { return WebSocket }
func (c *webSocketConn) RemoteAddr() string      { return c.remote }

// controlReader is the control channel of a client's WebSocket as a stream.
// Datagrams that come between are put aside.
type controlReader struct {
	socket  *socket
	message io.Reader // what is left of the current one, nil if none
}

func (r *controlReader) Read(p []byte) (int, error) {
	for {
		if r.message == nil {
			if err := r.advance(); err != nil {
				return 0, err
			}
			continue
		}
		n, err := r.message.Read(p)
		if errors.Is(err, io.EOF) {
			r.message, err = nil, nil
		}
		if err != nil {
			return n, r.socket.failure("read", err)
		}
		if n > 0 {
			return n, nil
		}
	}
}

func (r *controlReader) advance() error {
	channel, rest, err := r.socket.next()
	if err != nil {
		return err
	}
	switch channel {
	case controlChannel:
		r.message = rest
		return nil
	case datagramChannel:
		return r.socket.takeDatagram(rest)
	default:
		return fmt.Errorf("transport: client's channel %d: %w", channel, ErrMalformed)
	}
}

// webSocketStream is a document's stream on a WebSocket. It takes its channel
// with its first write, so that channels come to the client in order.
type webSocketStream struct {
	conn    *webSocketConn
	channel uint64 // 0 before the first write
	ended   bool
}

func (s *webSocketStream) Write(p []byte) error {
	if s.ended {
		return fmt.Errorf("transport: write to an ended stream: %w", ErrClosed)
	}
	if len(p) == 0 {
		return nil // a message without bytes would end the stream
	}
	if s.channel == 0 {
		s.channel = firstStream + s.conn.streams
		s.conn.streams++
	}
	return s.conn.write(s.channel, p)
}

func (s *webSocketStream) Close() error {
	if s.ended || s.channel == 0 {
		s.ended = true
		return nil
	}
	s.ended = true
	return s.conn.write(s.channel, nil)
}
