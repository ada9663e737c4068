package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/webtransport-go"
)

// Config is what Listen needs. TLS and Handle must be set.
type Config struct {
	// Address is host:port for both routes; the host may be empty for every
	// address of the machine, the port 0 for one that is free. It is not looked at
	// where PacketConn and Listener are set.
	Address string

	// PacketConn is the UDP socket to use, Listener the TCP one; nil opens Address.
	PacketConn net.PacketConn
	Listener   net.Listener

	// PlainAddress is host:port of one more TCP port for plain http, such as ":80"
	// for the challenges of ACME and for people who type no https; empty: none.
	PlainAddress string

	// TLS gives the certificate for both routes.
	TLS *tls.Config

	// HTTP answers every HTTPS request that is not for protocol.WebSocketPath, and
	// plain http from this machine; nil answers 404.
	HTTP http.Handler

	// Plain answers plain http from elsewhere, and challenges of ACME from anywhere; nil
	// sends it to https.
	Plain http.Handler

	// Handle owns a connection; when it returns, the connection is closed. It is
	// called in a goroutine of its own.
	Handle func(Conn)

	// Origins are origins of pages that may connect though they did not come from
	// here, such as https://school.example; "*" is every page. Empty: none.
	Origins []string

	// MaxConnections is how many TCP connections, those to PlainAddress among them,
	// and as many of QUIC may be open at once, whether or not they are sessions yet;
	// 0 is 20 000.
	MaxConnections int

	// ResetKey lets clients notice at once that this server was restarted, if it
	// had the same key before (RFC 9000, section 10.3); nil: they time out.
	ResetKey *[32]byte

	// Log is told what goes wrong; nil tells nobody.
	Log *slog.Logger
}

// Limits on what a connection may cost before and besides its messages.
const (
	maxConnections = 20_000

	// sessionWait is how long a connection may take to become a session: an
	// attacker's is gone then.
	sessionWait = 10 * time.Second

	// manyStrangers is how many QUIC connections may be on the way to become a
	// session before newcomers must first prove their address (RFC 9000, section 8.1).
	manyStrangers = 256

	// connectionIDLength is the longest that QUIC has, in bytes. It is in every packet
	// from a client, and only packets over 42 bytes are answered with a reset: so a
	// message of a few bytes is enough to notice a restart.
	connectionIDLength = 20

	maxHeaderBytes = 16 << 10

	goingAway = 1001 // GOING_AWAY of docs/protocol.md
)

// Listener accepts connections on both routes.
type Listener struct {
	config     Config
	packetConn net.PacketConn
	buffers    *writeBuffers

	quic         *quic.Transport
	early        *quic.EarlyListener
	webtransport *webtransport.Server
	split        *splitter
	plain        net.Listener // nil without PlainAddress
	http         *http.Server

	connections atomic.Int64 // QUIC, open
	strangers   atomic.Int64 // QUIC, not a session yet

	serving sync.WaitGroup  // accept loops and QUIC connections
	ctx     context.Context // ends when Shutdown begins
	stop    context.CancelFunc

	mu       sync.Mutex
	handling sync.WaitGroup         // what spawn began; Add is guarded by mu
	conns    map[ownedConn]struct{} // guarded by mu; those that Handle has
	overdue  bool                   // guarded by mu; closeAll was called
}

// ownedConn is a connection as the listener has it.
type ownedConn interface {
	Conn
	wait() // returns once it is closed for good
}

// Listen opens both routes. Serve begins to accept.
func Listen(config Config) (*Listener, error) {
	if config.TLS == nil || config.Handle == nil {
		return nil, errors.New("transport: listen: TLS and Handle must be set")
	}
	if config.MaxConnections == 0 {
		config.MaxConnections = maxConnections
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	sockets, err := openSockets(config)
	if err != nil {
		return nil, fmt.Errorf("transport: listen: %w", err)
	}
	l := &Listener{config: config, buffers: newWriteBuffers(), conns: make(map[ownedConn]struct{})}
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.packetConn, l.plain = sockets.udp, sockets.plain
	l.setUpTCP(sockets.tcp)
	if err := l.setUpQUIC(); err != nil {
		return nil, errors.Join(fmt.Errorf("transport: listen: %w", err), sockets.close())
	}
	return l, nil
}

func (l *Listener) checkOrigin(r *http.Request) bool { return originAllowed(l.config.Origins, r) }

// TCPAddr is the address of HTTPS and WebSocket.
func (l *Listener) TCPAddr() net.Addr { return l.split.from.Addr() }

// UDPAddr is the address of WebTransport.
func (l *Listener) UDPAddr() net.Addr { return l.packetConn.LocalAddr() }

// Serve accepts connections until Shutdown; then it returns nil.
func (l *Listener) Serve() error {
	failed := l.begin()
	select {
	case <-l.ctx.Done():
		return nil
	case err := <-failed:
		if l.ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("transport: serve: %w", err)
	}
}

// begin starts the accept loops, unless Shutdown was called before.
func (l *Listener) begin() <-chan error {
	failed := make(chan error, 4)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return failed
	}
	l.serving.Go(l.split.run)
	l.serving.Go(func() { failed <- l.http.ServeTLS(l.split.secure, "", "") })
	l.serving.Go(func() { failed <- l.http.Serve(l.split.plain) })
	l.serving.Go(func() { failed <- l.acceptQUIC() })
	if l.plain != nil {
		l.serving.Go(func() { failed <- l.http.Serve(counting{l.plain, l.split}) })
	}
	return failed
}

// Shutdown lets nobody in any more and waits until Handle has returned for
// every connection. It is for the caller to close the connections first; those
// that are open when ctx ends are closed with GOING_AWAY.
func (l *Listener) Shutdown(ctx context.Context) error {
	l.mu.Lock()
	l.stop()
	l.mu.Unlock()
	errs := []error{l.early.Close(), l.http.Shutdown(ctx), l.waitForHandlers(ctx)}
	errs = append(errs, l.http.Close(), l.split.Close(), l.webtransport.Close(), l.quic.Close(), l.packetConn.Close())
	if l.plain != nil {
		_ = l.plain.Close() // again, if it was being served
	}
	l.serving.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("transport: shutdown: %w", err)
	}
	return nil
}

func (l *Listener) waitForHandlers(ctx context.Context) error {
	handled := make(chan struct{})
	go func() { l.handling.Wait(); close(handled) }()
	select {
	case <-handled:
		return nil
	case <-ctx.Done():
	}
	l.closeAll()
	select {
	case <-handled:
		return nil
	case <-time.After(2 * farewell):
		return fmt.Errorf("connections still in use: %w", context.Cause(ctx))
	}
}

// closeAll closes the connections that Handle has and those it is yet to get.
func (l *Listener) closeAll() {
	l.mu.Lock()
	l.overdue = true
	left := slices.Collect(maps.Keys(l.conns))
	l.mu.Unlock()
	for _, conn := range left {
		_ = conn.Close(goingAway)
	}
}

// spawn runs f in a goroutine that Shutdown waits for; false once it was called.
func (l *Listener) spawn(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return false
	}
	l.handling.Go(f)
	return true
}

// handle gives a connection to Handle and sees it closed.
func (l *Listener) handle(conn ownedConn) {
	if overdue := l.enter(conn); overdue {
		_ = conn.Close(goingAway)
	}
	l.config.Handle(conn)
	l.leave(conn)
	_ = conn.Close(0)
	conn.wait()
}

func (l *Listener) enter(conn ownedConn) (overdue bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[conn] = struct{}{}
	return l.overdue
}

func (l *Listener) leave(conn ownedConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}
