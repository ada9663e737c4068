package config_test

import (
	"slices"
	"strings"
	"testing"

	"chalkline/server/config"
)

func TestMediaListensBesideTheServerUnlessToldOtherwise(t *testing.T) {
	for _, c := range []struct {
		arguments   []string
		media, rtmp string
	}{
		{nil, ":8444", ":1935"},
		{[]string{"--listen=192.0.2.1:443"}, "192.0.2.1:444", "192.0.2.1:1935"},
		{[]string{"--listen=[::1]:443"}, "[::1]:444", "[::1]:1935"},
		{[]string{"--listen=127.0.0.1:0"}, "127.0.0.1:0", "127.0.0.1:0"},
		{[]string{"--media-listen=:5000", "--rtmp-listen=:5001"}, ":5000", ":5001"},
		{[]string{"--media-listen=off", "--rtmp-listen=off"}, "", ""},
	} {
		got, err := config.Load(c.arguments, nil)
		if err != nil {
			t.Errorf("%q: %v", c.arguments, err)
			continue
		}
		if got.MediaAddress() != c.media || got.RTMPAddress() != c.rtmp {
			t.Errorf("%q: media on %q, RTMP on %q, want %q and %q", c.arguments, got.MediaAddress(), got.RTMPAddress(), c.media, c.rtmp)
		}
	}
}

func TestTURNAndSTUNAreToldApart(t *testing.T) {
	c, err := config.Load([]string{
		"--turn=turn:turn.example:3478?transport=udp,stun:stun.example,turns:turn.example", "--turn-secret=s3cret",
		"--media-addresses=203.0.113.7,2001:db8::7",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.TURNServers(); !slices.Equal(got, []string{"turn:turn.example:3478?transport=udp", "turns:turn.example"}) {
		t.Errorf("TURNServers() = %q", got)
	}
	if got := c.STUNServers(); !slices.Equal(got, []string{"stun:stun.example"}) {
		t.Errorf("STUNServers() = %q", got)
	}
}

func TestFaultsOfMediaSettingsNameTheSetting(t *testing.T) {
	for _, c := range []struct{ argument, setting string }{
		{"--media-listen=5000", "media-listen"},
		{"--listen=:65535", "media-listen"},
		{"--rtmp-listen=no", "rtmp-listen"},
		{"--media-addresses=board.example", "media-addresses"},
		{"--media-addresses=0.0.0.0", "media-addresses"},
		{"--turn=turn.example", "turn"},
		{"--turn=turn:turn.example:port", "turn"},
		{"--turn=turn:turn.example?transport=carrier-pigeon", "turn"},
		{"--turn=turn:", "turn"},
		{"--turn=turn:turn.example", "turn-secret"},
		{"--turn-secret=s3cret", "turn"},
		{"--live-url=cdn.example", "live-url"},
	} {
		_, err := config.Load([]string{c.argument}, nil)
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+c.setting+": ") {
			t.Errorf("%s: %v, want a fault of %s", c.argument, err, c.setting)
		}
	}
}
