package webrtc

import (
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	pion "github.com/pion/webrtc/v4"

	"chalkline/server/media"
)

// Times of a publisher.
const (
	publisherTick   = 100 * time.Millisecond
	keyFrameEvery   = 500 * time.Millisecond // at most, of one layer
	pausedAfter     = 3 * time.Second        // without any packet
	rttEvery        = time.Second
	announcedWanted = 6 * time.Second // a new publisher sends at first, so that it is known what it has
	settledAfter    = 2 * time.Second // from the first track on, or the connection: what has not come by then is not there
)

// publisher is one WHIP session.
type publisher struct {
	*session
	publication *media.Publication
	offered     offered
	before      media.Info // what the source had of the publisher before
	clock       media.Clock
	feed        *feed
	started     chan struct{} // closed when all of the above is set
	wake        chan struct{} // a key frame is asked for

	mu           sync.Mutex
	tracks       []*inbound
	video, audio bool      // what has come
	since        time.Time // when the first of it came, till then when it was connected; zero: it is not
	settled      bool
	ntp          ntpClock
	rtt          time.Duration
	captures     bool // its units have times of capture
}

// start begins to forward.
func (p *publisher) start() {
	source := p.publication.Source
	p.feed = p.server.hold(source)
	p.server.metrics.publishers.Inc()
	p.log.Info("publishing", "source", source.Number, "kind", source.Kind)
	p.spawn(p.run)
	p.spawn(func() {
		select {
		case <-p.publication.Done():
			p.end("another publisher took over")
		case <-p.done:
		}
	})
	close(p.started)
	go p.supervise(p.announce, p.gone)
}

// announce makes the source wanted for a while: before anything came, nobody knows
// that there is something to want.
func (p *publisher) announce() {
	p.await(time.Now())
	p.spawn(func() {
		remove := p.publication.Source.AddViewer()
		defer remove()
		timer := time.NewTimer(announcedWanted)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.done:
		}
	})
}

// await begins to wait for what comes over the connection.
func (p *publisher) await(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		p.since = now
	}
}

// gone is when all of it has ended.
func (p *publisher) gone() {
	p.mu.Lock()
	var layers []*layer
	for _, t := range p.tracks {
		layers = append(layers, t.layer)
	}
	p.mu.Unlock()
	p.feed.remove(layers)
	p.publication.Close()
	p.server.release(p.feed)
	p.server.metrics.publishers.Dec()
}

// track is called by pion when the first packet of a track has come.
func (p *publisher) track(remote *pion.TrackRemote, from *pion.RTPReceiver) {
	select {
	case <-p.started:
	case <-p.done:
		return
	}
	q, ok := p.offered.qualityOf(remote.RID())
	if !ok || remote.Codec().MimeType == pion.MimeTypeRTX { // what is sent again comes as a track where the offer has no SSRCs
		return
	}
	video := remote.Kind() == pion.RTPCodecTypeVideo
	t := newInbound(p, remote, video, q)
	if !video {
		t.capture = extensionOf(from.GetParameters().HeaderExtensions, captureURI)
	}
	if !p.enter(t) {
		p.end("too many tracks")
		return
	}
	p.log.Info("media come", "video", video, "quality", q, "codec", remote.Codec().SDPFmtpLine)
	p.spawn(t.run)
	p.spawn(func() { t.listen(from) })
}

// enter makes a track known; false: there is another for its sound or picture. An
// encoding whose SSRC changes comes again as the same track, and replaces itself: pion
// reads the new stream from then on.
func (p *publisher) enter(t *inbound) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	same := func(o *inbound) bool { return o.video == t.video && o.layer.quality == t.layer.quality }
	var before []*layer
	if i := slices.IndexFunc(p.tracks, same); i >= 0 {
		o := p.tracks[i]
		if o.remote != t.remote {
			return false
		}
		o.replaced.Store(true)
		before, p.tracks = append(before, o.layer), slices.Delete(p.tracks, i, i+1)
	}
	p.tracks = append(p.tracks, t)
	if !p.video && !p.audio {
		p.since = time.Now()
	}
	if t.video {
		p.video = true
	} else {
		p.audio = true
	}
	p.feed.add(t.layer)
	p.feed.remove(before)
	p.tell()
	return true
}

// tell tells the room what it has. Until it has settled, what it offered and the
// publisher before it had counts as well: players that are told of a track that comes
// back connect again (MED4). p.mu is held.
func (p *publisher) tell() {
	video := p.video || !p.settled && p.offered.video && p.before.Video
	audio := p.audio || !p.settled && p.offered.audio && p.before.Audio
	p.publication.Tracks(video, audio, true, p.server.cfg.Live)
}

// settle ends the time for tracks to come.
func (p *publisher) settle(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.settled && !p.since.IsZero() && now.Sub(p.since) >= settledAfter {
		p.settled = true
		p.tell()
	}
}

// run looks after the tracks until the session ends.
func (p *publisher) run() {
	ticker := time.NewTicker(publisherTick)
	defer ticker.Stop()
	var measured time.Time
	paused := false
	for {
		now := time.Now()
		select {
		case <-p.wake:
		case now = <-ticker.C:
		case <-p.done:
			return
		}
		p.askKeys(now)
		p.feed.follow()
		if now.Sub(measured) >= rttEvery {
			measured = now
			p.measure()
			paused = p.look(now, paused)
		}
	}
}

// look tells the room what has not come, and when nothing comes any more.
func (p *publisher) look(now time.Time, paused bool) (still bool) {
	p.settle(now)
	if still = p.still(now); still != paused {
		p.publication.Pause(still)
	}
	return still
}

// measure keeps the round trip that ICE saw last. Before there is a connection pion may
// be making what would be asked.
func (p *publisher) measure() {
	if !p.isConnected() {
		return
	}
	for _, t := range p.pc.GetTransceivers() {
		if r := t.Receiver(); r != nil && r.Transport() != nil {
			if stats, ok := r.Transport().ICETransport().GetSelectedCandidatePairStats(); ok {
				p.mu.Lock()
				p.rtt = time.Duration(stats.CurrentRoundTripTime * float64(time.Second))
				p.mu.Unlock()
			}
			return
		}
	}
}

// still says that nothing has come for a while, of anything.
func (p *publisher) still(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.tracks {
		if now.Sub(time.Unix(0, t.layer.newest.Load())) < pausedAfter {
			return false
		}
	}
	return !p.since.IsZero() && now.Sub(p.since) >= pausedAfter
}

// askKeys asks for the key frames that somebody wants, each layer not too often,
// and again until they come.
func (p *publisher) askKeys(now time.Time) {
	p.mu.Lock()
	var ask []rtcp.Packet
	for _, t := range p.tracks {
		if t.layer.keyAsked.Load() && now.Sub(t.asked) >= keyFrameEvery {
			t.asked = now
			ask = append(ask, &rtcp.PictureLossIndication{MediaSSRC: uint32(t.remote.SSRC())})
		}
	}
	p.mu.Unlock()
	if len(ask) > 0 {
		p.server.metrics.keyFrames.Add(float64(len(ask)))
		_ = p.pc.WriteRTCP(ask) // the session ends by itself
	}
}

// wakeUp is called by a layer that somebody asks for a key frame.
func (p *publisher) wakeUp() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// reported takes a sender report of one track.
func (p *publisher) reported(t *inbound, r *rtcp.SenderReport) {
	arrival, ntp := p.clock.Now(), microsOf(r.NTPTime)
	p.mu.Lock()
	offset, jumped := p.ntp.report(ntp, arrival, p.rtt.Microseconds())
	if jumped {
		for _, other := range p.tracks { // their lines are of the clock as it was
			other.lineJumps = true
		}
	}
	if arrival-t.sampled > captureStale {
		t.line.most = lineJump
		t.jumped = t.line.report(r.RTPTime, ntp+offset, t.lineJumps) || t.jumped
		t.lineJumps = false
	}
	p.mu.Unlock()
	p.captured()
}

// captured notes that the publisher's units have times of capture.
func (p *publisher) captured() {
	p.mu.Lock()
	first := !p.captures
	p.captures = true
	p.mu.Unlock()
	if first {
		p.publication.Captures()
	}
}
