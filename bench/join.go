package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"chalkline/bench/client"
	"chalkline/server/transport"
)

// preloadRate is how many frames a second each writer submits before joins are
// measured: below what a server lets one client send.
const preloadRate = 150

// runJoin fills a board and measures how clients come in.
func runJoin(ctx context.Context, c Config, t *target) (*Result, error) {
	class, err := openClass(ctx, t, c, nil)
	if err != nil {
		return nil, err
	}
	result, err := measureJoins(ctx, c, t, class)
	return result, errors.Join(err, class.close())
}

func measureJoins(ctx context.Context, c Config, t *target, class *class) (*Result, error) {
	if err := class.grow(ctx, c.Writers, nil); err != nil {
		return nil, err
	}
	strokes, err := preload(ctx, c, class)
	if err != nil {
		return nil, err
	}
	if err := catchUp(ctx, class.boards); err != nil {
		return nil, err
	}
	j := joins{cfg: c, target: t, class: class}
	if err := j.measure(ctx); err != nil {
		return nil, err
	}
	r := &JoinResult{
		Points: c.Points / framePoints * framePoints, Strokes: strokes, Joins: c.Joins,
		JoinMs: milliseconds(median(j.times)), JoinMax: milliseconds(slices.Max(j.times)), JoinFirst: milliseconds(j.times[0]),
		JoinBytes: j.bytes,
	}
	if j.known {
		r.JoinCPU = number(float64(j.cpu)/float64(time.Millisecond)/float64(c.Joins), 3)
	}
	return &Result{Mode: ModeJoin, Transport: string(c.Transport), JoinResult: r, FSType: t.fsType, Pinned: t.pinned}, nil
}

func median(d []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}

// preload draws the points; it returns on how many strokes.
func preload(ctx context.Context, c Config, class *class) (strokes int, err error) {
	frames := c.Points / framePoints
	each := (frames + c.Writers - 1) / c.Writers
	scripts, err := writeScripts(c.Writers, each, c.Seed)
	if err != nil {
		return 0, err
	}
	var drawing sync.WaitGroup
	errs := make([]error, c.Writers)
	for w, s := range scripts {
		s.cut(min(each, frames-w*each))
		strokes += len(s.strokes)
		drawing.Go(func() { errs[w] = fill(ctx, class.boards[w], s) })
	}
	drawing.Wait()
	return strokes, errors.Join(errs...)
}

// cut leaves the first n frames of a script.
func (s *script) cut(n int) {
	s.frames = max(n, 0)
	for i := range s.strokes {
		st := &s.strokes[i]
		if st.first >= s.frames {
			s.strokes = s.strokes[:i]
			return
		}
		st.points = st.points[:min(len(st.points), (s.frames-st.first)*framePoints)]
	}
}

// fill draws a script faster than a hand does.
func fill(ctx context.Context, board *client.Board, s *script) error {
	tick := time.NewTicker(time.Second / preloadRate)
	defer tick.Stop()
	for i := range s.strokes {
		pen := board.Stroke(s.settings...)
		for k := range len(s.strokes[i].points) / framePoints {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			points, last := s.strokes[i].frame(k)
			submit := pen.Frame
			if last {
				submit = pen.End
			}
			if err := submit(points); err != nil {
				return fmt.Errorf("bench: preload: %w", err)
			}
		}
	}
	if err := board.WaitSynced(ctx); err != nil {
		return fmt.Errorf("bench: preload: %w", err)
	}
	return nil
}

// catchUp waits until the first board has what every other one has: each writer
// only knows that its own strokes are durable.
func catchUp(ctx context.Context, boards []*client.Board) error {
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	var revision uint64
	for _, b := range boards {
		revision = max(revision, b.Revision())
	}
	if err := boards[0].WaitRevision(ctx, revision); err != nil {
		return fmt.Errorf("bench: preload: revision %d: %w", revision, err)
	}
	return nil
}

// joins measures clients that come in one after the other.
type joins struct {
	cfg    Config
	target *target
	class  *class

	times []time.Duration
	bytes uint64 // of one join
	cpu   time.Duration
	known bool
}

func (j *joins) measure(ctx context.Context) error {
	conns := make([]transport.ClientConn, j.cfg.Joins)
	tokens := make([]string, j.cfg.Joins)
	defer func() {
		for _, c := range conns {
			if c != nil {
				_ = c.Close(0)
			}
		}
	}()
	for i := range conns { // handshakes are not what is measured
		var err error
		if tokens[i], err = client.RequestToken(ctx, j.target.http, j.target.url, "bench"); err != nil {
			return err
		}
		if conns[i], err = j.class.network.Dial(ctx, j.cfg.Transport); err != nil {
			return fmt.Errorf("bench: dial: %w", err)
		}
	}
	return j.joinAll(ctx, conns, tokens)
}

func (j *joins) joinAll(ctx context.Context, conns []transport.ClientConn, tokens []string) error {
	revision, hash := j.class.boards[0].State()
	before, errBefore := cpuTime(j.target.pid)
	var in []*client.Client
	defer func() {
		for _, c := range in {
			_ = c.Close()
		}
	}()
	for i, conn := range conns {
		start := time.Now()
		cfg := j.class.config
		cfg.Dial, cfg.Token, cfg.Name = handshaken(conn), tokens[i], "bench"
		c, board, err := enter(ctx, cfg, j.class.page, revision)
		if err != nil {
			return fmt.Errorf("bench: join %d: %w", i+1, err)
		}
		j.times = append(j.times, time.Since(start))
		in = append(in, c)
		j.bytes = c.Stats().DocumentBytes
		if r, h := board.State(); r != revision || h != hash {
			return fmt.Errorf("bench: join %d: at revision %d, not %d, or another state", i+1, r, revision)
		}
	}
	after, errAfter := cpuTime(j.target.pid)
	j.cpu, j.known = after-before, errBefore == nil && errAfter == nil
	return nil
}

// enter brings one client in until its board is at a revision: the room may send
// a snapshot that is older, and the records since.
func enter(ctx context.Context, cfg client.Config, page string, revision uint64) (*client.Client, *client.Board, error) {
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	c, err := client.Dial(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	board, err := openBoard(ctx, c, page)
	if err != nil {
		return nil, nil, errors.Join(err, c.Close())
	}
	if err := board.WaitRevision(ctx, revision); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("bench: revision %d: %w", revision, err), c.Close())
	}
	return c, board, nil
}
