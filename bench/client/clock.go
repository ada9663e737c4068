package client

import (
	"slices"
	"time"
)

// clockWindow is how many pings the estimate looks back on.
const clockWindow = 8

// drift is how far the clocks run apart, at most, while a ping is looked back on.
const drift = 50 * time.Millisecond

// clock estimates room time by pings: of the last ones, that with the shortest
// round trip wins. The zero clock knows nothing yet.
type clock struct {
	samples []sample
	last    int64 // room time never steps backwards
}

// sample is one ping: the room clock minus the local one, and how sure that is.
type sample struct {
	offset int64         // µs
	trip   time.Duration // round trip; the error is at most half of it
}

// add takes a ping. Each errs by half its round trip at most: older ones that
// differ by more are of before a sleep, or of before the machine's clock was set.
func (c *clock) add(s sample) {
	c.samples = slices.DeleteFunc(c.samples, func(old sample) bool {
		apart := time.Duration(s.offset-old.offset) * time.Microsecond
		return apart.Abs() > (s.trip+old.trip)/2+drift
	})
	if len(c.samples) == clockWindow {
		c.samples = slices.Delete(c.samples, 0, 1)
	}
	c.samples = append(c.samples, s)
}

func (c *clock) best() sample {
	if len(c.samples) == 0 {
		return sample{}
	}
	best := c.samples[0]
	for _, s := range c.samples[1:] {
		if s.trip < best.trip {
			best = s
		}
	}
	return best
}

// now returns room time in µs.
func (c *clock) now(local time.Time) int64 {
	c.last = max(c.last, local.UnixMicro()+c.best().offset)
	return c.last
}

// forget drops the samples, as after a sleep or a change of server.
func (c *clock) forget() { *c = clock{last: c.last} }
