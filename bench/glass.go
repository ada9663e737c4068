package bench

import (
	"context"
	"slices"
	"sync"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
)

// picture is one that came to a pupil.
type picture struct {
	index int    // which the teacher's camera made it
	stamp int64  // µs room time; 0: it has none
	media uint32 // of the media's own clock, 1/90 000 s
	came  time.Time
}

// moment is what was on a glass from when a picture was shown.
type moment struct {
	index   int
	at      time.Time
	strokes int // shown by the rules
	arrived int // that would be there if they were shown as they come
	strayed bool
}

// How long pictures are held for strokes that come late (ALN6), and how much faster
// they are shown, 1/hurry, after what made them later than that.
const (
	heldMost  = 400 * time.Millisecond
	heldSpare = 20 * time.Millisecond
	hurry     = 10
)

// glass is what a pupil has before them: the pictures, at their own pace, and the
// strokes, each from the first picture on that is not older than it (ALN2).
type glass struct {
	late  bool          // of WebRTC: pictures are held for strokes that come late (ALN6), and no longer
	wake  chan struct{} // there is a picture
	taken *camera

	mu      sync.Mutex
	held    time.Duration // how long the next picture is
	needs   []time.Duration
	waiting []picture
	strokes []int64 // when each may be shown, µs room time
	last    picture // that is on the glass …
	shown   int64   // … and the shown time T; 0: none is
	since   time.Time
	moments []moment

	// Owned by show.
	start time.Time     // when the first would have been shown, held for no time
	media time.Duration // since that
}

// newGlass returns one that holds the first picture for so long.
func newGlass(taken *camera, held time.Duration, late bool) *glass {
	return &glass{taken: taken, held: held, late: late, wake: make(chan struct{}, 1)}
}

// picture takes the next picture in, in the order of the media.
func (g *glass) picture(unit []byte, stamp int64, media uint32) {
	number, ok := numberOf(unit)
	if !ok {
		return
	}
	index := g.taken.indexOf(number)
	g.mu.Lock()
	g.waiting = append(g.waiting, picture{index, stamp, media, time.Now()})
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// record is client.Config.OnRecord.
func (g *glass) record(_ *client.Board, r *client.Record) {
	if len(r.Ops) == 0 || r.Ops[0].Kind != ot.Create {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strokes = append(g.strokes, r.ReleaseAt)
	if g.late && g.shown != 0 {
		g.came(time.Now(), r.ReleaseAt)
	}
}

// came notes how long pictures should be held for a stroke not to be late (ALN6).
func (g *glass) came(now time.Time, release int64) {
	late := time.Duration(g.shown-release)*time.Microsecond + now.Sub(g.since)
	if late <= 0 {
		return
	}
	g.needs = append(g.needs, g.held+late)
	sorted := slices.Sorted(slices.Values(g.needs))
	wanted := sorted[(len(sorted)*95+99)/100-1] + heldSpare
	g.held = max(g.held, min(wanted, heldMost)) // a run is shorter than the minute after which it sinks
}

// run shows pictures until ctx ends.
func (g *glass) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-g.wake:
		case <-ctx.Done():
			return
		}
		for p, ok := g.next(); ok; p, ok = g.next() {
			if sleepUntil(ctx, timer, g.due(p)) != nil {
				return
			}
			g.show(p)
		}
	}
}

func (g *glass) next() (p picture, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		return p, false
	}
	p, g.waiting = g.waiting[0], g.waiting[1:]
	return p, true
}

// due returns when a picture is to be shown: so long after the one before as the
// media say. What comes too late makes all that follows later, of WebRTC for a while.
func (g *glass) due(p picture) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.start.IsZero() {
		g.start = now
	} else {
		g.media += g.since90k(p)
	}
	at := g.start.Add(g.media + g.held)
	if behind := at.Sub(p.came.Add(g.held)); g.late && behind > 0 {
		sooner := min(behind, max(g.since90k(p), 0)/hurry)
		g.start, at = g.start.Add(-sooner), at.Add(-sooner)
	}
	if at.Before(now) {
		g.start, at = g.start.Add(now.Sub(at)), now
	}
	return at
}

// since90k is the media time from the picture on the glass to p.
func (g *glass) since90k(p picture) time.Duration {
	return time.Duration(int32(p.media-g.last.media)) * time.Second / 90_000
}

// show puts a picture on the glass, and on the board what is not younger.
func (g *glass) show(p picture) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := p.stamp
	if at == 0 && g.shown != 0 { // ALN3
		at = g.shown + g.since90k(p).Microseconds()
	}
	m := moment{index: p.index, at: time.Now(), arrived: len(g.strokes), strayed: at != g.taken.at(p.index).stamp}
	for m.strokes < len(g.strokes) && g.strokes[m.strokes] <= at {
		m.strokes++
	}
	g.last, g.shown, g.since = p, at, m.at
	g.moments = append(g.moments, m)
}

// seen returns what was on the glass so far.
func (g *glass) seen() []moment {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.moments)
}

// last returns the newest moment; zero before the first picture.
func (g *glass) newest() (m moment) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.moments) > 0 {
		m = g.moments[len(g.moments)-1]
	}
	return m
}
