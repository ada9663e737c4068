package live

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"chalkline/sei"
	"chalkline/server/media"
	"chalkline/server/media/live/aac"
	"chalkline/server/media/stream"
)

// output puts one source out for as long as somebody plays it.
type output struct {
	s      *Server
	source *media.Source
	log    *slog.Logger
	began  time.Time
	ctx    context.Context // till it ends
	end    context.CancelFunc

	hub    *stream.Hub // the programme, for readers of MPEG-TS
	window *window     // and for those of HLS

	// Guarded by Server.mu.
	users int
	left  time.Time // when the last one went

	// Guarded by mu, which is held while a unit goes through: a switch comes between two.
	mu        sync.Mutex
	shaper    shaper
	segmenter segmenter
	hidden    bool
	muted     bool
	keyless   bool      // pictures are left out up to the next key frame
	pictureBy time.Time // sound is left out till then, or till a picture comes

	// Owned by run.
	encoder *aac.Encoder
	refused bool // there is no encoder to be had for now
	silent  bool // that was told
	coded   chan aac.Frame
	came    bool // a unit, since it was looked after
	forced  int
}

// A programme may begin anew as often as this: what an output costs is bounded by
// time, whatever a publisher changes from one unit to the next.
const (
	beginsEvery  = time.Second
	beginsAtOnce = 4 // a publisher that is back, and its sound that differs
)

// pictureWait is how long sound waits for the picture of a source that is shown again.
const pictureWait = 3 * time.Second

// firstNumber is the number of an output's first segment: it rises by two a second,
// faster than segments are cut, so that numbers rise from one output of a source to
// the next. It is below 2³² till 2068.
func firstNumber(now time.Time) int64 {
	const from = 946_684_800 // the year 2000
	return max(0, 2*(now.Unix()-from))
}

// firstBreak is the number of an output's first discontinuity: it rises by one a
// minute for two days. It stays small, because players keep a list that is as long.
func firstBreak(now time.Time) int64 { return now.Unix() / 60 % 2880 }

func newOutput(s *Server, source *media.Source) *output {
	now := time.Now()
	id := make([]byte, 6)
	_, _ = rand.Read(id) // never fails
	o := &output{
		s: s, source: source, began: now, left: now,
		log:    s.cfg.Logger.With("room", source.Room, "source", source.Number),
		hub:    stream.NewKeepingHub(nil),
		window: newWindow(s.cfg.MaxSourceBytes, s.cfg.MaxBytes, s.cfg.MaxBytes/int64(s.cfg.MaxOutputs), &s.held, firstBreak(now)),
		coded:  make(chan aac.Frame),
	}
	o.shaper = shaper{
		origin: func() sei.Origin { return source.Origin(false) },
		has: func() (video, audio bool) {
			i := source.Info()
			return i.Video && !i.Hidden, i.Audio && !i.Muted
		},
		begins: rate.NewLimiter(rate.Every(beginsEvery), beginsAtOnce).Allow,
		count:  s.metrics.event,
	}
	o.ctx, o.end = context.WithCancel(s.ctx)
	o.segmenter = segmenter{name: hex.EncodeToString(id), sequence: firstNumber(now)}
	return o
}

// run works until nobody plays it, or it is ended.
func (o *output) run() {
	o.s.metrics.outputs.Inc()
	o.log.Info("live output begins")
	unwatch := o.source.Watch(o.switched)
	o.switched()
	units := make(chan stream.Unit)
	var pumping sync.WaitGroup
	pumping.Go(func() { o.pump(o.ctx, units) })
	o.loop(o.ctx, units)
	o.end()
	pumping.Wait()
	unwatch()
	if o.encoder != nil {
		o.encoder.Close()
		o.s.giveBack(&o.s.encoders)
	}
	o.hub.Close()
	o.window.close()
	o.s.metrics.outputs.Dec()
	o.log.Info("live output ends")
}

// pump reads the source, which is wanted meanwhile.
func (o *output) pump(ctx context.Context, units chan<- stream.Unit) {
	r := o.source.Hub.Read()
	defer func() {
		o.s.metrics.dropped.WithLabelValues("source").Add(float64(r.Dropped()))
		r.Close()
	}()
	for {
		u, err := r.Next(ctx)
		if err != nil {
			return
		}
		select {
		case units <- u:
		case <-ctx.Done():
			return
		}
	}
}

func (o *output) loop(ctx context.Context, units <-chan stream.Unit) {
	ticker := time.NewTicker(lookAfter)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-units:
			o.take(u)
		case f := <-o.coded:
			o.takeCoded(f)
		case <-ticker.C:
			if o.s.expire(o) {
				return
			}
			o.look()
		}
	}
}

// take takes the source's next unit.
func (o *output) take(u stream.Unit) {
	o.came = true
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.passes(u) {
		return
	}
	o.give(o.shaper.push(u))
	if u.Codec == stream.Opus && o.encodes() {
		o.encoder.Push(aac.Packet{PTS: u.PTS, Time: u.Time, Epoch: o.shaper.epoch, Data: u.Data})
	}
}

// takeCoded takes sound that was Opus.
func (o *output) takeCoded(f aac.Frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	u := stream.Unit{Codec: stream.AAC, PTS: f.PTS, DTS: f.PTS, Time: f.Time, Key: true, Config: f.Config.Specific(), Data: f.Data}
	if o.passes(u) {
		o.give(o.shaper.pushCoded(u, f.Epoch))
	}
}

// passes says whether the switches let a unit go out: it may have been on its way
// when one was set.
func (o *output) passes(u stream.Unit) bool {
	if !u.Codec.Video() {
		return !o.muted && time.Now().After(o.pictureBy)
	}
	if o.keyless = o.hidden || o.keyless && !u.Key; o.keyless {
		return false
	}
	o.pictureBy = time.Time{}
	return true
}

// switched applies the source's switches (MED6). Of a source that is hidden nothing
// from before can be had any more: its sound lies between its pictures. Where it is
// muted pictures go on, and what they have for sound is silence. What is shown again
// begins with its picture: players take up none where they began with sound.
func (o *output) switched() {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.source.Info() // within the lock: the newest is applied last
	hides, shows, mutes := i.Hidden && !o.hidden, !i.Hidden && o.hidden && i.Video, i.Muted && !o.muted
	o.hidden, o.muted = i.Hidden, i.Muted
	if hides || shows {
		o.pictureBy = time.Time{}
		if shows {
			o.pictureBy = time.Now().Add(pictureWait)
		}
		o.segmenter.forget()
		o.window.clear()
		o.hub.Forget()
	}
	if mutes {
		o.shaper.sound.present = false
		o.segmenter.mute()
		o.window.mute()
		o.hub.Replace(muted)
	}
}

// encodes says whether there is an encoder, which is made when it is first needed.
func (o *output) encodes() bool {
	if o.encoder != nil || o.refused {
		return o.encoder != nil
	}
	if o.s.cfg.FFmpeg == "" || !o.s.take(&o.s.encoders, o.s.cfg.MaxEncoders) {
		if o.refused = true; !o.silent {
			o.silent = true
			o.s.metrics.event("no-encoder")
			o.log.Warn("live output has no sound: there is no ffmpeg, or there are too many already")
		}
		return false
	}
	o.encoder = aac.Start(aac.Config{
		Path: o.s.cfg.FFmpeg, Logger: o.log,
		Started: o.s.metrics.encoders.Inc,
		Dropped: o.s.metrics.dropped.WithLabelValues("opus").Inc,
	}, func(ctx context.Context, f aac.Frame) {
		select {
		case o.coded <- f:
		case <-ctx.Done():
		}
	})
	return true
}

// give hands units of the programme to all who play it.
func (o *output) give(units []stream.Unit) {
	for _, u := range units {
		o.hub.Publish(u)
		o.add(o.segmenter.push(u))
	}
	if o.segmenter.forced > o.forced {
		o.forced = o.segmenter.forced
		o.s.metrics.event("long-gop")
		o.log.Warn("live segment cut without a key frame: the encoder sends them too rarely")
	}
}

func (o *output) add(segments []*segment) {
	for _, s := range segments {
		o.window.add(s)
		o.s.metrics.segments.Inc()
	}
}

// look completes the segment that is open when the publisher has gone, and lets an
// encoder be asked for again.
func (o *output) look() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refused = false
	video, audio := o.shaper.has()
	if !o.came && !video && !audio {
		o.give(o.shaper.end())
		o.add(o.segmenter.finish())
	}
	o.came = false
}
