package transport

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"chalkline/protocol"
)

// patience is far longer than anything here takes; a test that needs it failed.
const patience = 20 * time.Second

// testServer is a Listener on the loopback with a certificate of its own.
type testServer struct {
	*Listener
	hash    []byte
	crashed atomic.Bool // Serve is expected to fail
}

// newTestServer serves until the test ends. change may be nil.
func newTestServer(t testing.TB, handle func(Conn), change func(*Config)) *testServer {
	t.Helper()
	certificate, hash := selfSigned(t)
	config := Config{
		Address: "127.0.0.1:0",
		TLS:     &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13},
		Handle:  handle,
	}
	if change != nil {
		change(&config)
	}
	l, err := Listen(config)
	if err != nil {
		t.Fatal(err)
	}
	server := &testServer{Listener: l, hash: hash}
	served := make(chan error, 1)
	go func() { served <- l.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = l.Shutdown(ctx) // connections that the test left open run into the second
		if err := <-served; err != nil && !server.crashed.Load() {
			t.Errorf("Serve() = %v", err)
		}
	})
	return server
}

func selfSigned(t testing.TB) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, hash[:]
}

// dial connects by the route and closes the connection with the test.
func (s *testServer) dial(t testing.TB, route Route) ClientConn {
	t.Helper()
	return s.dialWith(t, &Dialer{TLS: TrustHashes(s.hash)}, route)
}

func (s *testServer) dialWith(t testing.TB, dialer *Dialer, route Route) ClientConn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var conn ClientConn
	var err error
	if route == WebTransport {
		conn, err = dialer.DialWebTransport(ctx, "https://"+s.UDPAddr().String()+protocol.WebTransportPath)
	} else {
		conn, err = dialer.DialWebSocket(ctx, "wss://"+s.TCPAddr().String()+protocol.WebSocketPath)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(0) })
	return conn
}

// onBothRoutes runs a test with WebTransport and with WebSocket.
func onBothRoutes(t *testing.T, test func(t *testing.T, route Route)) {
	for _, route := range []Route{WebTransport, WebSocket} {
		t.Run(string(route), func(t *testing.T) { test(t, route) })
	}
}

func framed(messages ...string) []byte {
	var b []byte
	for _, m := range messages {
		b = binary.AppendUvarint(b, uint64(len(m)))
		b = append(b, m...)
	}
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within fails the test if f does not come back.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s: still waiting after %v", what, patience)
	}
}

func wantCode(t *testing.T, err error, code uint32) {
	t.Helper()
	var closed *CloseError
	if !errors.As(err, &closed) || closed.Code != code {
		t.Fatalf("error = %v, want a CloseError with code %d", err, code)
	}
}

// echo sends every message back on control, and every datagram.
func echo(c Conn) {
	go func() {
		for {
			p, err := c.ReceiveDatagram(context.Background())
			if err != nil {
				return
			}
			_ = c.SendDatagram(p)
		}
	}()
	for {
		message, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err := c.WriteControl(framed(string(message))); err != nil {
			return
		}
	}
}
