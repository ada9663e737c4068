package server_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chalkline/bench/client"
	"chalkline/server"
	"chalkline/server/transport"
)

func TestAClientsLaterConnectionsResumeItsTLSSession(t *testing.T) {
	for _, route := range []transport.Route{transport.WebTransport, transport.WebSocket} {
		t.Run(string(route), func(t *testing.T) {
			var full, resumed atomic.Int64 // handshakes
			var trust *tls.Config
			r := startMedia(t, func(c *server.Config) {
				trust = transport.TrustHashes(c.Hashes()...)
				c.Transport.TLS.VerifyConnection = func(state tls.ConnectionState) error {
					if state.DidResume {
						resumed.Add(1)
					} else {
						full.Add(1)
					}
					return nil
				}
			})
			asks := &http.Client{Transport: &http.Transport{TLSClientConfig: trust}} // resumes nothing itself
			defer asks.CloseIdleConnections()
			network := client.NewNetwork(strings.Replace(r.url, "http:", "https:", 1), asks)
			ann := r.dial(t, client.Config{Name: "ann", RoomName: "resumed", Route: route, Dial: network.Dial})
			if full.Load() == 0 || resumed.Load() != 0 {
				t.Fatalf("the first connection: %d full handshakes, %d resumed", full.Load(), resumed.Load())
			}
			var ben *client.Client
			for end := time.Now().Add(20 * time.Second); resumed.Load() == 0; { // the ticket may be on its way yet
				if time.Now().After(end) {
					t.Fatal("no later connection resumed the session of the first")
				}
				ben = r.dial(t, client.Config{Name: "ben", Room: ann.RoomID(), Route: route, Dial: network.Dial})
			}
			b := openFirst(t, ben)
			write(t, b, 1)
			if err := b.WaitSynced(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}
