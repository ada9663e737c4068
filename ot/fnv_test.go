package ot

import (
	"hash/fnv"
	"math/rand/v2"
	"testing"
)

func TestFNVIsThatOfTheStandardLibrary(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		std := fnv.New128a()
		std.Write(b)
		if got := fnvStart().bytes(b).sum(); string(got[:]) != string(std.Sum(nil)) {
			t.Fatalf("%x: %x", b, got)
		}
	}
}

func TestPlusAndMinusAreModulo2To128(t *testing.T) {
	top := fnv128{1<<64 - 1, 1<<64 - 1}
	if got := top.plus(fnv128{0, 1}); got != (fnv128{}) {
		t.Fatalf("%x", got)
	}
	if got := (fnv128{}).minus(fnv128{0, 1}); got != top {
		t.Fatalf("%x", got)
	}
}

func BenchmarkFNV(b *testing.B) {
	data := make([]byte, 1<<16)
	b.Run("own", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			fnvStart().bytes(data)
		}
	})
	b.Run("std", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		h := fnv.New128a()
		for b.Loop() {
			h.Write(data)
		}
	})
}
