package transport

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"chalkline/protocol"
)

// Channels of a WebSocket (SES3).
const (
	controlChannel  = 0
	datagramChannel = 1
	firstStream     = 2
)

const (
	// maxChunk is the most payload that goes into one WebSocket message: with its
	// channel and frame header it fits one TLS record. Longer writes are cut
	// (SES3), so that the copy behind the channel number stays small.
	maxChunk = 16<<10 - 64

	// closeCode is the WebSocket close code; the real one is its reason (SES9).
	closeCode = 4000

	// closeFrameWait is how long Close waits for a blocked writer before it gives
	// the connection up without a close frame.
	closeFrameWait = 250 * time.Millisecond

	// clientReadLimit bounds one WebSocket message of a client, in bytes. It may hold
	// several messages (SES3); each is checked on its own before it is held.
	clientReadLimit = 4 * protocol.MaxMessage

	// farewell is how long a closed connection waits for the peer to have read the
	// code.
	farewell = time.Second
)

// writeBuffers are shared by all WebSockets: a connection holds one only while
// it writes.
type writeBuffers struct {
	frames sync.Pool // of the WebSocket library
	chunks sync.Pool // of *[]byte
}

func newWriteBuffers() *writeBuffers {
	return &writeBuffers{chunks: sync.Pool{New: func() any {
		chunk := make([]byte, 0, maxChunk+binary.MaxVarintLen64)
		return &chunk
	}}}
}

// socket is one WebSocket as either side uses it: channels on top of messages.
type socket struct {
	ws        *websocket.Conn
	buffers   *writeBuffers
	datagrams *datagramQueue

	closing sync.Once
	closed  atomic.Bool    // by this side
	tail    sync.WaitGroup // the goroutine that closes
	reading chan struct{}  // has room for one: who reads, or at last the goodbye

	finishing sync.Once
	done      chan struct{} // closed by finish
	cause     error         // why; set before done is closed
}

func newSocket(ws *websocket.Conn, buffers *writeBuffers, readLimit int64) *socket {
	s := &socket{ws: ws, buffers: buffers, datagrams: newDatagramQueue(), reading: make(chan struct{}, 1), done: make(chan struct{})}
	ws.SetReadLimit(readLimit)
	ws.SetCloseHandler(s.answerClose)
	return s
}

// finish says that nothing more will be read, and why.
func (s *socket) finish(cause error) {
	s.finishing.Do(func() {
		s.cause = cause
		close(s.done)
	})
}

// write sends p on a channel, cut into chunks.
func (s *socket) write(channel uint64, p []byte) error {
	if s.closed.Load() {
		return fmt.Errorf("transport: write: %w", ErrClosed)
	}
	chunk := s.buffers.chunks.Get().(*[]byte)
	defer s.buffers.chunks.Put(chunk)
	for {
		n := min(len(p), maxChunk)
		*chunk = append(binary.AppendUvarint((*chunk)[:0], channel), p[:n]...)
		if err := s.ws.WriteMessage(websocket.BinaryMessage, *chunk); err != nil {
			return s.failure("write", err)
		}
		if p = p[n:]; len(p) == 0 {
			return nil
		}
	}
}

// startReading fails once this side has closed: only the goodbye, which lasts
// up to farewell, keeps the one reader out, and it must not wait for that.
func (s *socket) startReading() error {
	select {
	case s.reading <- struct{}{}:
	default:
		return fmt.Errorf("transport: read: %w", ErrClosed)
	}
	if s.closed.Load() {
		s.stopReading()
		return fmt.Errorf("transport: read: %w", ErrClosed)
	}
	return nil
}

func (s *socket) stopReading() { <-s.reading }

// next waits for the next message and returns its channel and what follows. The
// reader must be read to its end before the next call.
func (s *socket) next() (channel uint64, rest io.Reader, err error) {
	kind, r, err := s.ws.NextReader()
	if err != nil {
		return 0, nil, s.failure("read", err)
	}
	if kind != websocket.BinaryMessage {
		return 0, nil, fmt.Errorf("transport: text message: %w", ErrMalformed)
	}
	channel, err = readChannel(r)
	return channel, r, err
}

// readChannel reads a varint in its shortest form, byte by byte.
func readChannel(r io.Reader) (uint64, error) {
	var held [binary.MaxVarintLen64 + 1]byte
	for n := 1; n <= len(held); n++ {
		if _, err := io.ReadFull(r, held[n-1:n]); err != nil {
			return 0, fmt.Errorf("transport: channel: %w", ErrMalformed)
		}
		channel, used, err := lengthPrefix(held[:n])
		if err != nil || used > 0 {
			return channel, err
		}
	}
	return 0, fmt.Errorf("transport: channel: %w", ErrMalformed)
}

// takeDatagram reads one datagram and queues it.
func (s *socket) takeDatagram(r io.Reader) error {
	p, err := io.ReadAll(io.LimitReader(r, protocol.MaxDatagram+1))
	if err != nil {
		return s.failure("read", err)
	}
	if len(p) > protocol.MaxDatagram {
		return fmt.Errorf("transport: datagram over %d bytes: %w", protocol.MaxDatagram, ErrTooLarge)
	}
	s.datagrams.put(p)
	return nil
}

// sendDatagram sends p as one message of the datagram channel.
func (s *socket) sendDatagram(p []byte) error {
	if len(p) > protocol.MaxDatagram {
		return fmt.Errorf("transport: datagram of %d bytes: %w", len(p), ErrDatagramTooLarge)
	}
	return s.write(datagramChannel, p)
}

func (s *socket) receiveDatagram(ctx context.Context) ([]byte, error) {
	return s.datagrams.take(ctx, s.done)
}

// failure says what an error of the library means. The library's own limit
// counts the bytes of one WebSocket message.
func (s *socket) failure(operation string, err error) error {
	var closed *websocket.CloseError
	switch {
	case s.closed.Load():
		return fmt.Errorf("transport: %s: %w", operation, ErrClosed)
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return fmt.Errorf("transport: %s: %w", operation, &CloseError{Code: closeReason(closed)})
	case errors.Is(err, websocket.ErrReadLimit):
		return fmt.Errorf("transport: %s: %w", operation, ErrTooLarge)
	}
	return fmt.Errorf("transport: %s: %w", operation, err)
}

// closeReason is the code of SES9, 0 if the peer gave none.
func closeReason(closed *websocket.CloseError) uint32 {
	if closed.Code != closeCode {
		return 0
	}
	code, err := strconv.ParseUint(closed.Text, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(code)
}

// answerClose answers the peer's close frame with the same.
func (s *socket) answerClose(code int, reason string) error {
	frame := websocket.FormatCloseMessage(code, reason)
	_ = s.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(closeFrameWait))
	return nil
}

// close is Close of both sides: it frees the reader at once and says goodbye in
// the background.
func (s *socket) close(code uint32) error {
	s.closing.Do(func() {
		s.closed.Store(true)
		s.finish(fmt.Errorf("transport: %w", ErrClosed))
		s.unblock(time.Now())
		s.tail.Go(func() { s.sayGoodbye(code) })
	})
	return nil
}

// wait returns once the connection is closed for good.
func (s *socket) wait() { s.tail.Wait() }

// unblock makes a read that is under way, and every later one, fail at t.
func (s *socket) unblock(t time.Time) { _ = s.ws.NetConn().SetReadDeadline(t) }

// sayGoodbye sends the close frame and waits until the peer has read it:
// closing a socket with unread bytes in it would take the frame back.
func (s *socket) sayGoodbye(code uint32) {
	conn := s.ws.NetConn()
	frame := websocket.FormatCloseMessage(closeCode, strconv.FormatUint(uint64(code), 10))
	if err := s.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(closeFrameWait)); err != nil {
		breakOff(conn) // the peer takes nothing or is gone
		return
	}
	s.reading <- struct{}{} // the reader has been freed by close
	s.unblock(time.Now().Add(farewell))
	discard(conn)
	_ = conn.Close()
}

// breakOff closes a connection without TLS's own goodbye, which could block.
func breakOff(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	_ = conn.Close()
}

// discard reads until the peer closes or the read deadline passes.
func discard(conn net.Conn) {
	var trash [512]byte
	for {
		if _, err := conn.Read(trash[:]); err != nil {
			return
		}
	}
}
