package bench

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

func TestBothWHEPServersForwardTheFilmToEveryViewer(t *testing.T) {
	for name, bareLoop := range map[string]bool{"media server": false, "bare loop": true} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			output, written := io.Pipe()
			served := make(chan error, 1)
			go func() { served <- serveWHEP(ctx, bareLoop, written) }()
			url, err := bufio.NewReader(output).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			f := &forwarding{target: &target{url: strings.TrimSpace(url), pid: os.Getpid(), http: httpClient(false)}}
			if err := f.open(ctx, 2); err != nil {
				t.Fatal(err)
			}
			if err := f.measure(ctx, true, time.Second); err != nil {
				t.Fatal(err)
			}
			if got := f.packets / f.seconds; got < 100 {
				t.Errorf("%v packets a second", got)
			}
			if err := f.close(); err != nil {
				t.Error(err)
			}
			f.target.http.CloseIdleConnections()
			cancel()
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
	}
}
