package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"testing"
	"time"

	"chalkline/bench/client"
	"chalkline/replay/memory"
	"chalkline/server"
	"chalkline/server/certificate"
	"chalkline/server/config"
	"chalkline/server/transport"
)

// publicHost is the name by which people find the server of these tests.
const publicHost = "board.test"

// startWithACME starts a server that gets its certificate from ca.
func startWithACME(t *testing.T, ca *authority, data string) *running {
	t.Helper()
	settings := config.Config{Data: data, ACMEHosts: []string{publicHost}, ACMEDirectory: ca.url("/directory")}
	certificates, err := certificate.Open(settings.CertificateConfig(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	log := memory.New()
	s, err := server.New(server.Config{
		Log: log, Table: log.Table(), Identifier: &names{},
		Transport: transport.Config{Address: "127.0.0.1:0", TLS: certificates.TLSConfig(), Plain: certificates.Plain(nil)},
		Hashes:    certificates.Hashes,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{s, t, "http://" + s.Addr().String(), make(chan error, 1)}
	ca.reach(publicHost, s.Addr().String())
	go func() { r.served <- s.Serve() }()
	t.Cleanup(r.stop)
	return r
}

// trusting is for clients that trust the authority alone.
func (ca *authority) trusting() *tls.Config {
	return &tls.Config{RootCAs: ca.pool(), ServerName: publicHost, MinVersion: tls.VersionTLS12}
}

// shown is the certificate that the server shows. A handshake ends if the authority
// takes long; a later one finds the certificate there.
func (r *running) shown(ca *authority) []byte {
	r.t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		conn, err := (&tls.Dialer{Config: ca.trusting()}).DialContext(r.t.Context(), "tcp", r.Addr().String())
		if err == nil {
			defer conn.Close()
			return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw
		}
		if time.Now().After(end) {
			r.t.Fatal(err)
		}
	}
}

func TestACertificateIsFetchedFromAnACMEAuthorityAndKept(t *testing.T) {
	for _, challenge := range []string{tlsALPN01, http01} {
		t.Run(challenge, func(t *testing.T) {
			ca, data := newAuthority(t, challenge), t.TempDir()
			r := startWithACME(t, ca, data)
			first := r.shown(ca)
			dialer := &transport.Dialer{TLS: ca.trusting()}
			ann := r.dial(t, client.Config{
				Token: "ann", Name: "ann", RoomName: "ACME", Route: transport.WebTransport,
				Dial: func(ctx context.Context, _ transport.Route) (transport.ClientConn, error) {
					return dialer.DialWebTransport(ctx, "https://"+r.Addr().String()+"/wt")
				},
			})
			write(t, openFirst(t, ann), 1)
			_ = ann.Close()
			if got := ca.issued(); got != 1 {
				t.Errorf("%d certificates for the two routes, want 1", got)
			}
			r.stop()
			if again := startWithACME(t, ca, data).shown(ca); !bytes.Equal(again, first) || ca.issued() != 1 {
				t.Errorf("%d certificates after a restart, want the one that is kept", ca.issued())
			}
		})
	}
}

func TestACertificateOfAnACMEAuthorityIsRenewedBeforeItEnds(t *testing.T) {
	ca := newAuthority(t, tlsALPN01)
	ca.lifetimes(90*24*time.Hour, time.Hour) // the first one has an hour left
	r := startWithACME(t, ca, t.TempDir())
	first := r.shown(ca)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(time.Minute); bytes.Equal(r.shown(ca), first); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("not renewed")
		}
	}
	if got := ca.issued(); got != 2 {
		t.Errorf("%d certificates, want 2", got)
	}
}
