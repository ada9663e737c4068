package ingest

import (
	"bytes"
	"testing"

	"chalkline/sei"
)

func TestTimesAreUnwrapped(t *testing.T) {
	const wrap = int64(1) << wrapBits
	l := timeline{bits: wrapBits}
	for i, c := range []struct {
		track      int
		time, want int64
	}{
		{videoTrack, wrap - 3000, wrap - 3000},
		{audioTrack, wrap - 2000, wrap - 2000},
		{videoTrack, 0, wrap},
		{audioTrack, wrap - 80, wrap - 80},
		{audioTrack, 1840, wrap + 1840},
		{videoTrack, 3000, wrap + 3000},
	} {
		at, jumped, ok := l.place(c.track, 0, c.time)
		if at != c.want || jumped || !ok {
			t.Errorf("unit %d lies at %d (jumped %v, ok %v), want %d", i, at, jumped, ok, c.want)
		}
	}
}

func TestAJumpOfBothTracksIsOneDiscontinuity(t *testing.T) {
	for name, to := range map[string]int64{"forward": 3600 * second, "back": -3600 * second} {
		t.Run(name, func(t *testing.T) {
			l := timeline{bits: 64}
			jumps := 0
			place := func(track int, at int64) bool {
				_, jumped, ok := l.place(track, 0, at)
				if jumped {
					jumps++
				}
				return ok
			}
			for i := range int64(10) {
				place(videoTrack, i*3000)
				place(audioTrack, i*3000+100)
			}
			if !place(videoTrack, to) || jumps != 1 {
				t.Fatalf("the jump counts %d times", jumps)
			}
			if place(audioTrack, 30_100) {
				t.Error("a remainder of the line before is let through")
			}
			for i := range int64(10) {
				if !place(audioTrack, to+i*3000+100) || !place(videoTrack, to+i*3000+3000) {
					t.Error("what follows the jump is left out")
				}
			}
			if jumps != 1 {
				t.Errorf("%d jumps", jumps)
			}
		})
	}
}

// Decoding times of one track do not go back by themselves, however little it is.
func TestAShortWayBackIsOneDiscontinuityToo(t *testing.T) {
	for _, back := range []int64{second * 6 / 10, 2 * second, 3 * second} {
		l := timeline{bits: 64}
		jumps, left := 0, 0
		place := func(track int, at int64) {
			_, jumped, ok := l.place(track, 0, at)
			if jumped {
				jumps++
			}
			if !ok {
				left++
			}
		}
		const from = 10 * second
		for i := range int64(30) {
			place(videoTrack, from+i*3000)
			place(audioTrack, from+i*3000+100)
		}
		const end = from + 29*3000
		place(videoTrack, end+3000-back)
		place(audioTrack, end+3100) // a remainder
		for i := range int64(300) {
			place(audioTrack, end+3100-back+i*3000)
			place(videoTrack, end+6000-back+i*3000)
		}
		if jumps != 1 || left != 1 {
			t.Errorf("%d back: %d jumps, %d units are left out", back, jumps, left)
		}
	}
}

// Players take sound that begins anew for that of another microphone.
func TestAJumpThatSoundIsFirstToMakeIsADiscontinuityOfThePictureToo(t *testing.T) {
	h := hear(t, 64)
	key := accessUnit{data: []byte("\x00\x00\x00\x01\x65\x88\x84"), key: true}
	for _, from := range []int64{10 * second, 9 * second} {
		for i := range int64(5) {
			h.sound(from+i*3000, []byte{0x11, 0x90}, []byte{1, 2, 3})
			h.picture(from+i*3000, 0, key)
		}
	}
	var breaks []int
	n := 0
	for _, u := range h.units(t) {
		if !u.Codec.Video() {
			continue
		}
		if u.Discontinuity {
			breaks = append(breaks, n)
		}
		n++
	}
	if n != 10 || len(breaks) != 1 || breaks[0] != 5 {
		t.Errorf("discontinuities at pictures %v of %d", breaks, n)
	}
}

func TestDecodingTimesOutOfOrderByLittleAreNoJump(t *testing.T) {
	l := timeline{bits: 64}
	for i, at := range []int64{0, 9000, 3000, 6000, 18000, 12000} { // presentation, as some encoders send it
		if _, jumped, ok := l.place(videoTrack, 0, at); jumped || !ok {
			t.Errorf("picture %d: jumped %v, ok %v", i, jumped, ok)
		}
	}
}

func TestAPauseInWhichAsMuchTimePassesIsNoJump(t *testing.T) {
	for _, c := range []struct {
		name            string
		passed, further int64
		want            bool
	}{
		{"a slide every five seconds", 5 * second, 5 * second, false},
		{"held up on the way", 4 * second, 6 * second, false},
		{"at once", 0, 5 * second, true},
		{"back", 5 * second, -5 * second, true},
		{"much more than passes", 5 * second, 3600 * second, true},
	} {
		l := timeline{bits: wrapBits}
		l.place(videoTrack, 77*second, 0)
		at, jumped, ok := l.place(videoTrack, 77*second+c.passed, c.further)
		if jumped != c.want || !ok || at != c.further {
			t.Errorf("%s: it lies at %d, jumped %v, ok %v", c.name, at, jumped, ok)
		}
	}
}

func TestTracksThatStayApartAreNotLeftOutForever(t *testing.T) {
	l := timeline{bits: 64}
	passed := 0
	l.place(videoTrack, 0, 0)
	for i := range int64(3 * maxStrays) {
		l.place(videoTrack, 0, i*3000)
		if _, _, ok := l.place(audioTrack, 0, 1000*second+i*3000); ok {
			passed++
		}
	}
	if passed == 0 {
		t.Error("the sound never came through")
	}
}

// route is a way on which units are late by so many µs.
func route(a *arrivals, from, to int64, late func(i int64) int64, rate float64) (jumps int) {
	for i := from; i < to; i++ {
		if a.note(int64(float64(i)*33_333*rate)+late(i), i*33_333) {
			jumps++
		}
	}
	return jumps
}

func TestMED8JitterDoesNotShakeTheMapping(t *testing.T) {
	var a arrivals
	late := func(i int64) int64 { return i * 7919 % 50 * 1000 } // up to 50 ms
	route(&a, 0, 90, late, 1)
	base := a.base
	if jumps := route(&a, 90, 9000, late, 1); jumps != 0 || distance(a.base, base) > 3000 {
		t.Errorf("the mapping moved from %d to %d, %d jumps", base, a.base, jumps)
	}
}

func TestMED8TheMappingFollowsAClockThatDrifts(t *testing.T) {
	for name, rate := range map[string]float64{"slow": 1.0002, "fast": 0.9998, "29.97 as 30": 1.001} {
		t.Run(name, func(t *testing.T) {
			var a arrivals
			for i := range int64(30 * 3600) { // an hour
				arrival := int64(float64(i)*33_333*rate) + i*7919%20*1000
				if a.note(arrival, i*33_333) {
					t.Fatalf("a jump after %d frames", i)
				}
				want := int64(float64(i) * 33_333 * (rate - 1))
				if distance(a.base, want) > 40_000 {
					t.Fatalf("after %d frames the mapping is %d, it should be %d", i, a.base, want)
				}
			}
		})
	}
}

func TestMED8AJamOfTheConnectionDoesNotMakeStampsLate(t *testing.T) {
	var a arrivals
	none := func(int64) int64 { return 0 }
	route(&a, 0, 1800, none, 1)
	jam := func(i int64) int64 { return max(0, 2_000_000-(i-1800)*33_333/2) } // two seconds, made up for in four
	if jumps := route(&a, 1800, 2000, jam, 1); jumps != 0 || distance(a.base, 0) > 1000 {
		t.Errorf("the mapping moved to %d, %d jumps", a.base, jumps)
	}
}

// Else pictures would be said to be newer than they are, and strokes come before them.
func TestMED8WhatComesLateForLongIsHeldUpForTwoMinutesAndThenAnotherClock(t *testing.T) {
	none := func(int64) int64 { return 0 }
	behind := func(int64) int64 { return 1_500_000 }
	for _, jammed := range []int64{5, 40, 140} { // s
		var a arrivals
		route(&a, 0, 1800, none, 1)
		jumps := route(&a, 1800, 1800+jammed*30, behind, 1)
		jumps += route(&a, 1800+jammed*30, 3600+jammed*30, none, 1)
		if jumps != 0 || distance(a.base, 0) > 1000 {
			t.Errorf("after a jam of %d s the mapping is %d, %d jumps", jammed, a.base, jumps)
		}
	}
	var a arrivals
	route(&a, 0, 1800, none, 1)
	if jumps := route(&a, 1800, 1800+160*30, behind, 1); jumps != 1 || a.base != 1_500_000 {
		t.Errorf("the mapping is %d after %d jumps", a.base, jumps)
	}
	if jumps := route(&a, 1800+160*30, 1800+161*30, none, 1); jumps != 1 || a.base != 0 {
		t.Errorf("back again: the mapping is %d after %d jumps", a.base, jumps)
	}
}

func TestNothingIsStampedLaterThanItArrived(t *testing.T) {
	var a arrivals
	for i := range int64(3000) {
		arrival := i*33_333 + i*i*7919%200_000
		a.note(arrival, i*33_333)
		if a.at(i*33_333) > arrival {
			t.Fatalf("unit %d arrived at %d and has %d", i, arrival, a.at(i*33_333))
		}
	}
}

func TestMED8WhatAStampSaysOfLaterUnitsIsHeldToItsBounds(t *testing.T) {
	h := hear(t, wrapBits)
	const arrival = 1_000_000_000
	for _, c := range []struct {
		name               string
		stamp, later, want int64 // µs after the arrival, the media time of the stamp, and the arrival
	}{
		{"before its arrival", -500_000, 400_000, -100_000},
		{"as late as may be", 100_000, 0, 100_000},
		{"after its arrival", 100_000, 1_900_000, 100_000},
		{"older than 10 s", -10_000_000, -1_900_000, -10_000_000},
	} {
		s := stamps{publication: h.publisher.publication}
		s.picture(arrival, 5_000_000, sei.Stamp{Time: arrival + c.stamp})
		if got := s.sound(arrival, 5_000_000+c.later) - arrival; got != c.want {
			t.Errorf("%s: sound %d µs after its arrival, want %d", c.name, got, c.want)
		}
		if got := s.picture(arrival, 5_000_000+c.later, sei.Stamp{}).Time - arrival; got != c.want {
			t.Errorf("%s: picture %d µs after its arrival, want %d", c.name, got, c.want)
		}
	}
}

// Players look for stamps behind the slice too.
func TestMED8NoStampOfAnEncoderGoesOutBesideTheServers(t *testing.T) {
	theirs := sei.Stamp{Time: 1_900_000_000_000_000}.NALs()[0]
	h := hear(t, wrapBits)
	var in []byte
	for _, nal := range [][]byte{{0x67, 0x42, 0, 0x1f}, {0x68, 0xce}, theirs, {0x65, 0x88, 0x84}, theirs, append(theirs[:len(theirs)-1:len(theirs)-1], 0x7f)} {
		in, _ = sei.AVCC4.Append(in, nal) // there is room
	}
	u, err := h.pictures.unit(sei.AVCC4, in, true)
	if err != nil {
		t.Fatal(err)
	}
	h.picture(0, 0, u)
	units := h.units(t)
	if len(units) != 1 {
		t.Fatalf("%d units", len(units))
	}
	if stamp, ok := sei.Read(sei.AnnexB, units[0].Data); !ok || stamp.Time != units[0].Time {
		t.Errorf("stamped %+v", stamp)
	}
	if n := bytes.Count(units[0].Data, []byte("MISPmicrosectime")); n != 1 {
		t.Errorf("%d stamps go out: %x", n, units[0].Data)
	}
}
