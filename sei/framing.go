package sei

import (
	"bytes"
	"fmt"
	"iter"
)

// Framing says how NAL units follow each other in a buffer.
type Framing int

// The framings. The other values are not valid.
const (
	// AnnexB separates by start codes of three or four bytes (H.264, annex B):
	// MPEG-TS, .h264 files, encoded frames in browsers.
	AnnexB Framing = 0
	// AVCC1, AVCC2 and AVCC4 put a length of so many bytes, big endian, before
	// each unit (ISO/IEC 14496-15): RTMP, FLV, MP4. The decoder configuration
	// record says which.
	AVCC1 Framing = 1
	AVCC2 Framing = 2
	AVCC4 Framing = 4
)

// Unit is a NAL unit in a buffer.
type Unit struct {
	NAL    []byte // header byte first; aliases the buffer
	Offset int    // where its start code or length begins
	End    int    // where the next unit begins
}

// Units walks the NAL units of b. It ends with an error that wraps
// ErrMalformed where b does not hold what a length claims, or f is not valid.
// What stands before the first start code belongs to no unit.
func (f Framing) Units(b []byte) iter.Seq2[Unit, error] {
	switch f {
	case AnnexB:
		return func(yield func(Unit, error) bool) { walkAnnexB(b, yield) }
	case AVCC1, AVCC2, AVCC4:
		return func(yield func(Unit, error) bool) { walkAVCC(b, int(f), yield) }
	default:
		return func(yield func(Unit, error) bool) {
			yield(Unit{}, fmt.Errorf("sei: framing %d: %w", int(f), ErrMalformed))
		}
	}
}

// startCode finds the next start code at or after from: where it begins, the
// zero byte of a long one included, and where the NAL unit begins. Both are
// len(b) if there is none.
func startCode(b []byte, from int) (at, nal int) {
	i := bytes.Index(b[from:], []byte{0, 0, 1})
	if i < 0 {
		return len(b), len(b)
	}
	at, nal = from+i, from+i+3
	if at > from && b[at-1] == 0 {
		at--
	}
	return at, nal
}

func walkAnnexB(b []byte, yield func(Unit, error) bool) {
	at, nal := startCode(b, 0)
	for at < len(b) {
		nextAt, nextNAL := startCode(b, nal)
		// trailing_zero_8bits: a NAL unit never ends in a zero byte.
		body := bytes.TrimRight(b[nal:nextAt], "\x00")
		if len(body) > 0 && !yield(Unit{NAL: body, Offset: at, End: nextAt}, nil) {
			return
		}
		at, nal = nextAt, nextNAL
	}
}

func walkAVCC(b []byte, size int, yield func(Unit, error) bool) {
	for at := 0; at < len(b); {
		if len(b)-at < size {
			yield(Unit{}, fmt.Errorf("sei: length at %d: %w", at, ErrMalformed))
			return
		}
		n := 0
		for _, c := range b[at : at+size] {
			n = n<<8 | int(c)
		}
		body := at + size
		if n > len(b)-body {
			yield(Unit{}, fmt.Errorf("sei: NAL unit of %d bytes at %d: %w", n, at, ErrMalformed))
			return
		}
		if n > 0 && !yield(Unit{NAL: b[body : body+n], Offset: at, End: body + n}, nil) {
			return
		}
		at = body + n
	}
}

// Append appends a NAL unit in this framing. The error wraps ErrMalformed if f
// is not valid or its length has no room for the unit.
func (f Framing) Append(dst, nal []byte) ([]byte, error) {
	switch f {
	case AnnexB:
		return append(append(dst, 0, 0, 0, 1), nal...), nil
	case AVCC1, AVCC2, AVCC4:
		if uint64(len(nal)) >= 1<<(8*uint(f)) {
			return dst, fmt.Errorf("sei: NAL unit of %d bytes with a length of %d: %w", len(nal), int(f), ErrMalformed)
		}
		for shift := 8 * (int(f) - 1); shift >= 0; shift -= 8 {
			dst = append(dst, byte(len(nal)>>shift))
		}
		return append(dst, nal...), nil
	default:
		return dst, fmt.Errorf("sei: framing %d: %w", int(f), ErrMalformed)
	}
}

// AccessUnits walks the access units of an Annex B byte stream that is all
// there, such as a file. The slices alias b.
func AccessUnits(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		from, pictured := 0, false
		for u, err := range AnnexB.Units(b) {
			if err != nil {
				return
			}
			if StartsAccessUnit(u.NAL, pictured) {
				if !yield(b[from:u.Offset]) {
					return
				}
				from, pictured = u.Offset, false
			}
			pictured = pictured || TypeOf(u.NAL).IsPicture()
		}
		if pictured {
			yield(b[from:])
		}
	}
}
