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

func TestAViewerWithALossyNetworkGetsWhatItAsksForAndTheRestTwice(t *testing.T) {
	var udp net.Addr
	w := newWorld(t, func(c *webrtc.Config) { udp = c.UDP.LocalAddr() })
	r := newRelay(t, udp, .1, .1, 0)
	w.publish()
	w.until("published", published)
	_, good := w.play()
	_, frames := w.play(func(c *client.PlayConfig) { c.HTTP = &http.Client{Transport: r} })
	broken := func(n int) (broken int) {
		for i, f := range w.take(frames, n) {
			if f.Broken {
				broken++
			} else if f.Stamp.Time == 0 {
				t.Errorf("frame %d has no stamp", i)
			}
		}
		return broken
	}
	if n := broken(100); n > 50 || r.lost() == 0 {
		t.Errorf("%d frames of 100 are broken, %d packets lost", n, r.lost())
	}
	waitFor(t, "packets that were asked for", func() bool { return w.metric("sent_again_packets_total asked") > 0 })
	waitFor(t, "packets that go out twice", func() bool {
		w.take(good, 1)
		w.take(frames, 1)
		return w.metric("sent_again_packets_total loss") > 0
	})
	if n := broken(100); n > 10 {
		t.Errorf("%d frames of 100 are broken though packets go out twice", n)
	}
}

func (r *relay) lost() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dropped
}
