package transport

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"sync"

	"github.com/quic-go/quic-go"
)

// Dialer opens connections to a server; later ones resume the TLS sessions of
// earlier ones. Its zero value works; it may be used by many goroutines at once and
// must not be copied after its first use.
type Dialer struct {
	// TLS says whom to trust; nil trusts the system's authorities. Without a
	// ClientSessionCache in it, the Dialer keeps one for each route.
	TLS *tls.Config
	// QUIC is the UDP socket that WebTransport connections share; nil gives each
	// one its own.
	QUIC *quic.Transport
	// DialTCP opens the connection under a WebSocket; nil is a net.Dialer.
	DialTCP func(ctx context.Context, network, address string) (net.Conn, error)
	// Header is sent with the request; nil sends no more than is needed.
	Header http.Header

	once    sync.Once
	buffers *writeBuffers
	tickets map[Route]tls.ClientSessionCache // the server's keys for them differ by route
}

func (d *Dialer) init() {
	d.buffers = newWriteBuffers()
	d.tickets = map[Route]tls.ClientSessionCache{
		WebTransport: &tickets{cache: tls.NewLRUClientSessionCache(0)},
		WebSocket:    &tickets{cache: tls.NewLRUClientSessionCache(0)},
	}
}

// tickets gives each ticket to one connection only (RFC 8446, C.4): an observer cannot
// tell that two are of one client, and quic-go writes into what it gets.
type tickets struct {
	mu    sync.Mutex
	cache tls.ClientSessionCache
}

// Get is that of tls.ClientSessionCache.
func (t *tickets) Get(key string) (*tls.ClientSessionState, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.cache.Get(key)
	t.cache.Put(key, nil)
	return s, ok
}

// Put is that of tls.ClientSessionCache.
func (t *tickets) Put(key string, s *tls.ClientSessionState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cache.Put(key, s)
}

// tlsFor returns the configuration for a connection by the route.
func (d *Dialer) tlsFor(route Route) *tls.Config {
	d.once.Do(d.init)
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.TLS != nil {
		config = d.TLS.Clone()
	}
	if config.ClientSessionCache == nil {
		config.ClientSessionCache = d.tickets[route]
	}
	return config
}

// TrustHashes returns a client's TLS configuration that trusts exactly the
// certificates with these SHA-256 hashes, as a page does with
// serverCertificateHashes: for development certificates.
func TrustHashes(hashes ...[]byte) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, // VerifyConnection takes its place
		VerifyConnection: func(state tls.ConnectionState) error {
			return verifyHash(state.PeerCertificates, hashes)
		},
	}
}

func verifyHash(chain []*x509.Certificate, hashes [][]byte) error {
	if len(chain) == 0 {
		return errors.New("transport: the server sent no certificate")
	}
	have := sha256.Sum256(chain[0].Raw)
	for _, want := range hashes {
		if bytes.Equal(have[:], want) {
			return nil
		}
	}
	return errors.New("transport: the server's certificate has another hash")
}
