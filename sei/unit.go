package sei

import (
	"bytes"
	"fmt"
)

// ReadNAL takes over into s what an SEI NAL unit says about time and origin,
// and reports whether that was anything. Other NAL units, other encoders'
// messages and malformed units say nothing.
func (s *Stamp) ReadNAL(nal []byte) bool {
	if TypeOf(nal) != TypeSEI {
		return false
	}
	read, found := *s, false
	for m, err := range Messages(nal) {
		if err != nil {
			return false
		}
		found = read.read(m) || found
	}
	*s = read
	return found
}

// StripNAL returns what is left of an SEI NAL unit without messages of ours, and
// whether it had any: nil if nothing else is left. Of a unit that is malformed, and
// has one of our UUIDs, nothing is left: other readers may find a stamp in it.
func StripNAL(nal []byte) (left []byte, ours bool) {
	if TypeOf(nal) != TypeSEI {
		return nal, false
	}
	var others []Message
	for m, err := range Messages(nal) {
		switch {
		case err != nil && (bytes.Contains(nal, []byte(timeUUID)) || bytes.Contains(nal, []byte(originUUID))):
			return nil, true
		case err != nil:
			return nal, false // in doubt it is the encoder's
		case isOurs(m):
			ours = true
		default:
			others = append(others, m)
		}
	}
	switch {
	case !ours:
		return nal, false
	case len(others) == 0:
		return nil, true
	default:
		return AppendNAL(nil, others...), true
	}
}

// Read returns the stamp of an access unit, and false if it has no time before
// its first slice.
func Read(f Framing, unit []byte) (Stamp, bool) {
	var s Stamp
	for u, err := range f.Units(unit) {
		if err != nil || TypeOf(u.NAL).IsPicture() {
			break
		}
		s.ReadNAL(u.NAL)
	}
	if s.Time == 0 {
		return Stamp{}, false
	}
	return s, true
}

// Insert appends to dst the access unit with s before its first slice, in
// place of a stamp that was there. The rest stays as it is, byte by byte. The
// unit may be cut off after the header byte of its first slice.
//
// On an error, which wraps ErrNoPicture or ErrMalformed, dst comes back as it
// was.
func Insert(f Framing, dst, unit []byte, s Stamp) ([]byte, error) {
	out := dst
	copied, at := 0, -1
	for u, err := range f.Units(unit) {
		if err != nil {
			return dst, fmt.Errorf("sei: insert: %w", err)
		}
		switch t := TypeOf(u.NAL); {
		case t.IsPicture():
			if at < 0 {
				at = u.Offset
			}
			out, err = s.Append(append(out, unit[copied:at]...), f)
			if err != nil {
				return dst, fmt.Errorf("sei: insert: %w", err)
			}
			return append(out, unit[at:]...), nil
		case t == TypePrefix:
			if at < 0 {
				at = u.Offset // nothing may come between it and its slice
			}
		default:
			at = -1
			if out, copied, err = copyWithout(f, out, unit, copied, u); err != nil {
				return dst, fmt.Errorf("sei: insert: %w", err)
			}
		}
	}
	return dst, fmt.Errorf("sei: insert: %w", ErrNoPicture)
}

// Remove appends to dst what is left of an access unit without stamps. On an
// error, which wraps ErrMalformed, dst comes back as it was.
func Remove(f Framing, dst, unit []byte) ([]byte, error) {
	out, copied := dst, 0
	for u, err := range f.Units(unit) {
		if err != nil {
			return dst, fmt.Errorf("sei: remove: %w", err)
		}
		if out, copied, err = copyWithout(f, out, unit, copied, u); err != nil {
			return dst, fmt.Errorf("sei: remove: %w", err)
		}
	}
	return append(out, unit[copied:]...), nil
}

// copyWithout leaves u for later if nothing in it is ours. Otherwise it copies
// what stands before u and what is left of u, and moves copied behind it.
func copyWithout(f Framing, out, unit []byte, copied int, u Unit) ([]byte, int, error) {
	left, ours := StripNAL(u.NAL)
	if !ours {
		return out, copied, nil
	}
	out = append(out, unit[copied:u.Offset]...)
	if left == nil {
		return out, u.End, nil
	}
	out, err := f.Append(out, left)
	return out, u.End, err
}
