package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Switch is on, off or left to what fits the other settings.
type Switch string

// The positions of a Switch. The zero value is Auto.
const (
	Auto Switch = "auto"
	On   Switch = "on"
	Off  Switch = "off"
)

func (s Switch) or(auto bool) bool {
	if s == Auto || s == "" {
		return auto
	}
	return s == On
}

// value is one setting as text goes in and out of it. A list has one text per
// item, anything else one.
type value interface {
	set(texts []string) error
	texts() []string
	zero() bool
	list() bool
}

type stringValue struct{ to *string }

func (v stringValue) set(t []string) error {
	return one(t, func(s string) error { *v.to = s; return nil })
}
func (v stringValue) texts() []string { return []string{*v.to} }
func (v stringValue) zero() bool      { return *v.to == "" }
func (stringValue) list() bool        { return false }

type intValue struct{ to *int }

func (v intValue) set(t []string) error {
	return one(t, func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("%q is no whole number", s)
		}
		*v.to = n
		return nil
	})
}
func (v intValue) texts() []string { return []string{strconv.Itoa(*v.to)} }
func (v intValue) zero() bool      { return *v.to == 0 }
func (intValue) list() bool        { return false }

type switchValue struct{ to *Switch }

func (v switchValue) set(t []string) error {
	return one(t, func(s string) error {
		switch strings.ToLower(s) {
		case "auto":
			*v.to = Auto
		case "on", "true", "yes", "1":
			*v.to = On
		case "off", "false", "no", "0":
			*v.to = Off
		default:
			return fmt.Errorf("%q is not auto, on or off", s)
		}
		return nil
	})
}
func (v switchValue) texts() []string { return []string{string(*v.to)} }
func (v switchValue) zero() bool      { return *v.to == "" }
func (switchValue) list() bool        { return false }

type listValue struct{ to *[]string }

func (v listValue) set(t []string) error {
	*v.to = nil
	for _, s := range t {
		if s = strings.TrimSpace(s); s != "" {
			*v.to = append(*v.to, s)
		}
	}
	return nil
}
func (v listValue) texts() []string { return slices.Clone(*v.to) }
func (v listValue) zero() bool      { return len(*v.to) == 0 }
func (listValue) list() bool        { return true }

func one(texts []string, set func(string) error) error {
	if len(texts) != 1 {
		return errors.New("one value is needed, not a list")
	}
	return set(texts[0])
}

// split is a value in one text: lists have commas.
func split(v value, text string) []string {
	if v.list() {
		return strings.Split(text, ",")
	}
	return []string{text}
}

// setting is one field of Config with its name and what people are told of it.
type setting struct {
	name  string
	value value
	help  string
}

// settings are all settings of a Config, in the order of the sample file.
func settings(c *Config) []setting {
	text := func(to *string) value { return stringValue{to} }
	number := func(to *int) value { return intValue{to} }
	list := func(to *[]string) value { return listValue{to} }
	return []setting{
		{"listen", text(&c.Listen), "host:port for UDP (WebTransport) and TCP (page, API, WebSocket)"},
		{"plain-listen", text(&c.PlainListen), "one more host:port for plain http: ACME challenges, others go to https"},
		{"data", text(&c.Data), "directory that holds everything worth a backup"},
		{"dev", switchValue{&c.Dev}, "for trying out: guests may enter; auto: while no certificate is set"},
		{"public-url", text(&c.PublicURL), "where people find the server, if not where it listens"},
		{"certificate", text(&c.Certificate), "PEM file with the certificate chain"},
		{"key", text(&c.Key), "PEM file with the certificate's private key"},
		{"acme-hosts", list(&c.ACMEHosts), "host names to get a certificate for by ACME, from Let's Encrypt if acme-directory is not set"},
		{"acme-email", text(&c.ACMEEmail), "where the ACME authority writes to"},
		{"acme-directory", text(&c.ACMEDirectory), "https URL of another ACME authority, such as a school's own"},
		{"origins", list(&c.Origins), "origins of other sites whose pages may connect"},
		{"guests", switchValue{&c.Guests}, "whether anybody with a link may enter; auto: as dev"},
		{"keys", list(&c.Keys), "id:secret of others who mint tokens; better in the file than here"},
		{"max-sessions", number(&c.MaxSessions), "connected at once"},
		{"max-rooms", number(&c.MaxRooms), "open at once"},
		{"max-participants", number(&c.MaxParticipants), "in one room at once"},
		{"max-messages", number(&c.MaxMessages), "messages a second read from one client"},
		{"max-queue", number(&c.MaxQueue), "bytes that may wait for one client"},
		{"purge-after", number(&c.PurgeAfter), "seconds after which what was deleted is taken off its board for good"},
		{"snapshot-every", number(&c.SnapshotEvery), "records of a board after which a snapshot is stored"},
		{"media-listen", text(&c.MediaListen), "host:port for WebRTC, UDP and TCP; empty: the port after listen's; off"},
		{"media-addresses", list(&c.MediaAddresses), "public IP addresses of media-listen, behind address translation"},
		{"turn", list(&c.TURN), "URLs of TURN and STUN servers"},
		{"turn-secret", text(&c.TURNSecret), "shared with the TURN servers; better in the file than here"},
		{"rtmp-listen", text(&c.RTMPListen), "host:port for encoders, RTMP; empty: 1935; off"},
		{"live-url", text(&c.LiveURL), "where players find live streams, if not on this server: a CDN"},
		{"ffmpeg", text(&c.FFmpeg), "program that codes sound anew for live streams; empty: ffmpeg"},
		{"fonts", list(&c.Fonts), "folders of fonts for pictures of pages, before the system's"},
		{"log-level", text(&c.LogLevel), "debug, info, warn or error"},
		{"log-format", text(&c.LogFormat), "text or json"},
		{"metrics-listen", text(&c.MetricsListen), "private host:port for /metrics and profiles; empty: /metrics is on listen"},
	}
}
