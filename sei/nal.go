package sei

import "errors"

// Errors of the parsers.
var (
	// ErrMalformed says that bytes are not what the format wants.
	ErrMalformed = errors.New("malformed")
	// ErrTooLong says that an SEI NAL unit is longer than MaxNAL.
	ErrTooLong = errors.New("SEI too long")
	// ErrNoPicture says that an access unit has no slice: nothing to stamp.
	ErrNoPicture = errors.New("no picture in access unit")
)

// MaxNAL is the length in bytes of the longest SEI NAL unit that is looked
// into. Longer ones are passed on as they are.
const MaxNAL = 1 << 16

// Type is the nal_unit_type of ITU-T H.264, table 7-1.
type Type byte

// The types that matter here.
const (
	TypeSlice     Type = 1
	TypeIDR       Type = 5
	TypeSEI       Type = 6
	TypeSPS       Type = 7
	TypePPS       Type = 8
	TypeDelimiter Type = 9
	TypePrefix    Type = 14 // belongs to the slice that follows it
)

// TypeOf returns the type of a NAL unit that begins with its header byte; 0,
// which no encoder writes, for an empty one.
func TypeOf(nal []byte) Type {
	if len(nal) == 0 {
		return 0
	}
	return Type(nal[0] & 0x1f)
}

// IsPicture reports whether t is a slice of the primary picture or a part of
// one: the VCL NAL units of table 7-1 that an access unit must have.
func (t Type) IsPicture() bool { return t >= TypeSlice && t <= TypeIDR }

// StartsAccessUnit reports whether nal opens an access unit, given whether the
// one before it has its picture already (7.4.1.2.3 and 7.4.1.2.4).
//
// Two pictures are told apart by first_mb_in_slice = 0 alone. That is exact
// unless slices come in arbitrary order, which only the Baseline profile
// permits and no encoder in use does.
func StartsAccessUnit(nal []byte, pictured bool) bool {
	if !pictured {
		return false
	}
	switch t := TypeOf(nal); {
	case t.IsPicture():
		// ue(v) 0 is a single 1 bit. Partitions B and C continue a slice.
		return (t <= 2 || t == TypeIDR) && len(nal) > 1 && nal[1]&0x80 != 0
	case t >= TypeSEI && t <= TypeDelimiter:
		return true
	default:
		return t >= TypePrefix && t <= 18
	}
}

// escape appends the bytes of rbsp with emulation prevention (7.4.1): no start
// code can appear inside a NAL unit.
func escape(dst, rbsp []byte) []byte {
	zeros := 0
	for _, b := range rbsp {
		if zeros == 2 && b <= 3 {
			dst = append(dst, 3)
			zeros = 0
		}
		dst = append(dst, b)
		if b == 0 {
			zeros++
		} else {
			zeros = 0
		}
	}
	return dst
}

// unescape returns b without emulation prevention bytes: b itself if it has
// none.
func unescape(b []byte) []byte {
	zeros, from := 0, 0
	var out []byte
	for i, c := range b {
		switch {
		case zeros >= 2 && c == 3:
			out = append(out, b[from:i]...)
			from, zeros = i+1, 0
		case c == 0:
			zeros++
		default:
			zeros = 0
		}
	}
	if from == 0 {
		return b
	}
	return append(out, b[from:]...)
}
