package rtp

// numbers changes sequence numbers, and remembers those that were left open, for
// maxLate packets.
type numbers struct {
	holes [maxLate]hole
	shift uint16 // outgoing − incoming, modulo 65536
	last  uint16 // the highest outgoing number used or left open
}

// hole is a number that was left open for a packet given up.
type hole struct {
	seq   int64 // unwrapped
	shift uint16
	open  bool
	sei   bool // what came before it may be an SEI
}

// pass numbers an incoming packet, or one that is missing.
func (n *numbers) pass(in uint16) uint16 {
	n.last = in + n.shift
	return n.last
}

// insert numbers a stamp that goes out before the packet numbered in.
func (n *numbers) insert(in uint16) uint16 {
	n.last = in + n.shift
	n.shift++
	return n.last
}

// swallow closes the numbers up over a packet that does not go out.
func (n *numbers) swallow() { n.shift-- }

// leave leaves a number open for a missing packet. sei: what comes before it may be an SEI.
func (n *numbers) leave(seq int64, sei bool) {
	n.pass(uint16(seq))
	n.holes[seq&(maxLate-1)] = hole{seq: seq, shift: n.shift, open: true, sei: sei}
}

// fill returns what was left open for seq, once.
func (n *numbers) fill(seq int64) (h hole, ok bool) {
	at := &n.holes[seq&(maxLate-1)]
	if !at.open || at.seq != seq {
		return hole{}, false
	}
	at.open = false
	return *at, true
}

// number is the outgoing one.
func (h hole) number() uint16 { return uint16(h.seq) + h.shift }

// restart goes on with incoming numbers that have nothing to do with those
// before. One outgoing number stays unused, so that receivers notice a loss.
func (n *numbers) restart(in uint16) {
	n.holes = [maxLate]hole{}
	n.shift = n.last + 2 - in
}
