package rtmp

import (
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// maxConnections bounds those of all clients; maxStrangers those of one address that
	// have not published yet. The oldest of these gives way to one more: many share a
	// school's address.
	maxConnections = 1024
	maxStrangers   = 16
	// publishWait is how long a client may take to publish.
	publishWait = 10 * time.Second
	// idleTime is how long nothing may come from a publisher.
	idleTime = 10 * time.Second
	// answerTime is how long a client may take to take an answer.
	answerTime = 5 * time.Second
	// lingerTime is how long a refused client has to read why.
	lingerTime = 2 * time.Second
)

// Handler says who may publish.
type Handler interface {
	// Publish is asked when a client publishes under a key; address is the client's. The
	// client is told the text of the error.
	Publish(address, app, key string) (Sink, error)
}

// Sink takes the messages of one publisher, from one goroutine. An error ends the
// connection; the client is told its text.
type Sink interface {
	// Video and Audio take the body of an FLV tag, which is theirs until they return. Its
	// decoding time is in ms and wraps at 2³².
	Video(dts uint32, body []byte) error
	Audio(dts uint32, body []byte) error
	// Done is closed when the publisher is to end.
	Done() <-chan struct{}
	// Close is called once, at the end of the connection.
	Close()
}

// Serve serves what l accepts until l is closed; then it ends all connections and
// returns nil when they have ended. Other errors of l are returned.
func Serve(l net.Listener, h Handler) error {
	s := &server{handler: h, conns: map[net.Conn]struct{}{}}
	defer s.end()
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
			continue
		}
		if err != nil {
			return err
		}
		if !s.add(c) {
			_ = c.Close()
			continue
		}
		s.ends.Go(func() {
			defer s.remove(c)
			serveConn(c, s)
		})
	}
}

// server is what connections share.
type server struct {
	handler Handler
	ends    sync.WaitGroup

	mu        sync.Mutex
	conns     map[net.Conn]struct{}
	strangers []stranger // of them, those that have not published, in the order they came
}

type stranger struct {
	conn net.Conn
	from string
}

// add takes a client in, in place of the oldest stranger if there are too many; false if
// there is none to give way.
func (s *server) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := network(c.RemoteAddr())
	switch of, oldest := s.from(from); {
	case of >= maxStrangers:
		s.giveWay(oldest)
	case len(s.conns) < maxConnections:
	case len(s.strangers) == 0:
		return false
	default:
		s.giveWay(0)
	}
	s.conns[c] = struct{}{}
	s.strangers = append(s.strangers, stranger{c, from})
	return true
}

// from returns how many strangers come from an address, and which is the oldest.
func (s *server) from(address string) (n, oldest int) {
	for i := len(s.strangers) - 1; i >= 0; i-- {
		if s.strangers[i].from == address {
			n, oldest = n+1, i
		}
	}
	return n, oldest
}

// giveWay ends a stranger. Its place is free at once.
func (s *server) giveWay(i int) {
	c := s.strangers[i].conn
	s.strangers = slices.Delete(s.strangers, i, i+1)
	delete(s.conns, c)
	_ = c.Close()
}

func (s *server) remove(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// known says that a client is no stranger any more, or is gone.
func (s *server) known(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strangers = slices.DeleteFunc(s.strangers, func(o stranger) bool { return o.conn == c })
}

// network is an address without its port; of IPv6 the network of a customer, /64.
func network(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String()
	}
	return host
}

// end closes all connections and waits for them.
func (s *server) end() {
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.ends.Wait()
}
