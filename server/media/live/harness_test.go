package live

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asticode/go-astits"
	"github.com/prometheus/client_golang/prometheus"

	"chalkline/bench/client"
	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/sei"
	"chalkline/server/classroom"
	"chalkline/server/media"
	"chalkline/server/media/live/adts"
	"chalkline/server/media/stream"
)

// rooms lets in whoever says "Bearer ann".
type rooms struct{}

const room replay.Room = 77

func ann() media.Visitor {
	return media.Visitor{Participant: classroom.Participant{ID: "ann", Role: classroom.Teacher}, Room: room}
}

func (rooms) Enter(r *http.Request) (media.Visitor, error) {
	if r.Header.Get("Authorization") != "Bearer ann" {
		return media.Visitor{}, protocol.NewError(protocol.TokenInvalid)
	}
	return ann(), nil
}

func (rooms) Clock(context.Context, replay.Room) (media.Clock, error) {
	return nil, errors.New("not asked for")
}
func (rooms) Sources(replay.Room, []media.Info) {}

var secret = bytes.Repeat([]byte{7}, SecretSize)

// newServer returns a server and the source that it puts out.
func newServer(t *testing.T, c Config) (*Server, *media.Publication) {
	t.Helper()
	c.Registry = media.NewRegistry(media.Config{Rooms: rooms{}})
	s := startServer(t, c)
	p, err := c.Registry.Publish(ann(), media.Stream)
	if err != nil {
		t.Fatal(err)
	}
	p.Tracks(true, true, false, true)
	return s, p
}

// startServer returns a server of the sources of a registry.
func startServer(t *testing.T, c Config) *Server {
	t.Helper()
	c.Secret = secret
	c.Registerer = prometheus.NewRegistry()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if s.held.Load() != 0 {
			t.Errorf("%d bytes are held in the end", s.held.Load())
		}
	})
	return s
}

// serve puts a server on the network and finds its source there.
func serve(t *testing.T, s *Server) client.LiveURLs {
	t.Helper()
	mux := http.NewServeMux()
	s.Register(mux)
	h := httptest.NewServer(mux)
	t.Cleanup(h.Close)
	u, err := client.FindLive(t.Context(), nil, h.URL, "any", 1, "ann")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// run runs ffmpeg or ffprobe and returns what it writes and logs.
func run(t *testing.T, in []byte, program string, args ...string) (out []byte, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, append([]string{"-hide_banner"}, args...)...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr, c.Stdin = &stdout, &stderr, bytes.NewReader(in)
	if err := c.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.Bytes(), stderr.String()
}

// zerolatency and reordered are encodings: 30 pictures and a key frame a second.
var (
	zerolatency = []string{"-tune", "zerolatency", "-g", "30"}
	reordered   = []string{"-bf", "2", "-g", "30"}
)

// clip is some seconds of picture and sound from ffmpeg as units, from PTS 0 on, in
// the order in which they come.
func clip(t *testing.T, seconds string, more ...string) []stream.Unit {
	t.Helper()
	args := []string{
		"-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=30", "-f", "lavfi", "-i", "sine=r=48000",
		"-t", seconds, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac", "-ac", "2", "-muxdelay", "0",
	}
	out, _ := run(t, nil, "ffmpeg", append(append(args, more...), "-f", "mpegts", "pipe:1")...)
	units := demux(t, out)
	first := units[0].DTS
	for i := range units {
		units[i].PTS -= first
		units[i].DTS -= first
	}
	return units
}

// demux takes a transport stream apart.
func demux(t *testing.T, b []byte) (units []stream.Unit) {
	t.Helper()
	d := astits.NewDemuxer(t.Context(), bytes.NewReader(b))
	for {
		x, err := d.NextData()
		if errors.Is(err, astits.ErrNoMorePackets) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if x.PES == nil {
			continue
		}
		h := x.PES.Header.OptionalHeader
		u := stream.Unit{Codec: stream.H264, PTS: h.PTS.Base, DTS: h.PTS.Base, Data: x.PES.Data}
		if h.DTS != nil {
			u.DTS = h.DTS.Base
		}
		if x.PID == 0x100 {
			for n, err := range sei.AnnexB.Units(u.Data) {
				if err != nil {
					t.Fatal(err)
				}
				u.Key = u.Key || sei.TypeOf(n.NAL) == sei.TypeIDR
			}
			units = append(units, u)
			continue
		}
		for rest := u.Data; ; {
			c, raw, left := adts.Cut(rest)
			if raw == nil {
				break
			}
			rest = left
			units = append(units, stream.Unit{Codec: stream.AAC, PTS: u.PTS, DTS: u.PTS, Key: true, Config: c.Specific(), Data: raw})
			u.PTS += 1920
		}
	}
	slices.SortStableFunc(units, func(a, b stream.Unit) int { return int(a.DTS - b.DTS) })
	return units
}

// began is room time at PTS 0 of a clip.
const began = 1_795_233_600_000_000

// timed gives units the times of capture, and every second picture a stamp of its
// publisher's.
func timed(t *testing.T, units []stream.Unit, from int64) []stream.Unit {
	t.Helper()
	units = slices.Clone(units)
	for i := range units {
		u := &units[i]
		u.Time = from + u.PTS*100/9
		if !u.Codec.Video() || i%2 == 0 {
			continue
		}
		var err error
		if u.Data, err = sei.Insert(sei.AnnexB, nil, u.Data, sei.Stamp{Time: u.Time, Origin: sei.Origin{Source: 9}}); err != nil {
			t.Fatal(err)
		}
	}
	return units
}

// shifted moves units on their timeline.
func shifted(units []stream.Unit, by int64) []stream.Unit {
	units = slices.Clone(units)
	for i := range units {
		units[i].PTS += by
		units[i].DTS += by
	}
	return units
}

// publish publishes units as fast as an output takes them.
func publish(t *testing.T, hub *stream.Hub, units []stream.Unit) {
	t.Helper()
	ticker := time.NewTicker(500 * time.Microsecond)
	defer ticker.Stop()
	for _, u := range units {
		<-ticker.C
		hub.Publish(u)
	}
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.After(20 * time.Second); !holds(); {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

// output returns the output of the source once there is one that reads it.
func (s *Server) outputOf(t *testing.T, p *media.Publication) *output {
	t.Helper()
	_, release, err := s.use(p.Source)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	eventually(t, "the source is wanted", p.Source.Hub.Wanted)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outputs[p.Source]
}
