package webrtc

import (
	"sync"
	"time"
)

// A participant may ask for so many sessions in a window.
const (
	postsPerWindow = 60
	rateWindow     = 30 * time.Second
)

// rate counts what somebody does in a window of time.
type rate struct {
	most   int
	window time.Duration

	mu    sync.Mutex
	since time.Time
	count map[string]int
}

func newRate(most int, window time.Duration) *rate {
	return &rate{most: most, window: window, count: map[string]int{}}
}

// allow counts one of name; false if that is too many.
func (r *rate) allow(name string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) >= r.window {
		r.since = now
		clear(r.count)
	}
	r.count[name]++
	return r.count[name] <= r.most
}
