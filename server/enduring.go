package server

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// maxMediaConnections bounds the TCP connections to media-listen: one for each viewer
// and publisher that there may be, and some that are to become one. Their server sets
// no bound.
const maxMediaConnections = 8192

// enduring is a listener that accepts until it is closed. When accepting fails (out of
// file descriptors, say) it tries again after a while: who serves a listener takes an
// error for its end.
type enduring struct {
	net.Listener
	most int64 // connections at once; those over it are closed
	log  *slog.Logger

	open   atomic.Int64
	closed chan struct{}
	end    sync.Once
}

func newEnduring(l net.Listener, most int64, log *slog.Logger) *enduring {
	return &enduring{Listener: l, most: most, log: log, closed: make(chan struct{})}
}

// Accept is that of net.Listener. The error is net.ErrClosed.
func (e *enduring) Accept() (net.Conn, error) {
	for failures := 1; ; {
		c, err := e.Listener.Accept()
		switch {
		case err == nil && e.open.Add(1) <= e.most:
			return e.counted(c), nil
		case err == nil:
			e.open.Add(-1)
			_ = c.Close()
		case !e.pause(err, min(time.Duration(failures)*10*time.Millisecond, time.Second)):
			return nil, net.ErrClosed
		default:
			failures++
		}
	}
}

// pause waits after a failure; false if the listener is closed.
func (e *enduring) pause(err error, d time.Duration) bool {
	select {
	case <-e.closed:
		return false
	default:
	}
	e.log.Warn("cannot accept a TCP connection", "address", e.Addr().String(), "error", err)
	select {
	case <-e.closed:
		return false
	case <-time.After(d):
		return true
	}
}

// Close is that of net.Listener.
func (e *enduring) Close() error {
	e.end.Do(func() { close(e.closed) })
	return e.Listener.Close()
}

func (e *enduring) counted(c net.Conn) *counted {
	return &counted{c, sync.OnceFunc(func() { e.open.Add(-1) })}
}

// counted is a connection that is counted until it is closed.
type counted struct {
	net.Conn
	release func()
}

// Close is that of net.Conn.
func (c *counted) Close() error {
	c.release()
	return c.Conn.Close()
}

// CloseWrite is that of net.TCPConn.
func (c *counted) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
