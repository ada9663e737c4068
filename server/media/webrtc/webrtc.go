// Package webrtc takes sources in by WHIP (RFC 9725) and plays them by WHEP, its
// twin: the selective forwarding unit.
//
// What a publisher sends is put into order, stamped (sei/rtp, MED8) and handed to
// everybody who plays the source, by one goroutine for each track; nothing is
// decoded. A feed is the meeting point of one source: publishers come and go,
// viewers stay. Each viewer has sequence numbers and timestamps of its own that
// go on over changes of publisher and quality, a bounded queue, and one goroutine
// that writes; a viewer that does not keep up loses pictures up to the next key
// frame, and nobody waits for it. While somebody reads the source's stream.Hub
// the frames are put together for it too.
//
// All connections share one UDP port and, if there is a listener, one TCP port.
// The package owns both from New on.
//
// Wiring: New, then Register on the mux of the API, then Close when the HTTP
// server takes no more requests. The rules are MED1 … in docs/protocol.md.
package webrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/prometheus/client_golang/prometheus"

	"chalkline/protocol"
	"chalkline/server/media"
)

// Config is what a Server needs. Registry, Rooms and UDP are required.
type Config struct {
	Registry *media.Registry
	Rooms    media.Rooms

	UDP net.PacketConn // all media; the Server closes it
	TCP net.Listener   // the same for networks that block UDP; nil: none

	// Addresses are the public IP addresses of UDP and TCP, where they are not those of
	// this machine's interfaces. None: those, loopback included.
	Addresses []string
	// ICEServers are URLs of STUN servers, for clients.
	ICEServers []string
	TURN       TURN
	// Live says that sources can be played as HLS and HTTP-TS too.
	Live bool

	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil counts nowhere
	Limits     Limits
}

// Limits bound what clients can make the server hold. 0 is the default.
type Limits struct {
	RoomPublishers int // at once, in one room; 0: 20, two for each of 1 + 9 classrooms
	RoomViewers    int // sessions, in one room; 0: 1 000
	Publishers     int // in all; 0: 1 000
	Viewers        int // in all; 0: 5 000
	OwnSessions    int // of one participant in one room; 0: 40
}

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		limit *int
		value int
	}{
		{&l.RoomPublishers, 20},
		{&l.RoomViewers, 1000},
		{&l.Publishers, 1000},
		{&l.Viewers, 5000},
		{&l.OwnSessions, 40},
	} {
		if *f.limit == 0 {
			*f.limit = f.value
		}
	}
	return l
}

// A participant may ask for so many sessions in a window, and a session for as many
// changes. A whole school may share one address: it may ask for as many as a server has,
// in a minute.
const (
	postsPerWindow        = 60
	addressPostsPerWindow = 3000
	rateWindow            = 30 * time.Second
)

// Server answers WHIP and WHEP and forwards media.
type Server struct {
	cfg        Config
	metrics    *metrics
	rate       *media.Rate // of offers and patches
	addresses  *media.Rate // of offers
	publishing *engine
	playing    *engine
	udp        ice.UDPMux
	tcp        io.Closer // nil: none
	running    sync.WaitGroup

	mu       sync.Mutex
	sessions map[string]*session
	feeds    map[*media.Source]*feed
	closed   bool
}

// New returns a Server that owns cfg.UDP and cfg.TCP, also if it fails.
func New(cfg Config) (*Server, error) {
	if cfg.Registry == nil || cfg.Rooms == nil || cfg.UDP == nil {
		return nil, errors.New("media/webrtc: Registry, Rooms and UDP are required")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Limits = cfg.Limits.withDefaults()
	s := &Server{
		cfg: cfg, metrics: newMetrics(cfg.Registerer), rate: media.NewRate(postsPerWindow, rateWindow), addresses: media.NewRate(addressPostsPerWindow, rateWindow),
		sessions: map[string]*session{}, feeds: map[*media.Source]*feed{},
	}
	if err := s.open(); err != nil {
		_ = cfg.UDP.Close()
		if cfg.TCP != nil {
			_ = cfg.TCP.Close()
		}
		return nil, fmt.Errorf("media/webrtc: %w", err)
	}
	return s, nil
}

// Close ends all sessions and waits for what they have running, until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	var all []*session
	for _, one := range s.sessions {
		all = append(all, one)
	}
	s.mu.Unlock()
	for _, one := range all {
		one.end("server stops")
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.running.Wait()
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = fmt.Errorf("media/webrtc: close: %w", context.Cause(ctx))
	}
	return errors.Join(err, s.closeTCP(), s.udp.Close(), ignoreClosed(s.cfg.UDP.Close()))
}

// closeTCP does not wait for connections that have yet to say whose they are, or that
// said it when their session had ended: for those pion waits until it gives them up.
func (s *Server) closeTCP() error {
	if s.tcp == nil {
		return nil
	}
	closed := make(chan error, 1)
	go func() { closed <- ignoreClosed(s.tcp.Close()) }()
	select {
	case err := <-closed:
		return err
	case <-time.After(strayWait):
		return nil
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Times of sessions.
const (
	connectWait      = 30 * time.Second // from the answer to a connection
	disconnectedWait = 5 * time.Second
	failedWait       = 15 * time.Second
	keepAlive        = 2 * time.Second
	strayWait        = 200 * time.Millisecond // for TCP connections without a session, when all ends
)

// admit enters a session, if there may be one more. The error is a
// *protocol.Error.
func (s *Server) admit(n *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return protocol.NewError(protocol.GoingAway)
	}
	own := func(o *session) bool { return o.room == n.room && o.participant == n.participant }
	server := func(o *session) bool { return o.publishes() == n.publishes() }
	room := func(o *session) bool { return o.room == n.room && server(o) }
	l := s.cfg.Limits
	mostAll, mostRoom := l.Viewers, l.RoomViewers
	if n.publishes() {
		// A publisher that takes over is there twice for a moment.
		mostAll, mostRoom = l.Publishers, l.RoomPublishers+1
	}
	for _, c := range []struct {
		limit string
		among func(*session) bool
		may   int
	}{{"sessions", own, l.OwnSessions}, {"room", room, mostRoom}, {"server", server, mostAll}} {
		if s.count(c.among) >= c.may && !s.giveWay(c.among) {
			return protocol.NewError(protocol.Full, "limit", c.limit, "max", fmt.Sprint(c.may))
		}
	}
	n.admitted = time.Now()
	s.sessions[n.id] = n
	s.running.Add(1)
	return nil
}

// count is called with the lock held.
func (s *Server) count(among func(*session) bool) (n int) {
	for _, o := range s.sessions {
		if among(o) {
			n++
		}
	}
	return n
}

// giveWay ends the oldest session that is not connected, of the address that has most
// of them; false if there is none. Its place is free at once. The lock is held.
func (s *Server) giveWay(among func(*session) bool) bool {
	oldest, waiting := map[string]*session{}, map[string]int{}
	var most string
	for _, o := range s.sessions {
		if !among(o) || o.isConnected() {
			continue
		}
		if first := oldest[o.from]; first == nil || o.admitted.Before(first.admitted) {
			oldest[o.from] = o
		}
		if waiting[o.from]++; waiting[o.from] > waiting[most] {
			most = o.from
		}
	}
	o := oldest[most]
	if o == nil {
		return false
	}
	delete(s.sessions, o.id)
	o.end("gives way before it is connected")
	return true
}

// drop forgets a session that has ended.
func (s *Server) drop(n *session) {
	s.mu.Lock()
	delete(s.sessions, n.id)
	s.mu.Unlock()
	s.running.Done()
}
