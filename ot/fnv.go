package ot

import (
	"encoding/binary"
	"math/bits"
)

// fnv128 is a running FNV-1a/128. It is the same function as hash/fnv's, as a
// value that an element can keep and go on from, and without a buffer between.
type fnv128 struct{ hi, lo uint64 }

// fnvStart is the offset basis.
func fnvStart() fnv128 { return fnv128{0x6c62272e07bb0142, 0x62b821756295c58d} }

// fnvPrime is the lower part of the prime 2⁸⁸ + 0x13b.
const fnvPrime = 0x13b

func (h fnv128) byte(b byte) fnv128 {
	h.lo ^= uint64(b)
	hi, lo := bits.Mul64(h.lo, fnvPrime)
	return fnv128{hi + h.hi*fnvPrime + h.lo<<24, lo}
}

func (h fnv128) uvarint(v uint64) fnv128 {
	for v >= 0x80 {
		h = h.byte(byte(v) | 0x80)
		v >>= 7
	}
	return h.byte(byte(v))
}

// zigzag adds the difference of two coordinates.
func (h fnv128) zigzag(d int32) fnv128 {
	return h.uvarint(uint64(uint32(d)<<1 ^ uint32(d>>31)))
}

func (h fnv128) string(s string) fnv128 {
	h = h.uvarint(uint64(len(s)))
	for i := range len(s) {
		h = h.byte(s[i])
	}
	return h
}

func (h fnv128) bytes(b []byte) fnv128 {
	for _, c := range b {
		h = h.byte(c)
	}
	return h
}

// points adds points that come after before, each by its difference from the
// point in front of it.
func (h fnv128) points(before Point, points []Point) fnv128 {
	for _, p := range points {
		h = h.zigzag(p.X - before.X).zigzag(p.Y - before.Y)
		h = h.zigzag(p.P - before.P).zigzag(p.T - before.T)
		before = p
	}
	return h
}

func (h fnv128) erasures(erasures []Erasure) fnv128 {
	h = h.uvarint(uint64(len(erasures)))
	for i := range erasures {
		e := &erasures[i]
		h = h.uvarint(uint64(e.Replica)).uvarint(uint64(e.Eraser)).byte(bit(e.Off)).uvarint(uint64(len(e.Spans)))
		end := uint32(0)
		for _, s := range e.Spans {
			h = h.uvarint(uint64(s.From - end)).uvarint(uint64(s.To - s.From))
			end = s.To
		}
	}
	return h
}

// plus and minus are modulo 2¹²⁸.
func (h fnv128) plus(o fnv128) fnv128 {
	lo, carry := bits.Add64(h.lo, o.lo, 0)
	hi, _ := bits.Add64(h.hi, o.hi, carry)
	return fnv128{hi, lo}
}

func (h fnv128) minus(o fnv128) fnv128 {
	lo, borrow := bits.Sub64(h.lo, o.lo, 0)
	hi, _ := bits.Sub64(h.hi, o.hi, borrow)
	return fnv128{hi, lo}
}

// sum is the 16 bytes, big endian.
func (h fnv128) sum() (sum [16]byte) {
	binary.BigEndian.PutUint64(sum[:8], h.hi)
	binary.BigEndian.PutUint64(sum[8:], h.lo)
	return sum
}
