package webrtc

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"chalkline/sei/rtp"
)

// How missing packets are asked for. The publisher sends them by RTX; what does
// not come within holdWait is given up.
const (
	nackEvery = 25 * time.Millisecond
	nackMost  = 12 // times for each packet
	nackAtOne = 64 // packets
	holdWait  = 500 * time.Millisecond
)

// inbound is one track of a publisher.
type inbound struct {
	publisher *publisher
	layer     *layer
	video     bool
	remote    *pion.TrackRemote
	units     *units      // nil: this layer is not for the Hub
	replaced  atomic.Bool // by what comes with another SSRC
	capture   uint8       // id of the extension with times of capture; 0: none

	// Guarded by publisher.mu.
	line      line
	lineJumps bool  // its next report has a clock that was set
	jumped    bool  // its times do not follow on from those before
	sampled   int64 // arrival of the last packet that said its time
	asked     time.Time

	// Owned by run.
	stamper  *rtp.Stamper // of video
	stats    rtp.Stats
	out      []*pionrtp.Packet
	batch    []*packet
	arrival  int64    // of the packet that was pushed last, room time
	stamped  []moment // stamps of frames that were not begun yet
	latest   int64    // time of the latest stamp
	frame    frame    // that goes out
	origin   origin
	nacks    map[uint16]int // how often missing packets were asked for
	nacked   time.Time
	missing  []uint16
	deadline bool // reading ends at some time
}

// frame is what is known of a frame.
type frame struct {
	rtp   uint32
	time  int64
	begun bool
	key   bool // its beginning was found to be that of a key frame
}

func newInbound(p *publisher, remote *pion.TrackRemote, video bool, q quality) *inbound {
	t := &inbound{publisher: p, video: video, remote: remote, nacks: map[uint16]int{}}
	t.line.rate = audioRate
	t.layer = &layer{feed: p.feed, video: video, quality: q, wake: p.wakeUp}
	t.layer.newest.Store(time.Now().UnixNano())
	if video {
		t.line.rate = videoRate
		t.stamper = rtp.NewStamper(rtp.Config{Stamp: t.stamp, Wait: holdWait})
	}
	t.units = newUnits(p.publication.Source.Hub, t.layer)
	return t
}

// maxFaults is how many packets in a row may be unreadable.
const maxFaults = 100

// maxPacket is the largest packet that is taken, in bytes.
const maxPacket = 1500

// run takes packets until the session ends.
func (t *inbound) run() {
	for faults := 0; faults < maxFaults; {
		b := make([]byte, maxPacket)
		n, _, err := t.remote.Read(b)
		now := time.Now()
		var timeout net.Error
		switch {
		case t.replaced.Load():
			return
		case err == nil:
			p := &pionrtp.Packet{}
			if p.Unmarshal(b[:n]) != nil {
				faults++
				continue
			}
			faults = 0
			t.push(p, now)
		case errors.As(err, &timeout) && timeout.Timeout():
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe):
			return
		default:
			faults++
			continue
		}
		if t.video {
			t.wait(now)
		}
	}
	t.publisher.end("unreadable packets")
}

func (t *inbound) push(p *pionrtp.Packet, now time.Time) {
	t.layer.newest.Store(now.UnixNano())
	t.publisher.server.metrics.received(len(p.Payload))
	t.arrival = t.publisher.clock.Now()
	if ntp, ok := captureOf(p, t.capture); ok {
		t.publisher.sampled(t, p.Timestamp, ntp)
	}
	strip(p)
	if t.video {
		delete(t.nacks, p.SequenceNumber)
		t.release(t.stamper.Push(p, now, t.out[:0]))
		return
	}
	if len(p.Payload) == 0 {
		return
	}
	t.release(append(t.out[:0], p))
}

// strip takes out what is between this publisher and us: its header extensions and
// padding have other meanings, or none, for a viewer.
func strip(p *pionrtp.Packet) {
	p.Extension, p.ExtensionProfile, p.Extensions = false, 0, nil
	p.Padding, p.PaddingSize, p.CSRC = false, 0, nil
}

// batchPackets is how many packets of a frame go out together at most. A frame is
// of no use before its last packet, and every viewer's writer wakes up once for a
// batch; large frames still go out as evenly as they came.
const batchPackets = 8

// release takes packets that are in order now and hands them on: sound at once, of
// a picture what belongs together.
func (t *inbound) release(out []*pionrtp.Packet) {
	t.out = out
	for _, p := range out {
		if !t.video {
			t.batch = append(t.batch, &packet{rtp: p, time: t.timeOf(p.Timestamp), key: true})
			continue
		}
		t.batch = append(t.batch, t.picture(p))
	}
	clear(t.out)
	if n := len(t.batch); n == 0 || t.video && n < batchPackets && !t.batch[n-1].rtp.Marker {
		return
	}
	t.layer.forward(t.batch)
	t.units.push(t.batch)
	clear(t.batch)
	t.batch = t.batch[:0]
}

// picture describes a packet that is released. A key frame can be played from its
// parameter sets on; without any, from its stamp on.
func (t *inbound) picture(p *pionrtp.Packet) *packet {
	if age := int32(t.frame.rtp - p.Timestamp); t.frame.begun && age > 0 && age < lateTicks {
		return &packet{rtp: p}
	}
	t.begin(p.Timestamp)
	out := &packet{rtp: p, time: t.frame.time}
	if t.frame.key || !beginsKey(p.Payload) {
		return out
	}
	t.frame.key = true
	t.layer.keyAsked.Store(false)
	first := out
	for i := len(t.batch) - 1; i >= 0 && t.batch[i].rtp.Timestamp == p.Timestamp; i-- {
		first = t.batch[i]
	}
	first.key = true
	return out
}

// maxStamped is how many frames may be stamped and not begun: those of a burst
// after something was missing.
const maxStamped = 64

// lateTicks is how much older than the frame that goes out a packet is that was
// given up; beyond it the publisher's timestamps began anew.
const lateTicks = 10 * videoRate

// begin makes a frame the one that goes out, and takes its stamp's time when it
// has one. Parameter sets go before it, and wait with it in the batch: they have its
// time too, since a viewer's timestamps go on from the first packet of a run.
func (t *inbound) begin(timestamp uint32) {
	if !t.frame.begun || t.frame.rtp != timestamp {
		t.frame = frame{rtp: timestamp, begun: true}
	}
	for i, s := range t.stamped {
		if s.rtp == timestamp {
			t.frame.time = s.time
			for i := len(t.batch) - 1; i >= 0 && t.batch[i].rtp.Timestamp == timestamp; i-- {
				t.batch[i].time = s.time
			}
			t.stamped = append(t.stamped[:0], t.stamped[i+1:]...)
			return
		}
	}
	if t.frame.time == 0 {
		t.frame.time = t.timeOf(timestamp)
	}
}

// timeOf returns the time of an unstamped packet.
func (t *inbound) timeOf(timestamp uint32) int64 {
	t.publisher.mu.Lock()
	defer t.publisher.mu.Unlock()
	if at, ok := t.byReports(timestamp); ok {
		return at
	}
	return t.arrival
}

// wait asks for what is missing, and gives up what did not come.
func (t *inbound) wait(now time.Time) {
	until, waiting := t.stamper.Deadline()
	if waiting && !now.Before(until) {
		t.release(t.stamper.Tick(now, t.out[:0]))
		until, waiting = t.stamper.Deadline()
	}
	t.count()
	if t.stamper.TakeKeyFrame() {
		t.layer.askKey()
	}
	if !waiting {
		if t.deadline {
			t.deadline = false
			clear(t.nacks)
			_ = t.remote.SetReadDeadline(time.Time{})
		}
		return
	}
	if now.Sub(t.nacked) >= nackEvery {
		t.nacked = now
		t.ask()
	}
	if next := t.nacked.Add(nackEvery); next.Before(until) {
		until = next
	}
	t.deadline = true
	_ = t.remote.SetReadDeadline(until) // fails only when the track is closed
}

// ask sends for missing packets.
func (t *inbound) ask() {
	t.missing = t.stamper.Missing(t.missing[:0])
	n := 0
	for _, number := range t.missing {
		if t.nacks[number] < nackMost && n < nackAtOne {
			t.nacks[number]++
			t.missing[n] = number
			n++
		}
	}
	if n == 0 {
		return
	}
	t.publisher.server.metrics.asked.Add(float64(n))
	_ = t.publisher.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
		MediaSSRC: uint32(t.remote.SSRC()), Nacks: rtcp.NackPairsFromSequenceNumbers(t.missing[:n]),
	}}) // the session ends by itself
}

// count adds what the stamper counted to the metrics.
func (t *inbound) count() {
	s, m := t.stamper.Stats(), t.publisher.server.metrics
	if s.Missing != t.stats.Missing {
		m.lost.Add(float64(s.Missing - t.stats.Missing))
	}
	if s.GivenUp != t.stats.GivenUp {
		m.gaveUp.Add(float64(s.GivenUp - t.stats.GivenUp))
	}
	t.stats = s
}

// listen reads the publisher's reports of the track.
func (t *inbound) listen(from *pion.RTPReceiver) {
	for {
		var packets []rtcp.Packet
		var err error
		if rid := t.remote.RID(); rid != "" {
			packets, _, err = from.ReadSimulcastRTCP(rid)
		} else {
			packets, _, err = from.ReadRTCP()
		}
		if err != nil || t.replaced.Load() {
			return
		}
		for _, p := range packets {
			if r, ok := p.(*rtcp.SenderReport); ok && r.SSRC == uint32(t.remote.SSRC()) {
				t.publisher.reported(t, r)
			}
		}
	}
}
