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
		{good, viewerTick, qualitySub}, // as it begins
		{good, probeFor + viewerTick, qualityMain},
		{good, time.Minute, qualityMain},
		{lossy, 500 * time.Millisecond, qualityMain},
		{lossy, 2 * time.Second, qualitySub},
		{good, firstTrial - time.Second, qualitySub},
		{good, probeFor + 2*time.Second, qualityMain},
		{slow, 2 * time.Second, qualitySub}, // the trial failed
		{good, firstTrial + time.Second, qualitySub},
		{good, firstTrial + probeFor, qualityMain},
		{network{}, time.Minute, qualityMain},
		{network{known: true, loss: .05}, time.Minute, qualityMain},
	} {
		if got := judgeFor(&c, &now, step.network, step.last); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
}

// carries is a good network in which main takes 1 Mbit/s, and key frames come through
// at a rate.
func carries(rate int) network { return network{known: true, sent: 62_500, capacity: rate} }

func TestAQualityIsNotTriedThatAKeyFrameShowsNotToFit(t *testing.T) {
	for rate, want := range map[int]quality{600_000: qualitySub, 1_200_000: qualitySub, 1_400_000: qualityMain, 50_000_000: qualityMain} {
		var c chooser
		now := noon
		judgeFor(&c, &now, carries(0), time.Minute) // nothing says what it carries
		judgeFor(&c, &now, network{known: true, sent: 62_500, loss: .3}, 2*time.Second)
		probes := 0
		for range (firstTrial + 2*time.Second) / viewerTick {
			now = now.Add(viewerTick)
			n := network{known: true, sent: 6000}
			if probes > 0 {
				n.capacity = rate
			}
			if c.judge(now, n) {
				probes++
			}
		}
		if got := c.quality(); got != want || probes != 1 {
			t.Errorf("%d bit/s: %s after %d probes, want %s", rate, got, probes, want)
		}
	}
}

func TestAQualityThatAKeyFrameShowsNotToFitGoesAtOnce(t *testing.T) {
	var c chooser
	now := noon
	if got := judgeFor(&c, &now, carries(50_000_000), viewerTick); got != qualityMain {
		t.Errorf("%s where the first key frame comes through fast", got)
	}
	if got := judgeFor(&c, &now, carries(0), 10*time.Second); got != qualityMain {
		t.Fatalf("at first %s", got)
	}
	n := carries(600_000)
	if got := judgeFor(&c, &now, n, viewerTick); got != qualityMain {
		t.Errorf("%s though nothing queues", got)
	}
	n.queueing = 2 * queueLow
	if got := judgeFor(&c, &now, n, viewerTick); got != qualitySub {
		t.Errorf("%s though a queue grows", got)
	}
}

func TestAnEstimateSeesWhatATrainOfPacketsCameThroughAt(t *testing.T) {
	for name, c := range map[string]struct {
		packets int
		apart   time.Duration // at the receiver
		want    int           // bit/s, ± 1 %
	}{
		"a slow network": {8, 16 * time.Millisecond, 600_000},
		"a fast one":     {8, 0, fastest},
		"few packets":    {3, 16 * time.Millisecond, 0},
	} {
		var e estimate
		delays := make([]time.Duration, c.packets)
		for i := range delays {
			e.send(noon, 1200)
			delays[i] = 50*time.Millisecond + time.Duration(i)*(c.apart-10*time.Millisecond)
		}
		e.feedback(feedbackOn(0, noon, delays...))
		if n := e.take(); n.capacity < c.want*99/100 || n.capacity > c.want*101/100 || n.sent != 1200*c.packets {
			t.Errorf("%s: %+v, want %d bit/s", name, n, c.want)
		}
	}
	var e estimate // packets that did not go at once are no train
	for i := range 8 {
		e.send(noon.Add(time.Duration(i)*10*time.Millisecond), 1200)
	}
	e.feedback(feedbackOn(0, noon, make([]time.Duration, 8)...))
	if n := e.take(); n.capacity != 0 {
		t.Errorf("packets apart make a train: %+v", n)
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
			e.send(noon.Add(time.Duration(int(first)+i)*10*time.Millisecond), 1000)
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

func TestWhatComesAfterALongOutageIsTakenForWhatItIs(t *testing.T) {
	const gone = 3000 // one chunk says of how many it is so
	var e estimate
	for range gone + 1 {
		e.send(noon, 1000)
	}
	e.feedback(&rtcp.TransportLayerCC{
		PacketStatusCount: gone + 1, ReferenceTime: 1000,
		PacketChunks: []rtcp.PacketStatusChunk{
			&rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketNotReceived, RunLength: gone},
			&rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketReceivedSmallDelta, RunLength: 1},
		},
		RecvDeltas: []*rtcp.RecvDelta{{Type: rtcp.TypeTCCPacketReceivedSmallDelta}},
	})
	if !e.known {
		t.Error("how long the last packet was under way is not known")
	}
	if n, want := e.take(), gone/(gone+1.); n.loss != want {
		t.Errorf("loss is %v, want %v", n.loss, want)
	}
}
