package media

import (
	"sync"
	"time"
)

// Rate counts what somebody does in a window of time.
type Rate struct {
	most   int
	window time.Duration

	mu    sync.Mutex
	since time.Time
	count map[string]int
}

// NewRate returns a Rate that allows everybody so much in a window.
func NewRate(most int, window time.Duration) *Rate {
	return &Rate{most: most, window: window, count: map[string]int{}}
}

// Allow counts one of name; false if that is too many.
func (r *Rate) Allow(name string) bool {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) >= r.window {
		r.since = now
		clear(r.count)
	}
	r.count[name]++
	return r.count[name] <= r.most
}
