package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/gorilla/websocket"

	"chalkline/protocol"
)

const (
	// maxStreamsHeld bounds the streams that a client keeps of one connection.
	maxStreamsHeld = 256

	// serverReadLimit bounds one WebSocket message of a server, in bytes.
	serverReadLimit = 2 * protocol.MaxServerMessage
)

// DialWebSocket connects to url, ws or wss with the path
// protocol.WebSocketPath. ctx bounds the connecting only.
func (d *Dialer) DialWebSocket(ctx context.Context, url string) (ClientConn, error) {
	config := d.tlsFor(WebSocket)
	dialer := websocket.Dialer{
		NetDialContext:  d.DialTCP,
		TLSClientConfig: config,
		WriteBufferSize: maxChunk,
		WriteBufferPool: &d.buffers.frames,
		Subprotocols:    []string{protocol.Application},
	}
	ws, response, err := dialer.DialContext(ctx, url, d.Header)
	if err != nil {
		return nil, fmt.Errorf("transport: dial %s: %w", url, withStatus(err, response))
	}
	return newWebSocketClient(ws, d.buffers), nil
}

// withStatus adds the status of a refusal.
func withStatus(err error, response *http.Response) error {
	if response == nil {
		return err
	}
	return fmt.Errorf("%w (%s)", err, response.Status)
}

// webSocketClient is the client's end of a WebSocket. One goroutine reads and
// hands everything to the stream it belongs to.
type webSocketClient struct {
	*socket
	control  *messageReader
	accepted chan *pipe

	// owned by run
	controlPipe *pipe
	streams     map[uint64]*pipe
	next        uint64 // channel of the next stream to be opened
}

func newWebSocketClient(ws *websocket.Conn, buffers *writeBuffers) *webSocketClient {
	c := &webSocketClient{
		socket:   newSocket(ws, buffers, serverReadLimit),
		accepted: make(chan *pipe, maxStreamsHeld),
		streams:  make(map[uint64]*pipe),
		next:     firstStream,
	}
	c.controlPipe = c.newPipe()
	c.control = newMessageReader(c.controlPipe, protocol.MaxServerMessage)
	c.tail.Go(c.run)
	return c
}

func (c *webSocketClient) newPipe() *pipe {
	return newPipe(c.done, func() error { return c.cause })
}

// run reads until the connection ends.
func (c *webSocketClient) run() {
	if c.startReading() != nil {
		return
	}
	defer c.stopReading()
	buffer := make([]byte, maxChunk)
	for {
		if err := c.step(buffer); err != nil {
			c.finish(err)
			return
		}
	}
}

// step hands one WebSocket message on.
func (c *webSocketClient) step(buffer []byte) error {
	channel, rest, err := c.socket.next()
	if err != nil {
		return err
	}
	switch channel {
	case controlChannel:
		_, err := c.feed(c.controlPipe, rest, buffer)
		return err
	case datagramChannel:
		return c.takeDatagram(rest)
	default:
		return c.feedStream(channel, rest, buffer)
	}
}

// feed moves the rest of a message into a pipe.
func (c *webSocketClient) feed(to *pipe, rest io.Reader, buffer []byte) (int64, error) {
	moved, err := io.CopyBuffer(to, rest, buffer)
	if err != nil {
		return moved, c.failure("read", err)
	}
	return moved, nil
}

// feedStream opens the stream if it is new; a message without bytes ends it. A
// channel below the next that is not held has ended before.
func (c *webSocketClient) feedStream(channel uint64, rest io.Reader, buffer []byte) error {
	if channel > c.next {
		return fmt.Errorf("transport: channel %d: %w", channel, ErrMalformed)
	}
	if channel == c.next {
		if err := c.openStream(channel); err != nil {
			return err
		}
	}
	stream, held := c.streams[channel]
	if !held {
		_, err := io.Copy(io.Discard, rest)
		return err
	}
	moved, err := c.feed(stream, rest, buffer)
	if moved == 0 && err == nil {
		stream.finish(io.EOF)
		delete(c.streams, channel)
	}
	return err
}

func (c *webSocketClient) openStream(channel uint64) error {
	if len(c.streams) == maxStreamsHeld {
		return fmt.Errorf("transport: over %d streams: %w", maxStreamsHeld, ErrMalformed)
	}
	stream := c.newPipe()
	c.streams[channel] = stream
	c.next++
	select {
	case c.accepted <- stream:
		return nil
	case <-c.done:
		return c.cause
	}
}

func (c *webSocketClient) ReadMessage() ([]byte, error) { return c.control.next() }
func (c *webSocketClient) WriteControl(p []byte) error  { return c.write(controlChannel, p) }
func (c *webSocketClient) SendDatagram(p []byte) error  { return c.sendDatagram(p) }

func (c *webSocketClient) ReceiveDatagram(ctx context.Context) ([]byte, error) {
	return c.receiveDatagram(ctx)
}

func (c *webSocketClient) AcceptStream(ctx context.Context) (ServerStream, error) {
	select {
	case stream := <-c.accepted:
		return &pipeStream{stream, newMessageReader(stream, protocol.MaxServerMessage)}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-c.done:
		return nil, c.cause
	}
}

func (c *webSocketClient) Close(code uint32) error { return c.close(code) }
func (c *webSocketClient) Done() <-chan struct{}   { return c.done }
func (c *webSocketClient) Route() Route            { return WebSocket }

// pipeStream is a server's stream that arrives through a pipe.
type pipeStream struct {
	pipe   *pipe
	reader *messageReader
}

func (s *pipeStream) ReadMessage() ([]byte, error) { return s.reader.next() }

func (s *pipeStream) Close() error {
	s.pipe.drop()
	return nil
}
