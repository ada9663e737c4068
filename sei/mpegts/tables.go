package mpegts

import "encoding/binary"

const (
	patPID     = 0
	nullPID    = 0x1fff
	tablePAT   = 0
	tablePMT   = 2
	typeH264   = 0x1b
	maxSection = 1024 // of PAT and PMT, H.222.0, 2.4.4
)

// tables follows the PAT and the PMT of the first program to the PID of the
// video; nullPID until it is known.
type tables struct {
	pat, pmt section
	pmtPID   uint16
	video    uint16
}

func newTables() tables { return tables{pmtPID: nullPID, video: nullPID} }

// push takes a packet of any PID.
func (t *tables) push(p packet) {
	pid := p.pid()
	if pid != patPID && pid != t.pmtPID || pid == nullPID || !p.clear() {
		return
	}
	_, payload, ok := p.split()
	if !ok || len(payload) == 0 {
		return
	}
	if pid == patPID {
		t.pat.push(payload, p.starts(), t.readPAT)
	} else {
		t.pmt.push(payload, p.starts(), t.readPMT)
	}
}

func (t *tables) readPAT(s []byte) {
	body, ok := tableBody(s, tablePAT)
	for ; ok && len(body) >= 4; body = body[4:] {
		if binary.BigEndian.Uint16(body) == 0 {
			continue // network information
		}
		if pid := binary.BigEndian.Uint16(body[2:]) & 0x1fff; pid != t.pmtPID {
			t.pmtPID, t.pmt = pid, section{}
		}
		return
	}
}

func (t *tables) readPMT(s []byte) {
	body, ok := tableBody(s, tablePMT)
	if !ok || len(body) < 4 {
		return
	}
	skip := 4 + int(binary.BigEndian.Uint16(body[2:])&0x0fff)
	for skip+5 <= len(body) {
		body = body[skip:]
		if body[0] == typeH264 {
			t.video = binary.BigEndian.Uint16(body[1:]) & 0x1fff
			return
		}
		skip = 5 + int(binary.BigEndian.Uint16(body[3:])&0x0fff)
	}
	t.video = nullPID
}

// tableBody returns what stands between the header and the checksum of a
// section that is whole, right and in force.
func tableBody(s []byte, id byte) ([]byte, bool) {
	if len(s) < 12 || s[0] != id || s[5]&1 == 0 || Checksum(s) != 0 {
		return nil, false
	}
	return s[8 : len(s)-4], true
}

// Checksum returns the CRC of a section (H.222.0, annex A): 0 if its own is among
// the bytes.
func Checksum(s []byte) uint32 {
	crc := uint32(0xffffffff)
	for _, b := range s {
		crc ^= uint32(b) << 24
		for range 8 {
			if crc&0x80000000 != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// section puts sections together from the packets of one PID.
type section struct {
	buf  []byte
	open bool // it has begun
}

func (s *section) push(payload []byte, starts bool, read func([]byte)) {
	if !starts {
		s.add(payload, read)
		return
	}
	skip := int(payload[0])
	if 1+skip > len(payload) {
		s.open = false
		return
	}
	s.add(payload[1:1+skip], read) // the end of the one before
	s.buf, s.open = s.buf[:0], true
	s.add(payload[1+skip:], read)
}

func (s *section) add(b []byte, read func([]byte)) {
	if !s.open {
		return
	}
	s.buf = append(s.buf, b...)
	for len(s.buf) >= 3 && s.buf[0] != 0xff {
		n := 3 + int(binary.BigEndian.Uint16(s.buf[1:])&0x0fff)
		if n > maxSection {
			break
		}
		if n > len(s.buf) {
			return
		}
		read(s.buf[:n])
		s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	}
	if len(s.buf) >= 3 || len(s.buf) > 0 && s.buf[0] == 0xff {
		s.buf, s.open = s.buf[:0], false // stuffing, or nothing of use
	}
}
