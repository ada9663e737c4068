package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	pion "github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"

	"chalkline/sei"
)

// Film is what a Publication sends, over and over.
type Film struct {
	Units [][]byte // access units in Annex B, the first a key frame
	Rate  int      // of them, a second; 0: 30
	Sound [][]byte // packets of Opus, 20 ms each; none: a silent film
}

// ReadFilm reads H.264 in Annex B and, unless sound is nil, Opus in Ogg.
func ReadFilm(video []byte, sound io.Reader) (Film, error) {
	var f Film
	for u := range sei.AccessUnits(video) {
		f.Units = append(f.Units, u)
	}
	if len(f.Units) == 0 || !isKey(f.Units[0]) {
		return f, errors.New("client: a film begins with a key frame")
	}
	if sound == nil {
		return f, nil
	}
	ogg, _, err := oggreader.NewWith(sound)
	if err != nil {
		return f, fmt.Errorf("client: sound: %w", err)
	}
	for {
		page, _, err := ogg.ParseNextPage()
		switch {
		case errors.Is(err, io.EOF):
			return f, nil
		case err != nil:
			return f, fmt.Errorf("client: sound: %w", err)
		case len(page) > 0 && string(page[:min(8, len(page))]) != "OpusTags":
			f.Sound = append(f.Sound, page)
		}
	}
}

func isKey(unit []byte) bool {
	for u, err := range sei.AnnexB.Units(unit) {
		if err != nil {
			return false
		}
		if sei.TypeOf(u.NAL) == sei.TypeIDR {
			return true
		}
	}
	return false
}

// PublishConfig says what is published and how.
type PublishConfig struct {
	RTC
	Film Film
	// Stamp returns the stamp of a frame that is sent now; nil: the server stamps.
	Stamp func(frame int) sei.Stamp
	// OnFrame is called before a frame is sent; nil: nobody is told.
	OnFrame func(frame int, rtp uint32)
	// Pause is asked before each frame: true sends nothing; nil never pauses.
	Pause func() bool
}

// Publication sends a film by WHIP, in real time. Its methods may be called from
// many goroutines.
type Publication struct {
	cfg     PublishConfig
	session *rtcSession
	video   *pion.TrackLocalStaticRTP
	audio   *pion.TrackLocalStaticRTP // nil: silent
	cancel  context.CancelFunc
	running sync.WaitGroup

	keyWanted atomic.Bool
	keyAsked  atomic.Int64
}

// rtpMTU is the largest payload of a packet, in bytes.
const rtpMTU = 1180

// Publish connects and begins to send. A refusal wraps *protocol.Error.
func Publish(ctx context.Context, c PublishConfig) (*Publication, error) {
	if c.Film.Rate == 0 {
		c.Film.Rate = 30
	}
	s, err := newRTCSession(c.RTC)
	if err != nil {
		return nil, err
	}
	p := &Publication{cfg: c, session: s}
	if err := p.addTracks(); err != nil {
		return nil, errors.Join(err, s.pc.Close())
	}
	if err := s.open(ctx); err != nil {
		p.running.Wait()
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.cancel = cancel
	p.running.Go(func() { p.send(running) })
	return p, nil
}

func (p *Publication) addTracks() error {
	video := pion.RTPCodecCapability{
		MimeType: pion.MimeTypeH264, ClockRate: 90_000,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	}
	var err error
	if p.video, err = p.addTrack(video, "video"); err != nil || len(p.cfg.Film.Sound) == 0 {
		return err
	}
	p.audio, err = p.addTrack(pion.RTPCodecCapability{MimeType: pion.MimeTypeOpus, ClockRate: 48_000, Channels: 2}, "audio")
	return err
}

func (p *Publication) addTrack(c pion.RTPCodecCapability, id string) (*pion.TrackLocalStaticRTP, error) {
	t, err := pion.NewTrackLocalStaticRTP(c, id, "film")
	if err != nil {
		return nil, fmt.Errorf("client: track: %w", err)
	}
	transceiver, err := p.session.pc.AddTransceiverFromTrack(t, pion.RTPTransceiverInit{Direction: pion.RTPTransceiverDirectionSendonly})
	if err != nil {
		return nil, fmt.Errorf("client: track: %w", err)
	}
	p.running.Go(func() { p.listen(transceiver.Sender()) })
	return t, nil
}

// listen reads what the server reports, until the connection ends.
func (p *Publication) listen(s *pion.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, one := range packets {
			if _, ok := one.(*rtcp.PictureLossIndication); ok {
				p.keyAsked.Add(1)
				p.keyWanted.Store(true)
			}
		}
	}
}

// KeyFramesAsked returns how often the server asked for a key frame.
func (p *Publication) KeyFramesAsked() int { return int(p.keyAsked.Load()) }

// send plays the film until ctx ends.
func (p *Publication) send(ctx context.Context) {
	sender := filmSender{publication: p, timestamp: rand.Uint32(), number: uint16(rand.Uint32()), audioTimestamp: rand.Uint32()}
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for frame := 0; ; frame++ {
		at := time.Duration(frame) * time.Second / time.Duration(p.cfg.Film.Rate)
		timer.Reset(time.Until(start.Add(at)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if p.cfg.Pause != nil && p.cfg.Pause() {
			continue
		}
		sender.sound(at)
		if sender.picture(frame, at) != nil {
			return
		}
	}
}

// filmSender is what send keeps.
type filmSender struct {
	publication               *Publication
	payloader                 codecs.H264Payloader
	next                      int // unit of the film
	sounded                   int // packets of sound sent
	timestamp, audioTimestamp uint32
	number, audioNumber       uint16
}

func (s *filmSender) picture(frame int, at time.Duration) error {
	p := s.publication
	units := p.cfg.Film.Units
	unit := units[s.next%len(units)]
	for p.keyWanted.Load() && !isKey(unit) { // as an encoder would make one
		s.next++
		unit = units[s.next%len(units)]
	}
	p.keyWanted.Store(false)
	s.next++
	timestamp := s.timestamp + uint32(at*90_000/time.Second)
	if p.cfg.Stamp != nil {
		stamped, err := sei.Insert(sei.AnnexB, nil, unit, p.cfg.Stamp(frame))
		if err != nil {
			return fmt.Errorf("client: stamp: %w", err)
		}
		unit = stamped
	}
	if p.cfg.OnFrame != nil {
		p.cfg.OnFrame(frame, timestamp)
	}
	payloads := s.payloader.Payload(rtpMTU, unit)
	for i, payload := range payloads {
		packet := &pionrtp.Packet{
			Header:  pionrtp.Header{Version: 2, SequenceNumber: s.number, Timestamp: timestamp, Marker: i == len(payloads)-1},
			Payload: payload,
		}
		s.number++
		if err := p.video.WriteRTP(packet); err != nil {
			return fmt.Errorf("client: send: %w", err)
		}
	}
	return nil
}

// sound sends what is due at a time since the beginning.
func (s *filmSender) sound(at time.Duration) {
	p := s.publication
	for p.audio != nil && time.Duration(s.sounded)*20*time.Millisecond <= at {
		packets := p.cfg.Film.Sound
		_ = p.audio.WriteRTP(&pionrtp.Packet{ // pictures say when the connection ends
			Header:  pionrtp.Header{Version: 2, SequenceNumber: s.audioNumber, Timestamp: s.audioTimestamp + uint32(s.sounded)*960},
			Payload: packets[s.sounded%len(packets)],
		})
		s.audioNumber++
		s.sounded++
	}
}

// Done is closed when the connection is gone.
func (p *Publication) Done() <-chan struct{} { return p.session.failed }

// Break ends the connection without a word to the server.
func (p *Publication) Break() error {
	p.cancel()
	err := p.session.pc.GracefulClose()
	p.running.Wait()
	return err
}

// Close stops publishing.
func (p *Publication) Close(ctx context.Context) error {
	p.cancel()
	err := p.session.close(ctx)
	p.running.Wait()
	return err
}

// nackMost is how often a missing packet is asked for. Without a bound pion asks
// for ever for what came by RTX, which it does not notice.
const nackMost = 5

// newInterceptors are those that pion recommends: reports, retransmission, feedback.
func newInterceptors(m *pion.MediaEngine) (*interceptor.Registry, error) {
	r := &interceptor.Registry{}
	err := pion.RegisterDefaultInterceptorsWithOptions(m, r, pion.WithNackGeneratorOptions(nack.GeneratorMaxNacksPerPacket(nackMost)))
	return r, err
}
