// Package live puts sources out as live streams: HLS, which any cache can carry,
// and MPEG-TS over HTTP without end, which is seconds faster.
//
// An output of a source is there while somebody plays it: it begins with the first
// request, which makes the source wanted (MED5), and ends a minute after the last.
// It reads the source's units once, makes of them a programme that every player
// takes (shaper), has Opus coded anew as AAC (package aac), cuts segments
// (segmenter) and hands the same units to each reader of MPEG-TS. Every picture
// goes out with its stamp (MED8). A reader that is slow loses pictures up to the
// next key frame; nobody waits for it.
//
// Who may play is asked once: the URLs that a request for them is answered with
// carry a token for one source (MED9). What they lead to is the same for all, so
// that caches can share.
package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/media"
)

// SecretSize is the length of Config.Secret in bytes.
const SecretSize = 32

// What a zero Config means.
const (
	defaultOutputs     = 64
	defaultReaders     = 2000
	defaultEncoders    = 16
	defaultSourceBytes = 64 << 20
	defaultBytes       = 1 << 30
)

const (
	// idle is how long an output stays that nobody plays.
	idle = time.Minute
	// lookAfter is how often an output looks whether somebody does.
	lookAfter = 5 * time.Second
)

// Config is what a Server needs. Registry and Secret are required.
type Config struct {
	Registry *media.Registry
	Secret   []byte // SecretSize bytes, signs play tokens
	// FFmpeg is the program that codes Opus anew; "" looks for ffmpeg. Without one,
	// sources with Opus go out without their sound.
	FFmpeg string
	// Base is what stands before the path of the URLs given out, such as that of a CDN;
	// "" gives paths.
	Base       string
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil counts nowhere

	MaxOutputs     int   // at a time, half of them of one room; 0: 64
	MaxReaders     int   // of MPEG-TS, of all outputs, half of them in one room; 0: 2000
	MaxEncoders    int   // ffmpeg processes; 0: 16
	MaxSourceBytes int64 // of segments of one source; 0: 64 MiB
	MaxBytes       int64 // of segments of all; 0: 1 GiB
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.MaxOutputs = or(c.MaxOutputs, defaultOutputs)
	c.MaxReaders = or(c.MaxReaders, defaultReaders)
	c.MaxEncoders = or(c.MaxEncoders, defaultEncoders)
	c.MaxSourceBytes = or(c.MaxSourceBytes, defaultSourceBytes)
	c.MaxBytes = or(c.MaxBytes, defaultBytes)
	return c
}

func or[T int | int64](n, standard T) T {
	if n == 0 {
		return standard
	}
	return n
}

// Server has the outputs of all sources.
type Server struct {
	cfg     Config
	metrics *metrics
	held    atomic.Int64 // bytes of segments

	ctx     context.Context // of outputs and readers
	end     context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	outputs  map[*media.Source]*output
	readers  map[replay.Room]int // of MPEG-TS
	encoders int
}

// New returns a Server without outputs.
func New(c Config) (*Server, error) {
	c = c.withDefaults()
	if c.Registry == nil || len(c.Secret) != SecretSize {
		return nil, errors.New("live: Registry is missing, or Secret has another length")
	}
	if c.FFmpeg == "" {
		path, err := exec.LookPath("ffmpeg")
		if err != nil {
			c.Logger.Warn("no ffmpeg: live streams of sources with Opus have no sound")
		}
		c.FFmpeg = path
	}
	c.Secret = slices.Clone(c.Secret)
	s := &Server{cfg: c, outputs: map[*media.Source]*output{}, readers: map[replay.Room]int{}}
	s.ctx, s.end = context.WithCancel(context.Background())
	s.metrics = newMetrics(c.Registerer, func() float64 { return float64(s.held.Load()) })
	return s, nil
}

// Register adds the requests of live streams to mux (docs/protocol.md, HTTP).
func (s *Server) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/rooms/{code}/sources/{number}/live", s.locate)
	mux.HandleFunc("GET /live/{token}/{file}", s.play)
	mux.HandleFunc("OPTIONS /live/{token}/{file}", permitAll)
}

// Close ends all outputs and responses and waits for them, at most as long as ctx.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("live: close: %w", ctx.Err())
	}
}

// use returns the output of a source, which begins if there is none, and keeps it
// until release is called. The error is a *protocol.Error.
func (s *Server) use(source *media.Source) (o *output, release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, protocol.NewError(protocol.GoingAway)
	}
	o = s.outputs[source]
	if o == nil {
		if !s.makeRoom(source) {
			return nil, nil, protocol.NewError(protocol.Overloaded)
		}
		o = newOutput(s, source)
		s.outputs[source] = o
		s.running.Go(o.run)
	}
	return o, s.hold(o), nil
}

// makeRoom sees to it that there may be an output more of a source; false if there may
// not. The lock is held.
func (s *Server) makeRoom(source *media.Source) bool {
	room := func(o *output) bool { return o.source.Room == source.Room }
	all := func(*output) bool { return true }
	for _, c := range []struct {
		among func(*output) bool
		may   int
	}{{room, half(s.cfg.MaxOutputs)}, {all, s.cfg.MaxOutputs}} {
		have := 0
		for _, o := range s.outputs {
			if c.among(o) {
				have++
			}
		}
		if have >= c.may && (!hasMedia(source) || !s.giveWay(c.among)) {
			return false
		}
	}
	return true
}

// half is the share of one room: the rest is for others.
func half(n int) int { return (n + 1) / 2 }

// hasMedia says whether there is something to put out of a source.
func hasMedia(source *media.Source) bool {
	i := source.Info()
	return i.Video || i.Audio
}

// giveWay ends an output of which there is nothing to play, best one that nobody waits
// for, and of those the one that began first; false if there is none. The lock is held.
func (s *Server) giveWay(among func(*output) bool) bool {
	var empty []*output
	for _, o := range s.outputs {
		if among(o) && !hasMedia(o.source) && o.window.empty() {
			empty = append(empty, o)
		}
	}
	if len(empty) == 0 {
		return false
	}
	goes := slices.MinFunc(empty, func(a, b *output) int {
		return cmp.Or(min(a.users, 1)-min(b.users, 1), a.began.Compare(b.began))
	})
	delete(s.outputs, goes.source)
	goes.end()
	return true
}

// used returns the output of a source if there is one, as use does.
func (s *Server) used(source *media.Source) (o *output, release func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o = s.outputs[source]
	if o == nil || s.closed {
		return nil, nil, false
	}
	return o, s.hold(o), true
}

// hold is called with the lock held.
func (s *Server) hold(o *output) (release func()) {
	o.users++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		o.users--
		o.left = time.Now()
	})
}

// expire takes an output that nobody plays off the list, and says whether it did.
func (s *Server) expire(o *output) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outputs[o.source] != o || o.users > 0 || time.Since(o.left) < idle {
		return false
	}
	delete(s.outputs, o.source)
	return true
}

// seat counts one more reader of MPEG-TS in a room, until release is called, once; false
// if there are as many as there may be.
func (s *Server) seat(room replay.Room) (release func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := 0
	for _, n := range s.readers {
		all += n
	}
	if s.closed || all >= s.cfg.MaxReaders || s.readers[room] >= half(s.cfg.MaxReaders) {
		return nil, false
	}
	s.readers[room]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.readers[room]--; s.readers[room] == 0 {
			delete(s.readers, room)
		}
	}, true
}

// take counts one more of something there may be only so many of; false if there are.
func (s *Server) take(n *int, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *n >= most || s.closed {
		return false
	}
	*n++
	return true
}

func (s *Server) giveBack(n *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n--
}
