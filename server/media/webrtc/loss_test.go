package webrtc_test

import (
	"net"
	"net/http"
	"testing"
	"time"

	"chalkline/bench/client"
	"chalkline/server/media/webrtc"
)

func TestMED8WithPacketsOfThePublisherLostEveryFrameHasItsStamp(t *testing.T) {
	var udp net.Addr
	w := newWorld(t, func(c *webrtc.Config) { udp = c.UDP.LocalAddr() })
	r := newRelay(t, udp, .1, .1, 15*time.Millisecond)
	var sent sentFrames
	w.publish(func(c *client.PublishConfig) {
		c.HTTP, c.OnFrame = &http.Client{Transport: r}, sent.note
	})
	w.until("published", published)
	_, frames := w.play()
	got := w.take(frames, 150)
	known, broken := whole(t, w.film()), 0
	for i, f := range got {
		switch {
		case f.Broken:
			broken++
		case f.Stamp.Time == 0:
			t.Errorf("frame %d has no stamp", i)
		case !known[bare(t, f.Data)]:
			t.Errorf("frame %d is none of the film", i)
		}
	}
	if broken > len(got)/20 {
		t.Errorf("%d frames of %d are broken: what was lost was not asked for", broken, len(got))
	}
	if r.lost() < 30 {
		t.Errorf("only %d packets were lost", r.lost())
	}
}

func TestAViewerWithALossyNetworkGetsWhatItAsksFor(t *testing.T) {
	var udp net.Addr
	w := newWorld(t, func(c *webrtc.Config) { udp = c.UDP.LocalAddr() })
	r := newRelay(t, udp, .05, .05, 0)
	w.publish()
	w.until("published", published)
	_, frames := w.play(func(c *client.PlayConfig) { c.HTTP = &http.Client{Transport: r} })
	broken := 0
	for i, f := range w.take(frames, 100) {
		if f.Broken {
			broken++
		} else if f.Stamp.Time == 0 {
			t.Errorf("frame %d has no stamp", i)
		}
	}
	if broken > 50 || r.lost() == 0 {
		t.Errorf("%d frames of 100 are broken, %d packets lost", broken, r.lost())
	}
}

func (r *relay) lost() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dropped
}
