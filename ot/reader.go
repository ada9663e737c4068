package ot

import (
	"encoding/binary"
	"errors"
)

// Why bytes are refused. Decoders wrap one of these with the place.
var (
	// ErrTruncated: the bytes end before what they announce.
	ErrTruncated = errors.New("truncated")
	// ErrCanonical: the same thing has another, canonical form.
	ErrCanonical = errors.New("not canonical")
	// ErrKind: an op, element, register or part of an op of a kind that is unknown.
	ErrKind = errors.New("unknown kind")
	// ErrValue: a number or value outside its range.
	ErrValue = errors.New("value out of range")
	// ErrLimit: more ops, elements, points … than may be.
	ErrLimit = errors.New("over a limit")
)

// reader takes canonical values from the front of src. After the first error
// it returns zeros, so that a caller asks for err once, but before every
// allocation that a count decides.
type reader struct {
	src []byte
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.src = nil
}

func (r *reader) byte() byte {
	if len(r.src) == 0 {
		r.fail(ErrTruncated)
		return 0
	}
	b := r.src[0]
	r.src = r.src[1:]
	return b
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.src)
	switch {
	case n == 0:
		r.fail(ErrTruncated)
	case n < 0:
		r.fail(ErrCanonical) // more than 64 bits
	case n > 1 && r.src[n-1] == 0:
		r.fail(ErrCanonical) // longer than needed
	default:
		r.src = r.src[n:]
		return v
	}
	return 0
}

// atMost reads a varint of at most limit, else fails with err.
func (r *reader) atMost(limit uint64, err error) uint64 {
	v := r.uvarint()
	if v > limit {
		r.fail(err)
		return 0
	}
	return v
}

func (r *reader) zigzag() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// bytes reads a length and as many bytes, a part of src.
func (r *reader) bytes() []byte { return r.take(r.uvarint()) }

// take reads n bytes, a part of src.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.src)) {
		r.fail(ErrTruncated)
		return nil
	}
	b := r.src[:n:n]
	r.src = r.src[n:]
	return b
}

func (r *reader) id() ID {
	id := ID{Replica: r.uint32(), Counter: r.uint32()}
	if r.err == nil && (id.Replica == 0 || id.Counter == 0) {
		r.fail(ErrValue)
	}
	return id
}

// count reads how many things follow: 1 to limit, each of size bytes at least.
func (r *reader) count(limit uint64, size int) int {
	n := r.atMost(limit, ErrLimit)
	switch {
	case r.err != nil:
	case n == 0:
		r.fail(ErrCanonical)
	case n > uint64(len(r.src)/size):
		r.fail(ErrTruncated)
	default:
		return int(n)
	}
	return 0
}

// number reads one of 1 … 2³²−1.
func (r *reader) number() uint32 {
	n := r.uint32()
	if r.err == nil && n == 0 {
		r.fail(ErrValue)
	}
	return n
}

func (r *reader) uint32() uint32 { return uint32(r.atMost(1<<32-1, ErrValue)) }

func appendID(dst []byte, id ID) []byte {
	dst = binary.AppendUvarint(dst, uint64(id.Replica))
	return binary.AppendUvarint(dst, uint64(id.Counter))
}

func appendBytes(dst, b []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

func appendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}
