package aac

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"chalkline/server/media/live/adts"
)

const (
	queued      = 100 // packets that wait for the process: 2 s
	firstPause  = time.Second
	longestWait = 30 * time.Second
	// steady is how long a process must have run for the pause to begin anew.
	steady = time.Minute
	// maxOwed is how much sound, in samples, a process may be behind: 10 s.
	maxOwed = 10 * rate
)

// Config is what an Encoder needs.
type Config struct {
	Path    string       // of ffmpeg
	Logger  *slog.Logger // nil discards
	Started func()       // called for each process that starts; nil: nobody is told
	Dropped func()       // called for each packet that is lost; nil: nobody is told
}

// Packet is a packet of Opus.
type Packet struct {
	PTS   int64  // 1/90 000 s
	Time  int64  // of capture, µs; 0: not known
	Epoch uint64 // which timeline PTS is on
	Data  []byte // not changed
}

// Frame is a frame of AAC.
type Frame struct {
	PTS    int64
	Time   int64
	Epoch  uint64
	Config adts.Config
	Data   []byte // raw
}

// Encoder codes one sound anew. Its methods may be called from any goroutine.
type Encoder struct {
	cfg   Config
	give  func(context.Context, Frame)
	queue chan Packet
	end   context.CancelFunc
	done  chan struct{}

	mu     sync.Mutex
	cancel context.CancelCauseFunc // of the process that runs
	latest Packet                  // for the times of capture
}

// errStuck is why a process is ended that takes nothing or gives nothing.
var errStuck = errors.New("ffmpeg does not answer")

// Start returns an Encoder whose frames are handed to give, in order, until Close.
// give must return when its context ends.
func Start(cfg Config, give func(context.Context, Frame)) *Encoder {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, end := context.WithCancel(context.Background())
	e := &Encoder{cfg: cfg, give: give, queue: make(chan Packet, queued), end: end, done: make(chan struct{})}
	go e.run(ctx)
	return e
}

// Push hands a packet over. It never waits: what the process does not keep up with
// is lost.
func (e *Encoder) Push(p Packet) {
	e.mu.Lock()
	e.latest = p
	cancel := e.cancel
	e.mu.Unlock()
	select {
	case e.queue <- p:
		return
	default:
	}
	e.drop()
	if cancel != nil {
		cancel(errStuck)
	}
}

// Close ends the process and waits for it.
func (e *Encoder) Close() {
	e.end()
	<-e.done
}

func (e *Encoder) drop() {
	if e.cfg.Dropped != nil {
		e.cfg.Dropped()
	}
}

// run keeps a process running.
func (e *Encoder) run(ctx context.Context) {
	defer close(e.done)
	pause := firstPause
	for {
		began := time.Now()
		err := e.process(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > steady {
			pause = firstPause
		}
		e.cfg.Logger.Warn("sound is not coded anew, trying again", "pause", pause, "error", err)
		if !e.rest(ctx, pause) {
			return
		}
		pause = min(2*pause, longestWait)
	}
}

// rest lets packets go for a while; false when the Encoder is closed.
func (e *Encoder) rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return true
		case <-ctx.Done():
			return false
		case <-e.queue:
			e.drop()
		}
	}
}

// captured returns when what has this time was captured, by the latest packet.
func (e *Encoder) captured(pts int64, epoch uint64) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.latest.Time == 0 || e.latest.Epoch != epoch {
		return 0
	}
	return e.latest.Time + (pts-e.latest.PTS)*100/9
}
