package webrtc

import (
	"testing"

	"github.com/pion/rtcp"

	"chalkline/sei/rtp"
)

// reportOf returns a sender report that says when, in room time, a frame was captured.
func reportOf(time int64, timestamp uint32) *rtcp.SenderReport {
	return &rtcp.SenderReport{NTPTime: ntpOf(time), RTPTime: timestamp}
}

func TestMED8ReportsAreHeldToTheBoundsOfStamps(t *testing.T) {
	const frame = uint32(2_000_000_000)
	for _, c := range []struct {
		name string
		of   uint32 // what the report is of, when it comes
		kept bool
	}{
		{"this frame", frame, true},
		{"one 9 s later", frame + 9*videoRate, true},
		{"one 11 s later", frame + 11*videoRate, false},
		{"one 50 ms ago", frame - videoRate/20, true},
		{"one 150 ms ago", frame - videoRate*15/100, false},
		{"one 6 hours ago", frame - 6*3600*videoRate, false},
		{"one 6 hours later", frame + 6*3600*videoRate, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := newTestInbound(t, true)
			now := in.publisher.clock.Now()
			in.arrival = now
			in.publisher.reported(in, reportOf(now, c.of))
			got, _ := in.stamp(rtp.Frame{Timestamp: frame})
			want, from := now, fromArrival
			if c.kept {
				want, from = now-int64(int32(c.of-frame))*1_000_000/videoRate, fromReport
			}
			if off := got.Time - want; off < -1 || off > 1 || in.origin != from {
				t.Errorf("stamped %d µs off what it should, from %s, want %s", off, in.origin, from)
			}
			in.publisher.reported(in, reportOf(now, frame+3000))
			if got, _ := in.stamp(rtp.Frame{Timestamp: frame + 3000}); !plausible(now, got.Time) || in.origin != fromReport {
				t.Errorf("after a good report: %d µs off, from %s", got.Time-now, in.origin)
			}
		})
	}
}

func TestMED8SoundIsHeldToTheSameBounds(t *testing.T) {
	in := newTestInbound(t, false)
	now := in.publisher.clock.Now()
	in.arrival = now
	in.publisher.reported(in, reportOf(now, 0))
	if got := in.timeOf(audioRate * 3600); got != now {
		t.Errorf("an hour ahead is taken for %d µs after its arrival", got-now)
	}
}
