package webrtc

import (
	"testing"
	"time"

	pion "github.com/pion/webrtc/v4"

	"chalkline/server/classroom"
	"chalkline/server/media"
)

func TestMED10WhatTakesOverAndSendsNothingHasNothingAndIsPaused(t *testing.T) {
	p := newTestInbound(t, true).publisher
	p.feed.layers = nil
	source := p.publication.Source
	p.publication.Tracks(true, true, true, false)
	p.before, p.offered.video, p.offered.audio = source.Info(), true, true
	var err error
	if p.publication, err = p.server.cfg.Registry.Publish(media.Visitor{Participant: classroom.Participant{ID: "ann"}, Room: 1}, media.Camera); err != nil {
		t.Fatal(err)
	}
	paused := p.look(noon.Add(time.Hour), false) // it is not connected yet
	if i := source.Info(); paused || !i.Video || !i.Audio {
		t.Errorf("before it is connected: %+v", i)
	}
	p.await(noon)
	paused = p.look(noon.Add(settledAfter-1), paused)
	if i := source.Info(); paused || !i.Video || !i.Audio {
		t.Errorf("when it was connected: %+v", i)
	}
	paused = p.look(noon.Add(pausedAfter), paused)
	if i := source.Info(); !paused || i.Video || i.Audio || !i.Paused {
		t.Errorf("when nothing came: %+v", i)
	}
	p.enter(newInbound(p, &pion.TrackRemote{}, true, qualityMain))
	if i := source.Info(); !i.Video {
		t.Errorf("when it comes after all: %+v", i)
	}
}

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
