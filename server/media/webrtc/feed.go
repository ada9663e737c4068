package webrtc

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	pionrtp "github.com/pion/rtp"

	"chalkline/server/media"
)

// Clock rates of RTP, ticks a second.
const (
	videoRate = 90_000
	audioRate = 48_000
)

// packet is what a layer hands to everybody who plays it. Nobody changes it.
type packet struct {
	rtp  *pionrtp.Packet // numbered in the layer's own order
	time int64           // when its frame was captured, µs room time; 0: it came late
	key  bool            // decoding can begin with it
}

// feed is where the publisher of one source and those who play it meet.
type feed struct {
	source    *media.Source
	stopWatch func()
	holders   int // guarded by Server.mu

	// What players get now; they are replaced, not changed.
	videos, audios atomic.Pointer[[]*sender]

	air air

	mu      sync.Mutex
	layers  []*layer  // of the publishers that there are, the newest last
	lagged  time.Time // when the large picture was last behind the small one, or began
	given   *layer    // to those who want the large picture
	viewers []*viewer
	muted   bool
	hidden  bool
}

// layer is one track of a publisher: its sound, or its picture in one quality.
type layer struct {
	feed     *feed
	video    bool
	quality  quality
	newest   atomic.Int64 // when a packet came, ns since 1970
	off      atomic.Bool  // by its source's switch: it is not passed on
	keyAsked atomic.Bool
	wake     func() // somebody asks for a key frame
}

// quality is which of a publisher's pictures.
type quality string

const (
	qualityMain quality = "main"
	qualitySub  quality = "sub" // the small one
	qualityAuto quality = "auto"
)

// hold returns the feed of a source, until release.
func (s *Server) hold(source *media.Source) *feed {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.feeds[source]
	if f == nil {
		f = &feed{source: source}
		f.videos.Store(&[]*sender{})
		f.audios.Store(&[]*sender{})
		f.stopWatch = source.Watch(f.switched)
		s.feeds[source] = f
		f.switched()
	}
	f.holders++
	return f
}

func (s *Server) release(f *feed) {
	s.mu.Lock()
	f.holders--
	last := f.holders == 0
	if last {
		delete(s.feeds, f.source)
	}
	s.mu.Unlock()
	if last {
		f.stopWatch()
	}
}

// switched applies the source's switches (MED6).
func (f *feed) switched() {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.source.Info() // within the lock: the newest is applied last
	f.muted, f.hidden = i.Muted, i.Hidden
	for _, l := range f.layers {
		f.apply(l)
	}
}

// apply switches a layer. One that is passed on again goes on at a key frame.
func (f *feed) apply(l *layer) {
	off := f.muted
	if l.video {
		off = f.hidden
	}
	if l.off.Swap(off) == off {
		return
	}
	for _, v := range f.viewers {
		v.pauseAt(l)
	}
	if !off {
		l.askKey()
	}
}

// add makes a publisher's layer one that can be played.
func (f *feed) add(l *layer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.layers = append(f.layers, l)
	if l.video && l.quality == qualityMain {
		f.lagged = time.Now()
	}
	f.apply(l)
	f.assign()
}

// remove takes a publisher's layers out.
func (f *feed) remove(layers []*layer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.layers = slices.DeleteFunc(f.layers, func(l *layer) bool { return slices.Contains(layers, l) })
	f.assign()
}

func (f *feed) join(v *viewer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.viewers = append(f.viewers, v)
	f.publish()
	f.assign()
}

func (f *feed) leave(v *viewer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.viewers = slices.DeleteFunc(f.viewers, func(o *viewer) bool { return o == v })
	f.publish()
}

// publish makes the senders of all viewers those that layers hand packets to.
func (f *feed) publish() {
	var videos, audios []*sender
	for _, v := range f.viewers {
		if v.video != nil {
			videos = append(videos, v.video)
		}
		if v.audio != nil {
			audios = append(audios, v.audio)
		}
	}
	f.videos.Store(&videos)
	f.audios.Store(&audios)
}

// follow sees to it that nobody waits for a large picture that has stopped.
func (f *feed) follow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pick(true, qualityMain) != f.given {
		f.assign()
	}
}

// assign gives every viewer the layers that are for it.
func (f *feed) assign() {
	f.given = f.pick(true, qualityMain)
	for _, v := range f.viewers {
		f.assignTo(v)
	}
}

func (f *feed) assignTo(v *viewer) {
	v.assign(f.pick(true, v.wants()), f.pick(false, qualityMain), f.pick(true, qualitySub) != f.pick(true, qualityMain))
}

// reassign does so for one viewer, whose wish or whose layers' state changed.
func (f *feed) reassign(v *viewer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.assignTo(v)
}

// two returns the newest layer of a quality, and the newest of others; nil where there
// is none.
func (f *feed) two(video bool, q quality) (wanted, other *layer) {
	for _, l := range f.layers {
		switch {
		case l.video != video:
		case l.quality == q:
			wanted = l
		default:
			other = l
		}
	}
	return wanted, other
}

// pick returns the newest layer of a quality; another if there is none or if that
// one has stopped, as browsers stop their large picture first when their network is
// slow; nil if there is nothing.
func (f *feed) pick(video bool, q quality) *layer {
	wanted, other := f.two(video, q)
	if wanted == nil || other != nil && other.ahead(wanted) > lag {
		return other
	}
	return wanted
}

const (
	// lag is how far one quality is behind the other when it has stopped.
	lag = 500 * time.Millisecond
	// steadyAfter is for how long the large picture is to come beside the small one before
	// live streams go over to it: browsers send it, stop it and send it again while they
	// find out what their network carries, and players stumble over each change.
	steadyAfter = 3 * time.Second
)

// picked says whether live streams are to be of this layer: of the large picture once
// it comes steadily, or where there is no other.
func (f *feed) picked(l *layer) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	large, small := f.two(l.video, qualityMain)
	if large == nil || small == nil {
		return l == large || l == small
	}
	ahead := large.ahead(small)
	if ahead < -lag {
		f.lagged = time.Now()
	}
	if ahead > lag || ahead >= -lag && (f.air.has(large) || time.Since(f.lagged) >= steadyAfter) {
		return l == large
	}
	return l == small
}

// live says whether they are, or are to be.
func (f *feed) live(l *layer) bool {
	return l.video && f.air.has(l) || f.picked(l)
}

// ahead is how much later than of another its newest packet came.
func (l *layer) ahead(other *layer) time.Duration {
	return time.Duration(l.newest.Load() - other.newest.Load())
}

// askKey has the publisher asked for a key frame. It may be called at any rate.
func (l *layer) askKey() {
	if l.video && !l.keyAsked.Swap(true) {
		l.wake()
	}
}

// forward hands packets to everybody who plays the layer.
func (l *layer) forward(batch []*packet) {
	if l.off.Load() || len(batch) == 0 {
		return
	}
	senders := &l.feed.audios
	if l.video {
		senders = &l.feed.videos
	}
	for _, s := range *senders.Load() {
		s.viewer.push(s, l, batch)
	}
}
