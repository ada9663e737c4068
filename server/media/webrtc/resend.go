package webrtc

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"
	limit "golang.org/x/time/rate"
)

// What a viewer may have sent again: some 4 Mbit/s, and the packets of a second's
// outage at once. What is asked for beyond is not sent.
const (
	resentPerSecond = 400
	resentAtOnce    = 800
)

const (
	// historySize is among how many packets those that are asked for are found.
	historySize = 1024
	// askedAgain is how long after a packet was sent again it may be asked for anew: a
	// browser that does not know how long the way is asks every 100 ms.
	askedAgain = 50 * time.Millisecond
)

// When packets go out twice: what is lost would come a round trip later, and not
// always then. It helps where no queue loses them, and costs little where the picture
// is small.
const (
	lossyFrom = 0.03    // part of the packets that is lost, over some reports
	lossyTo   = 0.01    // less: no longer
	twiceMost = 300_000 // bit/s that go out once
	// twiceAfter is how much later the second goes: what loses the first may last.
	twiceAfter = 20 * time.Millisecond
)

// past is a packet that went out.
type past struct {
	packet *packet
	rtp    uint32    // its timestamp then
	number uint16    // and its number
	again  time.Time // when it was sent since it was asked for; zero: it was not
}

// resender sends packets of a viewer's picture again: those that are asked for
// (RFC 4585, 6.2.1), and all where many are lost.
type resender struct {
	sender *sender

	// Guarded by viewer.mu.
	asked []uint16 // numbers
	loss  float64  // part of the packets, over some reports
	lossy bool

	// Set by Bind, before the connection is there.
	ssrc   uint32 // of RTX (RFC 4588); 0: what is sent again looks as it did
	number uint8  // its payload type

	// Owned by the viewer's writer.
	limiter *limit.Limiter
	last    uint16 // number of RTX
	history [historySize]past
	twice   bool     // packets go out twice
	seconds []uint16 // of those that wait to go out a second time
	due     *time.Timer
	octets  uint32 // that the sender had sent at the last tick
	header  pionrtp.Header
	payload []byte
}

func newResender(s *sender) *resender {
	r := &resender{sender: s, limiter: limit.NewLimiter(resentPerSecond, resentAtOnce), due: time.NewTimer(0)}
	r.due.Stop()
	return r
}

// bind takes what was negotiated.
func (r *resender) bind(c pion.TrackLocalContext, number uint8) {
	for _, p := range c.CodecParameters() {
		if strings.EqualFold(p.MimeType, pion.MimeTypeRTX) && p.SDPFmtpLine == fmt.Sprintf("apt=%d", number) {
			r.ssrc, r.number = uint32(c.SSRCRetransmission()), uint8(p.PayloadType)
		}
	}
}

// note keeps a packet that goes out with a header.
func (r *resender) note(p *packet, h *pionrtp.Header) {
	r.history[h.SequenceNumber%historySize] = past{packet: p, rtp: h.Timestamp, number: h.SequenceNumber}
	if !r.twice {
		return
	}
	if len(r.seconds) == 0 {
		r.due.Reset(twiceAfter)
	}
	r.seconds = append(r.seconds, h.SequenceNumber)
}

// find returns a packet that went out; nil if it is not known any more.
func (r *resender) find(number uint16) *past {
	p := &r.history[number%historySize]
	if p.packet == nil || p.number != number {
		return nil
	}
	return p
}

// answer sends what was asked for, as far as it is there and the limit permits. It
// returns how many packets went out.
func (r *resender) answer(asked []uint16, now time.Time) (n int) {
	for _, number := range asked {
		p := r.find(number)
		if p == nil || now.Sub(p.again) < askedAgain {
			continue
		}
		if !r.limiter.AllowN(now, 1) {
			break
		}
		p.again = now
		n += r.write(p)
	}
	return n
}

// repeat sends a second time what waits for it. It returns how many packets went out.
func (r *resender) repeat() (n int) {
	for _, number := range r.seconds {
		if p := r.find(number); p != nil && p.again.IsZero() {
			n += r.write(p)
		}
	}
	r.seconds = r.seconds[:0]
	return n
}

// write sends a packet again and returns 1, or 0 if that failed. It has no number
// for transport-wide feedback, which is about the way of those that go out once.
func (r *resender) write(p *past) int {
	s, payload := r.sender, p.packet.rtp.Payload
	h := &r.header
	*h = pionrtp.Header{
		Version: 2, Marker: p.packet.rtp.Marker, PayloadType: s.number, SequenceNumber: p.number, Timestamp: p.rtp, SSRC: s.ssrc,
	}
	if r.ssrc != 0 {
		r.last++
		h.PayloadType, h.SequenceNumber, h.SSRC = r.number, r.last, r.ssrc
		r.payload = append(binary.BigEndian.AppendUint16(r.payload[:0], p.number), payload...)
		payload = r.payload
	}
	if _, err := s.writer.WriteRTP(h, payload); err != nil {
		return 0 // the session ends, or its network is gone for a while
	}
	return 1
}

// judge decides whether packets go out twice from now on: where much is lost, by what
// the network was like in the last tick. viewer.mu is held.
func (r *resender) judge(n network) {
	rate := int(r.sender.octets-r.octets) * 8 * int(time.Second/viewerTick)
	r.octets = r.sender.octets
	if n.known {
		r.twice = n.queueing < queueLow
	}
	r.twice = r.twice && r.lossy && rate <= twiceMost
}

// ask notes what the viewer asks for; its writer answers.
func (r *resender) ask(n *rtcp.TransportLayerNack) {
	v := r.sender.viewer
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range n.Nacks {
		if len(r.asked) >= resentAtOnce {
			break
		}
		n.Nacks[i].Range(func(number uint16) bool {
			r.asked = append(r.asked, number)
			return true
		})
	}
	v.wake()
}

// report takes what a receiver says was lost of the picture since its last report.
func (r *resender) report(all *rtcp.ReceiverReport) {
	v := r.sender.viewer
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, one := range all.Reports {
		if one.SSRC != r.sender.ssrc {
			continue
		}
		r.loss += (float64(one.FractionLost)/256 - r.loss) / 4
		r.lossy = r.loss >= lossyFrom || r.lossy && r.loss >= lossyTo
	}
}
