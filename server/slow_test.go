package server_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"chalkline/server"
)

// doorstep is a listener for connections of this machine that need no network.
type doorstep struct {
	conns chan net.Conn
	over  chan struct{}
	end   *sync.Once
}

func newDoorstep() doorstep {
	return doorstep{make(chan net.Conn), make(chan struct{}), &sync.Once{}}
}

func (d doorstep) Accept() (net.Conn, error) {
	select {
	case c := <-d.conns:
		return c, nil
	case <-d.over:
		return nil, net.ErrClosed
	}
}
func (d doorstep) Close() error { d.end.Do(func() { close(d.over) }); return nil }
func (d doorstep) Addr() net.Addr {
	return &net.TCPAddr{IP: net.ParseIP("1.0.0.2"), Port: 443}
}

// knock returns the client's end of a new connection.
func (d doorstep) knock() net.Conn {
	here, there := net.Pipe()
	d.conns <- neighbour{there}
	return here
}

// neighbour is a connection that comes from this machine.
type neighbour struct{ net.Conn }

func (neighbour) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP("127.0.0.1"), Port: 1} }

// atTheDoor runs f with a server in simulated time.
func atTheDoor(t *testing.T, f func(t *testing.T, d doorstep)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDoorstep()
		w := newWorld(t, newPath(0, 0, 0), func(c *server.Config) {
			c.Transport.Listener = d
			c.Page = fstest.MapFS{"large.js": {Data: make([]byte, 1<<20)}}
		})
		defer w.close()
		f(t, d)
	})
}

func TestWhoDoesNotReadAnAnswerIsClosed(t *testing.T) {
	atTheDoor(t, func(t *testing.T, d doorstep) {
		c := d.knock()
		defer c.Close()
		if _, err := io.WriteString(c, "GET /large.js HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("answer %v, %v", answer, err)
		}
		time.Sleep(7 * time.Minute) // simulated
		if _, err := io.Copy(io.Discard, answer.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the rest came after 7 minutes: %v", err)
		}
	})
}

func TestWhoSaysLittleIsClosed(t *testing.T) {
	for name, begin := range map[string]string{
		"nothing": "", "half a header": "GET / HTTP/1.1\r\nHost:", "half a body": "POST /api/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{",
		"TLS that stops": "\x16\x03\x01",
	} {
		atTheDoor(t, func(t *testing.T, d doorstep) {
			c := d.knock()
			defer c.Close()
			if _, err := io.WriteString(c, begin); err != nil {
				t.Fatal(err)
			}
			_ = c.SetReadDeadline(time.Now().Add(40 * time.Second))
			var all strings.Builder
			if _, err := io.Copy(&all, c); err != nil {
				t.Errorf("%s: open after 40 s: %v, %q", name, err, all.String())
			}
		})
	}
}
