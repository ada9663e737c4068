package webrtc

import "time"

// When a viewer's quality changes.
const (
	lossHigh  = 0.10
	lossLow   = 0.03
	queueHigh = 200 * time.Millisecond
	queueLow  = 50 * time.Millisecond

	badFor     = 1 * time.Second // before it goes down
	firstTrial = 8 * time.Second // of a good network, before it goes up
	lastTrial  = 2 * time.Minute
	probeFor   = 2 * time.Second // a key frame takes to come and to be told of

	spare = 1.25    // what a network must carry of what main takes
	guess = 800_000 // bit/s that main takes, before it was seen
)

// chooser decides between main and sub for a viewer that left it to us. It begins
// with sub: boards come by the same network, and must not wait behind what does not
// fit into it. How much it would carry is seen where many packets go at once, as
// those of a key frame do: by how far apart they arrive. Where none did, it has a key
// frame sent before it goes up, and where even that says nothing, it tries. Each time
// that fails doubles the time to the next. The zero chooser is ready.
type chooser struct {
	up     bool      // main
	since  time.Time // bad, or good: as long as it lasts; zero: neither
	bad    bool
	raised time.Time // when it last went up
	trial  time.Duration
	probed time.Time // when it had a key frame sent; zero: it has not
	seen   float64   // bit/s that main took in the last seconds of it; 0: it was not sent
}

func (c *chooser) quality() quality {
	if c.up {
		return qualityMain
	}
	return qualitySub
}

// judge takes what the network was like in the last tick. It returns whether a key
// frame is to be sent.
func (c *chooser) judge(now time.Time, n network) (probe bool) {
	if !n.known {
		return false
	}
	tooMuch := n.capacity > 0 && float64(n.capacity) < c.takes()
	if c.up {
		c.seen = c.takes() + (float64(n.sent)*8*float64(time.Second/viewerTick)-c.takes())/4
	}
	bad := n.loss > lossHigh || n.queueing > queueHigh || c.up && tooMuch && n.queueing > queueLow
	good := n.loss < lossLow && n.queueing < queueLow
	switch {
	case !bad && !good:
		c.since, c.probed = time.Time{}, time.Time{}
		return false
	case c.since.IsZero() || c.bad != bad:
		c.since, c.bad, c.probed = now, bad, time.Time{}
	}
	lasted := now.Sub(c.since)
	switch {
	case bad && c.up && (lasted >= badFor || tooMuch):
		c.lower(now)
	case good && !c.up && lasted >= c.trial:
		return c.rise(now, n)
	}
	return false
}

// takes returns what main takes, bit/s.
func (c *chooser) takes() float64 {
	if c.seen == 0 {
		return guess
	}
	return c.seen
}

// rise goes up if the network carries it, as far as that can be known.
func (c *chooser) rise(now time.Time, n network) (probe bool) {
	switch {
	case n.capacity > 0 && float64(n.capacity) < c.takes()*spare:
		c.trial = min(max(2*c.trial, firstTrial), lastTrial)
		c.since, c.probed = now, time.Time{}
	case n.capacity > 0 || !c.probed.IsZero() && now.Sub(c.probed) >= probeFor:
		c.up, c.raised, c.probed = true, now, time.Time{}
	case c.probed.IsZero():
		c.probed = now
		return true
	}
	return false
}

// lower goes down, and waits longer if it had just gone up.
func (c *chooser) lower(now time.Time) {
	if now.Sub(c.raised) < c.trial {
		c.trial = min(2*c.trial, lastTrial)
	} else {
		c.trial = firstTrial
	}
	c.up, c.since, c.probed = false, time.Time{}, time.Time{}
}
