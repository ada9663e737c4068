package webrtc_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pionrtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"chalkline/bench/client"
	"chalkline/protocol"
	"chalkline/sei"
	"chalkline/server/media"
	"chalkline/server/media/stream"
	"chalkline/server/media/webrtc"
)

// checkFrames wants whole frames of the film, each with a stamp near to when it was
// sent, or, before the first report, came: a machine that stands still sends some late,
// and loses some.
func checkFrames(t *testing.T, frames []client.Frame, film client.Film, sent *sentFrames, source uint32) {
	t.Helper()
	known := whole(t, film)
	matched, near, broken := 0, 0, 0
	for i, f := range frames {
		at, ok := sent.of(f.RTP)
		if ok {
			matched++
		}
		if max(f.Stamp.Time-at, at-f.Stamp.Time) <= nearby {
			near++
		}
		switch {
		case f.Broken:
			broken++
		case f.Stamp.Time == 0:
			t.Errorf("frame %d has no stamp", i)
		case !known[bare(t, f.Data)]:
			t.Errorf("frame %d is none of the film", i)
		case f.Stamp.Origin.Source != source:
			t.Errorf("frame %d is of source %d", i, f.Stamp.Origin.Source)
		case ok && (f.Stamp.Time < at-nearby || f.Stamp.Time > max(at, f.Arrival.UnixMicro())+nearby):
			t.Errorf("frame %d: stamped %d µs off", i, f.Stamp.Time-at)
		}
	}
	if matched == 0 || near < matched/2 || broken > len(frames)/10 {
		t.Errorf("of %d frames %d have the timestamp with which they were sent, %d the time; %d are broken", len(frames), matched, near, broken)
	}
}

// nearby is as far as a stamp may be from when its frame was sent, µs.
const nearby = 100_000

func TestMED8WhatIsPublishedIsPlayedWithAStampInEachFrame(t *testing.T) {
	w := newWorld(t)
	var sent sentFrames
	w.publish(func(c *client.PublishConfig) { c.OnFrame = sent.note })
	source := w.until("published", published)
	_, frames := w.play()
	got := w.take(frames, 90)
	if !got[0].Key {
		t.Error("the first frame is no key frame")
	}
	checkFrames(t, got, w.film(), &sent, source.Number)
	if i := w.until("timed", func(i media.Info) bool { return i.Timed }); !i.WebRTC || !i.Audio || i.Paused {
		t.Errorf("source is %+v", i)
	}
	if last := got[len(got)-1].Stamp.Origin.Flags; last != sei.Captured {
		t.Errorf("flags %v after a report", last)
	}
}

func TestMED8APlausibleStampOfThePublisherIsKept(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UnixMicro()
	var plausible sync.Map
	stampOf := func(frame int) sei.Stamp {
		if frame%3 == 2 {
			return sei.Stamp{Time: now - 60_000_000} // not plausible
		}
		at := time.Now().UnixMicro() - 1_000_000
		plausible.Store(at, true)
		return sei.Stamp{Time: at}
	}
	w.publish(func(c *client.PublishConfig) { c.Stamp = stampOf })
	w.until("published", published)
	_, frames := w.play()
	kept, made := 0, 0
	for _, f := range w.take(frames, 30) {
		_, is := plausible.Load(f.Stamp.Time)
		switch age := f.Arrival.UnixMicro() - f.Stamp.Time; {
		case is:
			kept++
		case age > -nearby && age < 10_000_000:
			made++
		default:
			t.Errorf("stamp is %d µs old", age)
		}
	}
	if kept < 18 || made < 8 {
		t.Errorf("%d of the publisher's, %d of ours", kept, made)
	}
}

func TestMED8TimesOfAPlayersPacketsAreTold(t *testing.T) {
	w := newWorld(t)
	var sent sentFrames
	var sound atomic.Uint32
	w.publish(func(c *client.PublishConfig) { c.OnFrame = sent.note })
	w.until("published with sound", func(i media.Info) bool { return i.Video && i.Audio })
	p, frames := w.play(func(c *client.PlayConfig) {
		c.OnSound = func(p *pionrtp.Packet) { sound.Store(p.Timestamp) }
	})
	w.take(frames, 30)
	audio, video, err := p.Times(t.Context())
	if err != nil || audio == nil || video == nil {
		t.Fatalf("audio %v, video %v, %v", audio, video, err)
	}
	if at, ok := sent.of(video.RTP); !ok || max(at-video.Time, video.Time-at) > 10*nearby {
		t.Errorf("video %+v, sent at %d", video, at)
	}
	if behind := int32(sound.Load() - audio.RTP); behind > 10*48_000 || behind < -10*48_000 {
		t.Errorf("sound %+v, heard %d", audio, sound.Load())
	}
	if age := time.Now().UnixMicro() - audio.Time; age < -nearby || age > 10_000_000 {
		t.Errorf("sound is %d µs old", age)
	}
}

func TestMED4APublisherTakesOverAndViewersStay(t *testing.T) {
	w := newWorld(t)
	first := w.publish()
	w.until("published", published)
	_, frames := w.play()
	before := w.take(frames, 20)
	w.until("published with sound", func(i media.Info) bool { return i.Video && i.Audio })
	source, _ := w.registry.Source(1, 1)
	var missed atomic.Bool // a player would be told that a track is new, and connect again
	defer source.Watch(func() {
		if i := source.Info(); !i.Video || !i.Audio {
			missed.Store(true)
		}
	})()
	w.publish()
	select {
	case <-first.Done():
	case <-time.After(wait):
		t.Fatal("the first publisher goes on")
	}
	checkContinues(t, before[len(before)-1], w.take(frames, 60))
	if missed.Load() {
		t.Error("picture or sound was away for a moment")
	}
	if all := w.registry.Sources(1); len(all) != 1 || all[0].Number != 1 {
		t.Errorf("sources %+v", all)
	}
}

// checkContinues wants frames that follow on from one, through a key frame of
// another publisher: the stream of a viewer is one.
func checkContinues(t *testing.T, last client.Frame, frames []client.Frame) {
	t.Helper()
	clock := last.Stamp.Origin.Clock
	changed := false
	broken, uneven := 0, 0 // a machine that stands still loses some, and before the first report times are arrivals
	for i, f := range frames {
		if f.Broken || f.Stamp.Time == 0 {
			broken++
			continue
		}
		passed := int32(f.RTP - last.RTP)
		if passed <= 0 {
			t.Errorf("frame %d is %d ticks after the one before", i, passed)
		}
		if off := int64(passed)*100/9 - (f.Stamp.Time - last.Stamp.Time); max(off, -off) > 150_000 {
			t.Logf("frame %d: timestamps and stamps differ by %d µs", i, off)
			uneven++
		}
		changed = changed || f.Stamp.Origin.Clock != clock
		last = f
	}
	if broken > len(frames)/10 || uneven > len(frames)/3 {
		t.Errorf("of %d frames %d are broken, %d uneven", len(frames), broken, uneven)
	}
	if !changed {
		t.Error("nothing came of the new publisher")
	}
}

func TestMED4WhatThePublisherThatTookOverDoesNotSendIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.publish()
	w.until("published with sound", func(i media.Info) bool { return i.Video && i.Audio })
	w.publish(func(c *client.PublishConfig) { c.Film.Sound = nil })
	w.until("published without sound", func(i media.Info) bool { return i.Video && !i.Audio })
}

func TestMED1AViewerStaysWhileThePublisherIsAway(t *testing.T) {
	w := newWorld(t)
	first := w.publish()
	w.until("published", published)
	p, frames := w.play()
	before := w.take(frames, 10)
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.until("away", func(i media.Info) bool { return !i.Video && !i.Audio })
	for len(frames) > 0 {
		before = append(before, <-frames)
	}
	w.publish()
	checkContinues(t, before[len(before)-1], w.take(frames, 30))
	select {
	case <-p.Done():
		t.Error("the viewer's connection is gone")
	default:
	}
}

func TestMED5NobodyPlaysThenNothingIsWanted(t *testing.T) {
	w := newWorld(t)
	var pause atomic.Bool
	w.publish(func(c *client.PublishConfig) { c.Pause = pause.Load })
	w.until("published", published)
	p, frames := w.play()
	w.take(frames, 5)
	if i := w.registry.Sources(1)[0]; !i.Wanted {
		t.Errorf("played and not wanted: %+v", i)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.until("not wanted", func(i media.Info) bool { return !i.Wanted })
	pause.Store(true)
	w.until("paused", func(i media.Info) bool { return i.Paused })
	_, frames = w.play()
	w.until("wanted again", func(i media.Info) bool { return i.Wanted })
	pause.Store(false)
	if f := w.take(frames, 1)[0]; !f.Key || f.Broken {
		t.Errorf("first frame: key %t, broken %t", f.Key, f.Broken)
	}
	w.until("not paused", func(i media.Info) bool { return !i.Paused })
}

func TestMED5TheHubGetsWholeUnitsWhileItIsWanted(t *testing.T) {
	w := newWorld(t)
	pub := w.publish()
	w.until("published with sound", func(i media.Info) bool { return i.Video && i.Audio })
	s, _ := w.registry.Source(1, 1)
	r := s.Hub.Read()
	defer r.Close()
	known := whole(t, w.film())
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	last := map[stream.Codec]stream.Unit{}
	off, jumps := 0, 0 // before the first report times are arrivals
	for pictures, sounds := 0, 0; pictures < 45 || sounds < 45; {
		u, err := r.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		before, has := last[u.Codec]
		if has && u.PTS <= before.PTS {
			t.Errorf("PTS %d after %d", u.PTS, before.PTS)
		}
		if has && u.Discontinuity {
			jumps++
		}
		if d := u.Time*9/100 - u.PTS; max(d, -d) > 9000 {
			off++
		}
		if u.Codec.Video() {
			pictures++
			stamp, ok := sei.Read(sei.AnnexB, u.Data)
			if !ok || stamp.Time != u.Time || !known[bare(t, u.Data)] || !has && !u.Key {
				t.Errorf("unit with stamp %+v, time %d, key %t", stamp, u.Time, u.Key)
			}
		} else {
			sounds++
		}
		last[u.Codec] = u
	}
	if off > 30 || jumps > 2 {
		t.Errorf("of 90 units and more %d are 100 ms off their time, %d jump", off, jumps)
	}
	if pub.KeyFramesAsked() == 0 {
		t.Error("no key frame was asked for when the Hub became wanted")
	}
}

func TestMED6WhatIsHiddenOrMutedIsNotPassedOn(t *testing.T) {
	w := newWorld(t)
	var heard atomic.Uint64
	w.publish()
	w.until("published with sound", func(i media.Info) bool { return i.Video && i.Audio })
	_, frames := w.play(func(c *client.PlayConfig) {
		c.OnSound = func(*pionrtp.Packet) { heard.Add(1) }
	})
	before := w.take(frames, 20)
	s, _ := w.registry.Source(1, 1)
	on, off := true, false
	if err := s.SwitchBy(teacher, nil, &on); err != nil {
		t.Fatal(err)
	}
	quiet := heard.Load()
	waitFor(t, "sound while hidden", func() bool { return heard.Load() > quiet+30 })
	for len(frames) > 0 {
		before = append(before, <-frames)
	}
	quiet = heard.Load()
	waitFor(t, "sound while hidden", func() bool { return heard.Load() > quiet+20 })
	if n := len(frames); n > 0 {
		t.Errorf("%d frames while hidden", n)
	}
	if err := s.SwitchBy(teacher, &on, &off); err != nil {
		t.Fatal(err)
	}
	after := w.take(frames, 20)
	quiet = heard.Load()
	after = append(after, w.take(frames, 20)...)
	if got := heard.Load() - quiet; got > 0 {
		t.Errorf("%d packets of sound while muted", got)
	}
	if f := after[0]; !f.Key || f.Broken || int32(f.RTP-before[len(before)-1].RTP) <= 0 {
		t.Errorf("goes on with key %t, broken %t", f.Key, f.Broken)
	}
}

// waitFor waits for a condition that nobody tells about.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(wait); !is(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no %s", what)
		}
	}
}

func TestTCPAloneIsEnough(t *testing.T) {
	w := newWorld(t, func(c *webrtc.Config) {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c.TCP = l
	})
	var sent sentFrames
	w.publish(func(c *client.PublishConfig) { c.Settings, c.OnFrame = tcpOnly, sent.note })
	w.until("published", published)
	_, frames := w.play(func(c *client.PlayConfig) { c.Settings = tcpOnly })
	checkFrames(t, w.take(frames, 30), w.film(), &sent, 1)
}

// telling says when it has accepted a connection.
type telling struct {
	net.Listener
	accepted chan struct{}
}

func (l telling) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.accepted <- struct{}{}
	}
	return c, err
}

func TestCloseDoesNotWaitForTCPConnectionsThatSayNothing(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	from := telling{l, make(chan struct{}, 2)}
	w := newWorld(t, func(c *webrtc.Config) { c.TCP = from })
	// The second is accepted once the first is looked after.
	for range 2 {
		c, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		<-from.accepted
	}
	start := time.Now()
	if err := w.server.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 10*time.Second { // pion gives one up after 30
		t.Errorf("took %v", took)
	}
}

func TestMED3WhoMayAndWithWhat(t *testing.T) {
	w := newWorld(t)
	film := w.film()
	publish := func(path, token string) error {
		_, err := client.Publish(t.Context(), client.PublishConfig{RTC: w.rtc(path, token), Film: film})
		return err
	}
	for _, c := range []struct {
		name string
		err  error
		code protocol.Code
	}{
		{"wrong token", publish("whip", "nobody"), protocol.TokenInvalid},
		{"observer", publish("whip", "observer:eve"), protocol.NotPermitted},
		{"unknown kind", publish("whip?kind=stream", "teacher:ann"), protocol.BadMessage},
		{"unknown source", playError(w, "sources/7/whep"), protocol.NoSuchSource},
		{"no number", playError(w, "sources/x/whep"), protocol.NoSuchSource},
	} {
		if want := protocol.NewError(c.code); !errors.Is(c.err, want) {
			t.Errorf("%s: %v, want %v", c.name, c.err, want)
		}
	}
	if n := len(w.registry.Sources(1)); n != 0 {
		t.Errorf("%d sources", n)
	}
}

func playError(w *world, path string) error {
	_, err := client.Play(w.t.Context(), client.PlayConfig{RTC: w.rtc(path, "student:bob")})
	return err
}

func TestLimitsOfSessionsAreKept(t *testing.T) {
	w := newWorld(t, func(c *webrtc.Config) { c.Limits.RoomViewers = 1 })
	w.publish()
	w.until("published", published)
	w.play()
	if err := playError(w, "sources/1/whep"); !errors.Is(err, protocol.NewError(protocol.Full)) {
		t.Errorf("second viewer: %v", err)
	}
}

func TestSessionsThatNeverConnectGiveWay(t *testing.T) {
	w := newWorld(t, func(c *webrtc.Config) { c.Limits = webrtc.Limits{RoomPublishers: 1, Viewers: 2} })
	for _, who := range []string{"eve", "mallory"} {
		_, offer := w.peer()
		if got := w.request("POST", whip, "student:"+who, contentSDP, offer); got.status != http.StatusCreated {
			t.Fatalf("offer of %s: %d %s", who, got.status, got.body)
		}
	}
	w.publish()
	source := w.until("published", published)
	path := fmt.Sprintf("sources/%d/whep", source.Number)
	plays := func() {
		t.Helper()
		_, frames := w.play(func(c *client.PlayConfig) { c.RTC = w.rtc(path, "student:bob") })
		w.take(frames, 1)
	}
	offers := func() reply {
		pc := connection(t)
		if _, err := pc.AddTransceiverFromKind(pion.RTPCodecTypeVideo, pion.RTPTransceiverInit{Direction: pion.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
		return w.request("POST", "/api/rooms/CODE/"+path, "student:eve", contentSDP, w.offer(pc, nil))
	}
	plays()
	for range 3 {
		if got := offers(); got.status != http.StatusCreated {
			t.Errorf("offer to play: %d %s", got.status, got.body)
		}
	}
	plays()
	if got := offers(); got.status != http.StatusServiceUnavailable {
		t.Errorf("beside those that are connected: %d %s", got.status, got.body)
	}
}
