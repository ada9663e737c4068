package rtp

import (
	"time"

	pion "github.com/pion/rtp"

	"chalkline/sei"
)

// Frame is what a Stamper knows of a frame when it asks for its stamp.
type Frame struct {
	Timestamp uint32    // of its packets, in 1/90000 s
	Found     sei.Stamp // what it says already; no Time: nothing
}

// Config says how to stamp.
type Config struct {
	// Stamp returns the stamp of a frame. It replaces the one found; false
	// leaves the frame as it is. It is called once for each frame, in order.
	// nil: no frame is stamped.
	Stamp func(Frame) (sei.Stamp, bool)
	// Wait is how long a missing packet is waited for; 0: 500 ms.
	Wait time.Duration
}

// Stats counts packets, but for Frames.
type Stats struct {
	In         uint64
	Duplicates uint64 // dropped: had come already, or too old
	Held       uint64 // had to wait
	Missing    uint64 // were not there when later ones came
	GivenUp    uint64 // did not come in time
	Late       uint64 // came after they had been given up, and went out
	Padding    uint64 // swallowed: no payload
	Refused    uint64 // SEI in parts, and what receivers could join to something else
	Stamps     uint64 // put in
	Frames     uint64
	Restarts   uint64 // how often the incoming numbers began anew
}

// Stamper stamps one RTP stream of one SSRC. It belongs to one goroutine.
type Stamper struct {
	config  Config
	window  window
	numbers numbers
	stats   Stats

	started  bool
	stray    uint16 // the number that would confirm a jump
	strayed  bool
	keyFrame bool

	// The frame that is going out.
	timestamp uint32
	inFrame   bool
	decided   bool // about its stamp
	replace   bool // messages of ours that came with it are taken out
	gap       bool // packets are missing before the next
	seam      seam
}

// NewStamper returns a Stamper of a stream that has not begun.
func NewStamper(c Config) *Stamper {
	if c.Wait == 0 {
		c.Wait = 500 * time.Millisecond
	}
	return &Stamper{config: c}
}

// Push takes a packet that came in at now and appends to out those that may go
// out, in order, but for late ones. It keeps p until then and never changes
// it; what comes out shares its payload. Times do not go back.
func (s *Stamper) Push(p *pion.Packet, now time.Time, out []*pion.Packet) []*pion.Packet {
	s.stats.In++
	if !s.started {
		s.started, s.gap = true, true // it may begin within a frame
		s.window.skip(int64(p.SequenceNumber))
	}
	step := int64(int16(p.SequenceNumber - uint16(s.window.next)))
	if step < -maxLate || step > maxJump {
		if !s.strayed || p.SequenceNumber != s.stray {
			s.stray, s.strayed = p.SequenceNumber+1, true
			s.stats.Duplicates++
			return out
		}
		out = s.restart(p, out)
		step = 0
	}
	s.strayed = false
	n := s.window.next + step
	if step < 0 {
		return s.late(n, p, out)
	}
	for n >= s.window.next+maxHeld {
		out = s.giveUp(n-maxHeld+1, out)
	}
	missing := max(n-s.window.end, 0)
	if !s.window.put(n, p, now) {
		s.stats.Duplicates++
		return out
	}
	s.stats.Missing += uint64(missing)
	if n > s.window.next {
		s.stats.Held++
	}
	return s.Tick(now, out)
}

// Tick appends to out what may go out at now, because what is missing before it
// has been waited for long enough.
func (s *Stamper) Tick(now time.Time, out []*pion.Packet) []*pion.Packet {
	for {
		out = s.drain(out)
		n, at, ok := s.window.first()
		if !ok || now.Sub(at) < s.config.Wait && s.window.bytes <= maxHeldBytes {
			return out
		}
		out = s.giveUp(n, out)
	}
}

// Deadline returns when Tick will give up what is missing now; false if
// nothing is.
func (s *Stamper) Deadline() (time.Time, bool) {
	_, at, ok := s.window.first()
	return at.Add(s.config.Wait), ok
}

// drain releases what is due, up to the next packet that is missing.
func (s *Stamper) drain(out []*pion.Packet) []*pion.Packet {
	for p := s.window.take(); p != nil; p = s.window.take() {
		out = s.release(p, out)
	}
	return out
}

// giveUp stops waiting for packets numbered below n, releasing those of them
// that are held.
func (s *Stamper) giveUp(n int64, out []*pion.Packet) []*pion.Packet {
	for s.window.next < n {
		if s.window.slot(s.window.next).packet != nil {
			out = s.drain(out)
			continue
		}
		s.numbers.leave(s.window.next, s.seam.sei)
		s.window.skip(s.window.next + 1)
		s.stats.GivenUp++
		s.gap, s.keyFrame = true, true
	}
	return out
}

// restart begins anew at p: its publisher did, or was away for long.
func (s *Stamper) restart(p *pion.Packet, out []*pion.Packet) []*pion.Packet {
	out = s.giveUp(s.window.end, out)
	s.window.skip(s.window.next + int64(p.SequenceNumber-uint16(s.window.next)))
	s.numbers.restart(p.SequenceNumber)
	s.gap, s.keyFrame, s.inFrame = true, true, false
	s.stats.Restarts++
	return out
}

// late lets a packet out that was given up, in the place left for it.
func (s *Stamper) late(n int64, p *pion.Packet, out []*pion.Packet) []*pion.Packet {
	hole, ok := s.numbers.fill(n)
	if !ok {
		s.stats.Duplicates++
		return out
	}
	if len(p.Payload) == 0 {
		s.stats.Padding++
		return out
	}
	c := look(p.Payload)
	if c.broken || c.kind == sei.TypeSEI || c.part != nil && !c.first && !c.continues(hole.sei) {
		s.stats.Refused++
		return out
	}
	q := *p
	if s.config.Stamp != nil {
		q.Payload = c.left
	}
	s.stats.Late++
	q.SequenceNumber = hole.number()
	return append(out, &q)
}

// release lets the packet that is due out, the stamp of its frame before it.
func (s *Stamper) release(p *pion.Packet, out []*pion.Packet) []*pion.Packet {
	if len(p.Payload) == 0 {
		s.stats.Padding++
		s.numbers.swallow()
		return out
	}
	if !s.inFrame || p.Timestamp != s.timestamp {
		s.timestamp, s.inFrame = p.Timestamp, true
		s.decided, s.replace = false, false
		s.stats.Frames++
	}
	c := look(p.Payload)
	if c.part != nil && c.kind == sei.TypeSEI {
		s.stats.Refused++
		s.seam.open = 0
		s.numbers.swallow()
		return out
	}
	gap := s.gap
	s.gap = false
	if !s.seam.take(c, gap) {
		s.stats.Refused++
		s.numbers.pass(p.SequenceNumber) // as if it was lost
		return out
	}
	if gap && c.part != nil && !c.first { // its start is lost: there is no place for a stamp
		s.decided, s.replace = true, s.config.Stamp != nil
	}
	if !s.decided && (c.picture || c.ours) {
		out = s.decide(p, c, out)
	}
	q := *p
	if s.replace {
		if q.Payload = c.left; q.Payload == nil {
			s.numbers.swallow()
			return out
		}
	}
	q.SequenceNumber = s.numbers.pass(p.SequenceNumber)
	return append(out, &q)
}

// decide asks for the frame's stamp and puts it before p.
func (s *Stamper) decide(p *pion.Packet, c content, out []*pion.Packet) []*pion.Packet {
	s.decided = true
	if s.config.Stamp == nil {
		return out
	}
	stamp, ok := s.config.Stamp(Frame{Timestamp: p.Timestamp, Found: c.stamp})
	if !ok {
		return out
	}
	s.replace = true
	if payload := stampPayload(stamp); payload != nil {
		s.stats.Stamps++
		out = append(out, &pion.Packet{
			Header: pion.Header{
				Version:        2,
				PayloadType:    p.PayloadType,
				SequenceNumber: s.numbers.insert(p.SequenceNumber),
				Timestamp:      p.Timestamp,
				SSRC:           p.SSRC,
			},
			Payload: payload,
		})
	}
	return out
}

// TakeKeyFrame reports, once, that packets were given up and that the publisher
// should be asked for a key frame.
func (s *Stamper) TakeKeyFrame() bool {
	wanted := s.keyFrame
	s.keyFrame = false
	return wanted
}

// Missing appends to dst the incoming numbers that are being waited for: those
// to ask the publisher for.
func (s *Stamper) Missing(dst []uint16) []uint16 {
	for n := s.window.next; n < s.window.end; n++ {
		if s.window.slot(n).packet == nil {
			dst = append(dst, uint16(n))
		}
	}
	return dst
}

// Stats returns the counts so far.
func (s *Stamper) Stats() Stats { return s.stats }
