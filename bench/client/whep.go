package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	pion "github.com/pion/webrtc/v4"

	"chalkline/sei"
	"chalkline/sei/rtp"
)

// Frame is one that a Player got.
type Frame struct {
	RTP     uint32
	Stamp   sei.Stamp // no Time: it had none
	Key     bool
	Broken  bool      // packets of it, or before it, are missing
	Data    []byte    // the access unit in Annex B; nil if broken
	Arrival time.Time // of its last packet
}

// PlayConfig says what is played.
type PlayConfig struct {
	RTC
	// OnFrame is called for each frame when its last packet has come; nil: packets are
	// only counted. OnPacket is called for each packet of video, before.
	OnFrame  func(Frame)
	OnPacket func(*pionrtp.Packet)
	// OnSound is called for each packet of sound.
	OnSound func(*pionrtp.Packet)
	NoAudio bool // ask for video only
	// Missing is called with the number of packets that are missing before one.
	Missing func(packets int)
}

// Player plays a source by WHEP. Its callbacks run on the goroutines that read, and
// must not wait for it.
type Player struct {
	cfg     PlayConfig
	session *rtcSession
	reading sync.WaitGroup

	mu      sync.Mutex
	closed  bool // what comes is not read any more
	packets uint64
	bytes   uint64
}

// Play connects and begins to play. A refusal wraps *protocol.Error.
func Play(ctx context.Context, c PlayConfig) (*Player, error) {
	s, err := newRTCSession(c.RTC, (*pion.MediaEngine).RegisterDefaultCodecs)
	if err != nil {
		return nil, err
	}
	p := &Player{cfg: c, session: s}
	s.pc.OnTrack(func(t *pion.TrackRemote, r *pion.RTPReceiver) {
		p.mu.Lock() // a track may come while Close waits
		defer p.mu.Unlock()
		if p.closed {
			return
		}
		p.reading.Go(func() { p.drain(r) })
		if t.Kind() == pion.RTPCodecTypeVideo {
			p.reading.Go(func() { p.watch(t) })
		} else {
			p.reading.Go(func() { p.hear(t) })
		}
	})
	kinds := []pion.RTPCodecType{pion.RTPCodecTypeVideo, pion.RTPCodecTypeAudio}
	if c.NoAudio {
		kinds = kinds[:1]
	}
	for _, kind := range kinds {
		init := pion.RTPTransceiverInit{Direction: pion.RTPTransceiverDirectionRecvonly}
		if _, err := s.pc.AddTransceiverFromKind(kind, init); err != nil {
			return nil, errors.Join(fmt.Errorf("client: %w", err), s.pc.Close())
		}
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// drain lets the interceptors see what comes in besides media.
func (p *Player) drain(r *pion.RTPReceiver) {
	b := make([]byte, 1500)
	for {
		if _, _, err := r.Read(b); err != nil {
			return
		}
	}
}

func (p *Player) count(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packets++
	p.bytes += uint64(size)
}

// Counts returns how many packets of media, and bytes of their payload, have come.
func (p *Player) Counts() (packets, bytes uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.packets, p.bytes
}

func (p *Player) hear(t *pion.TrackRemote) {
	for {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		p.count(len(packet.Payload))
		if p.cfg.OnSound != nil {
			p.cfg.OnSound(packet)
		}
	}
}

// watch puts frames together. Packets that come too late to their place are
// sorted by a small jitter buffer.
func (p *Player) watch(t *pion.TrackRemote) {
	a := assembler{player: p}
	b := sorter{hold: 100 * time.Millisecond}
	for {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		p.count(len(packet.Payload))
		if p.cfg.OnPacket != nil {
			p.cfg.OnPacket(packet)
		}
		if p.cfg.OnFrame == nil {
			continue
		}
		for _, q := range b.push(packet, time.Now()) {
			a.push(q)
		}
	}
}

// sorter puts packets into order; what is missing for too long is left out.
type sorter struct {
	hold  time.Duration
	begun bool
	next  uint16
	held  map[uint16]*pionrtp.Packet
	since time.Time // something has been missing
}

func (s *sorter) push(p *pionrtp.Packet, now time.Time) (out []*pionrtp.Packet) {
	if !s.begun {
		s.begun, s.next, s.held = true, p.SequenceNumber, map[uint16]*pionrtp.Packet{}
	}
	if int16(p.SequenceNumber-s.next) < 0 {
		return nil
	}
	s.held[p.SequenceNumber] = p
	for len(s.held) > 0 {
		q, ok := s.held[s.next]
		switch {
		case ok:
			out = append(out, q)
			delete(s.held, s.next)
			s.since = time.Time{}
		case s.since.IsZero():
			s.since = now
			return out
		case now.Sub(s.since) < s.hold:
			return out
		}
		s.next++
	}
	s.since = time.Time{}
	return out
}

// assembler makes frames of packets in order.
type assembler struct {
	player  *Player
	reader  rtp.Reader
	packets codecs.H264Packet
	frame   Frame
	begun   bool
	known   bool // next is
	next    uint16
}

func (a *assembler) push(p *pionrtp.Packet) {
	missing := a.known && p.SequenceNumber != a.next
	if missing && a.player.cfg.Missing != nil {
		a.player.cfg.Missing(int(p.SequenceNumber - a.next))
	}
	a.next, a.known = p.SequenceNumber+1, true
	if a.begun && p.Timestamp != a.frame.RTP {
		a.frame.Broken = a.frame.Broken || missing
		a.end()
	}
	if !a.begun {
		a.begun, a.frame, a.packets = true, Frame{RTP: p.Timestamp}, codecs.H264Packet{}
	}
	a.frame.Broken = a.frame.Broken || missing
	if s, ok := a.reader.Push(p); ok {
		a.frame.Stamp = s
	}
	if len(p.Payload) > 0 {
		b, err := a.packets.Unmarshal(p.Payload)
		a.frame.Broken = a.frame.Broken || err != nil
		a.frame.Data = append(a.frame.Data, b...)
	}
	if p.Marker {
		a.end()
	}
}

func (a *assembler) end() {
	a.begun = false
	a.frame.Arrival = time.Now()
	a.frame.Key = isKey(a.frame.Data)
	if a.frame.Broken {
		a.frame.Data = nil
	}
	a.player.cfg.OnFrame(a.frame)
}

// AskKeyFrame asks the server for a key frame.
func (p *Player) AskKeyFrame() error {
	for _, r := range p.session.pc.GetReceivers() {
		if t := r.Track(); t != nil && t.Kind() == pion.RTPCodecTypeVideo {
			return p.session.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
		}
	}
	return errors.New("client: no video")
}

// Choose asks for another quality: main, sub or auto.
func (p *Player) Choose(ctx context.Context, quality string) error {
	body, err := json.Marshal(map[string]string{"quality": quality})
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	_, _, err = p.session.do(ctx, http.MethodPatch, p.session.location, "application/json", body, http.StatusNoContent)
	return err
}

// RTPTime is an RTP timestamp and the room time of its capture, µs.
type RTPTime struct {
	RTP  uint32 `json:"rtp"`
	Time int64  `json:"time_us"`
}

// Times asks the server what times the newest packets have; nil: none has come.
func (p *Player) Times(ctx context.Context) (audio, video *RTPTime, err error) {
	b, _, err := p.session.do(ctx, http.MethodGet, p.session.location, "", nil, http.StatusOK)
	if err != nil {
		return nil, nil, err
	}
	var times struct {
		Audio *RTPTime `json:"audio"`
		Video *RTPTime `json:"video"`
	}
	if err := json.Unmarshal(b, &times); err != nil {
		return nil, nil, fmt.Errorf("client: times: %w", err)
	}
	return times.Audio, times.Video, nil
}

// Location is the URL of its session.
func (p *Player) Location() string { return p.session.location }

// Done is closed when the connection is gone.
func (p *Player) Done() <-chan struct{} { return p.session.failed }

// Close stops playing.
func (p *Player) Close(ctx context.Context) error {
	err := p.session.close(ctx)
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.reading.Wait()
	return err
}
