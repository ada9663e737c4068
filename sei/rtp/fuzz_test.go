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
		{forgedIn, "\x1c\x86" + forgedIn[1:9], "\x1c\x46" + forgedIn[9:], slice},
		{delimiter + "\x00\x00", "\x1c\x41\x01" + forgedIn, other, "\x1c\x41" + message + "\x80"},
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
		var all []*pion.Packet
		now := start
		var number uint16
		pushed := 0
		for len(in) >= 4 {
			number += binary.BigEndian.Uint16(in)
			flags, n := in[2], min(int(in[3]), len(in)-4)
			p := packet(number, uint32(flags&0x3f)*3000, string(in[4:4+n]))
			in = in[4+n:]
			now = now.Add(time.Duration(flags>>6) * 100 * time.Millisecond)
			all = s.Push(p, now, all)
			pushed++
		}
		if at, ok := s.Deadline(); ok {
			all = s.Tick(at.Add(time.Hour), all)
		}
		if missing := s.Missing(nil); len(missing) != 0 {
			t.Errorf("%d still missing after an hour", len(missing))
		}
		if n := s.Stats(); n.In != uint64(pushed) || uint64(len(all)) > n.In+n.Stamps {
			t.Errorf("%d out of %d: %+v", len(all), pushed, n)
		}
		for _, p := range all {
			if len(p.Payload) == 0 {
				t.Fatal("a packet without payload went out")
			}
		}
		checkForged(t, all)
	})
}
