package mpegts

import "bytes"

const (
	maxHead  = 64 << 10 // bytes of video before the first slice
	maxQueue = 1024     // packets of all streams that wait meanwhile
)

// head is the beginning of a PES packet of video, up to the first slice, with
// the packets of other streams that came between its own.
type head struct {
	queue   []byte // whole packets, in order
	payload []byte // of the video's
	scanned int    // of the elementary stream
	counter byte   // of the last packet with payload
	last    int    // where in queue it is
}

func (h *head) open() bool { return len(h.queue) > 0 }

func (h *head) reset() { *h = head{queue: h.queue[:0], payload: h.payload[:0]} }

// add takes over a packet of the video that is part of the head. It is false
// if the head cannot be completed: packets are missing, or it is too long.
func (h *head) add(p packet) bool {
	_, payload, ok := p.split()
	if !ok || !p.clear() {
		return false
	}
	if len(payload) == 0 {
		return h.wait(p)
	}
	if h.open() {
		if p.counter() == h.counter && bytes.Equal(h.queue[h.last+headerSize:h.last+packetSize], p[headerSize:]) {
			return true // sent twice, as H.222.0 permits
		}
		if p.counter() != (h.counter+1)&0x0f {
			return false
		}
	}
	h.counter, h.last = p.counter(), len(h.queue)
	h.payload = append(h.payload, payload...)
	return len(h.payload) <= maxHead && h.wait(p)
}

// wait queues a packet that is not to overtake the head.
func (h *head) wait(p packet) bool {
	h.queue = append(h.queue, p...)
	return len(h.queue) <= maxQueue*packetSize
}

// complete reports whether the first slice has begun.
func (h *head) complete() (at int, frame Frame, ok bool) {
	at, frame, ok = openPES(h.payload)
	if !ok {
		return 0, Frame{}, false
	}
	ok, h.scanned = hasPicture(h.payload[at:], h.scanned)
	return at, frame, ok
}

// appendAs appends the queue to dst with another payload in the video's
// packets. Their adaptation fields stay where they are; packets are added
// behind the last, or left out, as needed. The counters of the video begin
// shifted by shift; the one returned is for the packets that follow.
func (h *head) appendAs(dst []byte, video uint16, payload []byte, shift byte) ([]byte, byte) {
	for at := 0; at < len(h.queue); at += packetSize {
		p := packet(h.queue[at : at+packetSize])
		if p.pid() != video {
			dst = append(dst, p...)
			continue
		}
		if !p.hasPayload() {
			p.shift(shift)
			dst = append(dst, p...)
			continue
		}
		field, _, _ := p.split()
		n := min(room(field), len(payload))
		if n == 0 {
			shift--
		}
		if n > 0 || len(field) > 0 {
			dst = appendPacket(dst, p, p.counter()+shift, field, payload[:n])
			payload = payload[n:]
		}
		for at == h.last && len(payload) > 0 {
			shift++
			more := packet{p[0], p[1] &^ 0x40, p[2]}
			n := min(room(nil), len(payload))
			dst = appendPacket(dst, more, p.counter()+shift, nil, payload[:n])
			payload = payload[n:]
		}
	}
	return dst, shift
}
