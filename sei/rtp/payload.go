package rtp

import (
	"encoding/binary"
	"iter"
	"math"

	"chalkline/sei"
)

// Packet types of RFC 6184, table 1, beyond those of NAL units.
const (
	typeSTAPA = 24
	typeFUA   = 28

	fuStart = 0x80
	fuEnd   = 0x40
)

// content is what matters of a payload.
type content struct {
	picture      bool // a slice, or what belongs to it, begins here
	continuation bool // it begins within a NAL unit
	ours         bool // it has messages of ours, which say:
	stamp        sei.Stamp
}

func look(payload []byte) content {
	var c content
	if typeOf(payload) == typeFUA {
		if len(payload) < 2 || payload[1]&fuStart == 0 {
			c.continuation = true
		} else {
			c.picture = beginsPicture(sei.Type(payload[1] & 0x1f))
		}
		return c
	}
	for nal := range units(payload) {
		c.picture = c.picture || beginsPicture(sei.TypeOf(nal))
		c.ours = c.stamp.ReadNAL(nal) || c.ours
	}
	return c
}

func typeOf(payload []byte) sei.Type { return sei.TypeOf(payload) }

func beginsPicture(t sei.Type) bool { return t.IsPicture() || t == sei.TypePrefix }

// units walks the NAL units that are whole in payload. A STAP-A that claims
// more than it has ends there.
func units(payload []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		switch t := typeOf(payload); {
		case t == typeSTAPA:
			for rest := payload[1:]; len(rest) >= 2; {
				n := int(binary.BigEndian.Uint16(rest))
				if n > len(rest)-2 {
					return
				}
				if n > 0 && !yield(rest[2:2+n]) {
					return
				}
				rest = rest[2+n:]
			}
		case t > 0 && t < typeSTAPA:
			yield(payload)
		}
	}
}

// stampPayload returns the NAL units of a stamp as the payload of one packet, nil
// if there are none: a packet for each would cost every receiver two more a frame.
func stampPayload(stamp sei.Stamp) []byte {
	nals := stamp.NALs()
	switch len(nals) {
	case 0:
		return nil
	case 1:
		return nals[0]
	}
	out := []byte{typeSTAPA} // NRI 0, as that of SEI
	for _, nal := range nals {
		out = binary.BigEndian.AppendUint16(out, uint16(len(nal)))
		out = append(out, nal...)
	}
	return out
}

// strip returns payload without messages of ours, nil if nothing else is left.
func strip(payload []byte) []byte {
	if typeOf(payload) != typeSTAPA {
		return sei.StripNAL(payload)
	}
	out := []byte{payload[0]}
	for nal := range units(payload) {
		left := sei.StripNAL(nal)
		if len(left) > math.MaxUint16 { // grown by emulation prevention that it lacked
			left = nal
		}
		if left != nil {
			out = binary.BigEndian.AppendUint16(out, uint16(len(left)))
			out = append(out, left...)
		}
	}
	if len(out) == 1 {
		return nil
	}
	return out
}
