package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"chalkline/protocol"
	"chalkline/server/token"
)

// Validate returns every fault, joined, each with the name of its setting and
// what to do.
func (c Config) Validate() error {
	return errors.Join(slices.Concat(
		c.addressFaults(), c.certificateFaults(), c.accessFaults(), c.mediaFaults(), c.limitFaults(), c.logFaults(),
	)...)
}

func (c Config) addressFaults() []error {
	var faults []error
	for name, address := range map[string]string{
		"listen": c.WithDefaults().Listen, "plain-listen": c.PlainListen, "metrics-listen": c.MetricsListen,
	} {
		if err := checkAddress(address); address != "" && err != nil {
			faults = append(faults, fmt.Errorf("%s: %q: %w", name, address, err))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	if c.PublicURL != "" {
		if err := checkOrigin(strings.TrimSuffix(c.PublicURL, "/")); err != nil {
			faults = append(faults, fmt.Errorf("public-url: %w", err))
		}
	}
	return faults
}

func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("must be host:port, such as :8443 or 127.0.0.1:8443")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("port %q must be 0 to 65535", port)
	}
	return nil
}

// checkOrigin wants scheme://host[:port] and no more.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || origin != u.Scheme+"://"+u.Host {
		return fmt.Errorf("%q must be like https://school.example or https://school.example:8443", origin)
	}
	return nil
}

func (c Config) certificateFaults() []error {
	var faults []error
	if (c.Certificate == "") != (c.Key == "") {
		faults = append(faults, errors.New("certificate, key: set both or neither"))
	}
	if c.Certificate != "" && len(c.ACMEHosts) > 0 {
		faults = append(faults, errors.New("acme-hosts: cannot go with certificate: set one of them"))
	}
	for _, host := range c.ACMEHosts {
		if strings.ContainsAny(host, ":/*") || net.ParseIP(host) != nil || !strings.Contains(host, ".") {
			faults = append(faults, fmt.Errorf("acme-hosts: %q must be a host name such as board.school.example", host))
		}
	}
	if u, err := url.Parse(c.ACMEDirectory); c.ACMEDirectory != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		faults = append(faults, fmt.Errorf("acme-directory: %q must be like https://ca.school.example/acme/directory", c.ACMEDirectory))
	}
	if c.ACMEDirectory != "" && len(c.ACMEHosts) == 0 {
		faults = append(faults, errors.New("acme-directory: set acme-hosts too"))
	}
	if c.Dev == Off && c.Certificate == "" && len(c.ACMEHosts) == 0 {
		faults = append(faults, errors.New("dev: off needs a certificate: set certificate and key, or acme-hosts"))
	}
	return faults
}

func (c Config) accessFaults() []error {
	var faults []error
	for _, origin := range c.Origins {
		if err := checkOrigin(origin); origin != "*" && err != nil {
			faults = append(faults, fmt.Errorf("origins: %w", err))
		}
	}
	seen := make(map[string]bool)
	for i, text := range c.Keys {
		key, err := parseKey(text)
		if err == nil && seen[key.ID] {
			err = errors.New("another key has the same id")
		}
		if err != nil { // the secret stays out of the logs
			faults = append(faults, fmt.Errorf("keys: number %d: %w", i+1, err))
		}
		seen[key.ID] = true
	}
	if !c.GuestsMayEnter() && len(c.Keys) == 0 {
		faults = append(faults, errors.New("guests: off without keys lets nobody in: set keys, or guests to on"))
	}
	return faults
}

// ownKeyID is the id of the key with which the server itself mints.
const ownKeyID = "chalkline"

// OwnKey is the key with which the server itself mints, with its secret.
func OwnKey(secret []byte) token.Key { return token.Key{ID: ownKeyID, Secret: secret} }

// parseKey parses id:secret.
func parseKey(text string) (token.Key, error) {
	id, secret, ok := strings.Cut(text, ":")
	switch {
	case !ok || id == "":
		return token.Key{}, errors.New("must be id:secret")
	case id == ownKeyID:
		return token.Key{}, fmt.Errorf("the id %q is the server's own", ownKeyID)
	case len(secret) < token.MinSecret:
		return token.Key{}, fmt.Errorf("the secret must have at least %d bytes: openssl rand -hex 32 makes one", token.MinSecret)
	}
	return token.Key{ID: id, Secret: []byte(secret)}, nil
}

func (c Config) limitFaults() []error {
	var faults []error
	for _, limit := range []struct {
		name     string
		is, most int
	}{
		{"max-sessions", c.MaxSessions, 1_000_000},
		{"max-rooms", c.MaxRooms, 1_000_000},
		{"max-participants", c.MaxParticipants, protocol.MaxPresent},
		{"max-messages", c.MaxMessages, 100_000},
		{"max-queue", c.MaxQueue, 64 << 20},
		{"purge-after", c.PurgeAfter, 7 * 24 * 60 * 60},
		{"snapshot-every", c.SnapshotEvery, 1_000_000},
	} {
		if limit.is < 0 || limit.is > limit.most {
			faults = append(faults, fmt.Errorf("%s: %d must be 1 to %d", limit.name, limit.is, limit.most))
		}
	}
	if c.MaxQueue > 0 && c.MaxQueue < 64<<10 {
		faults = append(faults, fmt.Errorf("max-queue: %d must be at least 65536", c.MaxQueue))
	}
	return faults
}

func (c Config) logFaults() []error {
	var faults []error
	if !slices.Contains([]string{"", "debug", "info", "warn", "error"}, c.LogLevel) {
		faults = append(faults, fmt.Errorf("log-level: %q is not debug, info, warn or error", c.LogLevel))
	}
	if !slices.Contains([]string{"", "text", "json"}, c.LogFormat) {
		faults = append(faults, fmt.Errorf("log-format: %q is not text or json", c.LogFormat))
	}
	return faults
}
