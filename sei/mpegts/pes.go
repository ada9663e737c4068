package mpegts

import (
	"encoding/binary"
	"math"

	"chalkline/sei"
)

// Frame is what a Writer knows of an access unit when it asks for its stamp.
type Frame struct {
	// PTS and DTS are in 1/90000 s, modulo 2³³. DTS is PTS where the stream has
	// none of its own.
	PTS, DTS int64
	Found    sei.Stamp // what it says already; no Time: nothing
	// Head is the access unit in Annex B up to its first slice, of which the header
	// byte is there. It is valid only during the call.
	Head []byte
}

const pesHeaderSize = 9

// openPES returns where the elementary stream begins in a PES packet of video,
// and its times. It is false while bytes are missing, and for packets without
// a time.
func openPES(b []byte) (at int, frame Frame, ok bool) {
	if len(b) < pesHeaderSize || !isVideoPES(b) {
		return 0, Frame{}, false
	}
	at = pesHeaderSize + int(b[8])
	size := 5
	if b[7]&0x40 != 0 {
		size = 10
	}
	if b[7]&0x80 == 0 || int(b[8]) < size || len(b) < at {
		return 0, Frame{}, false
	}
	frame.PTS = clock(b[9:])
	frame.DTS = frame.PTS
	if size == 10 {
		frame.DTS = clock(b[14:])
	}
	return at, frame, true
}

func isVideoPES(b []byte) bool {
	return b[0] == 0 && b[1] == 0 && b[2] == 1 && b[3]&0xf0 == 0xe0 && b[6]&0xc0 == 0x80
}

// isTimeless reports whether openPES will never open the packet that begins so.
func isTimeless(b []byte) bool {
	return len(b) >= pesHeaderSize && (!isVideoPES(b) || b[7]&0x80 == 0 || b[8] < 5)
}

// clock reads a time of 33 bits with its marker bits.
func clock(b []byte) int64 {
	return int64(b[0]>>1&7)<<30 | int64(binary.BigEndian.Uint16(b[1:])>>1)<<15 | int64(binary.BigEndian.Uint16(b[3:])>>1)
}

// hasPicture reports whether the header byte of a slice stands in an elementary
// stream at or after from, and where to look on when there is more of it.
func hasPicture(es []byte, from int) (found bool, next int) {
	for i := from; i+3 < len(es); i++ {
		if es[i] == 0 && es[i+1] == 0 && es[i+2] == 1 && sei.TypeOf(es[i+3:]).IsPicture() {
			return true, i
		}
	}
	return false, max(from, len(es)-3)
}

// stampPES returns the PES packet, of which at least the beginning is there,
// with the stamp; false if it has no place for one.
func stampPES(b []byte, at int, s sei.Stamp) ([]byte, bool) {
	out, err := sei.Insert(sei.AnnexB, append([]byte(nil), b[:at]...), b[at:], s)
	if err != nil {
		return nil, false
	}
	if length := int(binary.BigEndian.Uint16(b[4:])); length != 0 {
		length += len(out) - len(b)
		if length > math.MaxUint16 || length <= 0 {
			length = 0 // not stated, as video may
		}
		binary.BigEndian.PutUint16(out[4:], uint16(length))
	}
	return out, true
}
