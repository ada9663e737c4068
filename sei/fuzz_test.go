package sei_test

import (
	"bytes"
	"testing"

	"chalkline/sei"
)

func FuzzNAL(f *testing.F) {
	for _, framing := range framings {
		f.Add(int(framing), join(f, framing, delimiter, sps, pps, x264, idr))
		f.Add(int(framing), join(f, framing, prefix, slice, second))
		f.Add(int(framing), join(f, framing, string(stamp.NALs()[0]), slice))
	}
	f.Add(0, []byte("\x00\x00\x01\x06\x05\x1cMISPmicrosectime\x00\x00\x01\x65"))
	f.Fuzz(func(t *testing.T, n int, unit []byte) {
		framing := sei.Framing(n)
		before := bytes.Clone(unit)
		out, err := sei.Insert(framing, nil, unit, stamp)
		if !bytes.Equal(unit, before) {
			t.Fatal("Insert writes to its input")
		}
		if err != nil {
			return
		}
		if got, ok := sei.Read(framing, out); !ok || got != stamp {
			t.Fatalf("%x: read %+v %t from %x", unit, got, ok, out)
		}
		again, err := sei.Insert(framing, nil, out, stamp)
		if err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%x: second time %x %v, first %x", unit, again, err, out)
		}
		if bare, err := sei.Remove(framing, nil, out); err == nil {
			if s, ok := sei.Read(framing, bare); ok {
				t.Fatalf("%x: still has %+v", unit, s)
			}
		}
		for range sei.AccessUnits(unit) {
			continue
		}
	})
}

func FuzzSEI(f *testing.F) {
	for _, nal := range stamp.NALs() {
		f.Add(nal)
	}
	f.Add([]byte(x264))
	f.Add([]byte{6, 0xff, 0xff, 0xff, 0, 0, 3, 1})
	f.Fuzz(func(t *testing.T, nal []byte) {
		var all []sei.Message
		for m, err := range sei.Messages(nal) {
			if err != nil {
				return
			}
			all = append(all, m)
		}
		i := 0
		for m, err := range sei.Messages(sei.AppendNAL(nil, all...)) {
			if err != nil || !sameMessage(m, all[i]) {
				t.Fatalf("message %d of %x: %v %v", i, nal, m, err)
			}
			i++
		}
		var s sei.Stamp
		if left, _ := sei.StripNAL(nal); s.ReadNAL(left) {
			t.Fatalf("%x: %x still says %+v", nal, left, s)
		}
	})
}
