package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"chalkline/bench/client"
	chalklinev1 "chalkline/protocol/chalkline/v1"
)

// Times around what is measured.
const (
	settle    = 500 * time.Millisecond // between the last join and the first frame
	drainWait = 15 * time.Second       // for what is still under way at the end
)

// load is one run of writers and listeners.
type load struct {
	cfg       Config
	target    *target
	scripts   []*script
	timeline  timeline
	receivers []*receiver
	class     *class
	shared    shared        // of movers and typers
	cursors   atomic.Uint64 // received in the measured time
	counting  atomic.Bool
	lateness  histogram // of the writers in the measured time
}

// runLoad measures writers and listeners.
func runLoad(ctx context.Context, c Config, t *target) (*Result, error) {
	l, err := prepareLoad(c, t)
	if err != nil {
		return nil, err
	}
	if l.class, err = openClass(ctx, t, c, l.configure); err != nil {
		return nil, err
	}
	result, err := l.run(ctx)
	return result, errors.Join(err, l.class.close())
}

// prepareLoad writes everything that will be drawn.
func prepareLoad(c Config, t *target) (*load, error) {
	frames := int((c.Warmup + c.Duration) * framesPerSecond / time.Second)
	scripts, err := writeScripts(c.Writers, frames, c.Seed)
	if err != nil {
		return nil, err
	}
	l := &load{cfg: c, target: t, scripts: scripts}
	l.receivers = make([]*receiver, c.Clients)
	for i := range l.receivers {
		own := -1
		if i < c.Writers {
			own = i
		}
		l.receivers[i] = &receiver{role: c.role, scripts: scripts, timeline: &l.timeline, own: own, next: make([]int, c.Writers)}
	}
	return l, nil
}

// configure makes the i-th client report to its receiver.
func (l *load) configure(i int, cfg *client.Config) {
	cfg.OnRecord = l.receivers[i].record
	cfg.OnSnapshot = l.receivers[i].snapshot
	if l.cfg.Cursors {
		cfg.OnCursors = func(_ *client.Board, cursors []*chalklinev1.ReplicaCursor) {
			if l.counting.Load() {
				l.cursors.Add(uint64(len(cursors)))
			}
		}
	}
}

func (l *load) run(ctx context.Context) (*Result, error) {
	if err := l.class.grow(ctx, l.cfg.Clients, l.configure); err != nil {
		return nil, err
	}
	if err := l.share(ctx); err != nil {
		return nil, err
	}
	hanging, err := l.class.stall(ctx, l.cfg.Stalled)
	if err != nil {
		return nil, err
	}
	l.plan()
	running, cancel := context.WithCancel(ctx)
	var writing, beside sync.WaitGroup
	late := make([]histogram, l.cfg.Writers)
	errs := make([]error, l.cfg.Writers)
	for w := range l.scripts {
		writing.Go(func() {
			if l.cfg.role(w) == drawing {
				errs[w] = l.draw(running, w, &late[w])
			} else {
				errs[w] = l.edit(running, w, &late[w])
			}
		})
	}
	if l.cfg.Cursors {
		beside.Go(func() { l.class.movePointers(running) })
	}
	var lost error
	beside.Go(func() { lost = hanging.tick(running) })
	before, after, err := l.measure(running)
	if err != nil {
		cancel()
	}
	writing.Wait()
	cancel()
	beside.Wait()
	err = errors.Join(err, lost, hanging.close())
	if ctx.Err() != nil {
		return nil, fmt.Errorf("bench: %w", context.Cause(ctx))
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	for i := range late {
		l.lateness.merge(&late[i])
	}
	return l.result(before, after), nil
}

// plan sets the times of all frames and who draws as which replica. Nothing is
// drawn before.
func (l *load) plan() {
	random := rand.New(rand.NewPCG(l.cfg.Seed, 1<<32))
	writers := map[uint32]int{}
	for w := range l.scripts {
		writers[l.class.clients[w].Replica()] = w
		l.timeline.phases = append(l.timeline.phases, time.Duration(random.Int64N(int64(time.Second/framesPerSecond))))
	}
	for _, r := range l.receivers {
		r.mu.Lock()
		r.writers, r.snapshots = writers, 0
		r.mu.Unlock()
	}
	l.timeline.start = time.Now().Add(settle)
	l.timeline.from = l.timeline.start.Add(l.cfg.Warmup)
	l.timeline.to = l.timeline.from.Add(l.cfg.Duration)
}

// draw submits a writer's frames at the times they are meant for.
func (l *load) draw(ctx context.Context, w int, late *histogram) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	board := l.class.boards[w]
	script := l.scripts[w]
	for i := range script.strokes {
		drawn := &script.strokes[i]
		pen := board.Stroke(script.settings...)
		for k := range len(drawn.points) / framePoints {
			at := l.timeline.intended(w, drawn.first+k)
			if err := sleepUntil(ctx, timer, at); err != nil {
				return err
			}
			points, last := drawn.frame(k)
			submit := pen.Frame
			if last {
				submit = pen.End
			}
			if l.timeline.measured(at) {
				late.add(time.Since(at))
			}
			if err := submit(points); err != nil {
				return fmt.Errorf("bench: writer %d: %w", w+1, err)
			}
		}
	}
	return nil
}

func sleepUntil(ctx context.Context, timer *time.Timer, at time.Time) error {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err()
	}
	timer.Reset(wait)
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reading is what is read at both ends of the measured time.
type reading struct {
	at        time.Time
	server    time.Duration // CPU; 0 if not known
	known     bool
	generator time.Duration // CPU
	bytes     uint64
	store     storeMetrics
	storeErr  error
}

func (l *load) read(ctx context.Context) reading {
	r := reading{at: time.Now(), generator: ownCPU(), bytes: l.class.documentBytes()}
	if l.target.pid != 0 {
		used, err := cpuTime(l.target.pid)
		r.server, r.known = used, err == nil
	}
	r.store, r.storeErr = readMetrics(ctx, l.target.http, l.target.url)
	return r
}

// measure waits for both ends of the measured time.
func (l *load) measure(ctx context.Context) (before, after reading, err error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	if err := sleepUntil(ctx, timer, l.timeline.from); err != nil {
		return before, after, err
	}
	before = l.read(ctx)
	l.counting.Store(true)
	if err := sleepUntil(ctx, timer, l.timeline.to); err != nil {
		return before, after, err
	}
	l.counting.Store(false)
	after = l.read(ctx)
	return before, after, l.class.ended()
}

// ownCPU returns the CPU time that this process has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// drain waits until everybody has everything, and compares.
func (l *load) drain(ctx context.Context) (equal bool) {
	ctx, cancel := context.WithTimeout(ctx, drainWait)
	defer cancel()
	for w := range l.scripts {
		if l.class.boards[w].WaitSynced(ctx) != nil {
			return false
		}
	}
	var revision uint64
	for _, b := range l.class.boards {
		revision = max(revision, b.Revision())
	}
	var first [16]byte
	for i, b := range l.class.boards {
		if b.WaitRevision(ctx, revision) != nil {
			return false
		}
		at, hash := b.State()
		if i == 0 {
			first = hash
		}
		if at != revision || hash != first {
			return false
		}
	}
	return true
}
