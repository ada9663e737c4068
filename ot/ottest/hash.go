package ottest

import (
	"encoding/binary"
	"hash/fnv"
	"math/big"

	"chalkline/ot"
)

// Hash computes the state hash from docs/format.md alone: over everything, with
// the standard library's FNV-1a/128 and big integers.
func Hash(b *ot.Board) [16]byte {
	sum := new(big.Int)
	for e := range b.Elements() {
		sum.Add(sum, new(big.Int).SetBytes(fnvOf(canonical(e))))
	}
	sum.Mod(sum, new(big.Int).Lsh(big.NewInt(1), 128))
	var h [16]byte
	sum.FillBytes(h[:])
	return h
}

func canonical(e *ot.Element) []byte {
	b := binary.AppendUvarint(nil, uint64(e.ID().Replica))
	b = binary.AppendUvarint(b, uint64(e.ID().Counter))
	b = append(b, byte(e.Kind()), truth(e.Touched()))
	b = binary.AppendUvarint(b, e.Created())
	b = binary.AppendUvarint(b, uint64(len(e.Registers())))
	for _, r := range e.Registers() {
		b = append(b, byte(r.Register))
		b = binary.AppendUvarint(b, r.Stamp)
		b = binary.AppendUvarint(b, uint64(r.Writer))
		b = binary.AppendUvarint(b, uint64(len(r.Value)))
		b = append(b, r.Value...)
	}
	switch e.Kind() {
	case ot.Ink:
		b = binary.AppendUvarint(append(b, truth(e.Open())), uint64(len(e.Points())))
		b = append(b, fnvOf(differences(e.Points()))...)
		b = append(b, erasures(e)...)
	case ot.Text:
		b = binary.AppendUvarint(b, uint64(len(e.Text())))
		b = append(b, e.Text()...)
	}
	return b
}

func erasures(e *ot.Element) []byte {
	b := binary.AppendUvarint(nil, uint64(len(e.Erasures())))
	for _, x := range e.Erasures() {
		b = binary.AppendUvarint(b, uint64(x.Replica))
		b = binary.AppendUvarint(b, uint64(x.Eraser))
		b = binary.AppendUvarint(append(b, truth(x.Off)), uint64(len(x.Spans)))
		end := uint32(0)
		for _, s := range x.Spans {
			b = binary.AppendUvarint(b, uint64(s.From-end))
			b = binary.AppendUvarint(b, uint64(s.To-s.From))
			end = s.To
		}
	}
	return b
}

func truth(v bool) byte {
	if v {
		return 1
	}
	return 0
}

func differences(points []ot.Point) []byte {
	var b []byte
	var before ot.Point
	for _, p := range points {
		for _, d := range [...]int32{p.X - before.X, p.Y - before.Y, p.P - before.P, p.T - before.T} {
			b = binary.AppendVarint(b, int64(d))
		}
		before = p
	}
	return b
}

func fnvOf(b []byte) []byte {
	h := fnv.New128a()
	h.Write(b)
	return h.Sum(nil)
}
