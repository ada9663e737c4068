package ts

import "encoding/binary"

const (
	// lead is how long before its decoding time the clock of the stream has a unit
	// come, so that sound which is coded anew and comes later than the picture is
	// not too late for a player that keeps to the clock.
	lead = 45_000
	// clockInterval is after how long the next unit brings the clock; H.222.0 wants it
	// every 100 ms.
	clockInterval = 5_000

	maxPES  = 0xffff
	timeMod = 1 << 33
)

// Picture is an access unit of H.264 in Annex B, with its delimiter.
type Picture struct {
	PTS, DTS int64
	Key      bool
	Data     []byte
}

// Muxer writes one stream. Begin comes first. It belongs to one goroutine.
type Muxer struct {
	pat, pmt []byte
	version  byte
	video    bool

	patCounter, pmtCounter, videoCounter, audioCounter byte

	clock   int64 // of the stream, as it was sent last
	clocked bool  // it was sent
	jumped  bool  // the next clock does not follow on from it
}

// Begin starts a program, with or without a picture; sound it always has. If it is
// not the first, the clock begins anew. The tables, which say so, are to follow.
func (m *Muxer) Begin(video bool) {
	if m.pat == nil {
		m.pat = association()
	} else {
		m.jumped = true
		if video != m.video {
			m.version++
		}
	}
	m.video, m.clocked = video, false
	m.pmt = program(video, m.version)
}

// AppendTables appends PAT and PMT, which a stream repeats so that one can begin
// to read there.
func (m *Muxer) AppendTables(dst []byte) []byte {
	dst, _, _ = appendPacket(dst, patPID, true, m.patCounter, nil, m.pat, padding[:PacketSize-headerSize-len(m.pat)])
	dst, _, _ = appendPacket(dst, pmtPID, true, m.pmtCounter, nil, m.pmt, padding[:PacketSize-headerSize-len(m.pmt)])
	m.patCounter++
	m.pmtCounter++
	return dst
}

// padding fills the packet behind a section.
var padding = func() (p [PacketSize]byte) {
	for i := range p {
		p[i] = 0xff
	}
	return p
}()

// AppendPicture appends an access unit. A program without a picture has none.
func (m *Muxer) AppendPicture(dst []byte, p Picture) []byte {
	if !m.video {
		return dst
	}
	var field [8]byte
	n := m.putField(&field, p.DTS-lead, p.Key)
	var header [19]byte
	h := putPES(&header, 0xe0, p.PTS, p.DTS, len(p.Data))
	return m.appendPES(dst, videoPID, &m.videoCounter, field[:n], header[:h], p.Data)
}

// AppendSound appends one or more frames of AAC with their ADTS headers, which
// begin at pts.
func (m *Muxer) AppendSound(dst []byte, pts int64, frames []byte) []byte {
	if len(frames) == 0 || len(frames) > maxPES-8 {
		return dst
	}
	var field [8]byte
	n := 0
	if at := pts - lead; !m.video {
		n = m.putField(&field, at, true)
	} else if m.clocked && at >= m.clock+clockInterval {
		// Pictures are rare, as of a screen where nothing moves: the clock goes alone.
		n = m.putField(&field, at, false)
		dst, _, _ = appendPacket(dst, videoPID, false, m.videoCounter-1, field[:n], nil, nil)
		n = 0
	}
	var header [19]byte
	h := putPES(&header, 0xc0, pts, pts, len(frames))
	return m.appendPES(dst, audioPID, &m.audioCounter, field[:n], header[:h], frames)
}

// ReplaceSound puts another raw frame of AAC, and zeros behind it, in the place of
// each in packets that a Muxer made with one frame at a time. Where a frame is
// shorter than that it stays.
func ReplaceSound(packets, frame []byte) {
	const adtsHeader = 7
	var rest []byte
	keeps := false
	for ; len(packets) >= PacketSize; packets = packets[PacketSize:] {
		p := packets[:PacketSize]
		if pid := uint16(p[1]&0x1f)<<8 | uint16(p[2]); pid != audioPID || p[3]&0x10 == 0 {
			continue
		}
		body := p[headerSize:]
		if p[3]&0x20 != 0 {
			body = body[1+body[0]:]
		}
		if p[1]&0x40 != 0 { // a frame begins, behind the header of its PES packet and its own
			body = body[9+body[8]:]
			length := int(body[3]&3)<<11 | int(body[4])<<3 | int(body[5]>>5)
			keeps, rest, body = length-adtsHeader < len(frame), frame, body[adtsHeader:]
		}
		if !keeps {
			n := copy(body, rest)
			rest = rest[n:]
			clear(body[n:])
		}
	}
}

func (m *Muxer) appendPES(dst []byte, pid uint16, counter *byte, field, header, data []byte) []byte {
	for start := true; len(header)+len(data) > 0; start = false {
		dst, header, data = appendPacket(dst, pid, start, *counter, field, header, data)
		*counter++
		field = nil
	}
	return dst
}

// putField writes an adaptation field (H.222.0, 2.4.3.4) with the clock, if that
// is due and does not go back, and returns its length without the length byte; 0
// if it says nothing.
func (m *Muxer) putField(field *[8]byte, at int64, random bool) int {
	if random {
		field[0] |= 0x40
	}
	due := !m.clocked || at >= m.clock+clockInterval || random && at > m.clock
	switch {
	case !due && !random:
		return 0
	case !due:
		return 1
	}
	if m.jumped {
		field[0] |= 0x80
		m.jumped = false
	}
	m.clock, m.clocked = at, true
	field[0] |= 0x10
	base := uint64(at) % timeMod
	binary.BigEndian.PutUint32(field[1:], uint32(base>>1))
	field[5], field[6] = byte(base<<7)|0x7e, 0
	return 7
}

// putPES writes the header of a PES packet (H.222.0, 2.4.3.6) and returns its
// length.
func putPES(h *[19]byte, id byte, pts, dts int64, size int) int {
	n := 14
	copy(h[:], []byte{0, 0, 1, id, 0, 0, 0x84, 0x80, 5}) // aligned: a unit begins here
	if dts == pts {
		putTime(h[9:], 0x2, pts)
	} else {
		n = 19
		h[7], h[8] = 0xc0, 10
		putTime(h[9:], 0x3, pts)
		putTime(h[14:], 0x1, dts)
	}
	if length := size + n - 6; length <= maxPES {
		binary.BigEndian.PutUint16(h[4:], uint16(length)) // else 0: not stated, as video may
	}
	return n
}

func putTime(b []byte, mark byte, t int64) {
	u := uint64(t) % timeMod
	b[0] = mark<<4 | byte(u>>30)<<1 | 1
	binary.BigEndian.PutUint16(b[1:], uint16(u>>15)<<1|1)
	binary.BigEndian.PutUint16(b[3:], uint16(u)<<1|1)
}
