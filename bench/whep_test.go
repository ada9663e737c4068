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
	for name, c := range map[string]struct {
		bareLoop  bool
		qualities int
	}{"media server": {false, 1}, "two qualities": {false, 2}, "bare loop": {true, 1}} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			output, written := io.Pipe()
			served := make(chan error, 1)
			go func() { served <- serveWHEP(ctx, c.bareLoop, written) }()
			url, err := bufio.NewReader(output).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			f := &forwarding{qualities: c.qualities, target: &target{url: strings.TrimSpace(url), pid: os.Getpid(), http: httpClient(false)}}
			if err := f.open(ctx, 2); err != nil {
				t.Fatal(err)
			}
			for range 4 { // a machine that stands still is a bad network, for which the small quality is
				f.packets, f.bytes, f.seconds = 0, 0, 0
				if err := f.measure(ctx, true, time.Second); err != nil {
					t.Fatal(err)
				}
				if f.bytes/f.seconds >= 100_000 {
					break
				}
			}
			if got := f.packets / f.seconds; got < 100 {
				t.Errorf("%v packets a second", got)
			}
			if got := f.bytes / f.seconds; got < 100_000 {
				t.Errorf("%v bytes a second: not the large quality", got)
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
