package rtp_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	pion "github.com/pion/rtp"

	"chalkline/sei"
	"chalkline/sei/rtp"
)

const (
	sps       = "\x67\x42\x00\x1f"
	slice     = "\x41\x9a\x24\x6c"
	second    = "\x41\x1a\x24\x6c"
	fuStart   = "\x7c\x85\x88\x84"
	fuMiddle  = "\x7c\x05\x11\x22"
	fuEnd     = "\x7c\x45\x33\x44"
	stapKey   = "\x78\x00\x04" + sps + "\x00\x03\x65\x88\x84"
	stapSets  = "\x78\x00\x04" + sps + "\x00\x02\x68\xce"
	fuB       = "\x7d\x85\x00\x00\x88"
	delimiter = "\x09\xf0"
)

var start = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// stampOf is the stamp of a frame in these tests.
func stampOf(timestamp uint32) sei.Stamp {
	return sei.Stamp{Time: start.UnixMicro() + int64(timestamp)*100/9}
}

func stampAll(f rtp.Frame) (sei.Stamp, bool) { return stampOf(f.Timestamp), true }

func packet(number uint16, timestamp uint32, payload string) *pion.Packet {
	return &pion.Packet{
		Header:  pion.Header{Version: 2, PayloadType: 102, SequenceNumber: number, Timestamp: timestamp, SSRC: 9},
		Payload: []byte(payload),
	}
}

// stream numbers payloads from 65534 on; "|" is the end of a frame.
func stream(payloads ...string) []*pion.Packet {
	var out []*pion.Packet
	number, timestamp := uint16(65534), uint32(3000)
	for _, p := range payloads {
		if p == "|" {
			timestamp += 3000
			continue
		}
		out = append(out, packet(number, timestamp, p))
		number++
	}
	return out
}

func TestWhatIsNotThereWhenLaterPacketsComeIsMissing(t *testing.T) {
	s := rtp.NewStamper(rtp.Config{})
	var out []*pion.Packet
	for _, number := range []uint16{65533, 0, 2, 1, 65534, 65535, 3, 5} { // 65534, 65535, 1 and 4
		out = s.Push(packet(number, 3000, "\x41"), time.Now(), out)
	}
	if n := s.Stats(); n.Missing != 4 || n.Held != 4 {
		t.Errorf("%d missing and %d held, want 4 and 4", n.Missing, n.Held)
	}
}

// pushed is what goes out when packets come in, all at start.
func pushed(s *rtp.Stamper, in []*pion.Packet) []*pion.Packet {
	var out []*pion.Packet
	for _, p := range in {
		out = s.Push(p, start, out)
	}
	return out
}

// show writes packets one letter each: S a stamp, others by their first byte's
// type; a dot for every number left open.
func show(packets []*pion.Packet) string {
	out := ""
	for i, p := range packets {
		if i > 0 {
			for n := packets[i-1].SequenceNumber + 1; n != p.SequenceNumber && len(out) < 99; n++ {
				out += "."
			}
		}
		var s sei.Stamp
		switch t := p.Payload[0] & 0x1f; {
		case s.ReadNAL(p.Payload):
			out += "S"
		case t == 24:
			out += "A"
		case t == 28 && p.Payload[1]&0x80 != 0:
			out += "F"
		case t == 28:
			out += "f"
		default:
			out += string("0123456789"[t%10])
		}
	}
	return out
}

func TestStampGoesOutBeforeTheFirstSliceOfEachFrame(t *testing.T) {
	ours := string(stampOf(1).NALs()[0])
	stapOurs := "\x78\x00" + string(rune(len(ours))) + ours + "\x00\x04" + slice
	cases := []struct {
		name     string
		payloads []string
		want     string
	}{
		{"single", []string{slice, "|", slice, second, "|", slice}, "S1S11S1"},
		{"fragments", []string{fuStart, fuMiddle, fuEnd, "|", slice}, "SFffS1"},
		{"parameter sets first", []string{delimiter, sps, fuStart, fuEnd}, "97SFf"},
		{"aggregate with slice", []string{stapKey, "|", stapSets, fuStart}, "SAASF"},
		{"padding closes up", []string{slice, "|", "", slice, "", "", "|", slice}, "S1S1S1"},
		{"stamp replaced", []string{sps, ours, slice, "|", stapOurs}, "7S1SA"},
		{"others are never looked into", []string{fuB, "|", "\x1f\x00", "\x78\xff\xff\x65", "\x78", "|", slice}, "91AAS1"},
		{"begins within a frame", []string{fuMiddle, fuEnd, "|", slice}, "ffS1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := rtp.NewStamper(rtp.Config{Stamp: stampAll})
			out := pushed(s, stream(c.payloads...))
			if got := show(out); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			for _, p := range out {
				var st sei.Stamp
				if st.ReadNAL(p.Payload) && (st != stampOf(p.Timestamp) || p.Marker || p.SSRC != 9 || p.PayloadType != 102) {
					t.Errorf("stamp %+v in %v", st, p)
				}
			}
		})
	}
}

func TestFrameThatHasAStampMayKeepIt(t *testing.T) {
	theirs := stampOf(77)
	var found []sei.Stamp
	s := rtp.NewStamper(rtp.Config{Stamp: func(f rtp.Frame) (sei.Stamp, bool) {
		found = append(found, f.Found)
		return stampOf(f.Timestamp), f.Found.Time == 0
	}})
	in := stream(sps, string(theirs.NALs()[0]), slice, "|", slice)
	out := pushed(s, in)
	if got := show(out); got != "7S1S1" || !bytes.Equal(out[1].Payload, in[1].Payload) {
		t.Errorf("%s, %x", got, out[1].Payload)
	}
	if !slices.Equal(found, []sei.Stamp{theirs, {}}) {
		t.Errorf("found %+v", found)
	}
}

func TestMissingPacketIsWaitedForAndThenLeavesItsPlace(t *testing.T) {
	s := rtp.NewStamper(rtp.Config{Stamp: stampAll})
	in := stream(slice, "|", fuStart, fuMiddle, fuEnd, "|", slice)
	out := s.Push(in[0], start, nil)
	out = s.Push(in[2], start.Add(time.Millisecond), out)
	out = s.Push(in[4], start.Add(2*time.Millisecond), out)
	if got := show(out); got != "S1" {
		t.Fatalf("%s went out", got)
	}
	if got := s.Missing(nil); !slices.Equal(got, []uint16{65535, 1}) {
		t.Errorf("missing %v", got)
	}
	at, ok := s.Deadline()
	if want := start.Add(501 * time.Millisecond); !ok || !at.Equal(want) {
		t.Errorf("deadline %v %t, want %v", at, ok, want)
	}
	if s.TakeKeyFrame() {
		t.Error("key frame wanted before anything is lost")
	}
	out = s.Tick(at, out)
	if got := show(out); got != "S1.f" { // no stamp: the frame's start is lost
		t.Errorf("%s went out", got)
	}
	if !s.TakeKeyFrame() || s.TakeKeyFrame() {
		t.Error("key frame is not wanted once")
	}
	out = s.Push(in[3], at, out)
	out = s.Tick(at.Add(time.Second), out)
	if got := show(out); got != "S1.ffS1" {
		t.Errorf("%s went out", got)
	}
	late := s.Push(in[1], at, nil)
	again := s.Push(in[1], at, nil)
	if len(late) != 1 || len(again) != 0 || late[0].SequenceNumber != out[1].SequenceNumber+1 {
		t.Errorf("late %v, then %v", late, again)
	}
}

func TestStrayNumberIsDroppedAndTwoInARowStartAnew(t *testing.T) {
	s := rtp.NewStamper(rtp.Config{Stamp: stampAll})
	out := s.Push(packet(100, 3000, slice), start, nil)
	out = s.Push(packet(30_000, 1, slice), start, out)
	out = s.Push(packet(101, 6000, slice), start, out)
	if got := show(out); got != "S1S1" || s.TakeKeyFrame() {
		t.Fatalf("%s went out", got)
	}
	out = s.Push(packet(40_000, 9000, slice), start, out)
	out = s.Push(packet(40_001, 12_000, slice), start, out)
	out = s.Push(packet(40_002, 15_000, slice), start, out)
	if got := show(out); got != "S1S1.S1S1" || !s.TakeKeyFrame() {
		t.Errorf("%s went out", got)
	}
}

func TestWhatWaitsIsBounded(t *testing.T) {
	s := rtp.NewStamper(rtp.Config{Stamp: stampAll})
	big := slice + string(make([]byte, 60_000))
	out := s.Push(packet(1, 0, slice), start, nil)
	for i := range uint16(40) {
		out = s.Push(packet(3+i, 3000, big), start, out)
	}
	if len(out) < 20 {
		t.Errorf("%d packets out: 2 MB wait", len(out))
	}
	for i := range uint16(2900) {
		out = s.Push(packet(100+i*2, 3000, slice), start, out[:0])
	}
	if got := s.Missing(nil); len(got) > 1024 {
		t.Errorf("%d missing are waited for", len(got))
	}
}

func TestReaderReadsFragmentedAndAggregatedStamps(t *testing.T) {
	want := sei.Stamp{Time: 5_000_000, Origin: sei.Origin{Source: 4, Clock: 2}}
	nals := want.NALs()
	half := len(nals[0]) / 2
	stap := "\x78\x00" + string(rune(len(nals[0]))) + string(nals[0]) + "\x00" + string(rune(len(nals[1]))) + string(nals[1])
	cases := map[string][]string{
		"single":    {string(nals[0]), string(nals[1]), slice},
		"aggregate": {sps, stap, slice},
		"fragments": {"\x1c\x86" + string(nals[0][1:half]), "\x1c\x46" + string(nals[0][half:]), string(nals[1]), slice},
	}
	for name, payloads := range cases {
		var r rtp.Reader
		var got sei.Stamp
		for _, p := range stream(payloads...) {
			if s, ok := r.Push(p); ok {
				got = s
			}
		}
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	var r rtp.Reader
	in := stream(cases["fragments"]...)
	r.Push(in[0])
	in[1].SequenceNumber++
	if s, ok := r.Push(in[1]); ok {
		t.Errorf("read %+v over a gap", s)
	}
}
