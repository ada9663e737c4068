package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"chalkline/server/classroom"
	"chalkline/server/content"
	"chalkline/server/session"
)

// timed notes until when an answer may be sent.
type timed struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (t *timed) SetWriteDeadline(until time.Time) error {
	t.until = until
	return nil
}

// overloaded says whether a request from an address is OVERLOADED, with an answer that
// waits for nobody.
func overloaded(a *api, address, path string) bool {
	w := &timed{ResponseRecorder: httptest.NewRecorder()}
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.RemoteAddr = address + ":1234"
	a.handler().ServeHTTP(w, r)
	return w.Code == http.StatusServiceUnavailable && strings.Contains(w.Body.String(), `"code":2001`) && !w.until.IsZero()
}

func TestASchoolBehindOneAddressLoadsItsPages(t *testing.T) {
	a := newAPI()
	for range 1000 * 5 {
		a.requests.begin("192.0.2.1")
	}
	if overloaded(a, "192.0.2.1", "/app.js") {
		t.Error("refused beside a thousand pages")
	}
}

func TestAnAddressHasSoManyRequestsAtATime(t *testing.T) {
	a := newAPI()
	for a.requests.begin("192.0.2.1") {
	}
	if !overloaded(a, "192.0.2.1", "/") {
		t.Error("one more of the address is not OVERLOADED")
	}
	if overloaded(a, "192.0.2.2", "/") {
		t.Error("another address is refused")
	}
	a.requests.end("192.0.2.1")
	for range 2 {
		if overloaded(a, "192.0.2.1", "/") {
			t.Error("refused when one had ended")
		}
	}
}

func TestAllHaveSoManyRequestsAtATime(t *testing.T) {
	a := newAPI()
	for i := 0; a.requests.begin(strconv.Itoa(i)); i++ {
	}
	if !overloaded(a, "192.0.2.1", "/") {
		t.Error("one more is not OVERLOADED")
	}
}

func TestWhatHasNoEndIsCountedApart(t *testing.T) {
	ordinary, without := []string{"/", "/live/token/index.m3u8"}, []string{"/live/token/live.ts", "/ingest/key"}
	a := newAPI()
	for a.requests.begin("192.0.2.1") {
	}
	b := newAPI()
	for b.endless.begin("192.0.2.1") {
	}
	for _, path := range ordinary {
		if !overloaded(a, "192.0.2.1", path) || overloaded(b, "192.0.2.1", path) {
			t.Errorf("%s is not counted with requests that end", path)
		}
	}
	for _, path := range without {
		if overloaded(a, "192.0.2.1", path) || !overloaded(b, "192.0.2.1", path) {
			t.Errorf("%s is not counted with what has no end", path)
		}
	}
}

func TestAParticipantReadsSoManyImagesAtATime(t *testing.T) {
	store, err := content.Open(content.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	i := &images{
		door: &door{
			identify: func(who string) (session.Identity, error) {
				return session.Identity{Participant: classroom.Participant{ID: who, Role: classroom.Student}}, nil
			},
			room: func(context.Context, int64, session.Identity, string) (lesson, error) { return emptyLesson{}, nil },
		},
		store: store, reads: newAtOnce(2, 1),
	}
	mux := http.NewServeMux()
	i.register(mux)
	get := func(who string) int {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/api/rooms/00000-00001/images/"+strings.Repeat("0", 64), nil)
		r.Header.Set("Authorization", "Bearer "+who)
		mux.ServeHTTP(w, r)
		return w.Code
	}
	i.reads.begin("ann")
	for who, want := range map[string]int{"ann": http.StatusServiceUnavailable, "ben": http.StatusNotFound} {
		if got := get(who); got != want {
			t.Errorf("%s: %d, want %d", who, got, want)
		}
	}
	i.reads.begin("ben")
	if got := get("cleo"); got != http.StatusServiceUnavailable {
		t.Errorf("one more than all: %d", got)
	}
	i.reads.end("ann")
	if got := get("ann"); got != http.StatusNotFound {
		t.Errorf("when one has ended: %d", got)
	}
}
