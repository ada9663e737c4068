package bench

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"chalkline/server/transport"
)

func TestTheBareServerSendsToEveryConnectionAtEachBeat(t *testing.T) {
	for _, route := range []transport.Route{transport.WebTransport, transport.WebSocket} {
		t.Run(string(route), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			output, written := io.Pipe()
			served := make(chan error, 1)
			go func() { served <- serveBare(ctx, Config{Data: t.TempDir()}, written) }()
			url, err := bufio.NewReader(output).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			encryptedURL, err := encrypted(strings.TrimSpace(url))
			if err != nil {
				t.Fatal(err)
			}
			server := &target{url: encryptedURL, pid: os.Getpid(), http: httpClient(true)}
			result, err := runBare(ctx, Config{Mode: ModeBare, Transport: route, Clients: 3, Duration: time.Second}, server)
			if err != nil {
				t.Fatal(err)
			}
			if got := result.BareResult; got.Sends <= 0 || got.Sends > 1.5*got.Offered {
				t.Errorf("%v sends a second arrived of %v", got.Sends, got.Offered)
			}
			server.http.CloseIdleConnections()
			cancel()
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
	}
}
