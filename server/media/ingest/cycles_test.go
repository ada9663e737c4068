package ingest

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"chalkline/server/media"
	"chalkline/server/media/stream"
)

// waitFor waits for a condition that nobody tells about.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); !is(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no %s", what)
		}
	}
}

// encoder is an ffmpeg that pushes a film, coded already, over and over, faster than
// it is.
type encoder struct {
	t *testing.T
	c *exec.Cmd
}

func pushFile(t *testing.T, film, format, url string) encoder {
	t.Helper()
	c := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-loglevel", "error", "-readrate", "5", "-stream_loop", "-1",
		"-i", film, "-c", "copy", "-f", format, url)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return encoder{t, c}
}

func (e encoder) signal(s os.Signal) {
	e.t.Helper()
	if err := e.c.Process.Signal(s); err != nil {
		e.t.Fatalf("ffmpeg ended by itself: %v", err)
	}
}

// end ends it by a signal: one at which it ends its stream, or one that lets it say
// nothing more.
func (e encoder) end(by os.Signal) {
	e.t.Helper()
	e.signal(by)
	_ = e.c.Wait() // the signal is how it ends
}

// filmFile returns the name of a file with the film.
func filmFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "film.ts")
	if err := os.WriteFile(name, transportStream(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// descriptors returns how many files and sockets this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestFiftyEncodersComeAndGoAndLeaveNothingBehind(t *testing.T) {
	file := filmFile(t)
	for _, format := range []string{"flv", "mpegts"} {
		t.Run(format, func(t *testing.T) {
			s := open(t, newTable(t))
			url := s.url(format, s.key(t))
			cycle := func(by os.Signal) {
				e := pushFile(t, file, format, url)
				waitFor(t, "published source", func() bool { return s.source().Video })
				source, _ := s.registry.Source(testRoom, 1)
				readOne(t, source.Hub)
				e.end(by)
				waitFor(t, "end of the publisher", func() bool { return !s.source().Video })
			}
			cycle(os.Interrupt)
			cycle(os.Kill)
			http.DefaultClient.CloseIdleConnections()
			goroutines, files := runtime.NumGoroutine(), descriptors(t)
			for range 25 {
				cycle(os.Interrupt)
				cycle(os.Kill)
			}
			waitFor(t, "end of goroutines", func() bool { return runtime.NumGoroutine() <= goroutines })
			waitFor(t, "end of connections", func() bool { return descriptors(t) <= files })
			waitFor(t, "end of outputs", func() bool {
				s.outputs.mu.Lock()
				defer s.outputs.mu.Unlock()
				return len(s.outputs.of) == 0
			})
			if info := s.registry.Sources(testRoom); len(info) != 1 || info[0] != (media.Info{Number: 1, Participant: "ann", Kind: media.Stream}) {
				t.Errorf("sources are %+v", info)
			}
		})
	}
}

// source is what is known of the only source; of none, nothing.
func (s *school) source() media.Info {
	for _, i := range s.registry.Sources(testRoom) {
		return i
	}
	return media.Info{}
}

// readOne plays a hub until something comes.
func readOne(t *testing.T, h *stream.Hub) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r := h.Read()
	defer r.Close()
	if _, err := r.Next(ctx); err != nil {
		t.Fatal(err)
	}
}
