package rtp

import (
	"time"

	pion "github.com/pion/rtp"
)

const (
	// maxHeld and maxHeldBytes bound what waits for a missing packet: about a
	// second of 8 Mbit/s. Beyond them the missing one is given up at once.
	maxHeld      = 1024
	maxHeldBytes = 1 << 20
	// maxLate is how far back, in packets, places of late ones are known.
	maxLate = 2048
	// maxJump is the greatest step forward, in packets, that is taken for loss.
	maxJump = 3000
)

type held struct {
	packet *pion.Packet
	at     time.Time
}

// window holds packets by unwrapped sequence number, from the next one that is
// due on.
type window struct {
	slots [maxHeld]held
	next  int64 // due
	end   int64 // one past the highest held; next if none is
	bytes int
}

func (w *window) slot(n int64) *held { return &w.slots[n&(maxHeld-1)] }

// put reports whether the packet is new. n is in [next, next + maxHeld).
func (w *window) put(n int64, p *pion.Packet, now time.Time) bool {
	s := w.slot(n)
	if s.packet != nil {
		return false
	}
	*s = held{p, now}
	w.bytes += len(p.Payload)
	w.end = max(w.end, n+1)
	return true
}

// take removes the packet that is due, nil if it is missing.
func (w *window) take() *pion.Packet {
	s := w.slot(w.next)
	p := s.packet
	if p == nil {
		return nil
	}
	*s = held{}
	w.bytes -= len(p.Payload)
	w.skip(w.next + 1)
	return p
}

// skip makes n the one that is due; none before it is held.
func (w *window) skip(n int64) {
	w.next = n
	w.end = max(w.end, n)
}

// first returns the lowest number held and when it came; false if none is.
func (w *window) first() (n int64, at time.Time, ok bool) {
	for n := w.next; n < w.end; n++ {
		if s := w.slot(n); s.packet != nil {
			return n, s.at, true
		}
	}
	return 0, time.Time{}, false
}
