package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"chalkline/replay"
	"chalkline/server/media"
	"chalkline/server/media/ingest"
	"chalkline/server/media/live"
	"chalkline/server/media/rtmp"
	"chalkline/server/media/webrtc"
)

// MediaConfig says how media come in and go out. Secret is required.
type MediaConfig struct {
	Address   string      // host:port of WebRTC, UDP and TCP; empty: there is none
	Addresses []string    // public IP addresses of Address; none: those of the machine
	STUN      []string    // URLs of STUN servers
	TURN      webrtc.TURN // URLs and secret of TURN servers

	RTMPAddress string // host:port of RTMP; empty: there is none

	// Nobody chose Address or RTMPAddress: where it is taken, another program's is not
	// in the way. WebRTC takes a free port, RTMP is off, and the log says so.
	AddressYields, RTMPYields bool

	FFmpeg  string // program; empty: as the system finds it
	LiveURL string // where players find live streams; empty: here
	Secret  []byte // live.SecretSize bytes, signs URLs of live streams
}

// mediaServers are what takes media in and puts them out. nil is none.
type mediaServers struct {
	rooms    *mediaRooms
	registry *media.Registry
	webrtc   *webrtc.Server // nil: off
	live     *live.Server
	ingest   *ingest.Server
	rtmp     net.Listener  // nil: off
	served   chan struct{} // closed when RTMP is not served any more
}

// addMedia opens the ports of media and adds their requests to a.
func (s *Server) addMedia(a *api) error {
	c := *s.cfg.Media
	m := &mediaServers{
		rooms:  &mediaRooms{server: s, door: s.door(), clocks: map[replay.Room]*roomClock{}},
		served: make(chan struct{}),
	}
	m.registry = media.NewRegistry(media.Config{
		Rooms: m.rooms, Table: s.cfg.Table, Logger: s.cfg.Logger, After: rand.Uint32() >> 1, // what is left is enough for any run
	})
	m.rooms.tell, m.rooms.forgetSources = m.registry.Tell, m.registry.Forget
	s.rooms.started = m.rooms.started
	s.media, a.media = m, m
	if c.LiveURL != "" {
		found, err := url.Parse(c.LiveURL)
		if err != nil {
			return fmt.Errorf("live-url: %w", err)
		}
		a.liveURL = found
	}
	if err := m.open(s, c); err != nil {
		end, cancel := context.WithTimeout(context.Background(), shutdownTime)
		defer cancel()
		m.end(end)
		return errors.Join(err, m.close(end))
	}
	return nil
}

// open starts the servers. What it has started stays when it fails.
func (m *mediaServers) open(s *Server, c MediaConfig) (err error) {
	m.live, err = live.New(live.Config{
		Registry: m.registry, Secret: c.Secret, FFmpeg: c.FFmpeg, Base: base(c.LiveURL),
		Logger: s.cfg.Logger, Registerer: s.cfg.Registry,
	})
	if err != nil {
		return err
	}
	if err := m.openWebRTC(s, c); err != nil {
		return err
	}
	if c.RTMPAddress != "" {
		l, err := listenRTMP(c.RTMPAddress)
		switch {
		case err == nil:
			m.rtmp = newEnduring(l, math.MaxInt64, s.cfg.Logger) // package rtmp has bounds of its own
		case c.RTMPYields && errors.Is(err, syscall.EADDRINUSE):
			s.cfg.Logger.Warn("RTMP is off: another program has its port; set rtmp-listen to another one, or to off", "address", c.RTMPAddress)
		default:
			return err
		}
	}
	m.ingest = ingest.New(ingest.Config{
		Sources: m.registry, Rooms: m.rooms, Table: s.cfg.Table,
		Tries: wrongKeys{newAttempts(guessesPerMinute, time.Minute)},
		URLs:  func(host string, secure bool, key string) (string, string) { return m.pushURLs(s, host, secure, key) },

		Logger: s.cfg.Logger, Registry: s.cfg.Registry,
	})
	if m.rtmp != nil {
		go func() {
			defer close(m.served)
			if err := rtmp.Serve(m.rtmp, m.ingest); err != nil {
				s.cfg.Logger.Error("RTMP is not served any more", "error", err)
			}
		}()
	}
	return nil
}

func (m *mediaServers) openWebRTC(s *Server, c MediaConfig) error {
	if c.Address == "" {
		return nil
	}
	udp, tcp, err := listenMedia(c.Address)
	if host, _, _ := net.SplitHostPort(c.Address); c.AddressYields && errors.Is(err, syscall.EADDRINUSE) {
		if udp, tcp, err = listenMedia(net.JoinHostPort(host, "0")); err == nil {
			s.cfg.Logger.Warn("another program has the port of WebRTC: a free one is taken; set media-listen to one that firewalls let through",
				"address", c.Address, "taken", udp.LocalAddr().String())
		}
	}
	if err != nil {
		return err
	}
	m.webrtc, err = webrtc.New(webrtc.Config{
		Registry: m.registry, Rooms: m.rooms, UDP: udp, TCP: newEnduring(tcp, maxMediaConnections, s.cfg.Logger), Addresses: c.Addresses,
		ICEServers: c.STUN, TURN: c.TURN, Live: true,
		Logger: s.cfg.Logger, Registerer: s.cfg.Registry,
	})
	return err
}

// register adds the requests of media to mux.
func (m *mediaServers) register(mux *http.ServeMux) {
	m.registry.Register(mux)
	m.live.Register(mux)
	m.ingest.Register(mux)
	if m.webrtc != nil {
		m.webrtc.Register(mux)
	}
}

// end ends what is pushed and what is played without end, so that the rooms and the
// requests can end.
func (m *mediaServers) end(ctx context.Context) {
	if m == nil {
		return
	}
	if m.ingest != nil {
		m.ingest.Close()
	}
	if m.rtmp != nil {
		_ = m.rtmp.Close() // also for the second time
		<-m.served
	}
	if m.live != nil {
		_ = m.live.Close(ctx) // what has not ended is closed with its connection
	}
}

// close ends the rest, once no requests come any more.
func (m *mediaServers) close(ctx context.Context) error {
	if m == nil || m.webrtc == nil {
		return nil
	}
	return m.webrtc.Close(ctx)
}

// pushURLs are where an encoder pushes to: the RTMP server, empty if there is none,
// and the URL for MPEG-TS.
func (m *mediaServers) pushURLs(s *Server, host string, secure bool, key string) (rtmpServer, ts string) {
	if u := s.cfg.PublicURL; u != nil {
		host, secure = u.Host, u.Scheme == "https"
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	ts = (&url.URL{Scheme: scheme, Host: host, Path: "/ingest/" + key}).String()
	if m.rtmp == nil {
		return "", ts
	}
	name := (&url.URL{Host: host}).Hostname()
	return "rtmp://" + net.JoinHostPort(name, strconv.Itoa(port(m.rtmp.Addr()))) + "/live", ts
}

// base is what stands before the path of a live stream.
func base(liveURL string) string {
	for len(liveURL) > 0 && liveURL[len(liveURL)-1] == '/' {
		liveURL = liveURL[:len(liveURL)-1]
	}
	return liveURL
}

// wrongKeys counts wrong stream keys.
type wrongKeys struct{ *attempts }

// Allowed is that of ingest.Tries.
func (w wrongKeys) Allowed(address string) bool { return w.allowed(host(address), time.Now()) }

// Note is that of ingest.Tries.
func (w wrongKeys) Note(address string) { w.note(host(address), time.Now()) }
