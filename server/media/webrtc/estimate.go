package webrtc

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
)

// sentKept is how many packets' times are kept for feedback: at 1 Mbit/s some ten
// seconds.
const sentKept = 1024

// estimate watches a viewer's network by its transport-wide feedback
// (draft-holmer-rmcat-transport-wide-cc-extensions-01): what is lost, and how much
// longer packets are under way than the fastest.
type estimate struct {
	mu       sync.Mutex
	next     uint16
	sent     [sentKept]time.Time
	base     time.Duration // least delay seen, by clocks that differ
	known    bool
	received int
	lost     int
	queueing time.Duration // the least of the window
	measured bool
}

// network is what an estimate says of the time since it was last asked.
type network struct {
	known    bool
	loss     float64       // part of the packets
	queueing time.Duration // beyond the fastest
}

// send notes a packet that goes out at now and returns its number.
func (e *estimate) send(now time.Time) uint16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	number := e.next
	e.next++
	e.sent[number%sentKept] = now
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
	for _, chunk := range f.PacketChunks {
		for _, symbol := range symbols(chunk, min(left, sentKept)) {
			left--
			switch {
			case symbol == rtcp.TypeTCCPacketNotReceived:
				e.lost++
			case symbol == rtcp.TypeTCCPacketReceivedWithoutDelta || len(deltas) == 0:
				e.received++
			default:
				at += time.Duration(deltas[0].Delta) * time.Microsecond
				deltas = deltas[1:]
				e.arrived(number, at)
			}
			number++
		}
	}
}

// symbols returns what a chunk says of at most n packets.
func symbols(c rtcp.PacketStatusChunk, n int) []uint16 {
	switch c := c.(type) {
	case *rtcp.RunLengthChunk:
		all := make([]uint16, min(int(c.RunLength), n))
		for i := range all {
			all[i] = c.PacketStatusSymbol
		}
		return all
	case *rtcp.StatusVectorChunk:
		return c.SymbolList[:min(len(c.SymbolList), n)]
	}
	return nil
}

func (e *estimate) arrived(number uint16, at time.Duration) {
	e.received++
	sent := e.sent[number%sentKept]
	if sent.IsZero() || int16(e.next-number) <= 0 || e.next-number > sentKept {
		return
	}
	delay := at - time.Duration(sent.UnixNano())
	if !e.known || delay < e.base || delay > e.base+time.Minute { // the reference began anew
		e.base, e.known = delay, true
	}
	if q := delay - e.base; !e.measured || q < e.queueing {
		e.queueing, e.measured = q, true
	}
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
	n := network{known: e.received+e.lost > 0, queueing: e.queueing}
	if n.known {
		n.loss = float64(e.lost) / float64(e.received+e.lost)
	}
	e.received, e.lost, e.queueing, e.measured = 0, 0, 0, false
	e.base += driftAllowance
	return n
}
