package replay

import "encoding/binary"

// Low 64 bits of the offset basis and of the prime of FNV-1a/128. Its prime is
// 2⁸⁸ + 0x13b, so the low half of the product never depends on the high half
// and the digest costs one multiplication a byte.
const (
	chainBasis = 0x62b821756295c58d
	chainPrime = 0x13b
)

// Chain returns the digest of r after a record with digest before: the low 64
// bits of FNV-1a/128 (draft-eastlake-fnv) over the digest before (8 bytes, big
// endian) and the record's revision, replica, n, captured_at and sequenced_at
// as varints and its payload. It finds accidents, not forgeries.
func Chain(before Digest, r Record) Digest {
	var array [8 + 5*binary.MaxVarintLen64]byte
	buf := binary.BigEndian.AppendUint64(array[:0], uint64(before))
	buf = binary.AppendUvarint(buf, r.Revision)
	buf = binary.AppendUvarint(buf, uint64(r.Replica))
	buf = binary.AppendUvarint(buf, r.N)
	buf = binary.AppendUvarint(buf, uint64(r.CapturedAt))
	buf = binary.AppendUvarint(buf, uint64(r.SequencedAt))
	return Digest(chainBytes(chainBytes(chainBasis, buf), r.Payload))
}

func chainBytes(h uint64, p []byte) uint64 {
	for _, b := range p {
		h = (h ^ uint64(b)) * chainPrime
	}
	return h
}

// Release returns when a record may be shown: at its capture time, but never
// before the record before it and never after it was sequenced (or its
// predecessor released).
func Release(before, capturedAt, sequencedAt int64) int64 {
	return min(sequencedAt, max(before, capturedAt))
}
