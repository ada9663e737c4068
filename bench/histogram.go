package bench

import (
	"math/bits"
	"time"
)

// Histogram buckets: each power of two of µs in 32 parts, so that a quantile is
// at most 3 % above the true one.
const (
	subBits = 5
	octaves = 27 // up to about an hour
	buckets = (octaves + 1) << subBits
)

// histogram counts durations. The zero histogram is empty.
type histogram struct {
	counts [buckets]uint32
	n      uint64
	max    time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucketOf(d)]++
	h.n++
	h.max = max(h.max, d)
}

// bucketOf returns the bucket of a duration; what is negative counts as zero.
func bucketOf(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 0))
	if us < 1<<subBits {
		return int(us)
	}
	shift := bits.Len64(us) - 1 - subBits
	return min(buckets-1, (shift+1)<<subBits+int(us>>shift)&(1<<subBits-1))
}

// upper returns the longest duration of a bucket.
func upper(bucket int) time.Duration {
	if bucket < 1<<subBits {
		return time.Duration(bucket) * time.Microsecond
	}
	shift := bucket>>subBits - 1
	us := (uint64(bucket&(1<<subBits-1)|1<<subBits)+1)<<shift - 1
	return time.Duration(us) * time.Microsecond
}

func (h *histogram) merge(o *histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// quantile returns the least duration that a part q of all is not above; 0 if
// there are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(q*float64(h.n) + 0.5)
	var seen uint64
	for i, n := range h.counts {
		if seen += uint64(n); seen > 0 && seen >= rank {
			return min(upper(i), h.max)
		}
	}
	return h.max
}
