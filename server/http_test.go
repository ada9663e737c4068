package server

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/replay/disk"
)

// oneGuest lets one guest in, by name; anybody else is refused with an error.
type oneGuest struct{ refusal error }

func (g oneGuest) Guest(name string) (string, error) {
	if g.refusal != nil {
		return "", g.refusal
	}
	return "token of " + name, nil
}

func newAPI() *api {
	return &api{
		requests: newRequests(), endless: newRequests(),
		tokens: newAttempts(20, time.Minute),
		page: fstest.MapFS{
			"index.html":     {Data: []byte("<title>board</title>")},
			"assets/main.js": {Data: []byte("main()")},
		},
		guests:  oneGuest{},
		hashes:  func() [][]byte { return [][]byte{{0xab, 0xcd}} },
		port:    func() int { return 7443 },
		healthy: func() error { return nil },
	}
}

// get asks an api; host and secure are those of the browser's address line.
func get(t *testing.T, a *api, host, path string, secure bool) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	if secure {
		r.TLS = &tls.ConnectionState{}
	}
	w := httptest.NewRecorder()
	a.handler().ServeHTTP(w, r)
	return w
}

func TestConnectNamesBothRoutes(t *testing.T) {
	public := &url.URL{Scheme: "https", Host: "board.school.example"}
	behind := &url.URL{Scheme: "http", Host: "board.lan:8080"}
	for _, c := range []struct {
		host   string
		secure bool
		public *url.URL
		wt, ws string
	}{
		{"board.example:7443", true, nil, "https://board.example:7443/wt", "wss://board.example:7443/ws"},
		{"board.example", true, nil, "https://board.example:7443/wt", "wss://board.example/ws"},
		{"board.example:80", false, nil, "https://board.example:7443/wt", "ws://board.example:80/ws"},
		{"localhost:7443", false, nil, "https://127.0.0.1:7443/wt", "ws://localhost:7443/ws"}, // QUIC does not come back from ::1
		{"localhost", false, nil, "https://127.0.0.1:7443/wt", "ws://localhost/ws"},
		{"[::1]:7443", false, nil, "https://[::1]:7443/wt", "ws://[::1]:7443/ws"},
		{"[2001:db8::1]", true, nil, "https://[2001:db8::1]:7443/wt", "wss://[2001:db8::1]/ws"},
		{"192.168.1.5:7443", true, nil, "https://192.168.1.5:7443/wt", "wss://192.168.1.5:7443/ws"},
		{"10.0.0.1:9", false, public, "https://board.school.example/wt", "wss://board.school.example/ws"},
		{"10.0.0.1:9", true, behind, "https://board.lan:8080/wt", "ws://board.lan:8080/ws"},
	} {
		a := newAPI()
		a.publicURL = c.public
		w := get(t, a, c.host, "/api/connect", c.secure)
		var got struct {
			WebTransport string   `json:"webtransport"`
			WebSocket    string   `json:"websocket"`
			Hashes       []string `json:"certificate_hashes"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.WebTransport != c.wt || got.WebSocket != c.ws || len(got.Hashes) != 1 || got.Hashes[0] != "abcd" {
			t.Errorf("%s: %+v, want %s and %s", c.host, got, c.wt, c.ws)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Error("a certificate's hash may be kept by a cache")
		}
	}
}

func TestConnectWithoutHashesIsAnEmptyList(t *testing.T) {
	a := newAPI()
	a.hashes = func() [][]byte { return nil }
	if body := get(t, a, "x", "/api/connect", true).Body.String(); !strings.Contains(body, `"certificate_hashes":[]`) {
		t.Fatalf("answered %s", body)
	}
}

func TestThePageIsServedAtTheRootAndAtRoomLinks(t *testing.T) {
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/":               {http.StatusOK, "<title>board</title>"},
		"/r/abcd-efgh":    {http.StatusOK, "<title>board</title>"},
		"/r/":             {http.StatusOK, "<title>board</title>"},
		"/assets/main.js": {http.StatusOK, "main()"},
		"/assets/":        {http.StatusNotFound, ""},
		"/assets":         {http.StatusMovedPermanently, ""},
		"/nothing":        {http.StatusNotFound, ""},
		"/../secret":      {http.StatusTemporaryRedirect, ""},
		"/metrics":        {http.StatusNotFound, ""},
	} {
		w := get(t, newAPI(), "board.example", path, true)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.body) {
			t.Errorf("%s: %d %q, want %d with %q", path, w.Code, w.Body, want.status, want.body)
		}
		for _, header := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"} {
			if w.Header().Get(header) == "" {
				t.Errorf("%s: without %s", path, header)
			}
		}
	}
}

func TestAServerWithoutAPageSaysSo(t *testing.T) {
	a := newAPI()
	a.page = noPage{}
	for _, path := range []string{"/", "/r/abcd"} {
		if w := get(t, a, "x", path, true); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make build") {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
	if w := get(t, a, "x", "/main.js", true); w.Code != http.StatusNotFound {
		t.Errorf("a file: %d", w.Code)
	}
}

func TestTokensAreMintedWithinLimits(t *testing.T) {
	tooLong := strings.Repeat("x", protocol.MaxDisplayName+1)
	full := protocol.NewError(protocol.Full)
	for name, c := range map[string]struct {
		body    string
		refusal error
		status  int
		want    string
	}{
		"a name":        {`{"name":"王老师"}`, nil, http.StatusOK, `"token":"token of 王老师"`},
		"no name":       {`{}`, nil, http.StatusOK, `"token":"token of "`},
		"long name":     {`{"name":"` + tooLong + `"}`, nil, http.StatusRequestEntityTooLarge, `"code":3002`},
		"no JSON":       {`name=x`, nil, http.StatusBadRequest, `"code":3001`},
		"two values":    {`{} {}`, nil, http.StatusBadRequest, `"code":3001`},
		"another type":  {`{"name":7}`, nil, http.StatusBadRequest, `"code":3001`},
		"nothing":       {``, nil, http.StatusBadRequest, `"code":3001`},
		"large":         {`{"name":"x"` + strings.Repeat(" ", maxBody) + `}`, nil, http.StatusBadRequest, `"code":3001`},
		"no guests":     {`{}`, protocol.NewError(protocol.NotPermitted), http.StatusForbidden, `"code":3008`},
		"full":          {`{}`, full, http.StatusServiceUnavailable, `"code":2003`},
		"another error": {`{}`, errors.New("secret path"), http.StatusServiceUnavailable, `"code":2002`},
	} {
		a := newAPI()
		a.guests = oneGuest{c.refusal}
		w := httptest.NewRecorder()
		a.handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/token", strings.NewReader(c.body)))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s, want %d with %s", name, w.Code, w.Body, c.status, c.want)
		}
	}
	if w := get(t, newAPI(), "x", "/api/token", true); w.Code == http.StatusOK {
		t.Error("GET mints a token")
	}
}

func TestAnAddressMayAskForSoManyTokens(t *testing.T) {
	a := newAPI()
	ask := func(address string) int {
		r := httptest.NewRequest(http.MethodPost, "/api/token", strings.NewReader(`{"name":"ann"}`))
		r.RemoteAddr = address
		w := httptest.NewRecorder()
		a.handler().ServeHTTP(w, r)
		return w.Code
	}
	for i := range 20 {
		if code := ask("192.0.2.1:1"); code != http.StatusOK {
			t.Fatalf("token %d: status %d", i, code)
		}
	}
	if mine, others := ask("192.0.2.1:2"), ask("192.0.2.2:1"); mine != http.StatusServiceUnavailable || others != http.StatusOK {
		t.Fatalf("the address that asked too often got %d, another %d", mine, others)
	}
}

func TestHealthIsThatOfTheStore(t *testing.T) {
	a := newAPI()
	if w := get(t, a, "x", "/healthz", true); w.Code != http.StatusOK {
		t.Errorf("healthy: %d", w.Code)
	}
	a.healthy = func() error { return replay.ErrFailed }
	if w := get(t, a, "x", "/healthz", true); w.Code != http.StatusServiceUnavailable {
		t.Errorf("failed: %d", w.Code)
	}
}

func TestHealthKnowsAFullDisk(t *testing.T) {
	dir := t.TempDir()
	store := openDisk(t, dir, 0)
	health := healthOf(store)
	if err := health(); err != nil {
		t.Errorf("with space: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store = openDisk(t, dir, 1<<62) // no disk has so much
	defer store.Close()
	a := newAPI()
	a.healthy = healthOf(store)
	w := get(t, a, "x", "/healthz", true)
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), dir) {
		t.Errorf("on a full disk: %d %s", w.Code, w.Body)
	}
}

func openDisk(t *testing.T, dir string, minFree uint64) *disk.Log {
	t.Helper()
	store, err := disk.Open(disk.Config{Dir: dir, MinFree: minFree})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestMetricsAreServedWhereTheyAreWanted(t *testing.T) {
	a := newAPI()
	a.metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "chalkline_up 1") })
	if w := get(t, a, "x", "/metrics", true); w.Body.String() != "chalkline_up 1" {
		t.Fatalf("answered %q", w.Body)
	}
}
