package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// off turns a listener off.
const off = "off"

// rtmpPort is the one that encoders take if they are told none.
const rtmpPort = 1935

// MediaAddress is where WebRTC listens, UDP and TCP; empty: nowhere. The Config must
// be valid.
func (c Config) MediaAddress() string {
	switch c.MediaListen {
	case off:
		return ""
	case "":
		return c.beside(func(port int) int { return port + 1 })
	}
	return c.MediaListen
}

// RTMPAddress is where encoders find RTMP; empty: nowhere. The Config must be valid.
func (c Config) RTMPAddress() string {
	switch c.RTMPListen {
	case off:
		return ""
	case "":
		return c.beside(func(int) int { return rtmpPort })
	}
	return c.RTMPListen
}

// beside is the host of Listen with another port; a free one, if Listen has a free one.
func (c Config) beside(of func(port int) int) string {
	host, text, err := net.SplitHostPort(c.WithDefaults().Listen)
	port, numeric := strconv.Atoi(text)
	if err != nil || numeric != nil {
		return ""
	}
	if port != 0 {
		port = of(port)
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// TURNServers are the URLs of TURN, STUNServers those of STUN.
func (c Config) TURNServers() []string { return withScheme(c.TURN, "turn:", "turns:") }

// STUNServers are the URLs of TURN that name STUN servers.
func (c Config) STUNServers() []string { return withScheme(c.TURN, "stun:", "stuns:") }

func withScheme(urls []string, schemes ...string) []string {
	var found []string
	for _, u := range urls {
		if slices.ContainsFunc(schemes, func(s string) bool { return strings.HasPrefix(u, s) }) {
			found = append(found, u)
		}
	}
	return found
}

func (c Config) mediaFaults() []error {
	var faults []error
	for _, l := range []struct{ name, address string }{
		{"media-listen", c.MediaListen}, {"rtmp-listen", c.RTMPListen},
	} {
		if l.address == "" || l.address == off {
			continue
		}
		if err := checkAddress(l.address); err != nil {
			faults = append(faults, fmt.Errorf("%s: %q: %w, or off", l.name, l.address, err))
		}
	}
	if address := c.MediaAddress(); c.MediaListen == "" && address != "" && checkAddress(address) != nil {
		faults = append(faults, errors.New("media-listen: there is no port after that of listen: set it"))
	}
	for _, text := range c.MediaAddresses {
		if ip, err := netip.ParseAddr(text); err != nil || ip.IsUnspecified() || ip.Zone() != "" {
			faults = append(faults, fmt.Errorf("media-addresses: %q must be an IP address such as 203.0.113.7", text))
		}
	}
	if c.LiveURL != "" {
		if err := checkOrigin(strings.TrimSuffix(c.LiveURL, "/")); err != nil {
			faults = append(faults, fmt.Errorf("live-url: %w", err))
		}
	}
	return append(faults, c.turnFaults()...)
}

func (c Config) turnFaults() []error {
	var faults []error
	for _, u := range c.TURN {
		if err := checkTURN(u); err != nil {
			faults = append(faults, fmt.Errorf("turn: %q %w", u, err))
		}
	}
	switch servers := c.TURNServers(); {
	case len(servers) > 0 && c.TURNSecret == "":
		faults = append(faults, errors.New("turn-secret: is missing: set it to the static-auth-secret of the TURN servers"))
	case len(servers) == 0 && c.TURNSecret != "":
		faults = append(faults, errors.New("turn: no turn: URL goes with turn-secret: set one, or leave turn-secret out"))
	}
	return faults
}

// checkTURN wants scheme:host[:port] and, of TURN, ?transport= (RFC 7064, RFC 7065).
func checkTURN(text string) error {
	wrong := errors.New("must be like turn:turn.school.example:3478?transport=udp or stun:stun.school.example")
	scheme, rest, _ := strings.Cut(text, ":")
	host, query, asked := strings.Cut(rest, "?")
	switch scheme {
	case "turn", "turns":
		if asked && query != "transport=udp" && query != "transport=tcp" {
			return wrong
		}
	case "stun", "stuns":
		if asked {
			return wrong
		}
	default:
		return wrong
	}
	if name, port, err := net.SplitHostPort(host); err == nil {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return wrong
		}
		host = name
	}
	if host == "" || strings.ContainsAny(host, "/@ ") {
		return wrong
	}
	return nil
}
