// Package server is where the parts meet: it listens, serves the page and its
// API, identifies who comes, and runs rooms on a log.
//
// New and Serve take parts that exist; Run builds them from a configuration, as
// cmd/chalkline does. Shutdown tells every client why and when to come back,
// makes what was taken in durable and closes.
package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/content"
	"chalkline/server/render"
	"chalkline/server/room"
	"chalkline/server/session"
	"chalkline/server/transport"
)

// Identifier checks tokens and mints those of guests.
type Identifier interface {
	// Identify returns what a token says; a *protocol.Error if it says nothing.
	Identify(token string) (session.Identity, error)
	// Guest returns a token for somebody who has only a name; a *protocol.Error
	// where there are no guests.
	Guest(name string) (string, error)
}

// Config is what a Server is made of. Log, Table, Identifier and
// Transport.TLS are required.
type Config struct {
	Log        replay.Log
	Table      replay.Table
	Identifier Identifier
	// Transport says where to listen; its HTTP and Handle are the server's to set.
	Transport transport.Config

	Page      fs.FS           // the page; nil serves none
	Hashes    func() [][]byte // SHA-256 of certificates that browsers are to trust; nil: none
	PublicURL *url.URL        // where browsers find the server; nil: where they asked
	Healthy   func() error    // nil: always

	Images  *content.Store // of rooms; nil: neither images nor pictures of pages are served
	Fonts   *render.Fonts  // of pictures of pages; nil: boxes instead of letters
	Scratch string         // folder for pictures that are drawn and images that come; empty: the system's

	Media *MediaConfig // camera, screen, encoders, live streams; nil: none

	Logger   *slog.Logger         // nil discards
	Registry *prometheus.Registry // nil: a registry of its own
	// MetricsElsewhere leaves /metrics out of the public listener.
	MetricsElsewhere bool

	MaxRooms int            // running at once, those that nobody is in give way; 0: 10 000
	Room     room.Config    // of every room; ID, Log, Table, Logger and Metrics are set here
	Session  session.Config // of every session; Server, Logger and Metrics are set here
}

func (c Config) withDefaults() Config {
	if c.Page == nil {
		c.Page = noPage{}
	}
	if c.Hashes == nil {
		c.Hashes = func() [][]byte { return nil }
	}
	if c.Healthy == nil {
		c.Healthy = func() error { return nil }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	if c.MaxRooms == 0 {
		c.MaxRooms = 10_000
	}
	return c
}

// noPage is a page without files.
type noPage struct{}

func (noPage) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// What may be done in a minute. A whole school may share one address.
const (
	guessesPerMinute         = 60   // rooms that do not exist, asked for by a participant
	addressGuessesPerMinute  = 600  // and from an address
	roomsPerMinute           = 60   // made by a participant
	addressRoomsPerMinute    = 600  // and from an address
	replicasPerMinute        = 300  // new ones, given to a participant
	addressReplicasPerMinute = 3000 // and to an address: as many as guests can come
	tokensPerMinute          = 3000 // of guests, for an address
)

// Server is a running server.
type Server struct {
	cfg      Config
	listener *transport.Listener
	rooms    *rooms
	guesses  *tries          // of rooms that do not exist
	makes    *tries          // of rooms that come to exist
	replicas *tries          // that are given
	media    *mediaServers   // nil: none
	ctx      context.Context // of rooms: outlives that of sessions
	stop     context.CancelFunc
	sessions context.Context
	goAway   context.CancelFunc
}

// New listens; Serve then serves.
func New(config Config) (*Server, error) {
	cfg := config.withDefaults()
	s := &Server{
		cfg: cfg, guesses: newTries(guessesPerMinute, addressGuessesPerMinute),
		makes:    newTries(roomsPerMinute, addressRoomsPerMinute),
		replicas: newTries(replicasPerMinute, addressReplicasPerMinute),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.sessions, s.goAway = context.WithCancel(s.ctx)
	cfg.Room.Log, cfg.Room.Table, cfg.Room.Logger = cfg.Log, cfg.Table, cfg.Logger
	cfg.Room.Metrics = room.NewMetrics(cfg.Registry)
	s.rooms = newRooms(s.ctx, cfg.Room, cfg.MaxRooms)
	cfg.Session.Server, cfg.Session.Logger = s, cfg.Logger
	cfg.Session.Metrics = session.NewMetrics(cfg.Registry)
	a := &api{
		requests: newRequests(), endless: newRequests(),
		tokens: newAttempts(tokensPerMinute, time.Minute),
		page:   cfg.Page, guests: cfg.Identifier, hashes: cfg.Hashes, publicURL: cfg.PublicURL, healthy: cfg.Healthy,
		origins: cfg.Transport.Origins,
		port:    func() int { return port(s.listener.UDPAddr()) },
	}
	s.addPictures(a)
	if cfg.Media != nil {
		if err := s.addMedia(a); err != nil {
			s.stop()
			return nil, fmt.Errorf("server: %w", err)
		}
	}
	if !cfg.MetricsElsewhere {
		a.metrics = MetricsHandler(cfg.Registry)
	}
	cfg.Transport.HTTP = a.handler()
	cfg.Transport.Log = cfg.Logger
	cfg.Transport.Handle = func(c transport.Conn) { session.Serve(s.sessions, c, cfg.Session) }
	var err error
	if s.listener, err = transport.Listen(cfg.Transport); err != nil {
		end, cancel := context.WithTimeout(context.Background(), shutdownTime)
		defer cancel()
		if errors.Is(err, transport.ErrPlainAddress) {
			err = &ListenError{plainListen, err}
		}
		s.media.end(end)
		err = errors.Join(err, s.media.close(end))
		s.stop()
		return nil, fmt.Errorf("server: %w", err)
	}
	return s, nil
}

// door lets requests into rooms.
func (s *Server) door() *door {
	return &door{identify: s.Identify, wrong: s.guesses, room: func(ctx context.Context, id int64, who session.Identity, address string) (lesson, error) {
		return s.Room(ctx, id, who, address)
	}}
}

// addPictures adds what serves images and pictures of pages.
func (s *Server) addPictures(a *api) {
	enter := s.door()
	if s.cfg.Images == nil {
		return
	}
	a.images = &images{
		door: enter, store: s.cfg.Images, scratch: s.cfg.Scratch, files: ration{most: arrivingBytes}, log: s.cfg.Logger,
		arriving: newTurnstile(arrivingAtOnce, arrivingWaiting), uploads: newTurnstile(uploadsAtOnce, uploadsWaiting),
		reads: newAtOnce(readsAtOnce, ownReadsAtOnce),
	}
	a.pictures = &pictures{
		door: enter, store: s.cfg.Images, fonts: s.cfg.Fonts, scratch: s.cfg.Scratch, files: ration{most: drawnBytes},
		log: s.cfg.Logger, renders: newTurnstile(rendersAtOnce, rendersWaiting), recent: newRecent(), closing: s.sessions,
	}
}

// MetricsHandler serves a registry in the Prometheus text format.
func MetricsHandler(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

func port(a net.Addr) int {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.Port
	case *net.TCPAddr:
		return a.Port
	default:
		return 0
	}
}

// Addr is the TCP address that the server listens on; UDP has the same port.
func (s *Server) Addr() net.Addr { return s.listener.TCPAddr() }

// Serve serves until Shutdown, then returns nil.
func (s *Server) Serve() error { return s.listener.Serve() }

// Shutdown tells every client to come back (GOING_AWAY), makes what rooms took
// in durable and closes the listener. When ctx ends, rooms that wait for the log
// give up. The log stays open: it is the caller's.
func (s *Server) Shutdown(ctx context.Context) error {
	defer context.AfterFunc(ctx, s.stop)()
	s.goAway()
	s.media.end(ctx)
	s.rooms.stop()
	err := s.listener.Shutdown(ctx)
	err = errors.Join(err, s.media.close(ctx))
	s.stop()
	return err
}

// Identify is that of session.Server.
func (s *Server) Identify(token string) (session.Identity, error) {
	return s.cfg.Identifier.Identify(token)
}

// CreateRoom is that of session.Server.
func (s *Server) CreateRoom(ctx context.Context, name, participant, address string) (int64, error) {
	if !s.makes.take(participant, address, time.Now()) {
		return 0, protocol.NewError(protocol.TooManyTries)
	}
	id, err := s.rooms.create(ctx, name)
	if err != nil {
		s.cfg.Logger.Error("room cannot be created", "error", err)
		return 0, known(err)
	}
	s.cfg.Logger.Info("room created", "room", id)
	return int64(id), nil
}

// Room is that of session.Server.
func (s *Server) Room(ctx context.Context, id int64, who session.Identity, address string) (*room.Room, error) {
	now := time.Now()
	if !s.guesses.allowed(who.ID, address, now) && !s.belongs(ctx, id, who) {
		return nil, protocol.NewError(protocol.TooManyTries)
	}
	if err := s.rooms.exists(ctx, replay.Room(id)); err != nil {
		if errors.Is(err, protocol.NewError(protocol.NoSuchRoom)) {
			s.guesses.note(who.ID, address, now)
		}
		return nil, known(err)
	}
	return s.rooms.get(ctx, replay.Room(id))
}

// belongs says whether somebody need not guess a room's code: the token says it, or who
// it names has joined the room before. Others at their address are in nobody's way then.
func (s *Server) belongs(ctx context.Context, id int64, who session.Identity) bool {
	if who.Room != 0 {
		return who.Room == id
	}
	_, err := s.cfg.Table.Get(ctx, replay.Room(id), room.ParticipantPrefix+who.ID)
	return err == nil
}

// NewReplica is that of session.Server.
func (s *Server) NewReplica(participant, address string) bool {
	return s.replicas.take(participant, address, time.Now())
}

// known returns what a client is told of an error.
func known(err error) error {
	var k *protocol.Error
	switch {
	case errors.As(err, &k):
		return k
	case errors.Is(err, replay.ErrFull):
		return protocol.NewError(protocol.StoreUnavailable, "reason", "full")
	default:
		return protocol.NewError(protocol.StoreUnavailable, "reason", "failed")
	}
}
