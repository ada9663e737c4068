package webrtc

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
)

// sentKept is how many packets are kept for feedback: at 1 Mbit/s some ten seconds.
const sentKept = 1024

// A train is packets that go out within no time, as those of a key frame do: how far
// apart they arrive says what the narrowest part of the way carries. Few say little,
// and a fast network shows only that it is fast.
const (
	trainGap   = 2 * time.Millisecond // between packets that go out at once
	trainBytes = 3000                 // behind its first packet
	fastest    = 100_000_000          // bit/s
)

// estimate watches a viewer's network by its transport-wide feedback
// (draft-holmer-rmcat-transport-wide-cc-extensions-01): what is lost, and how much
// longer packets are under way than the fastest.
type estimate struct {
	mu       sync.Mutex
	next     uint16
	sent     [sentKept]sent
	bytes    int           // sent in the window
	base     time.Duration // least delay seen, by clocks that differ
	known    bool
	received int
	lost     int
	queueing time.Duration // the least of the window
	measured bool
	train    train
	capacity int // bit/s, of the longest train of the window; 0: there was none
	longest  int // its bytes
}

// sent is a packet that went out.
type sent struct {
	at    time.Time
	bytes int
}

// train is one whose packets are arriving.
type train struct {
	last          uint16 // its last packet
	lastSent      time.Time
	began, latest time.Duration // arrival of its first and of its last packet
	bytes         int           // behind the first
}

// network is what an estimate says of the time since it was last asked.
type network struct {
	known    bool
	loss     float64       // part of the packets
	queueing time.Duration // beyond the fastest
	sent     int           // bytes
	capacity int           // bit/s that came through at once; 0: nothing says it
}

// send notes a packet of so many bytes that goes out at now and returns its number.
func (e *estimate) send(now time.Time, bytes int) uint16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	number := e.next
	e.next++
	e.sent[number%sentKept] = sent{now, bytes}
	e.bytes += bytes
	return number
}

// feedback takes a report. Its times count from its own reference; only
// differences matter.
func (e *estimate) feedback(f *rtcp.TransportLayerCC) {
	e.mu.Lock()
	defer e.mu.Unlock()
	number := f.BaseSequenceNumber
	at := time.Duration(f.ReferenceTime) * 64 * time.Millisecond
	deltas := f.RecvDeltas
	left := int(f.PacketStatusCount)
	take := func(symbol uint16, n int) {
		n = min(n, left)
		left -= n
		timed := 0
		switch symbol {
		case rtcp.TypeTCCPacketNotReceived:
			e.lost += n
		case rtcp.TypeTCCPacketReceivedWithoutDelta:
			e.received += n
		default:
			timed = min(n, len(deltas))
			e.received += n
		}
		for i, d := range deltas[:timed] {
			at += time.Duration(d.Delta) * time.Microsecond
			e.arrived(number+uint16(i), at)
		}
		deltas = deltas[timed:]
		number += uint16(n)
	}
	for _, chunk := range f.PacketChunks {
		switch c := chunk.(type) {
		case *rtcp.RunLengthChunk:
			take(c.PacketStatusSymbol, int(c.RunLength))
		case *rtcp.StatusVectorChunk:
			for _, symbol := range c.SymbolList {
				take(symbol, 1)
			}
		}
	}
}

func (e *estimate) arrived(number uint16, at time.Duration) {
	sent := e.sent[number%sentKept]
	if sent.at.IsZero() || int16(e.next-number) <= 0 || e.next-number > sentKept {
		return
	}
	e.pull(number, sent, at)
	delay := at - time.Duration(sent.at.UnixNano())
	if !e.known || delay < e.base || delay > e.base+time.Minute { // the reference began anew
		e.base, e.known = delay, true
	}
	if q := delay - e.base; !e.measured || q < e.queueing {
		e.queueing, e.measured = q, true
	}
}

// pull takes a packet's arrival into the train that it belongs to, or begins one.
func (e *estimate) pull(number uint16, p sent, at time.Duration) {
	t := &e.train
	if number != t.last+1 || p.at.Sub(t.lastSent) > trainGap || at < t.latest {
		*t = train{began: at}
	} else {
		t.bytes += p.bytes
	}
	t.last, t.lastSent, t.latest = number, p.at, at
	if t.bytes < trainBytes || t.bytes <= e.longest {
		return
	}
	took := max(t.latest-t.began, time.Duration(t.bytes)*8*time.Second/fastest)
	e.longest, e.capacity = t.bytes, int(time.Duration(t.bytes)*8*time.Second/took)
}

// report takes the loss that a receiver without transport-wide feedback reports.
func (e *estimate) report(r *rtcp.ReceiverReport) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known {
		return
	}
	for _, one := range r.Reports {
		e.lost += int(one.FractionLost)
		e.received += 256 - int(one.FractionLost)
	}
}

// driftAllowance is by how much the clocks of both ends may part in one tick: the
// least delay is forgotten at that rate.
const driftAllowance = 250 * time.Microsecond

// take returns what was seen since it was last called.
func (e *estimate) take() network {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := network{known: e.received+e.lost > 0, queueing: e.queueing, sent: e.bytes, capacity: e.capacity}
	if n.known {
		n.loss = float64(e.lost) / float64(e.received+e.lost)
	}
	e.received, e.lost, e.queueing, e.measured = 0, 0, 0, false
	e.bytes, e.capacity, e.longest = 0, 0, 0
	e.base += driftAllowance
	return n
}
