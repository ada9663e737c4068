package transport

import (
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"chalkline/protocol"
)

// maxStreams is how many requests an HTTP/2 connection has at a time: enough for a
// page with ten live streams without end beside its images and miniatures.
const maxStreams = 64

// answerWait is how long a request may take, unless its handler says otherwise: who
// does not read the answer would else keep the connection for ever. It is enough for
// the page at 100 kbit/s, and more than any answer takes to be made.
const answerWait = 6 * time.Minute

func (l *Listener) setUpTCP(tcp net.Listener) {
	mux := http.NewServeMux()
	mux.HandleFunc(protocol.WebSocketPath, l.serveWebSocket)
	mux.Handle("/", orNotFound(l.config.HTTP))
	l.split = newSplitter(tcp, l.config.MaxConnections, l.config.Log)
	config := l.config.TLS.Clone()
	config.NextProtos = append([]string{"h2", "http/1.1"}, config.NextProtos...)
	l.http = &http.Server{
		Handler:           l.route(mux),
		TLSConfig:         config,
		ReadHeaderTimeout: sessionWait,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      answerWait,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog:          log.New(io.Discard, "", 0), // failed handshakes of strangers
	}
}

func orNotFound(h http.Handler) http.Handler {
	if h == nil {
		return http.NotFoundHandler()
	}
	return h
}

// challenges is where an ACME authority asks by plain http (RFC 8555, section 8.3).
const challenges = "/.well-known/acme-challenge/"

// route keeps plain http to this machine: elsewhere it is no secure context and
// anyone on the way could read the token. Challenges come from this machine, too: an
// authority may run on it, or what hands port 80 on.
func (l *Listener) route(secure http.Handler) http.Handler {
	plain := l.config.Plain
	if plain == nil {
		plain = http.HandlerFunc(l.redirectToHTTPS)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil && (!fromLoopback(r) || strings.HasPrefix(r.URL.Path, challenges)) {
			plain.ServeHTTP(w, r)
			return
		}
		secure.ServeHTTP(w, r)
	})
}

// redirectToHTTPS sends a request to the same host with https. What came to
// PlainAddress goes to the port of Address.
func (l *Listener) redirectToHTTPS(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if port := portOf(l.TCPAddr()); port != portOf(localAddr(r)) {
		name, _ := splitHost(host, false)
		host = net.JoinHostPort(name, port)
	}
	http.Redirect(w, r, "https://"+strings.TrimSuffix(host, ":443")+r.URL.RequestURI(), http.StatusPermanentRedirect)
}

// localAddr is the address at which a request arrived.
func localAddr(r *http.Request) net.Addr {
	address, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return address
}

// portOf is empty if there is none.
func portOf(address net.Addr) string {
	if address == nil {
		return ""
	}
	_, port, _ := net.SplitHostPort(address.String())
	return port
}

// serveWebSocket turns a request into a session.
func (l *Listener) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{
		HandshakeTimeout: sessionWait,
		WriteBufferSize:  maxChunk,
		WriteBufferPool:  &l.buffers.frames,
		Subprotocols:     []string{protocol.Application},
		CheckOrigin:      l.checkOrigin,
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		l.config.Log.Debug("websocket refused", "remote", r.RemoteAddr, "error", err)
		return // Upgrade has answered
	}
	conn := newWebSocketConn(ws, l.buffers, r.RemoteAddr)
	if !l.spawn(func() { l.handle(conn) }) {
		_ = conn.Close(goingAway)
		conn.wait()
	}
}
