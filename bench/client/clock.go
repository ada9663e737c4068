package client

import "time"

// clockWindow is how many pings the estimate looks back on.
const clockWindow = 8

// clock estimates room time by pings: of the last ones, that with the shortest
// round trip wins. The zero clock knows nothing yet.
type clock struct {
	samples [clockWindow]sample
	count   int
	last    int64 // room time never steps backwards
}

// sample is one ping: the room clock minus the local one, and how sure that is.
type sample struct {
	offset int64         // µs
	trip   time.Duration // round trip; the error is at most half of it
}

func (c *clock) add(s sample) {
	c.samples[c.count%clockWindow] = s
	c.count++
}

func (c *clock) best() sample {
	held := c.samples[:min(c.count, clockWindow)]
	if len(held) == 0 {
		return sample{}
	}
	best := held[0]
	for _, s := range held[1:] {
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
