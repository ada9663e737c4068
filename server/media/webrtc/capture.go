package webrtc

import (
	"encoding/binary"

	pionrtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"
)

// captureURI is the header extension by which sound says when what a packet begins
// with was captured, in NTP time: its publisher's on the way in, the room's on the way
// out. Reports say it every few seconds only, and browsers reckon them of sound by
// when it was sent; by packets a microphone that lost 200 ms is known at once.
const captureURI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"

// captureJump is how far off such a time may be, µs, and times of sound still follow
// it evenly.
const captureJump = 30_000

// captureStale is how long after a packet that said its time, µs, reports count again.
// Chromium says it once a second, and of each packet that does not follow on.
const captureStale = 5_000_000

// extensionOf returns the id that was negotiated for an extension; 0: none.
func extensionOf(all []pion.RTPHeaderExtensionParameter, uri string) uint8 {
	for _, e := range all {
		if e.URI == uri {
			return uint8(e.ID)
		}
	}
	return 0
}

// captureOf returns the NTP time in µs that a packet says; false if it says none. A
// clock offset that may follow is that of a mixer before the publisher.
func captureOf(p *pionrtp.Packet, id uint8) (ntp int64, ok bool) {
	if id == 0 {
		return 0, false
	}
	b := p.GetExtension(id)
	if len(b) < 8 {
		return 0, false
	}
	return microsOf(binary.BigEndian.Uint64(b)), true
}

// sampled takes the time that a packet of sound says. Without a report nobody knows
// what it is in room time.
func (p *publisher) sampled(t *inbound, rtp uint32, ntp int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ntp.known() {
		return
	}
	t.sampled, t.line.most = t.arrival, captureJump
	t.jumped = t.line.report(rtp, ntp+p.ntp.offset(), t.lineJumps) || t.jumped
	t.lineJumps = false
}
