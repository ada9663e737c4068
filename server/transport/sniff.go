package transport

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// firstByteWait is how long a TCP connection may take to send its first byte.
const firstByteWait = 10 * time.Second

// tlsHandshake is the first byte of every TLS connection: the record type of a
// ClientHello (RFC 8446, section 5.1). No HTTP request begins with it.
const tlsHandshake = 0x16

// splitter gives the connections of one TCP port to two servers: those that
// begin with a TLS handshake and those that do not.
type splitter struct {
	from          net.Listener
	secure, plain *branch
	most          int64
	log           *slog.Logger

	open     atomic.Int64
	sniffing sync.WaitGroup
	ctx      context.Context // ends with Close
	stop     context.CancelFunc
	closing  sync.Once
}

// newSplitter splits what comes from a listener; connections over the most that
// may be open at once are closed.
func newSplitter(from net.Listener, most int, log *slog.Logger) *splitter {
	s := &splitter{from: from, most: int64(most), log: log}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.secure = &branch{splitter: s, conns: make(chan net.Conn)}
	s.plain = &branch{splitter: s, conns: make(chan net.Conn)}
	return s
}

// run accepts until Close and returns when nothing is being sniffed any more.
// When accepting fails (out of file descriptors, say) it tries again after a while.
func (s *splitter) run() {
	defer s.sniffing.Wait()
	failures := 0
	for s.ctx.Err() == nil {
		conn, err := s.from.Accept()
		if err == nil {
			failures = 0
			s.admit(conn)
			continue
		}
		failures++
		s.pause(err, min(time.Duration(failures)*10*time.Millisecond, time.Second))
	}
}

func (s *splitter) pause(err error, d time.Duration) {
	if s.ctx.Err() != nil {
		return
	}
	s.log.Warn("cannot accept a TCP connection", "error", err)
	select {
	case <-time.After(d):
	case <-s.ctx.Done():
	}
}

func (s *splitter) admit(conn net.Conn) {
	if counted := s.count(conn); counted != nil {
		s.sniffing.Go(func() { s.sniff(counted) })
	}
}

// count counts a connection until it is closed; one over the most is closed: nil.
func (s *splitter) count(conn net.Conn) *sniffedConn {
	if s.open.Add(1) > s.most {
		s.open.Add(-1)
		_ = conn.Close()
		return nil
	}
	return &sniffedConn{Conn: conn, release: func() { s.open.Add(-1) }}
}

// sniff reads the first byte and hands the connection on.
func (s *splitter) sniff(conn *sniffedConn) {
	if err := s.readFirst(conn); err != nil {
		_ = conn.Close()
		return
	}
	to := s.plain
	if conn.first[0] == tlsHandshake {
		to = s.secure
	}
	select {
	case to.conns <- conn:
	case <-s.ctx.Done():
		_ = conn.Close()
	}
}

func (s *splitter) readFirst(conn *sniffedConn) error {
	_ = conn.SetReadDeadline(time.Now().Add(firstByteWait))
	keep := context.AfterFunc(s.ctx, func() { _ = conn.SetReadDeadline(time.Now()) })
	_, err := conn.Conn.Read(conn.first[:])
	if keep() && err == nil {
		_ = conn.SetReadDeadline(time.Time{})
	}
	conn.unread = true
	return err
}

// Close stops accepting and drops the connections that are being sniffed.
func (s *splitter) Close() error {
	var err error
	s.closing.Do(func() {
		s.stop()
		err = s.from.Close()
	})
	return err
}

// branch is one side of a splitter, as a net.Listener.
type branch struct {
	splitter *splitter
	conns    chan net.Conn
}

func (b *branch) Accept() (net.Conn, error) {
	select {
	case conn := <-b.conns:
		return conn, nil
	case <-b.splitter.ctx.Done():
		return nil, net.ErrClosed
	}
}

func (b *branch) Close() error   { return b.splitter.Close() }
func (b *branch) Addr() net.Addr { return b.splitter.from.Addr() }

// counting is a listener whose connections count with those of a splitter.
type counting struct {
	net.Listener
	splitter *splitter
}

// Accept is that of net.Listener.
func (c counting) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if counted := c.splitter.count(conn); counted != nil {
			return counted, nil
		}
	}
}

// sniffedConn gives the byte that was sniffed, if one was, once more.
type sniffedConn struct {
	net.Conn
	first   [1]byte
	unread  bool // owned by the reader
	closing sync.Once
	release func()
}

func (c *sniffedConn) Read(p []byte) (int, error) {
	if !c.unread || len(p) == 0 {
		return c.Conn.Read(p)
	}
	c.unread = false
	p[0] = c.first[0]
	return 1, nil
}

func (c *sniffedConn) Close() error {
	err := c.Conn.Close()
	c.closing.Do(c.release)
	return err
}
