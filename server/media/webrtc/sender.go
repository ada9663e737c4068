package webrtc

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	pion "github.com/pion/webrtc/v4"

	"chalkline/protocol"
)

// lateWithin is how long after the beginning of a run, in packets, those that
// belong before it are looked for.
const lateWithin = 2048

// sender is one track of one viewer: it numbers what goes out, so that what comes
// from several layers and publishers is one stream.
type sender struct {
	viewer *viewer
	video  bool
	rate   int64

	// Guarded by viewer.mu.
	active  *layer    // whose packets go out
	next    *layer    // takes over at its next key frame
	held    []*packet // of next, from that key frame on
	within  bool      // a picture of active goes out, and its end is to come
	waiting bool      // nothing goes out up to the next key frame
	shown   moment    // the newest that went out

	// Set by Bind, before the connection is there.
	writer    pion.TrackLocalWriter
	ssrc      uint32
	number    uint8 // payload type
	extension uint8 // id of the transport-wide sequence number; 0: none
	capture   uint8 // of the time of capture, of sound

	// Owned by the viewer's writer.
	header  pionrtp.Header
	time    [8]byte // in the header
	shift   uint16  // outgoing − incoming number
	turn    uint32  // outgoing − incoming timestamp
	first   uint16  // incoming number with which the run began
	run     uint64  // packets of the run
	last    uint16  // highest outgoing number
	newest  moment
	ahead   int64 // ticks that timestamps are ahead of times since runs that began in the past
	packets uint32
	octets  uint32
}

// moment is an outgoing timestamp and the room time of its capture, µs.
type moment struct {
	rtp  uint32
	time int64
}

func newSender(v *viewer, video bool) *sender {
	s := &sender{viewer: v, video: video, rate: audioRate, last: uint16(rand.Uint32())}
	if video {
		s.rate = videoRate
	}
	return s
}

// ID, RID, StreamID and Kind are those of a pion.TrackLocal.
func (s *sender) ID() string {
	if s.video {
		return "video"
	}
	return "audio"
}

// RID is empty: viewers get one encoding.
func (s *sender) RID() string { return "" }

// StreamID is the same for picture and sound, which are to be played together.
func (s *sender) StreamID() string { return "chalkline" }

// Kind is that of the track.
func (s *sender) Kind() pion.RTPCodecType {
	if s.video {
		return pion.RTPCodecTypeVideo
	}
	return pion.RTPCodecTypeAudio
}

// Bind takes what was negotiated.
func (s *sender) Bind(c pion.TrackLocalContext) (pion.RTPCodecParameters, error) {
	mime := pion.MimeTypeOpus
	if s.video {
		mime = pion.MimeTypeH264
	}
	for _, p := range c.CodecParameters() {
		if !strings.EqualFold(p.MimeType, mime) {
			continue
		}
		s.writer, s.ssrc, s.number = c.WriteStream(), uint32(c.SSRC()), uint8(p.PayloadType)
		s.extension, s.capture = extensionOf(c.HeaderExtensions(), sdp.TransportCCURI), extensionOf(c.HeaderExtensions(), captureURI)
		if s.video {
			s.viewer.resend.bind(c, s.number)
		}
		return p, nil
	}
	return pion.RTPCodecParameters{}, protocol.NewError(protocol.UnsupportedCodec)
}

// Unbind has nothing to do: the writer ends with the session.
func (s *sender) Unbind(pion.TrackLocalContext) error { return nil }

// mostAhead is how much older than what was sent last, in s, the beginning of a run
// is because its layer is behind; what is older has another clock.
const mostAhead = 1

// begin makes p go on from what was sent last. A layer that is behind begins in the
// past: timestamps do not go back, and catch up with the next run.
func (s *sender) begin(p *packet) {
	s.first, s.run = p.rtp.SequenceNumber, 0
	s.shift = s.last + 1 - p.rtp.SequenceNumber
	if s.packets == 0 {
		s.turn = 0
		return
	}
	passed := (p.time-s.newest.time)*s.rate/1_000_000 - s.ahead
	s.ahead = 0
	if passed < 1 {
		if passed > -mostAhead*s.rate {
			s.ahead = 1 - passed
		}
		passed = 1
	}
	s.turn = s.newest.rtp + uint32(passed) - p.rtp.Timestamp
}

// write sends a packet; fresh ones begin a run. It returns how many bytes of
// payload went out.
func (s *sender) write(p *packet, fresh bool, now time.Time) int {
	if fresh {
		s.begin(p)
	}
	in := p.rtp.SequenceNumber
	if s.run < lateWithin && int16(in-s.first) < 0 {
		return 0 // it belongs before what this viewer began with
	}
	s.run++
	h := &s.header
	*h = pionrtp.Header{
		Version: 2, Marker: p.rtp.Marker, PayloadType: s.number, SequenceNumber: in + s.shift,
		Timestamp: p.rtp.Timestamp + s.turn, SSRC: s.ssrc, Extensions: h.Extensions[:0],
	}
	if s.extension != 0 && s.viewer.measured { // feedback costs both ends; it is for the choice of quality alone
		var number [2]byte
		binary.BigEndian.PutUint16(number[:], s.viewer.estimate.send(now, len(p.rtp.Payload)))
		_ = h.SetExtension(s.extension, number[:]) // two bytes fit in any form
	}
	if s.capture != 0 && p.time != 0 {
		binary.BigEndian.PutUint64(s.time[:], ntpOf(p.time))
		_ = h.SetExtension(s.capture, s.time[:]) // eight bytes as well
	}
	if int16(h.SequenceNumber-s.last) > 0 {
		s.last = h.SequenceNumber
	}
	if p.time != 0 {
		s.newest = moment{h.Timestamp, p.time}
	}
	if s.video {
		s.viewer.resend.note(p, h)
	}
	s.packets++
	s.octets += uint32(len(p.rtp.Payload))
	if _, err := s.writer.WriteRTP(h, p.rtp.Payload); err != nil {
		return 0 // the session ends, or its network is gone for a while
	}
	return len(p.rtp.Payload)
}

// report returns the sender report at a room time, nil if nothing was sent.
// It says when media were captured, so that the viewer plays picture and sound
// together as they were.
func (s *sender) report(now int64) *rtcp.SenderReport {
	if s.packets == 0 {
		return nil
	}
	return &rtcp.SenderReport{
		SSRC: s.ssrc, NTPTime: ntpOf(now),
		RTPTime:     s.newest.rtp + uint32((now-s.newest.time)*s.rate/1_000_000),
		PacketCount: s.packets, OctetCount: s.octets,
	}
}

// ntpEpoch is 1970 in seconds since 1900.
const ntpEpoch = 2_208_988_800

// ntpOf returns a time in µs since 1970 as NTP has it.
func ntpOf(us int64) uint64 {
	return uint64(us/1_000_000+ntpEpoch)<<32 | uint64(us%1_000_000)<<32/1_000_000
}

// microsOf is the reverse. A sender may count from anywhere.
func microsOf(ntp uint64) int64 {
	return (int64(ntp>>32)-ntpEpoch)*1_000_000 + int64(ntp&0xffff_ffff)*1_000_000>>32
}
