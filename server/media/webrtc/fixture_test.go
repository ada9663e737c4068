package webrtc_test

import (
	"bytes"
	"context"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	pion "github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus"

	"chalkline/bench/client"
	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/sei"
	"chalkline/server/classroom"
	"chalkline/server/media"
	"chalkline/server/media/webrtc"
)

// world is a server with rooms that let everybody in whose token says their
// role and name.
type world struct {
	t        *testing.T
	registry *media.Registry
	server   *webrtc.Server
	url      string
	metrics  *prometheus.Registry

	mu      sync.Mutex
	changed chan struct{} // closed at each change of what is published
	sources []media.Info
}

// wait is how long anything is waited for.
const wait = time.Minute

func newWorld(t *testing.T, configure ...func(*webrtc.Config)) *world {
	t.Helper()
	w := &world{t: t, metrics: prometheus.NewRegistry(), changed: make(chan struct{})}
	w.registry = media.NewRegistry(media.Config{Rooms: w})
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	c := webrtc.Config{Registry: w.registry, Rooms: w, UDP: udp, Registerer: w.metrics}
	for _, f := range configure {
		f(&c)
	}
	if w.server, err = webrtc.New(c); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	w.server.Register(mux)
	w.registry.Register(mux)
	h := httptest.NewServer(mux)
	w.url = h.URL
	t.Cleanup(func() {
		h.Close()
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		defer cancel()
		if err := w.server.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) Enter(r *http.Request) (media.Visitor, error) {
	role, name, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ":")
	if !ok {
		return media.Visitor{}, protocol.NewError(protocol.TokenInvalid)
	}
	if r.PathValue("code") != "CODE" {
		return media.Visitor{}, protocol.NewError(protocol.NoSuchRoom)
	}
	return media.Visitor{Participant: classroom.Participant{ID: name, Role: classroom.Role(role)}, Room: 1}, nil
}

func (w *world) Clock(context.Context, replay.Room) (media.Clock, error) { return wallClock{}, nil }

func (w *world) Sources(_ replay.Room, sources []media.Info) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sources = sources
	close(w.changed)
	w.changed = make(chan struct{})
}

// until waits for what is published to be as it should.
func (w *world) until(what string, is func(media.Info) bool) media.Info {
	w.t.Helper()
	deadline := time.After(wait)
	for {
		w.mu.Lock()
		changed, sources := w.changed, w.sources
		w.mu.Unlock()
		for _, s := range sources {
			if is(s) {
				return s
			}
		}
		select {
		case <-changed:
		case <-deadline:
			w.t.Fatalf("no source that is %s: %+v", what, sources)
		}
	}
}

func published(i media.Info) bool { return i.Video }

// wallClock is the clock of a room on this machine.
type wallClock struct{}

func (wallClock) Now() int64 { return time.Now().UnixMicro() }

func (w *world) rtc(path, token string) client.RTC {
	return client.RTC{URL: w.url + "/api/rooms/CODE/" + path, Token: token}
}

func (w *world) film() client.Film {
	w.t.Helper()
	video, err := os.ReadFile("testdata/film.h264")
	if err != nil {
		w.t.Fatal(err)
	}
	sound, err := os.ReadFile("testdata/film.ogg")
	if err != nil {
		w.t.Fatal(err)
	}
	f, err := client.ReadFilm(video, bytes.NewReader(sound))
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// publish publishes the film as a teacher's camera.
func (w *world) publish(configure ...func(*client.PublishConfig)) *client.Publication {
	w.t.Helper()
	c := client.PublishConfig{RTC: w.rtc("whip?kind=camera", "teacher:ann"), Film: w.film()}
	for _, f := range configure {
		f(&c)
	}
	p, err := client.Publish(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = p.Break() })
	return p
}

// play plays source 1 as a student; the frames come on the channel.
func (w *world) play(configure ...func(*client.PlayConfig)) (*client.Player, <-chan client.Frame) {
	w.t.Helper()
	frames := make(chan client.Frame, 4096)
	c := client.PlayConfig{RTC: w.rtc("sources/1/whep", "student:bob"), OnFrame: func(f client.Frame) {
		select {
		case frames <- f:
		default:
		}
	}}
	for _, f := range configure {
		f(&c)
	}
	p, err := client.Play(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = p.Close(context.Background()) })
	return p, frames
}

// take returns the next n frames.
func (w *world) take(frames <-chan client.Frame, n int) []client.Frame {
	w.t.Helper()
	var all []client.Frame
	deadline := time.After(wait)
	for len(all) < n {
		select {
		case f := <-frames:
			all = append(all, f)
		case <-deadline:
			w.t.Fatalf("%d frames of %d", len(all), n)
		}
	}
	return all
}

// sentFrames knows when each frame was meant to be sent: a machine with much to do
// sends them later, but their timestamps are of then.
type sentFrames struct {
	mu    sync.Mutex
	start int64          // of the film, µs: by the frame that was least late
	frame map[uint32]int // by RTP timestamp
}

const framePeriod = 1_000_000 / 30 // µs

func (s *sentFrames) note(frame int, rtp uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame == nil {
		s.frame = map[uint32]int{}
		s.start = math.MaxInt64
	}
	s.frame[rtp] = frame
	s.start = min(s.start, time.Now().UnixMicro()-int64(frame)*framePeriod)
}

func (s *sentFrames) of(rtp uint32) (at int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	frame, ok := s.frame[rtp]
	return s.start + int64(frame)*framePeriod, ok
}

// bare returns the NAL units of an access unit without stamps.
func bare(t *testing.T, unit []byte) string {
	t.Helper()
	unit, err := sei.Remove(sei.AnnexB, nil, unit)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for u, err := range sei.AnnexB.Units(unit) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(append(out, 0, 0, 0, 1), u.NAL...)
	}
	return string(out)
}

// whole returns the film's access units as bare has them.
func whole(t *testing.T, film client.Film) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for _, u := range film.Units {
		known[bare(t, u)] = true
	}
	return known
}

// teacher is somebody who may set everybody's switches.
var teacher = classroom.Participant{ID: "tom", Role: classroom.Teacher}

// tcpOnly lets a client use TCP and nothing else.
func tcpOnly(s *pion.SettingEngine) {
	s.SetNetworkTypes([]pion.NetworkType{pion.NetworkTypeTCP4})
}
