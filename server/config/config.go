// Package config says how a server is to run: one Config, the same in a file,
// in the environment and on the command line.
//
// A flag is stronger than the environment, the environment than the file. Each
// setting has one name: listen is --listen, CHALKLINE_LISTEN and listen: in the
// file. Validate tells all faults at once. The packages that are configured
// have small Configs of their own; whoever puts them together converts.
package config

import (
	"log/slog"
	"net/url"
	"path/filepath"

	"chalkline/server/certificate"
	"chalkline/server/token"
)

// Config is every setting. Its zero value is useful: zero is the default, except
// where a comment says otherwise.
type Config struct {
	// Listen is host:port: UDP for WebTransport and TCP for the page, its API and
	// WebSocket. Without a host, every address of the machine. Empty: ":8443".
	Listen string
	// PlainListen is one more host:port on TCP, for plain http: challenges of ACME, and
	// others are sent to https. Empty: none.
	PlainListen string
	// Data is the directory that holds everything worth a backup. Empty:
	// "./chalkline-data".
	Data string
	// Dev is for trying out: guests may enter and the server may run without a
	// certificate of an authority. Auto: on while neither Certificate nor ACMEHosts is set.
	Dev Switch
	// PublicURL is where people find the server, if that is not where it listens
	// (behind a proxy, say). Empty: they find it where it listens.
	PublicURL string

	// Certificate and Key are PEM files of a certificate for Listen; they are read again
	// when they change. Empty: see ACMEHosts.
	Certificate, Key string
	// ACMEHosts are host names to get a certificate for from ACMEDirectory. Empty: a
	// development certificate, unless Certificate is set.
	ACMEHosts []string
	// ACMEEmail is where the authority writes to. Empty: nowhere.
	ACMEEmail string
	// ACMEDirectory is the https URL of the authority. Empty: Let's Encrypt's.
	ACMEDirectory string

	// Origins are those of other sites whose pages may connect, such as
	// https://school.example; "*" is every page. Empty: none.
	Origins []string
	// Guests says whether anybody with a link may enter without a token. Auto: as Dev.
	Guests Switch
	// Keys are those of others who mint tokens, each "id:secret", the secret at least
	// 32 bytes. Empty: only the server itself mints.
	Keys []string

	// MaxSessions is how many may be connected at once. 0: 20 000.
	MaxSessions int
	// MaxRooms is how many rooms may be open at once; one that nobody is in gives way to
	// another. 0: 10 000.
	MaxRooms int
	// MaxParticipants is how many may be in one room at once. 0: 1 000.
	MaxParticipants int
	// MaxMessages is how many messages a second are read from one client; the rest waits.
	// 0: 300.
	MaxMessages int
	// MaxQueue is how many bytes may wait for one client before it starts again from a
	// snapshot. 0: 524 288.
	MaxQueue int
	// PurgeAfter is after how many seconds what was deleted is taken off its board for good:
	// so far undo brings it back. 0: 600.
	PurgeAfter int
	// SnapshotEvery is after how many records of a board a snapshot of it is stored, from
	// which on the board is read when it is opened again. 0: 5 000.
	SnapshotEvery int

	// MediaListen is host:port for camera, microphone and screen (WebRTC): UDP, and TCP of
	// the same number. Empty: the host of Listen, and the port after its. "off": there is
	// no WebRTC.
	MediaListen string
	// MediaAddresses are the public IP addresses of MediaListen, where the machine is
	// behind address translation. Empty: those that the machine has.
	MediaAddresses []string
	// TURN are URLs of TURN and STUN servers for people who cannot reach MediaListen.
	// Empty: none.
	TURN []string
	// TURNSecret is shared with the TURN servers, which make credentials of it (coturn:
	// static-auth-secret). Empty: there are only STUN servers.
	TURNSecret string
	// RTMPListen is host:port for encoders that push by RTMP. Empty: the host of Listen,
	// and 1935. "off": there is no RTMP.
	RTMPListen string
	// LiveURL is where players find live streams, if that is not where they find the server:
	// a CDN in front of it. Empty: there.
	LiveURL string
	// FFmpeg is the program that codes sound anew for live streams. Empty: ffmpeg, as the
	// system finds it.
	FFmpeg string

	// Fonts are folders of fonts for pictures of pages that the server draws; they come
	// before those of the system. Empty: the system's alone.
	Fonts []string

	// LogLevel is debug, info, warn or error. Empty: info.
	LogLevel string
	// LogFormat is text or json. Empty: text.
	LogFormat string
	// MetricsListen is host:port of one more TCP port that serves /metrics, and profiles
	// (/debug/pprof/): keep it private. Listen then serves no /metrics. Empty: /metrics is
	// on Listen, and there are no profiles.
	MetricsListen string
}

// Default returns the Config in which every default is written out.
func Default() Config {
	return Config{
		Listen:          ":8443",
		Data:            "./chalkline-data",
		Dev:             Auto,
		Guests:          Auto,
		MaxSessions:     20_000,
		MaxRooms:        10_000,
		MaxParticipants: 1000,
		MaxMessages:     300,
		MaxQueue:        512 << 10,
		PurgeAfter:      600,
		SnapshotEvery:   5000,
		LogLevel:        "info",
		LogFormat:       "text",
	}
}

// WithDefaults returns the Config with every zero replaced by its default.
func (c Config) WithDefaults() Config {
	defaults := Default()
	for i, s := range settings(&c) {
		if s.value.zero() {
			_ = s.value.set(settings(&defaults)[i].value.texts())
		}
	}
	return c
}

// Development says whether Dev is on.
func (c Config) Development() bool { return c.Dev.or(c.Certificate == "" && len(c.ACMEHosts) == 0) }

// GuestsMayEnter says whether Guests is on.
func (c Config) GuestsMayEnter() bool { return c.Guests.or(c.Development()) }

// CertificateConfig is what server/certificate needs.
func (c Config) CertificateConfig(log *slog.Logger) certificate.Config {
	return certificate.Config{
		Directory: filepath.Join(c.Data, "certificates"),
		File:      c.Certificate, Key: c.Key,
		ACMEHosts: c.ACMEHosts, ACMEEmail: c.ACMEEmail, ACMEDirectory: c.ACMEDirectory,
		Log: log,
	}
}

// TokenKeys are the keys that verify tokens: the server's own, which mints, and
// those of Keys. The Config must be valid.
func (c Config) TokenKeys(own token.Key) []token.Key {
	keys := []token.Key{own}
	for _, text := range c.Keys {
		if key, err := parseKey(text); err == nil {
			keys = append(keys, key)
		}
	}
	return keys
}

// URL is PublicURL parsed, nil if it is empty.
func (c Config) URL() *url.URL {
	if c.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return nil
	}
	return u
}

// AllowedOrigins are Origins and that of PublicURL.
func (c Config) AllowedOrigins() []string {
	if u := c.URL(); u != nil {
		return append([]string{u.Scheme + "://" + u.Host}, c.Origins...)
	}
	return c.Origins
}
