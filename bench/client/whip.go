package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	pion "github.com/pion/webrtc/v4"

	"chalkline/sei"
)

// PublishConfig says what is published and how.
type PublishConfig struct {
	RTC
	Film Film
	// Sub has the pictures of a second, smaller quality, which are sent as well
	// (simulcast), at the rate of Film; no Units: there is one quality.
	Sub Film
	// Stamp returns the stamp of a frame that is sent now; nil: the server stamps.
	Stamp func(frame int) sei.Stamp
	// OnFrame is called before a frame is sent; nil: nobody is told.
	OnFrame func(frame int, rtp uint32)
	// Pause is asked before each frame: true sends nothing; nil never pauses.
	Pause func() bool
	// PauseMain does so for the pictures of Film alone, as browsers stop their large
	// quality first when the network is slow.
	PauseMain func() bool
}

// Publication sends a film by WHIP, in real time. Its methods may be called from
// many goroutines.
type Publication struct {
	cfg     PublishConfig
	session *rtcSession
	video   []*filmTrack              // the qualities, the largest first
	audio   *pion.TrackLocalStaticRTP // nil: silent
	cancel  context.CancelFunc
	running sync.WaitGroup

	keyAsked atomic.Int64
}

// Publish connects and begins to send. A refusal wraps *protocol.Error.
func Publish(ctx context.Context, c PublishConfig) (*Publication, error) {
	if c.Film.Rate == 0 {
		c.Film.Rate = 30
	}
	codecs := (*pion.MediaEngine).RegisterDefaultCodecs
	if len(c.Sub.Units) > 0 {
		codecs = codecsWithoutRTX
	}
	s, err := newRTCSession(c.RTC, codecs)
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

// h264 is what is sent.
func h264() pion.RTPCodecCapability {
	return pion.RTPCodecCapability{
		MimeType: pion.MimeTypeH264, ClockRate: 90_000,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	}
}

func opus() pion.RTPCodecCapability {
	return pion.RTPCodecCapability{MimeType: pion.MimeTypeOpus, ClockRate: 48_000, Channels: 2}
}

// codecsWithoutRTX are for two qualities: pion sends a packet again by RTX with the
// name of its encoding and not as the repair of it (RFC 8852), so that receivers take
// the RTX for the encoding itself. Without RTX it is sent again as it was.
func codecsWithoutRTX(m *pion.MediaEngine) error {
	video := h264()
	video.RTCPFeedback = []pion.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	return errors.Join(
		m.RegisterCodec(pion.RTPCodecParameters{RTPCodecCapability: video, PayloadType: 102}, pion.RTPCodecTypeVideo),
		m.RegisterCodec(pion.RTPCodecParameters{RTPCodecCapability: opus(), PayloadType: 111}, pion.RTPCodecTypeAudio),
	)
}

// The names of the encodings, where there are two (RFC 8851).
const (
	ridMain = "main"
	ridSub  = "sub"
)

func (p *Publication) addTracks() error {
	if err := p.addVideo(); err != nil || len(p.cfg.Film.Sound) == 0 {
		return err
	}
	t, err := pion.NewTrackLocalStaticRTP(opus(), "audio", "film")
	if err != nil {
		return fmt.Errorf("client: track: %w", err)
	}
	sender, err := p.addTrack(t)
	if err != nil {
		return err
	}
	p.audio = t
	p.running.Go(func() { drainReports(sender) })
	return nil
}

func (p *Publication) addVideo() error {
	rid := ""
	if len(p.cfg.Sub.Units) > 0 {
		rid = ridMain
	}
	main, err := newFilmTrack(p, p.cfg.Film, rid)
	if err != nil {
		return err
	}
	if main.sender, err = p.addTrack(main.track); err != nil {
		return err
	}
	p.begin(main)
	if rid == "" {
		return nil
	}
	sub, err := newFilmTrack(p, p.cfg.Sub, ridSub)
	if err != nil {
		return err
	}
	if err := main.sender.AddEncoding(sub.track); err != nil {
		return fmt.Errorf("client: second quality: %w", err)
	}
	sub.sender = main.sender
	p.begin(sub)
	return nil
}

func (p *Publication) addTrack(t pion.TrackLocal) (*pion.RTPSender, error) {
	transceiver, err := p.session.pc.AddTransceiverFromTrack(t, pion.RTPTransceiverInit{Direction: pion.RTPTransceiverDirectionSendonly})
	if err != nil {
		return nil, fmt.Errorf("client: track: %w", err)
	}
	return transceiver.Sender(), nil
}

// begin makes a track one that is sent.
func (p *Publication) begin(t *filmTrack) {
	p.video = append(p.video, t)
	p.running.Go(t.listen)
}

// drainReports reads what nobody needs, so that interceptors see it.
func drainReports(s *pion.RTPSender) {
	for {
		if _, _, err := s.ReadRTCP(); err != nil {
			return
		}
	}
}

// KeyFramesAsked returns how often the server asked for a key frame.
func (p *Publication) KeyFramesAsked() int { return int(p.keyAsked.Load()) }

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
