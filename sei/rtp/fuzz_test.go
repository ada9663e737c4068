package rtp_test

import (
	"encoding/binary"
	"testing"
	"time"

	pion "github.com/pion/rtp"

	"chalkline/sei/rtp"
)

// FuzzRTP reads its input as packets: a step of the sequence number, flags, a
// length, and the payload.
func FuzzRTP(f *testing.F) {
	for _, shape := range [][]string{
		{slice, slice},
		{stapSets, fuStart, fuMiddle, fuEnd, ""},
		{sps, string(stampOf(1).NALs()[0]), fuB, stapKey},
	} {
		var in []byte
		for i, payload := range shape {
			in = append(in, 0, 1, byte(i), byte(len(payload)))
			in = append(in, payload...)
		}
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		s := rtp.NewStamper(rtp.Config{Stamp: stampAll})
		var r rtp.Reader
		now := start
		var number uint16
		pushed, gone := 0, 0
		for len(in) >= 4 {
			number += binary.BigEndian.Uint16(in)
			flags, n := in[2], min(int(in[3]), len(in)-4)
			p := packet(number, uint32(flags&0x3f)*3000, string(in[4:4+n]))
			in = in[4+n:]
			now = now.Add(time.Duration(flags>>6) * 100 * time.Millisecond)
			out := s.Push(p, now, nil)
			pushed++
			gone += len(out)
			read(t, &r, out)
		}
		if at, ok := s.Deadline(); ok {
			out := s.Tick(at.Add(time.Hour), nil)
			gone += len(out)
			read(t, &r, out)
		}
		if missing := s.Missing(nil); len(missing) != 0 {
			t.Errorf("%d still missing after an hour", len(missing))
		}
		if n := s.Stats(); n.In != uint64(pushed) || uint64(gone) > n.In+n.Stamps {
			t.Errorf("%d out of %d: %+v", gone, pushed, n)
		}
	})
}

func read(t *testing.T, r *rtp.Reader, out []*pion.Packet) {
	t.Helper()
	for _, p := range out {
		if len(p.Payload) == 0 {
			t.Fatal("a packet without payload went out")
		}
		r.Push(p)
	}
}
