package webrtc

import (
	"encoding/binary"

	"chalkline/sei"
)

// Packet types of RFC 6184, table 1, beyond those of NAL units.
const (
	typeSTAPA = 24
	typeFUA   = 28
)

// beginsKey says whether a key frame's parameter sets, or its first slice, begin
// in a payload.
func beginsKey(payload []byte) bool {
	switch t := sei.TypeOf(payload); t {
	case typeSTAPA:
		for rest := payload[1:]; len(rest) > 2; {
			n := int(binary.BigEndian.Uint16(rest))
			if n == 0 || n > len(rest)-2 {
				return false
			}
			if key(sei.TypeOf(rest[2:])) {
				return true
			}
			rest = rest[2+n:]
		}
		return false
	case typeFUA:
		return len(payload) > 1 && payload[1]&0x80 != 0 && key(sei.Type(payload[1]&0x1f))
	default:
		return key(t)
	}
}

func key(t sei.Type) bool { return t == sei.TypeSPS || t == sei.TypeIDR }
