package transport

import (
	"context"
	"crypto/tls"
	"net"
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
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	l := &Listener{split: newSplitter(tcp, 1, nil)}
	port := portOf(tcp.Addr())
	h := l.route(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	elsewhere := &net.TCPAddr{IP: net.IPv4zero, Port: 80}
	for _, c := range []struct {
		remote, host string
		at           net.Addr
		want         string
	}{
		{"192.168.1.7:5000", "school.lan:" + port, tcp.Addr(), "https://school.lan:" + port + "/r/1?a=b"},
		{"192.168.1.7:5000", "school.lan:443", tcp.Addr(), "https://school.lan/r/1?a=b"}, // by a forwarded port
		{"192.168.1.7:5000", "school.lan", elsewhere, "https://school.lan:" + port + "/r/1?a=b"},
		{"192.168.1.7:5000", "[fd00::1]", elsewhere, "https://[fd00::1]:" + port + "/r/1?a=b"},
		{"unknown", "school.lan:" + port, tcp.Addr(), "https://school.lan:" + port + "/r/1?a=b"},
		{"127.0.0.1:5000", "localhost", tcp.Addr(), ""},
		{"[::1]:5000", "localhost", tcp.Addr(), ""},
		{"[::ffff:127.0.0.1]:5000", "localhost", elsewhere, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/r/1?a=b", nil)
		r.RemoteAddr, r.Host = c.remote, c.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, c.at)))
		if got := w.Header().Get("Location"); got != c.want || (w.Code == http.StatusOK) != (c.want == "") {
			t.Errorf("from %s to %s at %v: %d, %q, want %q", c.remote, c.host, c.at, w.Code, got, c.want)
		}
	}
}
