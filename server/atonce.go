package server

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"chalkline/protocol"
	"chalkline/server/reply"
)

const (
	// requests that are answered at a time, in all and of an address: a thousand pages
	// of one school come with five each.
	requestsAtOnce, addressRequestsAtOnce = 12_000, 6_000
	// images that are sent at a time, each of an open file, in all and to a participant.
	readsAtOnce, ownReadsAtOnce = 8_000, 128
	// refusalWait is how long an answer to one request too many may take to be sent.
	refusalWait = time.Second
)

// atOnce counts what goes on at a time, in all and of each visitor. Unlike at a
// turnstile nobody waits.
type atOnce struct {
	most, each int

	mu     sync.Mutex
	all    int
	people map[string]int
}

func newAtOnce(most, each int) *atOnce {
	return &atOnce{most: most, each: each, people: map[string]int{}}
}

// begin counts one of a visitor, whom end counts out; false if it is too many.
func (a *atOnce) begin(who string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all >= a.most || a.people[who] >= a.each {
		return false
	}
	a.all++
	a.people[who]++
	return true
}

func (a *atOnce) end(who string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all--
	if a.people[who]--; a.people[who] == 0 {
		delete(a.people, who)
	}
}

func newRequests() *atOnce { return newAtOnce(requestsAtOnce, addressRequestsAtOnce) }

// withinBounds answers so many requests at a time; one more is OVERLOADED. Those without
// end are in nobody's way: they are counted apart, and bounded by what they are for
// before.
func (a *api) withinBounds(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		those, from := a.requests, host(r.RemoteAddr)
		if endless(r.URL.Path) {
			those = a.endless
		}
		if !those.begin(from) {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(refusalWait)) // where there is one
			reply.Error(w, protocol.NewError(protocol.Overloaded))
			return
		}
		defer those.end(from)
		next.ServeHTTP(w, r)
	})
}

// endless says whether a request's body or answer comes for as long as it likes.
func endless(path string) bool {
	return strings.HasPrefix(path, "/ingest/") || strings.HasPrefix(path, "/live/") && strings.HasSuffix(path, "/live.ts")
}
