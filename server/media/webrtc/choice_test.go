package webrtc

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// judgeFor lets a network be for some time and returns the quality then.
func judgeFor(c *chooser, now *time.Time, n network, d time.Duration) quality {
	for range d / viewerTick {
		*now = now.Add(viewerTick)
		c.judge(*now, n)
	}
	return c.quality()
}

func TestQualityGoesDownInABadNetworkAndUpByTrials(t *testing.T) {
	var c chooser
	now := noon
	good, lossy, slow := network{known: true}, network{known: true, loss: .3}, network{known: true, queueing: time.Second}
	for i, step := range []struct {
		network network
		last    time.Duration
		want    quality
	}{
		{good, time.Minute, qualityMain},
		{lossy, 500 * time.Millisecond, qualityMain},
		{lossy, 2 * time.Second, qualitySub},
		{good, firstTrial - time.Second, qualitySub},
		{good, 2 * time.Second, qualityMain},
		{slow, 2 * time.Second, qualitySub}, // the trial failed
		{good, firstTrial + time.Second, qualitySub},
		{good, firstTrial, qualityMain},
		{network{}, time.Minute, qualityMain},
		{network{known: true, loss: .05}, time.Minute, qualityMain},
	} {
		if got := judgeFor(&c, &now, step.network, step.last); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
}

// feedbackOn makes feedback on the packets from base on; a delay under zero is a loss.
func feedbackOn(base uint16, sent time.Time, delays ...time.Duration) *rtcp.TransportLayerCC {
	f := &rtcp.TransportLayerCC{BaseSequenceNumber: base, PacketStatusCount: uint16(len(delays))}
	last := time.Duration(0)
	for i, d := range delays {
		symbol := rtcp.TypeTCCPacketNotReceived
		if d >= 0 {
			symbol = rtcp.TypeTCCPacketReceivedLargeDelta
			at := sent.Sub(noon) + time.Duration(i)*10*time.Millisecond + d
			f.RecvDeltas = append(f.RecvDeltas, &rtcp.RecvDelta{Type: symbol, Delta: (at - last).Microseconds()})
			last = at
		}
		f.PacketChunks = append(f.PacketChunks, &rtcp.RunLengthChunk{PacketStatusSymbol: symbol, RunLength: 1})
	}
	return f
}

func TestAnEstimateSeesLossAndQueueing(t *testing.T) {
	var e estimate
	send := func(n int) (uint16, time.Time) {
		first := e.next
		for i := range n {
			e.send(noon.Add(time.Duration(int(first)+i) * 10 * time.Millisecond))
		}
		return first, noon.Add(time.Duration(first) * 10 * time.Millisecond)
	}
	base, at := send(4)
	e.feedback(feedbackOn(base, at, 50*time.Millisecond, 60*time.Millisecond, -1, 55*time.Millisecond))
	if n := e.take(); !n.known || n.loss != .25 || n.queueing != 0 {
		t.Errorf("first %+v", n)
	}
	base, at = send(3)
	e.feedback(feedbackOn(base, at, 350*time.Millisecond, 400*time.Millisecond, 380*time.Millisecond))
	if n := e.take(); n.loss != 0 || n.queueing < 299*time.Millisecond || n.queueing > 301*time.Millisecond {
		t.Errorf("full queue %+v", n)
	}
	if n := e.take(); n.known {
		t.Errorf("nothing came: %+v", n)
	}
}

func TestATimelineIsEvenAndTrueInTheLongRun(t *testing.T) {
	l := timeline{rate: audioRate}
	const drift = 1.0002
	last := int64(0)
	for i := range uint32(200_000) { // over an hour
		jitter := int64(i%5) * 2000
		at := 1000*second + int64(float64(i)*20_000*drift) + jitter
		pts, jumped := l.take(i*960, at)
		if i > 0 && (jumped || pts-last < 1790 || pts-last > 1810) {
			t.Fatalf("unit %d: %d ticks, jumped %t", i, pts-last, jumped)
		}
		if off := pts*100/9 - at; max(off, -off) > 20_000 {
			t.Fatalf("unit %d: %d µs off", i, off)
		}
		last = pts
	}
	if _, jumped := l.take(200_000*960, 3*3600*second); !jumped {
		t.Error("hours later is no jump")
	}
}
