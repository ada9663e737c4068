// Package ts writes MPEG transport streams (ITU-T H.222.0) of one H.264 picture
// and one AAC sound.
//
// A Muxer appends whole packets to a buffer, unit by unit, and keeps what must go
// on from one unit to the next: continuity counters and the clock. It sends
// nothing twice and holds nothing back: when tables are repeated and where a file
// ends is its caller's business. Compared with go-astits it makes no allocation
// and states the length of pictures, so that a player need not wait for the next
// one to know that it has all of this one.
//
// The package is pure. Times are in 1/90 000 s and are cut to the 33 bits that a
// stream has.
package ts

const (
	// PacketSize is the length of a packet in bytes.
	PacketSize = 188

	headerSize = 4
	syncByte   = 0x47

	patPID   = 0x0000
	pmtPID   = 0x1000
	videoPID = 0x0100
	audioPID = 0x0101

	typeH264 = 0x1b
	typeADTS = 0x0f
)

// appendPacket appends packets' worth of one: as much of head and then body as
// fits next to the adaptation field, and stuffing if that is not enough. It
// returns what is left of the two.
func appendPacket(dst []byte, pid uint16, start bool, counter byte, field, head, body []byte) (out, restHead, restBody []byte) {
	room := PacketSize - headerSize
	if len(field) > 0 {
		room -= 1 + len(field)
	}
	h := min(len(head), room)
	b := min(len(body), room-h)
	fill := PacketSize - headerSize - h - b // of the adaptation field, its length included
	first := byte(pid >> 8)
	if start {
		first |= 0x40
	}
	control := counter & 0x0f
	if h+b > 0 {
		control |= 0x10
	}
	if fill > 0 {
		control |= 0x20
	}
	dst = append(dst, syncByte, first, byte(pid), control)
	if fill > 0 {
		dst = append(dst, byte(fill-1))
	}
	if fill > 1 {
		if len(field) == 0 {
			field = noFlags
		}
		dst = append(dst, field...)
		for range fill - 1 - len(field) {
			dst = append(dst, 0xff)
		}
	}
	dst = append(append(dst, head[:h]...), body[:b]...)
	return dst, head[h:], body[b:]
}

// noFlags is an adaptation field that says nothing.
var noFlags = []byte{0}
