package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	pionrtp "github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	pion "github.com/pion/webrtc/v4"

	"chalkline/bench/client"
	"chalkline/sei"
	"chalkline/sei/rtp"
)

// The film that is forwarded: 1 Mbit/s.
const (
	filmRate      = 30
	filmBytes     = 1_000_000 / 8 / filmRate // of a frame
	filmSubBytes  = 150_000 / 8 / filmRate   // of one of the small quality, if there is one
	filmKeyFrames = 60                       // one in so many
)

// WHEPResult compares the media server with pion's bare forwarding loop, each with
// one publisher and the same number of viewers.
type WHEPResult struct {
	Viewers      int      `json:"viewers"`
	Seconds      float64  `json:"whep_seconds"`
	ServerUsed   *float64 `json:"whep_core_percent"`
	BareUsed     *float64 `json:"loop_core_percent"`
	Ratio        *float64 `json:"whep_to_loop"`
	Qualities    int      `json:"qualities"` // that the media server is sent; the loop is sent one
	ServerSent   float64  `json:"whep_packets_per_s"`
	BareSent     float64  `json:"loop_packets_per_s"`
	ServerBits   float64  `json:"whep_mbit_per_s"` // less than the loop's: viewers went over to the small quality
	BareBits     float64  `json:"loop_mbit_per_s"`
	StampingUsed float64  `json:"stamping_core_percent"`
	StampingPart *float64 `json:"stamping_percent_of_loop"`
}

// runWHEP measures t, which is the media server, and the bare loop: in turns, since
// what a machine has to give changes from one quarter of a minute to the next.
func runWHEP(ctx context.Context, c Config, t *target) (_ *Result, err error) {
	server := &forwarding{target: t, qualities: c.Qualities}
	loop := &forwarding{}
	bareConfig := c
	bareConfig.Mode = ModeWHEPBare
	if loop.target, err = startServer(ctx, bareConfig); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.close(), loop.close(), loop.target.stop()) }()
	for _, f := range []*forwarding{server, loop} {
		if err := f.open(ctx, c.Clients); err != nil {
			return nil, err
		}
	}
	for n := range max(int(c.Duration/turn), 1) {
		for i := range 2 {
			f := []*forwarding{server, loop}[(n+i)%2]
			if err := f.measure(ctx, n == 0, c.Warmup); err != nil {
				return nil, err
			}
		}
	}
	r := &WHEPResult{
		Viewers: c.Clients, Seconds: round(server.seconds, 3),
		Qualities: c.Qualities, ServerSent: round(server.packets/server.seconds, 1), BareSent: round(loop.packets/loop.seconds, 1),
		ServerBits: round(8*server.bytes/server.seconds/1e6, 1), BareBits: round(8*loop.bytes/loop.seconds/1e6, 1),
		StampingUsed: round(100*stampingCost(), 4),
	}
	if !server.unknown && !loop.unknown {
		used, bare := server.used/server.seconds, loop.used/loop.seconds
		r.ServerUsed, r.BareUsed = number(100*used, 1), number(100*bare, 1)
		r.Ratio, r.StampingPart = number(used/bare, 3), number(r.StampingUsed/bare, 3)
	}
	return &Result{Mode: ModeWHEP, Transport: "webrtc", WHEPResult: r, Pinned: t.pinned}, nil
}

// turn is for how long one of both is measured at a time, and turnSettle how long
// it has sent before.
const (
	turn       = 3 * time.Second
	turnSettle = 500 * time.Millisecond
)

// forwarding is one of both servers with its publisher and its viewers.
type forwarding struct {
	target      *target
	qualities   int // 2: a small one as well
	publication *client.Publication
	players     []*client.Player
	sending     atomic.Bool

	// What was measured.
	seconds float64
	packets float64 // received by all viewers
	bytes   float64 // of payload
	used    float64 // seconds of a core
	unknown bool    // used is
}

// open connects a publisher and n viewers; nothing is sent at the end.
func (f *forwarding) open(ctx context.Context, n int) error {
	u, err := url.Parse(f.target.url)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	rtc := func(path, who string) client.RTC {
		return client.RTC{URL: "http://" + u.Host + path, Token: who, HTTP: f.target.http}
	}
	f.sending.Store(true)
	publish := client.PublishConfig{
		RTC: rtc(whipPath, "publisher"), Film: film(filmBytes), Pause: func() bool { return !f.sending.Load() },
	}
	if f.qualities == 2 {
		publish.Sub = film(filmSubBytes)
	}
	f.publication, err = client.Publish(ctx, publish)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	f.players, err = playAll(ctx, n, func(i int) client.PlayConfig {
		return client.PlayConfig{RTC: rtc(whepPath, fmt.Sprintf("viewer%d", i)), NoAudio: true}
	})
	f.sending.Store(false)
	return err
}

func (f *forwarding) close() error {
	ctx := context.Background() // each request has its own bound
	var errs []error
	for _, one := range f.players {
		errs = append(errs, one.Close(ctx))
	}
	if f.publication != nil {
		errs = append(errs, f.publication.Close(ctx))
	}
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	return errors.Join(errs[:min(1, len(errs))]...) // they all say the same
}

// measure sends for one turn; before the first, for the time to warm up.
func (f *forwarding) measure(ctx context.Context, first bool, warmup time.Duration) error {
	f.sending.Store(true)
	defer f.sending.Store(false)
	settle := turnSettle
	if first {
		settle += warmup
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	if err := sleepUntil(ctx, timer, time.Now().Add(settle)); err != nil {
		return err
	}
	start := time.Now()
	packets, bytes := received(f.players)
	before, err1 := cpuTime(f.target.pid)
	if err := sleepUntil(ctx, timer, start.Add(turn)); err != nil {
		return err
	}
	after, err2 := cpuTime(f.target.pid)
	f.seconds += time.Since(start).Seconds()
	packetsAfter, bytesAfter := received(f.players)
	f.packets += float64(packetsAfter - packets)
	f.bytes += float64(bytesAfter - bytes)
	f.used += (after - before).Seconds()
	f.unknown = f.unknown || err1 != nil || err2 != nil
	return nil
}

// whepDialsAtOnce is how many viewers come in at a time: a handshake of DTLS takes
// the generator some milliseconds at both ends.
const whepDialsAtOnce = 4

// playAll plays with n viewers. Those that are there come back on an error too.
func playAll(ctx context.Context, n int, configure func(i int) client.PlayConfig) ([]*client.Player, error) {
	var mu sync.Mutex
	var players []*client.Player
	var errs []error
	var connecting sync.WaitGroup
	turns := make(chan struct{}, whepDialsAtOnce)
	for i := range n {
		turns <- struct{}{}
		connecting.Go(func() {
			defer func() { <-turns }()
			p, err := playSoon(ctx, configure(i))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				return
			}
			players = append(players, p)
		})
	}
	connecting.Wait()
	return players, errors.Join(errs[:min(1, len(errs))]...)
}

// playSoon plays a source as soon as its publisher's media have come.
func playSoon(ctx context.Context, c client.PlayConfig) (*client.Player, error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for deadline := time.Now().Add(joinWait); ; {
		p, err := client.Play(ctx, c)
		if err == nil {
			return p, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("bench: %w", err)
		}
		if err := sleepUntil(ctx, timer, time.Now().Add(100*time.Millisecond)); err != nil {
			return nil, err
		}
	}
}

func received(players []*client.Player) (packets, bytes uint64) {
	for _, p := range players {
		n, b := p.Counts()
		packets += n
		bytes += b
	}
	return packets, bytes
}

// film is noise in the form of H.264, so many bytes a frame: nobody decodes it.
func film(size int) client.Film {
	random := rand.New(rand.NewPCG(1, 1))
	f := client.Film{Rate: filmRate}
	for i := range 2 * filmKeyFrames {
		unit := noise(random, "\x41\x9a", size)
		if i%filmKeyFrames == 0 {
			unit = append(parameterSets(random), noise(random, "\x65\x88", size)...)
		}
		f.Units = append(f.Units, unit)
	}
	return f
}

// noise is a NAL unit of n bytes that begins with head, and its start code.
func noise(random *rand.Rand, head string, n int) []byte {
	b := append([]byte("\x00\x00\x00\x01"), head...)
	for len(b) < n {
		b = append(b, byte(random.IntN(255)+1)) // no start code
	}
	return b
}

// parameterSets stand before a key frame.
func parameterSets(random *rand.Rand) []byte {
	return append(noise(random, "\x67\x42\xe0\x1f", 24), noise(random, "\x68\xce", 8)...)
}

// stampingCost returns how much of a core the stamper uses for the film.
func stampingCost() float64 {
	var packets []*pionrtp.Packet
	var payloader codecs.H264Payloader
	for i, u := range film(filmBytes).Units {
		for _, payload := range payloader.Payload(1180, u) {
			packets = append(packets, &pionrtp.Packet{
				Header:  pionrtp.Header{SequenceNumber: uint16(len(packets)), Timestamp: uint32(i) * 90_000 / filmRate},
				Payload: payload,
			})
		}
	}
	const rounds = 200
	s := rtp.NewStamper(rtp.Config{Stamp: func(f rtp.Frame) (sei.Stamp, bool) {
		return sei.Stamp{Time: int64(f.Timestamp) + 1, Origin: sei.Origin{Source: 1}}, true
	}})
	var out []*pionrtp.Packet
	before := ownCPU()
	now := time.Now()
	for round := range rounds {
		for _, p := range packets {
			q := *p
			q.SequenceNumber += uint16(round * len(packets))
			q.Timestamp += uint32(round*2*filmKeyFrames) * 90_000 / filmRate
			out = s.Push(&q, now, out[:0])
		}
	}
	return (ownCPU() - before).Seconds() / (rounds * 2 * filmKeyFrames / filmRate)
}

// bareInterceptors are those that pion recommends.
func bareInterceptors(m *pion.MediaEngine) (*interceptor.Registry, error) {
	r := &interceptor.Registry{}
	return r, pion.RegisterDefaultInterceptors(m, r)
}
