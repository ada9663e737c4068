package transport

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/quicvarint"
	"github.com/quic-go/webtransport-go"

	"chalkline/protocol"
)

const (
	// closeCapsule is CLOSE_WEBTRANSPORT_SESSION
	// (draft-ietf-webtrans-http3, section 6).
	closeCapsule = 0x2843

	// noError is HTTP/3's H3_NO_ERROR (RFC 9114, section 8.1).
	noError quic.ApplicationErrorCode = 0x100

	// maxLastWords is the longest that a closing connection waits for what was
	// written before: the close would overtake it.
	maxLastWords = 200 * time.Millisecond
)

// connectStream is the request stream that a WebTransport session hangs on.
type connectStream interface {
	io.WriteCloser
	SetWriteDeadline(time.Time) error
}

// webTransportConn is the server's end of a WebTransport session.
type webTransportConn struct {
	quic    *quic.Conn
	session *webtransport.Session
	connect connectStream
	stream  *webtransport.Stream // control
	control *messageReader

	closing   sync.Once
	closed    atomic.Bool    // by this side
	tail      sync.WaitGroup // the goroutine that closes
	finishing sync.Once
	done      chan struct{} // closed by finish

	mu   sync.Mutex
	open map[*webTransportStream]struct{} // guarded by mu; nil after Close
}

func newWebTransportConn(
	conn *quic.Conn, session *webtransport.Session, connect connectStream, control *webtransport.Stream,
) *webTransportConn {
	c := &webTransportConn{
		quic:    conn,
		session: session,
		connect: connect,
		stream:  control,
		control: newClientReader(control),
		done:    make(chan struct{}),
		open:    make(map[*webTransportStream]struct{}),
	}
	context.AfterFunc(session.Context(), c.finish)
	return c
}

func (c *webTransportConn) finish() { c.finishing.Do(func() { close(c.done) }) }

func (c *webTransportConn) ReadMessage() ([]byte, error) {
	message, err := c.control.next()
	if err != nil {
		return nil, c.failure("read", err)
	}
	return message, nil
}

func (c *webTransportConn) WriteControl(p []byte) error {
	if c.closed.Load() {
		return fmt.Errorf("transport: write: %w", ErrClosed)
	}
	if _, err := c.stream.Write(p); err != nil {
		return c.failure("write", err)
	}
	return nil
}

func (c *webTransportConn) SendDatagram(p []byte) error {
	if len(p) > protocol.MaxDatagram {
		return fmt.Errorf("transport: datagram of %d bytes: %w", len(p), ErrDatagramTooLarge)
	}
	return c.failure("datagram", c.session.SendDatagram(p))
}

func (c *webTransportConn) ReceiveDatagram(ctx context.Context) ([]byte, error) {
	p, err := c.session.ReceiveDatagram(ctx)
	if err != nil {
		return nil, c.failure("datagram", err)
	}
	return p, nil
}

func (c *webTransportConn) Done() <-chan struct{} { return c.done }
func (c *webTransportConn) Route() Route          { return WebTransport }
func (c *webTransportConn) RemoteAddr() string    { return c.quic.RemoteAddr().String() }

// failure says what an error of the session means; nil stays nil.
func (c *webTransportConn) failure(operation string, err error) error {
	return sessionFailure(operation, err, c.closed.Load())
}

func sessionFailure(operation string, err error, closed bool) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrMalformed) {
		return err
	}
	var gone *webtransport.SessionError
	var tooLarge *quic.DatagramTooLargeError
	switch {
	case closed:
		err = ErrClosed
	case errors.As(err, &gone) && gone.Remote:
		err = &CloseError{Code: uint32(gone.ErrorCode)}
	case errors.As(err, &tooLarge):
		err = ErrDatagramTooLarge
	}
	return fmt.Errorf("transport: %s: %w", operation, err)
}

// Close frees readers and writers at once; the rest happens in the background.
func (c *webTransportConn) Close(code uint32) error {
	c.closing.Do(func() {
		c.closed.Store(true)
		c.finish()
		c.unblock()
		c.tail.Go(func() { c.sayGoodbye(code) })
	})
	return nil
}

// wait returns once the connection is closed for good.
func (c *webTransportConn) wait() { c.tail.Wait() }

// unblock makes reads and writes that are under way, and later ones, fail.
func (c *webTransportConn) unblock() {
	now := time.Now()
	_ = c.stream.SetDeadline(now)
	c.mu.Lock()
	defer c.mu.Unlock()
	for stream := range c.open {
		_ = stream.quic.SetWriteDeadline(now)
	}
	c.open = nil
}

// sayGoodbye sends the code, waits until the client has it and ends the QUIC
// connection. The library's own CloseWithError comes last: it sends STOP_SENDING
// together with the capsule, and Chromium then forgets the code.
func (c *webTransportConn) sayGoodbye(code uint32) {
	defer func() { _ = c.quic.CloseWithError(noError, "") }()
	waitFor(c.session.Context(), lastWords(c.quic))
	_ = c.connect.SetWriteDeadline(time.Now().Add(closeFrameWait))
	if _, err := c.connect.Write(appendCloseCapsule(nil, code)); err == nil {
		_ = c.connect.Close()
		waitFor(c.session.Context(), farewell)
	}
	_ = c.session.CloseWithError(webtransport.SessionErrorCode(code), closeText(code))
}

// waitFor waits until ctx ends, d at most.
func waitFor(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// lastWords is how long what was just written takes to arrive and to be read: what a
// peer has not read when it learns of the end is lost to it.
func lastWords(conn *quic.Conn) time.Duration {
	return min(2*conn.ConnectionStats().SmoothedRTT+50*time.Millisecond, maxLastWords)
}

func appendCloseCapsule(b []byte, code uint32) []byte {
	reason := closeText(code)
	b = quicvarint.Append(b, closeCapsule)
	b = quicvarint.Append(b, uint64(4+len(reason)))
	b = binary.BigEndian.AppendUint32(b, code)
	return append(b, reason...)
}

// closeText is the code in decimals (SES9).
func closeText(code uint32) string { return strconv.FormatUint(uint64(code), 10) }

func (c *webTransportConn) OpenStream() (Stream, error) {
	stream, err := c.session.OpenUniStream()
	if err != nil {
		return nil, c.failure("open stream", err)
	}
	s := &webTransportStream{conn: c, quic: stream}
	if !c.remember(s) {
		stream.CancelWrite(0)
		return nil, fmt.Errorf("transport: open stream: %w", ErrClosed)
	}
	return s, nil
}

// remember notes an open stream, so that Close can free its writer; false after
// Close.
func (c *webTransportConn) remember(s *webTransportStream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		return false
	}
	c.open[s] = struct{}{}
	return true
}

// webTransportStream is a document's stream on WebTransport.
type webTransportStream struct {
	conn *webTransportConn
	quic *webtransport.SendStream
}

func (s *webTransportStream) Write(p []byte) error {
	if s.conn.closed.Load() {
		return fmt.Errorf("transport: write: %w", ErrClosed)
	}
	if _, err := s.quic.Write(p); err != nil {
		return s.conn.failure("write", err)
	}
	return nil
}

func (s *webTransportStream) Close() error {
	defer s.forget()
	return s.conn.failure("close stream", s.quic.Close())
}

func (s *webTransportStream) forget() {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	delete(s.conn.open, s)
}
