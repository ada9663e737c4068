package webrtc_test

import (
	"context"
	"math"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pionrtp "github.com/pion/rtp"

	"chalkline/bench/client"
	"chalkline/sei"
	"chalkline/server/media"
	"chalkline/server/media/webrtc"
)

// smallFilm is a film that is smaller than the other, of the same rate.
func smallFilm(t *testing.T) client.Film {
	t.Helper()
	video, err := exec.CommandContext(t.Context(), "ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=30", "-t", "2",
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-profile:v", "baseline", "-tune", "zerolatency", "-b:v", "40k", "-g", "30", "-f", "h264", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	f, err := client.ReadFilm(video, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// evenness is by how much the timestamps of a viewer may differ from stamps, µs.
const evenness = 2000

// qualities tells the frames of two films apart.
type qualities struct {
	t         *testing.T
	main, sub map[string]bool
	first     client.Frame // with a stamp
	last      client.Frame
	of        string // the quality of the last that was whole
	lead      int64  // by which its timestamp is ahead of its stamp, µs
	switches  int
}

// publishTwo publishes in two qualities. The publisher stamps, so that what frames
// say is exact however late a busy machine sends them.
func (w *world) publishTwo(changes ...func(*client.PublishConfig)) *qualities {
	w.t.Helper()
	small, begun := smallFilm(w.t), time.Now().UnixMicro()
	w.publish(func(c *client.PublishConfig) {
		c.Sub = small
		c.Stamp = func(frame int) sei.Stamp { return sei.Stamp{Time: begun + int64(frame)*1_000_000/30} }
		for _, change := range changes {
			change(c)
		}
	})
	w.until("published", published)
	return &qualities{t: w.t, main: whole(w.t, w.film()), sub: whole(w.t, small)}
}

// take takes the next frame, which must follow on from the one before: another
// quality begins with a key frame, and timestamps go on as stamps do. They do not go
// back where a quality that was behind takes over, and are ahead until the next does.
func (q *qualities) take(f client.Frame) {
	q.t.Helper()
	before, of, lead := q.last, q.of, q.lead
	q.last = f
	if passed := int32(f.RTP - before.RTP); before.RTP != 0 && passed <= 0 {
		q.t.Errorf("a frame is %d ticks after the one before", passed)
	}
	if f.Broken || f.Stamp.Time == 0 {
		return
	}
	switch data := bare(q.t, f.Data); {
	case q.main[data]:
		q.of = "main"
	case q.sub[data]:
		q.of = "sub"
	default:
		q.t.Errorf("a frame is of neither film")
	}
	if of == "" {
		q.first = f
		return
	}
	q.lead = int64(int32(f.RTP-q.first.RTP))*100/9 - (f.Stamp.Time - q.first.Stamp.Time)
	most := lead
	if of != q.of {
		q.switches++
		if !f.Key && !before.Broken {
			q.t.Errorf("%s goes over to %s without a key frame", of, q.of)
		}
		most = max(0, lead-(f.Stamp.Time-before.Stamp.Time))
	}
	if !before.Broken && (q.lead < -evenness || q.lead > most+evenness) {
		q.t.Errorf("%s to %s: timestamps are ahead of stamps by %d µs, want %d at most", of, q.of, q.lead, most)
	}
}

// until takes frames until n in a row are whole and of one quality.
func (q *qualities) until(w *world, frames <-chan client.Frame, quality string, n int) {
	q.t.Helper()
	deadline := time.After(4 * wait) // a trial of the large quality is made after 8 s of a good network, and of a machine that keeps up
	for row := 0; row < n; {
		select {
		case f := <-frames:
			q.take(f)
			if row++; f.Broken || q.of != quality {
				row = 0
			}
		case <-deadline:
			q.t.Fatalf("no %d frames of %s in a row", n, quality)
		}
	}
}

// gapless counts packets that are missing: what a busy machine loses comes again.
type gapless struct {
	mu      sync.Mutex
	begun   bool
	next    uint16
	missing int
}

func (g *gapless) push(p *pionrtp.Packet) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ahead := int16(p.SequenceNumber - g.next)
	switch {
	case g.begun && ahead < 0:
		g.missing--
		return
	case g.begun:
		g.missing += int(ahead)
	}
	g.begun, g.next = true, p.SequenceNumber+1
}

func TestAViewerThatChoosesGetsTheOtherQualityAtAKeyFrameWithoutAGap(t *testing.T) {
	w := newWorld(t)
	q := w.publishTwo()
	gaps := &gapless{}
	p, frames := w.play(func(c *client.PlayConfig) { c.OnPacket = gaps.push })
	q.until(w, frames, "main", 30)
	for _, quality := range []string{"sub", "main", "sub", "main"} {
		if err := p.Choose(t.Context(), quality); err != nil {
			t.Fatal(err)
		}
		q.until(w, frames, quality, 20)
	}
	if q.switches < 5 || q.switches%2 == 0 { // more where the large one is silent for a while
		t.Errorf("%d switches, want 5: it begins with the small one", q.switches)
	}
	gaps.mu.Lock()
	defer gaps.mu.Unlock()
	if gaps.missing > 3 { // each switch would make one
		t.Errorf("%d packets are missing", gaps.missing)
	}
}

func TestAViewerWithABadNetworkGetsTheSmallQualityAndTheLargeOneWhenItIsGoodAgain(t *testing.T) {
	for name, bad := range map[string]struct {
		loss float64
		rate int
	}{
		"lossy": {.3, 0},
		"slow":  {0, 18_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var udp net.Addr
			w := newWorld(t, func(c *webrtc.Config) { udp = c.UDP.LocalAddr() })
			r := newRelay(t, udp, 0, 0, 0)
			q := w.publishTwo()
			_, frames := w.play(func(c *client.PlayConfig) { c.HTTP = &http.Client{Transport: r} })
			q.until(w, frames, "main", 30)
			r.become(bad.loss, bad.rate)
			q.until(w, frames, "sub", 3)
			r.become(0, 0)
			q.until(w, frames, "sub", 30)
			q.until(w, frames, "main", 30)
			if q.switches < 3 || q.switches%2 == 0 {
				t.Errorf("%d switches, want up, down and up", q.switches)
			}
			if i := w.registry.Sources(1)[0]; !i.Video || !i.Wanted || i.Paused {
				t.Errorf("source %+v", i)
			}
		})
	}
}

func TestLiveStreamsAreOfTheLargeQualityWhileItComes(t *testing.T) {
	w := newWorld(t)
	var stopped atomic.Bool
	q := w.publishTwo(func(c *client.PublishConfig) { c.PauseMain = stopped.Load })
	source, _ := w.registry.Source(1, 1)
	r := source.Hub.Read()
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 4*wait)
	defer cancel()
	last, before := int64(math.MinInt64), "" // PTS and quality
	for i, want := range []string{"main", "sub", "main"} {
		stopped.Store(want == "sub")
		for row := 0; row < 20; {
			u, err := r.Next(ctx)
			if err != nil {
				t.Fatalf("%s, for the %d. time: %v", want, i, err)
			}
			if !u.Codec.Video() {
				continue
			}
			// A quality that is over half a second behind, on a machine that stood still, begins another timeline.
			if u.PTS <= last && (last-u.PTS < 45_000 || !u.Discontinuity) {
				t.Errorf("PTS %d after %d", u.PTS, last)
			}
			last = u.PTS
			of := map[bool]string{true: "main", false: "sub"}[q.main[bare(t, u.Data)]]
			if of != before && (!u.Key || !u.Discontinuity) {
				t.Errorf("%q goes over to %s: key %t, discontinuity %t", before, of, u.Key, u.Discontinuity)
			}
			if before = of; of == want {
				row++
			} else {
				row = 0
			}
		}
	}
}

func TestOnlyOneSourceIsKnownOfAPublisherWithTwoQualities(t *testing.T) {
	w := newWorld(t)
	q := w.publishTwo()
	_, frames := w.play(func(c *client.PlayConfig) { c.URL += "?quality=sub" })
	q.until(w, frames, "sub", 20)
	if all := w.registry.Sources(1); len(all) != 1 || all[0].Kind != media.Camera {
		t.Errorf("sources %+v", all)
	}
}
