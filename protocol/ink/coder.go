package ink

import "math/bits"

// prob is an adaptive estimate of the chance of a one.
type prob struct {
	p uint16 // in 1/65536, never 0
	n uint8  // confidence: the higher, the slower p moves
}

const (
	startConfidence = 8
	maxConfidence   = 60
	even            = 1 << 15 // the chance of a bit that is not modelled
)

// coder is a carry-less binary arithmetic coder over [lo, hi]. One model drives
// both directions: its methods take the value to encode and return the value
// coded, so that a decoder may pass anything.
type coder struct {
	lo, hi uint32
	val    uint32 // decoding: the next four bytes
	dec    bool
	over   int    // decoding: zero bytes read beyond the end
	in     []byte // decoding: what is left
	out    []byte // encoding: what was produced, behind what was there
}

func encodeTo(dst []byte) coder {
	return coder{hi: 1<<32 - 1, out: dst}
}

func decodeFrom(src []byte) coder {
	c := coder{hi: 1<<32 - 1, in: src, dec: true}
	for range 4 {
		c.read()
	}
	return c
}

// read moves the next byte into val; beyond the end come zeros.
func (c *coder) read() {
	c.val <<= 8
	if len(c.in) == 0 {
		c.over++
		return
	}
	c.val |= uint32(c.in[0])
	c.in = c.in[1:]
}

// exhausted tells that decoding has read more than any encoder leaves out.
func (c *coder) exhausted() bool { return c.over > 4 }

// put makes [lo, hi] the part that stands for b, where p is the chance of a
// one, and moves on over the bytes that are settled.
func (c *coder) put(p, b uint32) {
	mid := c.mid(p)
	if b == 1 {
		c.hi = mid
	} else {
		c.lo = mid + 1
	}
	for (c.lo^c.hi)>>24 == 0 {
		c.out = append(c.out, byte(c.hi>>24))
		c.lo <<= 8
		c.hi = c.hi<<8 | 255
	}
}

// get returns the bit that val stands for, likewise.
func (c *coder) get(p uint32) (b uint32) {
	if mid := c.mid(p); c.val <= mid {
		c.hi, b = mid, 1
	} else {
		c.lo = mid + 1
	}
	for (c.lo^c.hi)>>24 == 0 {
		c.read()
		c.lo <<= 8
		c.hi = c.hi<<8 | 255
	}
	return b
}

// mid is the last value of [lo, hi] that stands for a one.
func (c *coder) mid(p uint32) uint32 {
	return c.lo + uint32(uint64(c.hi-c.lo)*uint64(p)>>16)
}

// adapt moves the estimate towards the bit that came.
func (m *prob) adapt(b uint32) {
	p, r := uint32(m.p), rate[m.n]
	if b == 1 {
		p += (65535 - p) * r >> 16
	} else {
		p -= (p - 1) * r >> 16
	}
	m.p = uint16(p)
	if m.n < maxConfidence {
		m.n++
	}
}

func (c *coder) putBit(m *prob, b uint32) {
	c.put(uint32(m.p), b)
	m.adapt(b)
}

func (c *coder) getBit(m *prob) uint32 {
	b := c.get(uint32(m.p))
	m.adapt(b)
	return b
}

// bit codes b.
func (c *coder) bit(m *prob, b bool) bool {
	if c.dec {
		return c.getBit(m) == 1
	}
	c.putBit(m, bit(b))
	return b
}

// raw codes the low n bits of v without a model.
func (c *coder) raw(n int, v int32) int32 {
	if !c.dec {
		for i := n - 1; i >= 0; i-- {
			c.put(even, uint32(v>>i)&1)
		}
		return v
	}
	r := uint32(0)
	for range n {
		r = r<<1 | c.get(even)
	}
	return int32(r)
}

// tail returns the shortest end: the fewest bytes k, and those bytes at the top
// of v, that stay in [lo, hi] whatever zeros follow.
func (c *coder) tail() (v uint32, k int) {
	for k = range 4 {
		rest := uint32(1<<(32-8*k) - 1)
		if v = (c.lo + rest) &^ rest; v >= c.lo && v <= c.hi {
			return v, k
		}
	}
	return c.lo, 4
}

// finish ends encoding with the shortest tail.
func (c *coder) finish() []byte {
	v, k := c.tail()
	for i := range k {
		c.out = append(c.out, byte(v>>(24-8*i)))
	}
	return c.out
}

// finished tells whether decoding ended where finish would have ended: no byte
// is left, missing or other than in the shortest tail.
func (c *coder) finished() bool {
	v, k := c.tail()
	return len(c.in) == 0 && c.over == 4-k && c.val == v
}

// values are the contexts of one kind of signed value.
type values [nVal]prob

// Contexts within values.
const (
	cZero = 0          // is it nonzero, by expectation
	cSign = 3          // is it negative, likewise
	cMore = 6          // bits below the leading one, in unary
	cTop  = cMore + 14 // the bit below the leading one, by how many there are
	cNext = cTop + 8   // the bit below that, of two or three, by the bit above
	nVal  = cNext + 4

	maxBits = 19 // bits below the leading one: |v| < 2^20
)

// expectation says which sign a value is expected to have, if any.
type expectation int32

const (
	negative expectation = iota
	open
	positive
)

// signed codes v, |v| < 2^20.
func (c *coder) signed(m *values, e expectation, v int32) int32 {
	if c.dec {
		return c.getSigned(m, e)
	}
	c.putSigned(m, e, v)
	return v
}

func (c *coder) putSigned(m *values, e expectation, v int32) {
	c.putBit(&m[cZero+e], bit(v != 0))
	if v == 0 {
		return
	}
	c.putBit(&m[cSign+e], bit(v < 0))
	w := uint32(abs(v))
	k := bits.Len32(w) - 1
	for i := range k {
		c.putBit(&m[cMore+min(i, 13)], 1)
	}
	if k < maxBits {
		c.putBit(&m[cMore+min(k, 13)], 0)
	}
	for i := k - 1; i >= 0; i-- {
		if p := below(m, k, i, w>>(i+1)); p != nil {
			c.putBit(p, w>>i&1)
		} else {
			c.put(even, w>>i&1)
		}
	}
}

func (c *coder) getSigned(m *values, e expectation) int32 {
	if c.getBit(&m[cZero+e]) == 0 {
		return 0
	}
	minus := c.getBit(&m[cSign+e])
	k := 0
	for k < maxBits && c.getBit(&m[cMore+min(k, 13)]) == 1 {
		k++
	}
	w := uint32(1)
	for i := k - 1; i >= 0; i-- {
		if p := below(m, k, i, w); p != nil {
			w = w<<1 | c.getBit(p)
		} else {
			w = w<<1 | c.get(even)
		}
	}
	if minus == 1 {
		return -int32(w)
	}
	return int32(w)
}

// below returns the context of bit i of a value with k bits below its leading
// one and the bits above so far; nil for the bits that are not modelled.
func below(m *values, k, i int, above uint32) *prob {
	switch {
	case i == k-1:
		return &m[cTop+min(i, 7)]
	case i == k-2 && k <= 3:
		return &m[cNext+2*(k-2)+int(above&1)]
	}
	return nil
}

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// abs is without a branch: the sign of a residual is what no processor predicts.
func abs(v int32) int32 {
	sign := v >> 31
	return (v ^ sign) - sign
}
