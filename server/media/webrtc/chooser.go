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
)

// chooser decides between main and sub for a viewer that left it to us. What the
// network would carry cannot be seen while little is sent, so it tries; each
// trial that fails doubles the time to the next. The zero chooser is ready.
type chooser struct {
	sub    bool
	since  time.Time // bad, or good: as long as it lasts; zero: neither
	bad    bool
	raised time.Time // when it last went up
	trial  time.Duration
}

func (c *chooser) quality() quality {
	if c.sub {
		return qualitySub
	}
	return qualityMain
}

// judge takes what the network was like up to now.
func (c *chooser) judge(now time.Time, n network) {
	if !n.known {
		return
	}
	bad := n.loss > lossHigh || n.queueing > queueHigh
	good := n.loss < lossLow && n.queueing < queueLow
	switch {
	case !bad && !good:
		c.since = time.Time{}
		return
	case c.since.IsZero() || c.bad != bad:
		c.since, c.bad = now, bad
	}
	lasted := now.Sub(c.since)
	switch {
	case bad && !c.sub && lasted >= badFor:
		c.lower(now)
	case good && c.sub && lasted >= c.trial:
		c.sub, c.raised = false, now
	}
}

// lower goes down, and waits longer if it had just gone up.
func (c *chooser) lower(now time.Time) {
	switch {
	case c.trial == 0:
		c.trial = firstTrial
	case now.Sub(c.raised) < c.trial:
		c.trial = min(2*c.trial, lastTrial)
	default:
		c.trial = firstTrial
	}
	c.sub, c.since = true, time.Time{}
}
