package rtp_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	pion "github.com/pion/rtp"

	"chalkline/sei"
	"chalkline/sei/rtp"
)

// arrival is a packet and when it arrives.
type arrival struct {
	packet *pion.Packet
	at     time.Time
}

// video makes frames of every shape, with padding between, at 30 a second.
func video(random *rand.Rand, frames int) []*pion.Packet {
	shapes := [][]string{
		{slice},
		{slice, second},
		{stapKey},
		{delimiter, slice},
		{stapSets, fuStart, fuMiddle, fuMiddle, fuEnd},
		{sps, string(stampOf(1).NALs()[0]), fuStart, fuEnd, fuStart, fuEnd},
		{"", slice, ""},
	}
	var out []*pion.Packet
	number, timestamp := uint16(random.Uint32()), random.Uint32()
	for range frames {
		timestamp += 3000
		for _, payload := range shapes[random.IntN(len(shapes))] {
			out = append(out, packet(number, timestamp, payload))
			number++
		}
	}
	return out
}

// network delays, doubles and loses packets. What is lost comes again after a
// round trip or two, or, at the rate gone, never.
func network(random *rand.Rand, in []*pion.Packet, lost, gone float64) []arrival {
	var out []arrival
	for i, p := range in {
		at := start.Add(time.Duration(i)*10*time.Millisecond + time.Duration(random.IntN(40))*time.Millisecond)
		for random.Float64() < lost {
			at = at.Add(time.Duration(50+random.IntN(100)) * time.Millisecond)
		}
		if i > 0 && random.Float64() < gone {
			continue
		}
		if i == 0 {
			at = start
		}
		out = append(out, arrival{p, at})
		if random.Float64() < 0.1 {
			out = append(out, arrival{p, at.Add(time.Duration(random.IntN(300)) * time.Millisecond)})
		}
	}
	slices.SortStableFunc(out, func(a, b arrival) int { return a.at.Compare(b.at) })
	return out
}

// run pushes the arrivals, and ticks where the stamper wants it.
func run(s *rtp.Stamper, arrivals []arrival) []*pion.Packet {
	var out []*pion.Packet
	for _, a := range arrivals {
		for at, ok := s.Deadline(); ok && at.Before(a.at); at, ok = s.Deadline() {
			out = s.Tick(at, out)
		}
		out = s.Push(a.packet, a.at, out)
	}
	for at, ok := s.Deadline(); ok; at, ok = s.Deadline() {
		out = s.Tick(at, out)
	}
	return out
}

func TestWithEverythingResentTheOutgoingStreamIsWhole(t *testing.T) {
	for seed := range uint64(50) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			in := video(random, 300)
			inOrder, lossy := rtp.Config{Stamp: stampAll}, rtp.Config{Stamp: stampAll, Wait: time.Minute}
			var want []*pion.Packet
			plain := rtp.NewStamper(inOrder)
			for _, p := range in {
				want = plain.Push(p, start, want)
			}
			s := rtp.NewStamper(lossy)
			got := run(s, network(random, in, 0.2, 0))
			if !slices.EqualFunc(got, want, same) {
				t.Fatalf("%d packets differ from the %d in order", len(got), len(want))
			}
			for i, p := range got[1:] {
				if p.SequenceNumber != got[i].SequenceNumber+1 {
					t.Fatalf("%d follows %d", p.SequenceNumber, got[i].SequenceNumber)
				}
			}
			if n := s.Stats(); n.GivenUp != 0 || n.Frames != 300 || n.Stamps != 300 || s.TakeKeyFrame() {
				t.Errorf("stats %+v", n)
			}
			checkStamps(t, got, 300)
		})
	}
}

func same(a, b *pion.Packet) bool {
	return a.SequenceNumber == b.SequenceNumber && a.Timestamp == b.Timestamp && bytes.Equal(a.Payload, b.Payload)
}

// checkStamps wants one stamp in each frame, and the right one.
func checkStamps(t *testing.T, packets []*pion.Packet, frames int) {
	t.Helper()
	var r rtp.Reader
	seen := map[uint32]bool{}
	for _, p := range packets {
		s, ok := r.Push(p)
		if !ok {
			continue
		}
		if s != stampOf(p.Timestamp) || seen[p.Timestamp] {
			t.Fatalf("frame %d: stamp %+v, seen %t", p.Timestamp, s, seen[p.Timestamp])
		}
		seen[p.Timestamp] = true
	}
	if len(seen) != frames {
		t.Errorf("%d frames stamped, want %d", len(seen), frames)
	}
}

func TestWithPacketsGoneEveryPacketStillHasItsOwnNumber(t *testing.T) {
	for seed := range uint64(50) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			in := video(random, 300)
			// So short a wait that resent packets come late too.
			s := rtp.NewStamper(rtp.Config{Stamp: stampAll, Wait: 60 * time.Millisecond})
			got := run(s, network(random, in, 0.1, 0.03))
			used := map[uint16]bool{}
			for i, p := range got {
				if used[p.SequenceNumber] {
					t.Fatalf("number %d twice", p.SequenceNumber)
				}
				used[p.SequenceNumber] = true
				var stamp sei.Stamp
				if stamp.ReadNAL(p.Payload) {
					checkPlace(t, got, i)
				}
			}
			checkOrder(t, in, got)
			n := s.Stats()
			if n.GivenUp == 0 || n.Late == 0 || !s.TakeKeyFrame() {
				t.Errorf("nothing was given up, or nothing came late: %+v", n)
			}
			if want := uint64(len(got)) + n.Duplicates + n.Padding - n.Stamps; n.In < want {
				t.Errorf("in %d, accounted for %d", n.In, want)
			}
		})
	}
}

func TestNumbersStayRightWhenTheyBeginAgainAtZero(t *testing.T) {
	s := rtp.NewStamper(rtp.Config{Stamp: stampAll})
	var out []*pion.Packet
	var last uint16
	for i := range uint32(200_000) {
		p := packet(uint16(i), i/2*3000, slice)
		out = s.Push(p, start.Add(time.Duration(i)*time.Millisecond), out[:0])
		if want := 2 - int(i%2); len(out) != want {
			t.Fatalf("packet %d: %d went out, want %d", i, len(out), want)
		}
		for _, q := range out {
			if i > 0 && q.SequenceNumber != last+1 {
				t.Fatalf("packet %d: %d follows %d", i, q.SequenceNumber, last)
			}
			last = q.SequenceNumber
		}
		if got := out[len(out)-1].Timestamp; got != p.Timestamp {
			t.Fatalf("packet %d: another one of %d went out", i, got)
		}
	}
}

func BenchmarkStamper(b *testing.B) {
	s := rtp.NewStamper(rtp.Config{Stamp: stampAll})
	p := packet(0, 0, "\x7c\x05"+string(make([]byte, 1200)))
	var out []*pion.Packet
	b.SetBytes(int64(len(p.Payload)))
	b.ReportAllocs()
	for i := range b.N { // frames of four packets: some 1 Mbit/s
		q := *p
		q.SequenceNumber, q.Timestamp = uint16(i), uint32(i/4)*3000
		out = s.Push(&q, start, out[:0])
	}
}

// checkOrder wants packets, by their outgoing numbers, in the order in which they were sent.
func checkOrder(t *testing.T, in, got []*pion.Packet) {
	t.Helper()
	sent := map[*byte]int{} // by where the payload is
	for i, p := range in {
		if len(p.Payload) > 0 {
			sent[&p.Payload[0]] = i
		}
	}
	before := -1
	for _, frame := range frames(got) {
		for _, p := range frame {
			i, ok := sent[&p.Payload[0]]
			if !ok {
				continue // a stamp
			}
			if i <= before {
				t.Fatalf("packet %d has a number after that of %d", i, before)
			}
			before = i
		}
	}
}

// checkPlace wants no stamp before the continuation of a fragment.
func checkPlace(t *testing.T, out []*pion.Packet, at int) {
	t.Helper()
	for _, p := range out[at+1:] {
		if p.SequenceNumber != out[at].SequenceNumber+1 {
			continue
		}
		if p.Payload[0]&0x1f == 28 && p.Payload[1]&0x80 == 0 {
			t.Fatalf("stamp %d stands within a fragmented slice", out[at].SequenceNumber)
		}
		return
	}
}
