package replay

import (
	"encoding/binary"
	"math/bits"
)

// FNV-1a/128 (draft-eastlake-fnv): offset basis, and the low part of its prime
// 2⁸⁸ + 0x13b.
const (
	basisHigh = 0x6c62272e07bb0142
	basisLow  = 0x62b821756295c58d
	primeLow  = 0x13b
	primeBit  = 88
)

// Chain returns the digest of r after a record with digest before: the high 64
// bits XOR the low 64 bits of FNV-1a/128 over the digest before (8 bytes, big
// endian) and the record's revision, replica, n, captured_at and sequenced_at
// as varints and its payload. The low half alone would not do: the prime's high
// part never reaches it. It finds accidents, not forgeries.
func Chain(before Digest, r Record) Digest {
	var array [8 + 5*binary.MaxVarintLen64]byte
	buf := binary.BigEndian.AppendUint64(array[:0], uint64(before))
	buf = binary.AppendUvarint(buf, r.Revision)
	buf = binary.AppendUvarint(buf, uint64(r.Replica))
	buf = binary.AppendUvarint(buf, r.N)
	buf = binary.AppendUvarint(buf, uint64(r.CapturedAt))
	buf = binary.AppendUvarint(buf, uint64(r.SequencedAt))
	high, low := chainBytes(basisHigh, basisLow, buf)
	high, low = chainBytes(high, low, r.Payload)
	return Digest(high ^ low)
}

func chainBytes(high, low uint64, p []byte) (uint64, uint64) {
	for _, b := range p {
		low ^= uint64(b)
		carry, product := bits.Mul64(low, primeLow)
		high = high*primeLow + low<<(primeBit-64) + carry
		low = product
	}
	return high, low
}

// Release returns when a record may be shown: at its capture time, but never
// before the record before it and never after it was sequenced (or its
// predecessor released).
func Release(before, capturedAt, sequencedAt int64) int64 {
	return min(sequencedAt, max(before, capturedAt))
}
