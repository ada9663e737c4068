package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/sdp/v3"
	pion "github.com/pion/webrtc/v4"

	"chalkline/sei"
)

// rtpMTU is the largest payload of a packet, in bytes.
const rtpMTU = 1180

// filmTrack sends the pictures of a film in one quality.
type filmTrack struct {
	publication *Publication
	film        Film
	rid         string // "": there is one quality
	track       *pion.TrackLocalStaticRTP
	sender      *pion.RTPSender
	keyWanted   atomic.Bool

	// Owned by send.
	payloader codecs.H264Payloader
	next      int // unit of the film
	timestamp uint32
	number    uint16
	mid       uint8 // header extensions that name the encoding; 0: none
	encoding  uint8
}

func newFilmTrack(p *Publication, f Film, rid string) (*filmTrack, error) {
	var options []func(*pion.TrackLocalStaticRTP)
	if rid != "" {
		options = append(options, pion.WithRTPStreamID(rid))
	}
	t, err := pion.NewTrackLocalStaticRTP(h264(), "video", "film", options...)
	if err != nil {
		return nil, fmt.Errorf("client: track: %w", err)
	}
	return &filmTrack{
		publication: p, film: f, rid: rid, track: t, timestamp: rand.Uint32(), number: uint16(rand.Uint32()),
	}, nil
}

// listen reads what the server reports, until the connection ends.
func (t *filmTrack) listen() {
	read := t.sender.ReadRTCP
	if t.rid != "" {
		read = func() ([]rtcp.Packet, interceptor.Attributes, error) { return t.sender.ReadSimulcastRTCP(t.rid) }
	}
	for {
		packets, _, err := read()
		if err != nil {
			return
		}
		for _, one := range packets {
			if _, ok := one.(*rtcp.PictureLossIndication); ok {
				t.publication.keyAsked.Add(1)
				t.keyWanted.Store(true)
			}
		}
	}
}

// send plays the film until ctx ends.
func (p *Publication) send(ctx context.Context) {
	sound := filmSound{publication: p, timestamp: rand.Uint32()}
	for _, t := range p.video {
		t.findExtensions()
	}
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
		sound.send(at)
		if p.cfg.OnFrame != nil {
			p.cfg.OnFrame(frame, p.video[0].at(at))
		}
		for _, t := range p.video {
			if t.rid == ridMain && p.cfg.PauseMain != nil && p.cfg.PauseMain() {
				continue
			}
			if t.picture(frame, at) != nil {
				return
			}
		}
	}
}

// findExtensions takes what was negotiated.
func (t *filmTrack) findExtensions() {
	if t.rid == "" {
		return
	}
	for _, e := range t.sender.GetParameters().HeaderExtensions {
		switch e.URI {
		case sdp.SDESMidURI:
			t.mid = uint8(e.ID)
		case sdp.SDESRTPStreamIDURI:
			t.encoding = uint8(e.ID)
		}
	}
}

// at returns the timestamp of a time since the beginning.
func (t *filmTrack) at(d time.Duration) uint32 {
	return t.timestamp + uint32(d*90_000/time.Second)
}

func (t *filmTrack) picture(frame int, at time.Duration) error {
	p := t.publication
	unit := t.unit()
	if p.cfg.Stamp != nil {
		stamped, err := sei.Insert(sei.AnnexB, nil, unit, p.cfg.Stamp(frame))
		if err != nil {
			return fmt.Errorf("client: stamp: %w", err)
		}
		unit = stamped
	}
	payloads := t.payloader.Payload(rtpMTU, unit)
	for i, payload := range payloads {
		packet := &pionrtp.Packet{
			Header:  pionrtp.Header{Version: 2, SequenceNumber: t.number, Timestamp: t.at(at), Marker: i == len(payloads)-1},
			Payload: payload,
		}
		t.number++
		if err := t.name(&packet.Header); err != nil {
			return err
		}
		if err := t.track.WriteRTP(packet); err != nil {
			return fmt.Errorf("client: send: %w", err)
		}
	}
	return nil
}

// unit returns the next of the film: a key frame if one is asked for, as an encoder
// would make one.
func (t *filmTrack) unit() []byte {
	units := t.film.Units
	for t.keyWanted.Load() && !isKey(units[t.next%len(units)]) {
		t.next++
	}
	t.keyWanted.Store(false)
	t.next++
	return units[(t.next-1)%len(units)]
}

// name says of which encoding a packet is (RFC 8852), where there are two.
func (t *filmTrack) name(h *pionrtp.Header) error {
	if t.mid == 0 || t.encoding == 0 {
		return nil
	}
	const videoSection = "0" // is offered first
	if err := h.SetExtension(t.mid, []byte(videoSection)); err != nil {
		return fmt.Errorf("client: send: %w", err)
	}
	if err := h.SetExtension(t.encoding, []byte(t.rid)); err != nil {
		return fmt.Errorf("client: send: %w", err)
	}
	return nil
}

// filmSound sends the sound.
type filmSound struct {
	publication *Publication
	sent        int // packets
	timestamp   uint32
	number      uint16
}

// send sends what is due at a time since the beginning.
func (s *filmSound) send(at time.Duration) {
	p := s.publication
	for p.audio != nil && time.Duration(s.sent)*20*time.Millisecond <= at {
		packets := p.cfg.Film.Sound
		_ = p.audio.WriteRTP(&pionrtp.Packet{ // pictures say when the connection ends
			Header:  pionrtp.Header{Version: 2, SequenceNumber: s.number, Timestamp: s.timestamp + uint32(s.sent)*960},
			Payload: packets[s.sent%len(packets)],
		})
		s.number++
		s.sent++
	}
}
