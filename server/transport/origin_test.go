package transport

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOriginsThatMayConnect(t *testing.T) {
	for _, c := range []struct {
		origin, host string
		secure       bool
		want         bool
	}{
		{"", "school.example", true, true}, // no browser
		{"https://school.example", "school.example", true, true},
		{"https://School.Example", "school.example:443", true, true},
		{"https://school.example:8443", "school.example:8443", true, true},
		{"https://school.example", "school.example:8443", true, false},
		{"http://school.example", "school.example", true, false}, // was not encrypted
		{"https://evil.example", "school.example", true, false},
		{"https://school.example.evil.example", "school.example", true, false},
		{"null", "school.example", true, false},
		{"://", "school.example", true, false},
		{"http://localhost:8443", "127.0.0.1:8443", true, true},
		{"http://[::1]:8443", "localhost:8443", false, true},
		{"http://localhost:3000", "127.0.0.1:8443", true, false}, // another program's page
		{"http://evil.example:8443", "127.0.0.1:8443", true, false},
		{"https://listed.example", "school.example", true, true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/ws", nil)
		r.Host, r.TLS = c.host, nil
		if c.secure {
			r.TLS = &tls.ConnectionState{}
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := originAllowed([]string{"https://listed.example"}, r); got != c.want {
			t.Errorf("origin %q to host %q: %v, want %v", c.origin, c.host, got, c.want)
		}
		if !originAllowed([]string{"*"}, r) {
			t.Errorf("origin %q: refused though every origin is listed", c.origin)
		}
	}
}

func TestPlainHTTPFromElsewhereIsSentToHTTPS(t *testing.T) {
	l := &Listener{}
	h := l.route(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	for remote, want := range map[string]int{
		"192.168.1.7:5000": http.StatusPermanentRedirect, "127.0.0.1:5000": http.StatusOK,
		"[::1]:5000": http.StatusOK, "[::ffff:127.0.0.1]:5000": http.StatusOK, "unknown": http.StatusPermanentRedirect,
	} {
		r := httptest.NewRequest(http.MethodGet, "http://school.lan:8443/r/1?a=b", nil)
		r.RemoteAddr = remote
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("from %s: %d, want %d", remote, w.Code, want)
		}
		if to := w.Header().Get("Location"); want != http.StatusOK && to != "https://school.lan:8443/r/1?a=b" {
			t.Errorf("from %s: sent to %q", remote, to)
		}
	}
}
