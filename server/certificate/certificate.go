// Package certificate gives both routes their TLS certificate: one from files,
// one from an ACME authority such as Let's Encrypt or, for development, one of
// its own.
//
// Every kind is renewed while the server runs. Whom browsers trust is not
// decided here, but Hashes says what a page must be given to trust the
// development certificate over WebTransport.
package certificate

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// Config says which certificate: File and Key, else ACMEHosts, else one for
// development.
type Config struct {
	// Directory keeps development and ACME certificates. It must be set unless File
	// is.
	Directory string

	// File and Key are PEM files: the chain and its private key. They are read again
	// when they change.
	File, Key string

	// ACMEHosts are the host names to get a certificate for; ACMEEmail is where the
	// authority writes to, empty for nowhere. ACMEDirectory is the authority's URL,
	// empty for that of Let's Encrypt.
	ACMEHosts                []string
	ACMEEmail, ACMEDirectory string

	// Names are hosts and IP addresses that a development certificate is for;
	// nil: localhost and what this machine is called and has.
	Names []string

	// Now is the clock, nil for time.Now. Log is told of renewals and of what fails;
	// nil tells nobody.
	Now func() time.Time
	Log *slog.Logger
}

// Source has a certificate.
type Source interface {
	// TLSConfig is for servers on TCP and on QUIC.
	TLSConfig() *tls.Config

	// Hashes are the SHA-256 hashes of the certificates, the present and the next
	// one, that a page must trust by hash; empty if an authority stands for it.
	Hashes() [][]byte

	// Plain answers the plain http requests of an authority and passes others on.
	Plain(others http.Handler) http.Handler
}

// Open finds or makes the certificate.
func Open(c Config) (Source, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case c.File != "" || c.Key != "":
		return openFiles(c)
	case c.Directory == "":
		return nil, errors.New("certificate: no directory to keep it in")
	case len(c.ACMEHosts) > 0:
		return newAuthority(c), nil
	default:
		return openDevelopment(c)
	}
}

// tlsConfig is what all sources have in common.
func tlsConfig(get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get}
}

// authority is a Source on top of ACME (RFC 8555).
type authority struct{ manager *autocert.Manager }

func newAuthority(c Config) *authority {
	return &authority{&autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(filepath.Join(c.Directory, "acme")),
		HostPolicy: autocert.HostWhitelist(c.ACMEHosts...),
		Client:     &acme.Client{DirectoryURL: c.ACMEDirectory},
		Email:      c.ACMEEmail,
	}}
}

// TLSConfig also answers TLS-ALPN-01 challenges, which come to port 443 on TCP.
func (a *authority) TLSConfig() *tls.Config {
	config := tlsConfig(a.get)
	config.NextProtos = []string{acme.ALPNProto}
	return config
}

// get returns the certificate for a client. autocert knows who takes ECDSA by the
// suites of TLS 1.2 and would get those who name none, as over QUIC, a second
// certificate with RSA.
func (a *authority) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if slices.Contains(hello.SupportedVersions, tls.VersionTLS13) {
		named := *hello
		named.CipherSuites = append(slices.Clone(hello.CipherSuites), tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
		hello = &named
	}
	return a.manager.GetCertificate(hello)
}

func (a *authority) Hashes() [][]byte { return nil }

// Plain answers HTTP-01 challenges, which come to port 80.
func (a *authority) Plain(others http.Handler) http.Handler { return a.manager.HTTPHandler(others) }
