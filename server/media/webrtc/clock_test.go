package webrtc

import (
	"math/rand/v2"
	"testing"
)

const second = int64(1_000_000)

// publisherClock is a publisher whose clock is off, drifts, and is some way off.
type publisherClock struct {
	off   int64   // µs that its clock is ahead
	ppm   float64 // by which it runs too fast
	up    int64   // least way to us, µs
	down  int64
	queue int64 // what a packet waits at most
}

func (p publisherClock) at(room int64) int64 {
	return room + p.off + int64(float64(room)*p.ppm/1e6)
}

func TestMED8TheClockFollowsReportsOfEveryKind(t *testing.T) {
	for _, c := range []struct {
		name  string
		clock publisherClock
		want  int64 // error of times, µs
	}{
		{"near", publisherClock{up: 500, down: 500}, 1000},
		{"90 s ahead", publisherClock{off: 90 * second, up: 20_000, down: 20_000}, 1000},
		{"5 min behind, drifting", publisherClock{off: -300 * second, ppm: 200, up: 30_000, down: 30_000}, 6000},
		{"drifting the other way", publisherClock{ppm: -200, up: 30_000, down: 30_000}, 6000},
		{"jitter", publisherClock{up: 40_000, down: 40_000, queue: 60_000}, 20_000},
		{"asymmetric round trip of 200 ms", publisherClock{up: 150_000, down: 50_000, queue: 10_000}, 56_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n ntpClock
			l := line{rate: videoRate, most: lineJump}
			random := rand.New(rand.NewPCG(1, 1))
			worst, jumps := int64(0), 0
			for room := second; room < 2*3600*second; room += second { // two hours
				sent := c.clock.at(room)
				wait := int64(0)
				if c.clock.queue > 0 {
					wait = random.Int64N(c.clock.queue)
				}
				offset, jumped := n.report(sent, room+c.clock.up+wait, c.clock.up+c.clock.down+wait)
				rtp := uint32(sent * 9 / 100)
				if l.report(rtp, sent+offset, jumped) {
					jumps++
				}
				half := c.clock.at(room + second/2)
				got, _ := l.take(uint32(half * 9 / 100))
				if room > 30*second {
					worst = max(worst, got-(room+second/2), room+second/2-got)
				}
			}
			if worst > c.want || jumps > 0 {
				t.Errorf("at most %d µs off, want %d; %d jumps", worst, c.want, jumps)
			}
		})
	}
}

func TestMED8AClockThatIsSetIsFollowedWithinThreeReports(t *testing.T) {
	for _, step := range []int64{2 * second, -2 * second} {
		var n ntpClock
		p := publisherClock{up: 20_000, down: 20_000}
		jumps := 0
		for i := range int64(60) {
			if i == 30 {
				p.off = step
			}
			room := i * second
			offset, jumped := n.report(p.at(room), room+p.up, p.up+p.down)
			if jumped {
				jumps++
			}
			if off := p.at(room) + offset - room; (i < 30 || i >= 33) && max(off, -off) > 2000 {
				t.Errorf("step %d, report %d: %d µs off", step, i, off)
			}
		}
		if jumps != 1 {
			t.Errorf("step %d: %d jumps", step, jumps)
		}
	}
}

func TestMED8OneLateReportIsNoJump(t *testing.T) {
	var n ntpClock
	for i := range int64(30) {
		late := int64(0)
		if i%10 > 7 {
			late = 2 * second
		}
		if _, jumped := n.report(i*second, i*second+late+1000, 2000); jumped {
			t.Errorf("jumped at %d", i)
		}
	}
}

func TestALineSlewsAndNeverGoesBack(t *testing.T) {
	l := line{rate: videoRate, most: lineJump}
	l.report(0, 1000*second, false)
	last := int64(0)
	for i := range uint32(3000) {
		if i%30 == 0 {
			wobble := int64(i%7) * 3000
			if l.report(i*3000, 1000*second+int64(i)*33_333+wobble, false) {
				t.Fatal("jumped")
			}
		}
		at, ok := l.take(i * 3000)
		if step := at - last; !ok || i > 0 && (step < 31_600 || step > 35_100) {
			t.Fatalf("frame %d is %d µs after the one before", i, step)
		}
		last = at
	}
	if !l.report(3000*3000, last+second, false) {
		t.Error("a second off is no jump")
	}
}

func TestALineIsRightAgainTwoSecondsAfterSoundWasDropped(t *testing.T) {
	l := line{rate: audioRate, most: lineJump}
	l.report(0, 1000*second, false)
	const dropped = 90_000
	for i := range uint32(250) {
		at, ok := l.take(i * 960)
		off := 1000*second + int64(i)*20_000 + dropped - at
		if i == 100 && l.report(i*960, at+off, false) {
			t.Fatal("jumped")
		}
		if !ok || i <= 100 && off != dropped || i >= 200 && off != 0 {
			t.Errorf("packet %d is %d µs off", i, off)
		}
	}
}

func TestALineGoesOnWhereTimestampsBeginAgain(t *testing.T) {
	l := line{rate: videoRate, most: lineJump}
	l.report(1<<32-3000, 1000*second, false)
	if at, _ := l.take(3000); at != 1000*second+66_666 {
		t.Errorf("time %d", at)
	}
}

func TestNTPTimesConvertBothWays(t *testing.T) {
	for _, us := range []int64{0, 1, 999_999, 1_795_233_600_123_456} {
		if got := microsOf(ntpOf(us)); got < us-1 || got > us {
			t.Errorf("%d came back as %d", us, got)
		}
	}
}
