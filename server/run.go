package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"chalkline/replay"
	"chalkline/replay/disk"
	"chalkline/server/certificate"
	"chalkline/server/config"
	"chalkline/server/content"
	"chalkline/server/media/live"
	"chalkline/server/media/webrtc"
	"chalkline/server/render"
	"chalkline/server/room"
	"chalkline/server/secret"
	"chalkline/server/session"
	"chalkline/server/token"
	"chalkline/server/transport"
	"chalkline/web"
)

// shutdownTime is how long clients and rooms have to end.
const shutdownTime = 10 * time.Second

// Run runs a server as configured until ctx ends, then shuts it down. It prints
// the address to open on standard output and logs to standard error.
func Run(ctx context.Context, c config.Config) error {
	return RunOn(ctx, c, disk.Config{})
}

// RunOn is Run with a store as given, but for its folder, its logger and its metrics.
func RunOn(ctx context.Context, c config.Config, d disk.Config) error {
	c = c.WithDefaults()
	log := newLogger(os.Stderr, c)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	d.Dir, d.Logger, d.Registerer = filepath.Join(c.Data, "store"), log, registry
	store, err := disk.Open(d)
	if err != nil {
		return err
	}
	err = runOn(ctx, c, log, registry, store)
	return errors.Join(err, store.Close())
}

// runOn runs a server on a store.
func runOn(ctx context.Context, c config.Config, log *slog.Logger, registry *prometheus.Registry, store *disk.Log) error {
	identifier, err := openTokens(c)
	if err != nil {
		return err
	}
	certificates, err := certificate.Open(c.CertificateConfig(log))
	if err != nil {
		return err
	}
	listen, err := transportConfig(c, certificates)
	if err != nil {
		return err
	}
	images, err := content.Open(content.Config{Dir: filepath.Join(c.Data, "images"), Free: disk.Free})
	if err != nil {
		return err
	}
	fonts, err := render.OpenFonts(c.Fonts...)
	if err != nil {
		return err
	}
	defer fonts.Close()
	media, err := mediaConfig(c)
	if err != nil {
		return err
	}
	s, err := New(Config{
		Log: store, Table: store.Table(), Identifier: identifier, Transport: listen,
		Page: web.Page(), Hashes: certificates.Hashes, PublicURL: c.URL(), Healthy: healthOf(store),
		Images: images, Fonts: fonts, Media: media,
		Logger: log, Registry: registry, MetricsElsewhere: c.MetricsListen != "",
		MaxRooms: c.MaxRooms,
		Room:     roomConfig(c),
		Session:  session.Config{QueueBytes: c.MaxQueue, MessagesPerSecond: float64(c.MaxMessages)},
	})
	if err != nil {
		return err
	}
	metrics, err := serveMetrics(c.MetricsListen, registry, log)
	if err != nil {
		return errors.Join(err, s.Shutdown(ctx))
	}
	defer metrics()
	announce(os.Stdout, c, s.Addr())
	return s.serveUntil(ctx, store.Failed())
}

// serveUntil serves until ctx ends or the store has failed.
func (s *Server) serveUntil(ctx context.Context, failed <-chan struct{}) error {
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	var cause error
	select {
	case <-ctx.Done():
	case <-failed:
		cause = fmt.Errorf("server: %w: restart to open it again; nothing acknowledged is lost", replay.ErrFailed)
	case err := <-served:
		served <- nil
		cause = err
	}
	s.cfg.Logger.Info("shutting down", "cause", cause)
	end, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	return errors.Join(cause, s.Shutdown(end), <-served)
}

// healthOf says whether the store can be written, and to strangers no more than
// what kind of trouble it has.
func healthOf(store *disk.Log) func() error {
	return func() error {
		switch err := store.Writable(); {
		case err == nil:
			return nil
		case errors.Is(err, replay.ErrFull):
			return replay.ErrFull
		default:
			return replay.ErrFailed
		}
	}
}

// openTokens returns the server's own key and those of others.
func openTokens(c config.Config) (Tokens, error) {
	own, err := secret.Key(filepath.Join(c.Data, "token.key"), token.MinSecret)
	if err != nil {
		return Tokens{}, err
	}
	keys, err := token.NewKeys(c.TokenKeys(config.OwnKey(own)), nil)
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{Keys: keys, Guests: c.GuestsMayEnter()}, nil
}

// transportConfig says where and how to listen.
func transportConfig(c config.Config, certificates certificate.Source) (transport.Config, error) {
	reset, err := secret.Key(filepath.Join(c.Data, "reset.key"), 32)
	if err != nil {
		return transport.Config{}, err
	}
	return transport.Config{
		Address: c.Listen, PlainAddress: c.PlainListen,
		TLS: certificates.TLSConfig(), Plain: certificates.Plain(nil), Origins: c.AllowedOrigins(),
		MaxConnections: c.MaxSessions, ResetKey: (*[32]byte)(reset),
	}, nil
}

// roomConfig says what rooms may hold and keep.
func roomConfig(c config.Config) room.Config {
	return room.Config{
		MaxParticipants: c.MaxParticipants, PurgeAfter: time.Duration(c.PurgeAfter) * time.Second, SnapshotEvery: uint64(c.SnapshotEvery),
	}
}

// mediaConfig says where media come in and go out.
func mediaConfig(c config.Config) (*MediaConfig, error) {
	key, err := secret.Key(filepath.Join(c.Data, "live.key"), live.SecretSize)
	if err != nil {
		return nil, err
	}
	return &MediaConfig{
		Address: c.MediaAddress(), Addresses: c.MediaAddresses, RTMPAddress: c.RTMPAddress(),
		STUN: c.STUNServers(), TURN: webrtc.TURN{URLs: c.TURNServers(), Secret: c.TURNSecret},
		FFmpeg: c.FFmpeg, LiveURL: c.LiveURL, Secret: key,
		AddressYields: c.MediaListen == "", RTMPYields: c.RTMPListen == "",
	}, nil
}

// newLogger returns the logger that the configuration asks for.
func newLogger(to io.Writer, c config.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // validated; info if not
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// serveMetrics serves /metrics and, because it is not for the public, profiles
// (/debug/pprof/) on an address of its own; empty serves nothing.
func serveMetrics(address string, registry *prometheus.Registry, log *slog.Logger) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("server: %w", &ListenError{metricsListen, err})
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", MetricsHandler(registry))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: shutdownTime}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics are not served any more", "error", err)
		}
	}()
	return func() { _ = s.Close(); <-done }, nil
}

// announce prints one line with the address to open. A development server that
// this machine reaches at localhost is opened there: browsers hold that for secure
// and ask nobody to accept a certificate.
func announce(to io.Writer, c config.Config, addr net.Addr) {
	host, port, _ := net.SplitHostPort(addr.String())
	ip := net.ParseIP(host)
	everywhere := ip == nil || ip.IsUnspecified()
	if everywhere {
		host = "localhost"
	}
	if len(c.ACMEHosts) > 0 {
		host = c.ACMEHosts[0]
	}
	open := "https://" + net.JoinHostPort(host, port)
	switch {
	case c.PublicURL != "":
		open = c.PublicURL
	case c.Development() && (everywhere || ip.IsLoopback()):
		open = "http://" + net.JoinHostPort("localhost", port)
	}
	elsewhere := ""
	if ips := certificate.LANAddresses(); c.Development() && everywhere && len(ips) > 0 {
		elsewhere = " (from the LAN: https://" + net.JoinHostPort(ips[0].String(), port) + ")"
	}
	_, _ = fmt.Fprintf(to, "Chalkline is ready: %s%s\n", open, elsewhere)
}
