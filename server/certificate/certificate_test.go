package certificate

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// start is a moment at which no real certificate of the test is valid by chance.
var start = time.Date(2031, 3, 1, 8, 0, 0, 0, time.UTC)

// clock is a clock that a test moves.
type clock struct{ now time.Time }

func (c *clock) read() time.Time      { return c.now }
func (c *clock) move(d time.Duration) { c.now = c.now.Add(d) }

func open(t *testing.T, c *clock, directory string, names ...string) Source {
	t.Helper()
	source, err := Open(Config{Directory: directory, Names: names, Now: c.read})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// leaf is the certificate that a source would use now.
func leaf(t *testing.T, s Source) *x509.Certificate {
	t.Helper()
	certificate, err := s.TLSConfig().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return certificate.Leaf
}

func hashOf(c *x509.Certificate) []byte { h := sha256.Sum256(c.Raw); return h[:] }

func TestADevelopmentCertificateIsOneThatChromiumTrustsByHash(t *testing.T) {
	c := &clock{start}
	s := open(t, c, t.TempDir(), "localhost", "127.0.0.1", "::1", "192.168.1.5")
	got := leaf(t, s)
	if life := got.NotAfter.Sub(got.NotBefore); life >= 14*24*time.Hour {
		t.Errorf("it lives %v", life)
	}
	if got.PublicKeyAlgorithm != x509.ECDSA {
		t.Errorf("its key is %v", got.PublicKeyAlgorithm)
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "192.168.1.5"} {
		if err := got.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if !got.NotBefore.Before(start) || !got.NotAfter.After(start) {
		t.Errorf("it is valid from %v to %v", got.NotBefore, got.NotAfter)
	}
	if h := s.Hashes(); len(h) != 1 || !bytes.Equal(h[0], hashOf(got)) {
		t.Errorf("Hashes() = %x", h)
	}
}

func TestADevelopmentCertificateSurvivesARestart(t *testing.T) {
	c, directory := &clock{start}, t.TempDir()
	first := leaf(t, open(t, c, directory, "localhost"))
	if again := leaf(t, open(t, c, directory, "localhost")); !again.Equal(first) {
		t.Error("another certificate after a restart")
	}
	info, err := os.Stat(filepath.Join(directory, "development-certificate.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file mode: %v, %v", info.Mode(), err)
	}
}

func TestTheNextCertificateIsAnnouncedBeforeItIsUsed(t *testing.T) {
	c, directory := &clock{start}, t.TempDir()
	s := open(t, c, directory, "localhost")
	first := leaf(t, s)

	c.now = first.NotAfter.Add(-prepareAt)
	if !leaf(t, s).Equal(first) {
		t.Fatal("changed too early")
	}
	announced := s.Hashes()
	if len(announced) != 2 || !bytes.Equal(announced[0], hashOf(first)) {
		t.Fatalf("Hashes() = %x, want the present and the next", announced)
	}
	s = open(t, c, directory, "localhost") // a restart keeps the next one too
	if again := s.Hashes(); len(again) != 2 || !bytes.Equal(again[1], announced[1]) {
		t.Fatal("another next certificate after a restart")
	}

	c.now = first.NotAfter.Add(-changeAt)
	if got := hashOf(leaf(t, s)); !bytes.Equal(got, announced[1]) {
		t.Error("the certificate used is not the one announced")
	}
	if h := s.Hashes(); len(h) != 1 || !bytes.Equal(h[0], announced[1]) {
		t.Errorf("Hashes() after the change = %x", h)
	}
	if again := leaf(t, open(t, c, directory, "localhost")); !bytes.Equal(hashOf(again), announced[1]) {
		t.Error("the change did not survive a restart")
	}
}

func TestACertificateIsValidAtEveryHourOfAYear(t *testing.T) {
	c := &clock{start}
	s := open(t, c, t.TempDir(), "localhost")
	for range 365 * 24 {
		c.move(time.Hour)
		if got := leaf(t, s); c.now.Before(got.NotBefore) || c.now.Add(time.Hour).After(got.NotAfter) {
			t.Fatalf("at %v: valid from %v to %v", c.now, got.NotBefore, got.NotAfter)
		}
	}
}

func TestACertificateThatNoLongerFitsIsReplaced(t *testing.T) {
	for name, damage := range map[string]func(c *clock, path string) error{
		"ended":       func(c *clock, _ string) error { c.move(30 * 24 * time.Hour); return nil },
		"not yet":     func(c *clock, _ string) error { c.move(-24 * time.Hour); return nil },
		"damaged":     func(_ *clock, path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
		"new address": func(*clock, string) error { return nil },
	} {
		c, directory := &clock{start}, t.TempDir()
		first := leaf(t, open(t, c, directory, "localhost"))
		if err := damage(c, filepath.Join(directory, "development-certificate.pem")); err != nil {
			t.Fatal(err)
		}
		names := []string{"localhost"}
		if name == "new address" {
			names = append(names, "192.168.1.6")
		}
		got := leaf(t, open(t, c, directory, names...))
		if got.Equal(first) || c.now.After(got.NotAfter) || c.now.Before(got.NotBefore) {
			t.Errorf("%s: the old certificate is used", name)
		}
	}
}

func TestOwnNamesCanStandInACertificate(t *testing.T) {
	text, err := selfSign(ownNames(), start)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range ownNames() {
		if err := pair.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
}

// writeFiles writes a fresh certificate to two files.
func writeFiles(t *testing.T, file, key string, names ...string) {
	t.Helper()
	text, err := selfSign(names, start)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, key} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCertificateFilesAreReadAgainWhenTheyChange(t *testing.T) {
	c, directory := &clock{start}, t.TempDir()
	file, key := filepath.Join(directory, "chain.pem"), filepath.Join(directory, "key.pem")
	writeFiles(t, file, key, "school.example")
	s, err := Open(Config{File: file, Key: key, Now: c.read})
	if err != nil {
		t.Fatal(err)
	}
	first := leaf(t, s)

	writeFiles(t, file, key, "school.example", "www.school.example")
	c.move(lookAgain)
	second := leaf(t, s)
	if second.Equal(first) {
		t.Error("the new certificate is not used")
	}

	if err := os.WriteFile(file, []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.move(lookAgain)
	if !leaf(t, s).Equal(second) {
		t.Error("a damaged file took the good certificate's place")
	}
	if h := s.Hashes(); len(h) != 0 {
		t.Errorf("Hashes() = %x for a certificate of an authority", h)
	}
}

func TestMissingOrUnfittingFilesAreAnErrorAtOnce(t *testing.T) {
	directory := t.TempDir()
	file, other := filepath.Join(directory, "a.pem"), filepath.Join(directory, "b.pem")
	writeFiles(t, file, file, "a")
	writeFiles(t, other, other, "b")
	for name, c := range map[string]Config{
		"missing":      {File: filepath.Join(directory, "none"), Key: file},
		"no key":       {File: file},
		"another key":  {File: file, Key: other},
		"no directory": {},
	} {
		if _, err := Open(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestACMEIsForItsHostsOnly(t *testing.T) {
	s, err := Open(Config{Directory: t.TempDir(), ACMEHosts: []string{"school.example"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.TLSConfig().GetCertificate(&tls.ClientHelloInfo{ServerName: "evil.example"}); err == nil {
		t.Error("a certificate for another host")
	}
	others := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for path, want := range map[string]int{"/": http.StatusTeapot, "/.well-known/acme-challenge/x": http.StatusNotFound} {
		w := httptest.NewRecorder()
		s.Plain(others).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://school.example"+path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
