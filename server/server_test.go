package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink/inktest"
	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server"
	"chalkline/server/classroom"
	"chalkline/server/session"
	"chalkline/server/transport"
)

// names is an Identifier for tests: the token is the participant, a teacher unless
// it is "student".
type names struct{ guests atomic.Int64 }

func (n *names) Identify(token string) (session.Identity, error) {
	if token == "" {
		return session.Identity{}, protocol.NewError(protocol.TokenInvalid)
	}
	role := classroom.Teacher
	if token == "student" {
		role = classroom.Student
	}
	return session.Identity{Participant: classroom.Participant{ID: token, Role: role}, Create: true}, nil
}

func (n *names) Guest(name string) (string, error) {
	return fmt.Sprint(name, "-", n.guests.Add(1)), nil
}

// selfSigned returns a certificate for 127.0.0.1 and its hash.
func selfSigned(t testing.TB) (*tls.Config, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP("1.0.0.2")}, DNSNames: []string{"localhost", "board.test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(der)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, hash[:]
}

// running is a server on loopback.
type running struct {
	*server.Server
	t      testing.TB
	url    string
	served chan error
}

// stop shuts the server down; a second call does nothing.
func (r *running) stop() {
	if r.served == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.Shutdown(ctx); err != nil {
		r.t.Errorf("Shutdown() = %v", err)
	}
	if err := <-r.served; err != nil {
		r.t.Errorf("Serve() = %v", err)
	}
	r.served = nil
}

func start(t testing.TB, log replay.Log, table replay.Table, address string) *running {
	t.Helper()
	tlsConfig, hash := selfSigned(t)
	s, err := server.New(server.Config{
		Log: log, Table: table, Identifier: &names{},
		Transport: transport.Config{Address: address, TLS: tlsConfig},
		Hashes:    func() [][]byte { return [][]byte{hash} },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{s, t, "http://" + s.Addr().String(), make(chan error, 1)}
	go func() { r.served <- s.Serve() }()
	t.Cleanup(r.stop)
	return r
}

// dial connects a client that is closed with the test.
func (r *running) dial(t testing.TB, cfg client.Config) *client.Client {
	t.Helper()
	cfg.URL = r.url
	c, err := client.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func openFirst(t testing.TB, c *client.Client) *client.Board {
	t.Helper()
	pages, err := c.WaitPages(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.OpenBoard(pages[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := b.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

var pen = []ot.Setting{{Register: ot.Color, Value: ot.ColorValue(0x1d2321)}, {Register: ot.Width, Value: ot.WidthValue(30)}}

// write writes n strokes of real handwriting in frames of 8 points.
func write(t testing.TB, b *client.Board, n int) {
	t.Helper()
	strokes, err := inktest.At240Hz()
	if err != nil {
		t.Fatal(err)
	}
	for _, points := range inktest.EvenAll(strokes[:n], 8) {
		s := b.Stroke(pen...)
		for len(points) > 8 {
			if err := s.Frame(points[:8]); err != nil {
				t.Fatal(err)
			}
			points = points[8:]
		}
		if err := s.End(points); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEverybodySeesTheSameOnBothRoutes(t *testing.T) {
	log := memory.New()
	r := start(t, log, log.Table(), "127.0.0.1:0")
	ann := r.dial(t, client.Config{Name: "ann", RoomName: "三年级数学", Route: transport.WebTransport})
	ben := r.dial(t, client.Config{Name: "ben", Room: ann.RoomID(), Route: transport.WebSocket})
	a, b := openFirst(t, ann), openFirst(t, ben)
	write(t, a, 3)
	write(t, b, 3)
	for _, board := range []*client.Board{a, b} {
		if err := board.WaitSynced(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	late := openFirst(t, r.dial(t, client.Config{Name: "cat", Room: ann.RoomID()}))
	revision, hash := late.State()
	for _, board := range []*client.Board{a, b} {
		if err := board.WaitRevision(t.Context(), revision); err != nil {
			t.Fatal(err)
		}
		if board.Hash() != hash {
			t.Fatalf("hash %x, want %x", board.Hash(), hash)
		}
	}
}
