package rtp

import (
	"bytes"
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
	kind    sei.Type // of the last NAL unit in it, or of that of which it has a part; 0: not known
	picture bool     // a slice, or what belongs to it, begins here
	broken  bool     // no part of a NAL unit, nor units, can look like this
	ours    bool     // it has messages of ours, which say:
	stamp   sei.Stamp
	left    []byte // the payload without them; nil: nothing

	// Of a part of a NAL unit.
	part        []byte // without headers; nil: the units are whole
	first, last bool
}

// startCode is in no NAL unit (H.264, 7.4.1): for a receiver that puts frames together
// as a byte stream another unit begins there.
var startCode = []byte{0, 0, 1}

func look(payload []byte) content {
	c := content{left: payload, broken: bytes.Contains(payload, startCode)}
	if typeOf(payload) == typeFUA {
		if len(payload) < 3 || payload[1]&0x1f == 0 {
			c.broken = true
			return c
		}
		c.part, c.kind = payload[2:], sei.Type(payload[1]&0x1f)
		c.first, c.last = payload[1]&fuStart != 0, payload[1]&fuEnd != 0
		c.picture = c.first && beginsPicture(c.kind)
		return c
	}
	for nal := range units(payload) {
		c.kind = sei.TypeOf(nal)
		c.picture = c.picture || beginsPicture(c.kind)
		c.stamp.ReadNAL(nal)
	}
	c.left, c.ours = strip(payload)
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

// strip returns payload without messages of ours, nil if nothing else is left, and
// whether it had any.
func strip(payload []byte) (left []byte, ours bool) {
	if typeOf(payload) != typeSTAPA {
		return sei.StripNAL(payload)
	}
	out := []byte{payload[0]}
	for nal := range units(payload) {
		left, has := sei.StripNAL(nal)
		ours = ours || has
		if left != nil && len(left) <= math.MaxUint16 { // longer: by emulation prevention that it lacked
			out = binary.BigEndian.AppendUint16(out, uint16(len(left)))
			out = append(out, left...)
		}
	}
	switch {
	case !ours:
		return payload, false
	case len(out) == 1:
		return nil, true
	}
	return out, true
}
