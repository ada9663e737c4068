package webrtc_test

import (
	"errors"
	"net/http"
	"os"
	"runtime"
	"testing"

	"chalkline/server/media"
)

// open returns how many goroutines this process has, and how many files and sockets,
// without connections of HTTP that are kept for the next request.
func (w *world) open() (goroutines, descriptors int) {
	w.t.Helper()
	http.DefaultClient.CloseIdleConnections()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		w.t.Fatal(err)
	}
	return runtime.NumGoroutine(), len(all)
}

// emptied waits until the server holds nothing, and this process no more than then.
func (w *world) emptied(goroutines, descriptors int) {
	w.t.Helper()
	waitFor(w.t, "end of sessions and feeds", func() bool {
		sessions, feeds := w.server.Held()
		return sessions == 0 && feeds == 0
	})
	waitFor(w.t, "end of goroutines and sockets", func() bool {
		g, d := w.open()
		return g <= goroutines && d <= descriptors
	})
	for _, name := range []string{"publishers", "viewers"} {
		if n := w.metric(name); n != 0 {
			w.t.Errorf("%v %s are counted", n, name)
		}
	}
	for _, i := range w.registry.Sources(1) {
		if i.Video || i.Audio || i.Wanted {
			w.t.Errorf("source %+v", i)
		}
	}
}

func TestFiftyPublishersLeaveNothingBehind(t *testing.T) {
	w := newWorld(t)
	cycle := func() {
		p := w.publish()
		w.until("published", published)
		v, frames := w.play()
		w.take(frames, 1)
		if err := errors.Join(v.Close(t.Context()), p.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		w.until("away", func(i media.Info) bool { return !i.Video })
	}
	cycle()
	waitFor(t, "end of sessions", func() bool {
		sessions, _ := w.server.Held()
		return sessions == 0
	})
	goroutines, descriptors := w.open()
	for range 50 {
		cycle()
	}
	w.emptied(goroutines, descriptors)
	if all := w.registry.Sources(1); len(all) != 1 {
		t.Errorf("sources %+v", all)
	}
}
