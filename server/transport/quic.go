package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"chalkline/protocol"
)

// excessiveLoad is HTTP/3's H3_EXCESSIVE_LOAD (RFC 9114, section 8.1).
const excessiveLoad quic.ApplicationErrorCode = 0x107

// errFull refuses a QUIC connection over the limit before its handshake.
var errFull = errors.New("transport: as many connections as there may be")

// stranger is a QUIC connection until it becomes a session.
type stranger struct {
	counted sync.Once
	known   func() // one stranger less
}

type (
	strangerKey struct{}
	quicConnKey struct{}
)

// quicConfig is for both ends. Below 16 s of idle time Chromium needs the
// server's keep-alive; 10 s leaves room to lose two of them.
func quicConfig() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout:             5 * time.Second,
		MaxIdleTimeout:                   30 * time.Second,
		KeepAlivePeriod:                  10 * time.Second,
		EnableDatagrams:                  true,
		EnableStreamResetPartialDelivery: true,
	}
}

// serverQUICConfig adds what bounds a client: it opens one session with one
// stream, and HTTP/3 has three of its own.
func serverQUICConfig() *quic.Config {
	config := quicConfig()
	config.Allow0RTT = true // nothing is handled before the handshake is done
	config.MaxIncomingStreams = 8
	config.MaxIncomingUniStreams = 8
	config.InitialStreamReceiveWindow = 64 << 10
	config.MaxStreamReceiveWindow = 2 * protocol.MaxMessage
	config.InitialConnectionReceiveWindow = 128 << 10
	config.MaxConnectionReceiveWindow = 3 * protocol.MaxMessage
	return config
}

func (l *Listener) setUpQUIC() error {
	mux := http.NewServeMux()
	mux.HandleFunc(protocol.WebTransportPath, l.serveWebTransport)
	l.webtransport = &webtransport.Server{
		H3:                   &http3.Server{Handler: mux, MaxHeaderBytes: maxHeaderBytes},
		ApplicationProtocols: []string{protocol.Application},
		CheckOrigin:          l.checkOrigin,
	}
	l.webtransport.H3.ConnContext = withQUICConn
	webtransport.ConfigureHTTP3Server(l.webtransport.H3)

	l.quic = &quic.Transport{
		Conn:                l.packetConn,
		StatelessResetKey:   (*quic.StatelessResetKey)(l.config.ResetKey),
		ConnectionIDLength:  connectionIDLength,
		VerifySourceAddress: func(net.Addr) bool { return l.strangers.Load() > manyStrangers },
		ConnContext:         l.admitQUIC,
	}
	var err error
	l.early, err = l.quic.ListenEarly(http3.ConfigureTLSConfig(l.config.TLS.Clone()), serverQUICConfig())
	return err
}

// admitQUIC counts a new connection. quic-go ends its context with it.
func (l *Listener) admitQUIC(ctx context.Context, _ *quic.ClientInfo) (context.Context, error) {
	if l.connections.Add(1) > int64(l.config.MaxConnections) {
		l.connections.Add(-1)
		return nil, errFull
	}
	l.strangers.Add(1)
	s := &stranger{known: func() { l.strangers.Add(-1) }}
	context.AfterFunc(ctx, func() {
		l.connections.Add(-1)
		s.counted.Do(s.known)
	})
	return context.WithValue(ctx, strangerKey{}, s), nil
}

// acceptQUIC accepts connections until the listener is closed.
func (l *Listener) acceptQUIC() error {
	for {
		conn, err := l.early.Accept(context.Background())
		if err != nil {
			return err
		}
		l.serving.Go(func() { l.serveQUIC(conn) })
	}
}

// serveQUIC serves one connection until it ends. One that does not become a
// session in time is closed: our own keep-alive would hold it for ever.
func (l *Listener) serveQUIC(conn *quic.Conn) {
	s, _ := conn.Context().Value(strangerKey{}).(*stranger)
	expiry := time.AfterFunc(sessionWait, func() {
		s.counted.Do(func() {
			s.known()
			_ = conn.CloseWithError(excessiveLoad, "")
		})
	})
	defer expiry.Stop()
	if err := l.webtransport.ServeQUICConn(conn); err != nil && !errors.Is(err, http.ErrServerClosed) {
		l.config.Log.Debug("quic connection failed", "remote", conn.RemoteAddr(), "error", err)
		_ = conn.CloseWithError(noError, "")
	}
}

// withQUICConn lets a handler find the connection of its request.
func withQUICConn(ctx context.Context, conn *quic.Conn) context.Context {
	return context.WithValue(ctx, quicConnKey{}, conn)
}

// serveWebTransport turns a request into a session.
func (l *Listener) serveWebTransport(w http.ResponseWriter, r *http.Request) {
	conn, ok := r.Context().Value(quicConnKey{}).(*quic.Conn)
	streamer, canStream := w.(http3.HTTPStreamer)
	if !ok || !canStream {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	select { // early data can be replayed by others; what follows the handshake cannot
	case <-conn.HandshakeComplete():
	case <-r.Context().Done():
		return
	}
	session, err := l.webtransport.Upgrade(w, r)
	if err != nil {
		l.config.Log.Debug("webtransport refused", "remote", r.RemoteAddr, "error", err)
		w.WriteHeader(http.StatusForbidden)
		return
	}
	connect := streamer.HTTPStream()
	if !l.spawn(func() { l.beginSession(conn, session, connect) }) {
		_ = conn.CloseWithError(noError, "")
	}
}

// beginSession waits for the client's control stream (SES2).
func (l *Listener) beginSession(conn *quic.Conn, session *webtransport.Session, connect connectStream) {
	ctx, cancel := context.WithTimeout(l.ctx, sessionWait)
	defer cancel()
	control, err := session.AcceptStream(ctx)
	if err != nil {
		_ = conn.CloseWithError(noError, "")
		return
	}
	l.meet(conn)
	l.handle(newWebTransportConn(conn, session, connect, control))
}

// meet makes a session of a stranger.
func (l *Listener) meet(conn *quic.Conn) {
	if s, ok := conn.Context().Value(strangerKey{}).(*stranger); ok {
		s.counted.Do(s.known)
	}
}
