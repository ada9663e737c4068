package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/media"
)

// startWait is how long the store and the room may take when an encoder comes.
const startWait = 5 * time.Second

// Tries counts, per address, wrong keys.
type Tries interface {
	// Allowed says whether an address may try again.
	Allowed(address string) bool
	// Note counts a wrong key.
	Note(address string)
}

// Config is what a Server needs. Sources, Rooms, Table and Tries are required.
type Config struct {
	Sources *media.Registry
	Rooms   media.Rooms
	Table   replay.Table // keeps stream keys
	Tries   Tries
	// URLs returns where an encoder pushes to with a key: the RTMP server, empty if there
	// is none, and the URL for MPEG-TS. host is how the asking page reached the server.
	URLs func(host string, secure bool, key string) (rtmp, http string)

	Logger   *slog.Logger          // nil discards
	Registry prometheus.Registerer // nil counts nowhere
}

// Server takes in what encoders push. It is a rtmp.Handler.
type Server struct {
	cfg     Config
	keys    keys
	given   *media.Rate // keys
	outputs outputs
	metrics *metrics
	ctx     context.Context // of what is asked of stores and rooms
	stop    context.CancelFunc
}

// New returns a Server.
func New(c Config) *Server {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		cfg: c, keys: keys{c.Table}, given: media.NewRate(keysPerWindow, keysWindow), outputs: outputs{of: map[*media.Source]*shared{}}, metrics: newMetrics(c.Registry),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// Close ends what is pushed over HTTP. RTMP ends with its listener.
func (s *Server) Close() { s.stop() }

// Errors that encoders are told by RTMP.
var (
	errUnknown = errors.New("this stream key is not known, or another has taken its place: copy it again from the room")
	errTries   = errors.New("too many wrong stream keys from this address: try again in a minute")
	errNotNow  = errors.New("the server cannot take the stream now: try again later")
	errFull    = errors.New("this room has as many sources as it may")
)

// start checks a key and begins a publication for whoever it belongs to. close is to
// be called at the end, once.
func (s *Server) start(address, key, protocolName string, bits uint) (p *publisher, end func(), err error) {
	visitor, err := s.enter(address, key)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, startWait)
	defer cancel()
	clock, err := s.cfg.Rooms.Clock(ctx, visitor.Room)
	if err != nil {
		return nil, nil, fmt.Errorf("ingest: clock of room: %w", err)
	}
	publication, err := s.cfg.Sources.Publish(visitor, media.Stream)
	if err != nil {
		return nil, nil, fmt.Errorf("ingest: publish: %w", err)
	}
	out, give := s.outputs.take(publication.Source)
	p = newPublisher(publication, clock, out, s.metrics, bits)
	out.enter(p)
	log := s.cfg.Logger.With("room", visitor.Room, "source", publication.Source.Number, "protocol", protocolName)
	log.Info("encoder pushes")
	gauge := s.metrics.publishers.WithLabelValues(protocolName)
	gauge.Inc()
	return p, func() {
		p.close()
		give()
		gauge.Dec()
		log.Info("encoder is gone")
	}, nil
}

// keysLookedAt is how many keys of a room are looked through for an address that has
// tried too many: more than a class has.
const keysLookedAt = 1000

// enter says whose key it is. Many share a school's address: who tries wrong keys is in
// the way of no right one. The error is a *protocol.Error, or the store's.
func (s *Server) enter(address, key string) (media.Visitor, error) {
	allowed, most := s.cfg.Tries.Allowed(address), math.MaxInt
	if !allowed {
		most = keysLookedAt
	}
	ctx, cancel := context.WithTimeout(s.ctx, startWait)
	defer cancel()
	visitor, err := s.keys.check(ctx, key, most)
	switch {
	case !errors.Is(err, errKey):
		return visitor, err
	case !allowed:
		return media.Visitor{}, s.refuse(protocol.TooManyTries, "tries")
	}
	s.cfg.Tries.Note(address)
	return media.Visitor{}, s.refuse(protocol.TokenInvalid, "key")
}

func (s *Server) refuse(code protocol.Code, reason string) error {
	s.metrics.refused.WithLabelValues(reason).Inc()
	return protocol.NewError(code)
}

// spoken returns what an encoder is told of an error.
func (s *Server) spoken(err error) error {
	switch {
	case errors.Is(err, protocol.NewError(protocol.TokenInvalid)):
		return errUnknown
	case errors.Is(err, protocol.NewError(protocol.TooManyTries)):
		return errTries
	case errors.Is(err, protocol.NewError(protocol.Full)):
		return errFull
	}
	s.cfg.Logger.Error("an encoder cannot push", "error", err)
	return errNotNow
}
