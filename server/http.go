package server

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"chalkline/protocol"
	"chalkline/server/reply"
)

// maxBody bounds what an API call may send.
const maxBody = 4 << 10

// api answers the page's HTTP requests: docs/protocol.md, HTTP.
type api struct {
	page      fs.FS
	guests    guests
	hashes    func() [][]byte // SHA-256 of the certificates that no public authority signed
	port      func() int      // UDP and TCP
	publicURL *url.URL        // nil: as the browser asked
	healthy   func() error
	metrics   http.Handler  // nil: not here
	requests  *atOnce       // that are answered, and
	endless   *atOnce       // those of them that have no end
	tokens    *attempts     // how many tokens an address may ask for
	images    *images       // nil: none are kept
	pictures  *pictures     // nil: none are drawn
	media     *mediaServers // nil: none come in
	liveURL   *url.URL      // where live streams are found; nil: here
	origins   []string      // those of other sites whose pages may ask; "*" is every page
}

// guests mints tokens for people who have a link and no account.
type guests interface {
	// Guest returns a token for a new participant; a *protocol.Error if there are
	// no guests here.
	Guest(name string) (string, error)
}

func (a *api) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/token", a.token)
	mux.HandleFunc("GET /api/connect", a.connect)
	mux.HandleFunc("GET /healthz", a.health)
	if a.metrics != nil {
		mux.Handle("GET /metrics", a.metrics)
	}
	if a.images != nil {
		a.images.register(mux)
	}
	if a.pictures != nil {
		a.pictures.register(mux)
	}
	if a.media != nil {
		a.media.register(mux)
	}
	mux.Handle("/", a.files())
	return a.secured(a.otherOrigins(mux, a.withinBounds(mux)))
}

// contentPolicy lets the page load what it ships and connect to its server,
// which may have another port for WebTransport; live streams come from the server or
// through buffers that the page fills.
const contentPolicy = "default-src 'self'; connect-src 'self' https: wss: ws:; img-src 'self' data: blob:; worker-src 'self' blob:; " +
	"style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; " +
	"media-src 'self' blob:"

// permissions lets the page itself ask for camera, microphone and screen, and no frame
// in it.
const permissions = "camera=(self), microphone=(self), display-capture=(self)"

func (a *api) secured(next http.Handler) http.Handler {
	content := contentPolicy
	if a.liveURL != nil {
		content += " " + a.liveURL.Scheme + "://" + a.liveURL.Host
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", content)
		h.Set("Permissions-Policy", permissions)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// files serves the page; a room's link (/r/<code>) is the page too.
func (a *api) files() http.Handler {
	files := http.FileServerFS(a.page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
			return
		}
		if r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/r/") {
			a.index(w, r)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/") { // folders are not listed
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}

func (a *api) index(w http.ResponseWriter, r *http.Request) {
	b, err := fs.ReadFile(a.page, "index.html")
	if err != nil {
		http.Error(w, "The page is not built in: run `make build`, then start again.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "index.html", time.Time{}, strings.NewReader(string(b)))
}

// token is POST /api/token {"name"} → {"token"}.
func (a *api) token(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Name string `json:"name"`
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || json.Unmarshal(body, &ask) != nil {
		reply.Error(w, protocol.NewError(protocol.BadMessage))
		return
	}
	if len(ask.Name) > protocol.MaxDisplayName || !utf8.ValidString(ask.Name) {
		reply.Error(w, protocol.NewError(protocol.TooLarge, "limit", "name", "max", strconv.Itoa(protocol.MaxDisplayName)))
		return
	}
	now, from := time.Now(), host(r.RemoteAddr)
	if !a.tokens.allowed(from, now) {
		reply.Error(w, protocol.NewError(protocol.TooManyTries))
		return
	}
	a.tokens.note(from, now)
	token, err := a.guests.Guest(ask.Name)
	if err != nil {
		reply.Error(w, err)
		return
	}
	reply.JSON(w, http.StatusOK, map[string]string{"token": token})
}

// connect is GET /api/connect: where and how the page connects.
func (a *api) connect(w http.ResponseWriter, r *http.Request) {
	hashes := []string{}
	for _, h := range a.hashes() {
		hashes = append(hashes, hex.EncodeToString(h))
	}
	host, secure := r.Host, r.TLS != nil
	if a.publicURL != nil {
		host, secure = a.publicURL.Host, a.publicURL.Scheme == "https"
	}
	scheme := "ws"
	if secure {
		scheme = "wss"
	}
	w.Header().Set("Cache-Control", "no-store")
	reply.JSON(w, http.StatusOK, map[string]any{
		"webtransport":       "https://" + a.quicHost(host) + protocol.WebTransportPath,
		"websocket":          scheme + "://" + host + protocol.WebSocketPath,
		"certificate_hashes": hashes,
	})
}

// quicHost returns host and UDP port for WebTransport. localhost is named by
// its IPv4 address: a browser that tries ::1 first does not come back to
// 127.0.0.1 on QUIC.
func (a *api) quicHost(hostport string) string {
	if a.publicURL != nil {
		return hostport
	}
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(a.port()))
}

// health is GET /healthz: 200 while the store can be written.
func (a *api) health(w http.ResponseWriter, _ *http.Request) {
	if err := a.healthy(); err != nil {
		reply.JSON(w, http.StatusServiceUnavailable, map[string]string{"status": "failing", "error": err.Error()})
		return
	}
	reply.JSON(w, http.StatusOK, map[string]string{"status": "ok"})
}
