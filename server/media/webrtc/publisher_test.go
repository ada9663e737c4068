package webrtc

import (
	"testing"

	pion "github.com/pion/webrtc/v4"
)

func TestAPublisherHasOnePictureOfAQuality(t *testing.T) {
	p := newTestInbound(t, true).publisher
	p.feed.layers = nil
	main, sub := &pion.TrackRemote{}, &pion.TrackRemote{}
	first := newInbound(p, main, true, qualityMain)
	for _, c := range []struct {
		name  string
		track *inbound
		taken bool
	}{
		{"large picture", first, true},
		{"small picture", newInbound(p, sub, true, qualitySub), true},
		{"sound", newInbound(p, &pion.TrackRemote{}, false, qualityMain), true},
		{"another large picture", newInbound(p, &pion.TrackRemote{}, true, qualityMain), false},
		{"another sound", newInbound(p, &pion.TrackRemote{}, false, qualityMain), false},
		{"the large picture with another SSRC", newInbound(p, main, true, qualityMain), true},
	} {
		if p.enter(c.track) != c.taken {
			t.Errorf("%s: taken %t", c.name, !c.taken)
		}
		if newest := p.feed.layers[len(p.feed.layers)-1]; (newest == c.track.layer) != c.taken {
			t.Errorf("%s: can be played: %t", c.name, !c.taken)
		}
	}
	if !first.replaced.Load() || len(p.tracks) != 3 || len(p.feed.layers) != 3 {
		t.Errorf("replaced %t; %d tracks, %d layers, want 3", first.replaced.Load(), len(p.tracks), len(p.feed.layers))
	}
}
