package client

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"chalkline/protocol"
	"chalkline/server/transport"
)

// maxAnswer bounds what /api/… may answer, in bytes.
const maxAnswer = 64 << 10

// Endpoints is what GET /api/connect answers: where the two routes are.
type Endpoints struct {
	WebTransport string `json:"webtransport"`
	WebSocket    string `json:"websocket"`
	// CertificateHashes are SHA-256 hashes of the certificates to trust, in hex;
	// none: one that the system trusts.
	CertificateHashes []string `json:"certificate_hashes"`
}

// Discover asks a server where its routes are.
func Discover(ctx context.Context, c *http.Client, url string) (Endpoints, error) {
	var e Endpoints
	err := ask(ctx, c, http.MethodGet, url+"/api/connect", nil, &e)
	return e, err
}

// RequestToken asks a server in development mode for a token.
func RequestToken(ctx context.Context, c *http.Client, url, name string) (string, error) {
	body, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		return "", fmt.Errorf("client: token: %w", err)
	}
	var answer struct{ Token string }
	if err := ask(ctx, c, http.MethodPost, url+"/api/token", body, &answer); err != nil {
		return "", err
	}
	if answer.Token == "" || len(answer.Token) > protocol.MaxToken {
		return "", fmt.Errorf("client: token of %d bytes: %w", len(answer.Token), errAnswer)
	}
	return answer.Token, nil
}

var errAnswer = errors.New("unusable answer")

func ask(ctx context.Context, c *http.Client, method, url string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("client: %s: %w", url, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.Do(request)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("client: %s: %s: %w", url, response.Status, errAnswer)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("client: %s: %w", url, err)
	}
	return nil
}

// Network dials the server behind a URL. Many clients may share one: its TLS
// sessions are resumed. The zero Network is not ready; use NewNetwork.
type Network struct {
	url  string
	http *http.Client

	mu     sync.Mutex
	ends   Endpoints         // guarded by mu, as the dialer was made for
	dialer *transport.Dialer // guarded by mu; nil before the first dial
}

// NewNetwork returns a Network for a server's URL; nil means http.DefaultClient.
func NewNetwork(url string, c *http.Client) *Network {
	if c == nil {
		c = http.DefaultClient
	}
	return &Network{url: strings.TrimSuffix(url, "/"), http: c}
}

// Dial is a DialFunc. It asks the server where the route is each time, because
// a server that came back may have another certificate.
func (n *Network) Dial(ctx context.Context, route transport.Route) (transport.ClientConn, error) {
	ends, err := Discover(ctx, n.http, n.url)
	if err != nil {
		return nil, err
	}
	dialer, err := n.dialerFor(ends)
	if err != nil {
		return nil, err
	}
	if route == transport.WebTransport {
		return dialer.DialWebTransport(ctx, ends.WebTransport)
	}
	return dialer.DialWebSocket(ctx, ends.WebSocket)
}

func (n *Network) dialerFor(ends Endpoints) (*transport.Dialer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dialer != nil && strings.Join(ends.CertificateHashes, " ") == strings.Join(n.ends.CertificateHashes, " ") {
		return n.dialer, nil
	}
	dialer := &transport.Dialer{}
	if len(ends.CertificateHashes) > 0 {
		hashes := make([][]byte, len(ends.CertificateHashes))
		for i, h := range ends.CertificateHashes {
			raw, err := hex.DecodeString(h)
			if err != nil {
				return nil, fmt.Errorf("client: certificate hash %d: %w", i, errAnswer)
			}
			hashes[i] = raw
		}
		dialer.TLS = transport.TrustHashes(hashes...)
	}
	n.ends, n.dialer = ends, dialer
	return dialer, nil
}
