package server

import (
	"errors"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
)

// exhausted is a listener that has no file descriptors for the first connections.
type exhausted struct {
	failures int
	conns    chan net.Conn
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.failures > 0 {
		e.failures--
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	if c, ok := <-e.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (e *exhausted) Close() error { close(e.conns); return nil }
func (*exhausted) Addr() net.Addr { return &net.TCPAddr{} }

func TestAListenerEnduresWithoutFileDescriptorsAndEndsWhenItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := &exhausted{failures: 200, conns: make(chan net.Conn, 1)}
		l := newEnduring(from, 10, slog.New(slog.DiscardHandler))
		here, there := net.Pipe()
		from.conns <- there
		c, err := l.Accept()
		if err != nil {
			t.Fatalf("Accept() = %v", err)
		}
		_, _ = c.Close(), here.Close()
		ended := make(chan error)
		from.failures = 200
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		synctest.Wait()
		_ = l.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept() after Close = %v", err)
		}
	})
}

func TestAListenerTakesSoManyConnectionsAtOnce(t *testing.T) {
	from := &exhausted{conns: make(chan net.Conn, 4)}
	l := newEnduring(from, 1, slog.New(slog.DiscardHandler))
	defer l.Close()
	offer := func() net.Conn {
		here, there := net.Pipe()
		from.conns <- there
		return here
	}
	_ = offer()
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	second := offer()
	accepted := make(chan error)
	go func() {
		_, err := l.Accept()
		accepted <- err
	}()
	if _, err := second.Read(make([]byte, 1)); err == nil {
		t.Error("one too many is not closed")
	}
	_, _ = first.Close(), first.Close() // counts once
	_ = offer()
	if err := <-accepted; err != nil {
		t.Errorf("Accept() = %v when there is room again", err)
	}
	if n := l.open.Load(); n != 1 {
		t.Errorf("%d connections are counted, want 1", n)
	}
}
