package server

import (
	"net"
	"sync"
	"time"
)

// attempts counts, per address or participant, what may be done only so often: to
// ask for a room that does not exist, so that codes cannot be guessed, to make one, to be
// given a new replica in one, and to ask for a token. Many share a school's address: a
// room that exists does not count, and who belongs to it is let in however many others
// guess.
type attempts struct {
	most   int // allowed in a window
	window time.Duration

	mu    sync.Mutex
	since time.Time
	count map[string]int
}

func newAttempts(most int, window time.Duration) *attempts {
	return &attempts{most: most, window: window, count: map[string]int{}}
}

// allowed says whether a host or participant may try again.
func (a *attempts) allowed(who string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	return a.count[who] < a.most
}

// note counts one.
func (a *attempts) note(who string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	a.count[who]++
}

// tries counts attempts of a participant, so that one who makes too many is in nobody
// else's way, and of an address, since guests are many at once.
type tries struct{ people, addresses *attempts }

// newTries allows so many of each a minute.
func newTries(person, address int) *tries {
	return &tries{newAttempts(person, time.Minute), newAttempts(address, time.Minute)}
}

func (t *tries) allowed(participant, address string, now time.Time) bool {
	return t.people.allowed(participant, now) && t.addresses.allowed(host(address), now)
}

func (t *tries) note(participant, address string, now time.Time) {
	t.people.note(participant, now)
	t.addresses.note(host(address), now)
}

// take notes one if it is allowed.
func (t *tries) take(participant, address string, now time.Time) bool {
	if !t.allowed(participant, address, now) {
		return false
	}
	t.note(participant, address, now)
	return true
}

// turn begins a new window when the old one is over.
func (a *attempts) turn(now time.Time) {
	if now.Sub(a.since) >= a.window {
		a.since = now
		clear(a.count)
	}
}

// host returns the address without its port; of IPv6 the network of a
// customer, /64.
func host(address string) string {
	h, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	ip := net.ParseIP(h)
	if ip == nil || ip.To4() != nil {
		return h
	}
	return ip.Mask(net.CIDRMask(64, 128)).String()
}
