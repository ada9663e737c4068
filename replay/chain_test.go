package replay_test

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"testing"

	"chalkline/replay"
)

// reference is the definition of docs/format.md, by the standard library.
func reference(before replay.Digest, r replay.Record) replay.Digest {
	buf := binary.BigEndian.AppendUint64(nil, uint64(before))
	for _, v := range []uint64{r.Revision, uint64(r.Replica), r.N, uint64(r.CapturedAt), uint64(r.SequencedAt)} {
		buf = binary.AppendUvarint(buf, v)
	}
	h := fnv.New128a()
	h.Write(buf)
	h.Write(r.Payload)
	sum := h.Sum(nil)
	return replay.Digest(binary.BigEndian.Uint64(sum[:8]) ^ binary.BigEndian.Uint64(sum[8:]))
}

func TestChainIsTheHalvesOfFNV1a128(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	before := replay.Digest(0)
	for i := range 1000 {
		r := replay.Record{
			Revision: uint64(i), Replica: rng.Uint32(), N: rng.Uint64(),
			CapturedAt: rng.Int64(), SequencedAt: -rng.Int64(), Payload: make([]byte, rng.IntN(100)),
		}
		for j := range r.Payload {
			r.Payload[j] = byte(rng.Uint32())
		}
		got, want := replay.Chain(before, r), reference(before, r)
		if got != want {
			t.Fatalf("Chain(%x, %+v) = %x, want %x", before, r, got, want)
		}
		before = got
	}
}

func TestChainAllocatesNothing(t *testing.T) {
	r := replay.Record{Revision: 7, Payload: make([]byte, 100)}
	if n := testing.AllocsPerRun(100, func() { r.N = uint64(replay.Chain(1, r)) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestREC5ReleaseIsBetweenThePredecessorAndTheSequencing(t *testing.T) {
	for _, c := range []struct {
		name                                string
		before, captured, sequenced, expect int64
	}{
		{"captured in between", 10, 20, 30, 20},
		{"captured before the predecessor was released", 10, 5, 30, 10},
		{"captured after it was sequenced", 10, 40, 30, 30},
	} {
		if got := replay.Release(c.before, c.captured, c.sequenced); got != c.expect {
			t.Errorf("%s: %d, want %d", c.name, got, c.expect)
		}
	}
}
