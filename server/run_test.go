package server

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"chalkline/server/config"
)

func TestTheAddressToOpenIsOneThatIsListenedOn(t *testing.T) {
	for name, c := range map[string]struct {
		config config.Config
		host   string
		want   string
	}{
		"everywhere":      {config.Config{}, "::", "http://localhost:8443 (from the LAN: "},
		"this machine":    {config.Config{}, "127.0.0.1", "http://localhost:8443\n"},
		"one address":     {config.Config{}, "192.168.1.20", "https://192.168.1.20:8443\n"},
		"one of IPv6":     {config.Config{}, "fd00::2", "https://[fd00::2]:8443\n"},
		"a public name":   {config.Config{ACMEHosts: []string{"board.example"}}, "::", "https://board.example:8443\n"},
		"behind a proxy":  {config.Config{PublicURL: "https://board.example", Dev: config.Off}, "127.0.0.1", "https://board.example\n"},
		"own certificate": {config.Config{Certificate: "a", Key: "b"}, "::", "https://localhost:8443\n"},
	} {
		var told strings.Builder
		announce(&told, c.config, &net.TCPAddr{IP: net.ParseIP(c.host), Port: 8443})
		got := strings.TrimPrefix(told.String(), "Chalkline is ready: ")
		// A machine without a network has no address on a LAN.
		if without := strings.TrimSuffix(c.want, " (from the LAN: ") + "\n"; !strings.HasPrefix(got, c.want) && got != without {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAPortOfMetricsThatIsTakenIsToldWithItsSetting(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = serveMetrics(taken.Addr().String(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if l, ok := errors.AsType[*ListenError](err); !ok || l.Setting != "metrics-listen" || !strings.Contains(err.Error(), "or leave it out") {
		t.Errorf("serveMetrics() = %v", err)
	}
}
