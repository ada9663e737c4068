package webrtc

import "testing"

func TestMED8SoundIsOfWhenItsPacketsSayThatItWasCaptured(t *testing.T) {
	in := newTestInbound(t, false)
	now := in.publisher.clock.Now()
	in.arrival = now
	say := func(packet, lost int64) { in.publisher.sampled(in, uint32(packet*960), now+packet*20_000+lost) }
	say(0, 0)
	if at := in.timeOf(0); at != now || in.sampled != 0 {
		t.Error("what a clock that nobody knows says is believed")
	}
	in.publisher.reported(in, reportOf(now, 0))
	for _, c := range []struct{ packet, lost, want int64 }{
		{1, 0, 0},
		{2, -200_000, -200_000},        // what came before has been lost on the way: known at once
		{3, -200_000, -200_000},        // and so it stays
		{4, -190_000, -200_000 + 1000}, // what is near is followed evenly, by 5 % of 20 ms
		{5, 4 * 3600_000_000, -1},      // not plausible
	} {
		say(c.packet, c.lost)
		want := now + c.packet*20_000 + c.want
		if c.want == -1 {
			want = in.arrival
		}
		if at := in.timeOf(uint32(c.packet * 960)); at-want > 50 || want-at > 50 {
			t.Errorf("packet %d is %d µs off", c.packet, at-want)
		}
	}
	// Reports have when it was sent: they say no more than what the clock is.
	in.arrival = now + 6*20_000
	say(6, 0)
	in.publisher.reported(in, reportOf(now, 6*960+4800))
	if at := in.timeOf(6 * 960); at != now+6*20_000 {
		t.Errorf("a report moves it by %d µs", at-now-6*20_000)
	}
	in.sampled = now - captureStale - 1
	in.publisher.reported(in, reportOf(now, 6*960+48_000))
	if at := in.timeOf(6 * 960); at != now-1_000_000 {
		t.Errorf("5 s after such packets a report is taken for %d µs", at-now)
	}
}
