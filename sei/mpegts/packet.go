package mpegts

const (
	packetSize = 188
	headerSize = 4
	syncByte   = 0x47
)

// packet is a transport packet of packetSize bytes.
type packet []byte

func (p packet) pid() uint16 { return uint16(p[1]&0x1f)<<8 | uint16(p[2]) }

// starts reports whether a PES packet or a section begins here.
func (p packet) starts() bool { return p[1]&0x40 != 0 }

// clear reports whether p is neither damaged nor scrambled.
func (p packet) clear() bool { return p[1]&0x80 == 0 && p[3]&0xc0 == 0 }

func (p packet) hasPayload() bool { return p[3]&0x10 != 0 }

func (p packet) counter() byte { return p[3] & 0x0f }

// shift adds to the continuity counter, modulo 16.
func (p packet) shift(by byte) { p[3] = p[3]&0xf0 | (p[3]+by)&0x0f }

// split returns the adaptation field without its length and stuffing, and the
// payload. It is false if they do not fit.
func (p packet) split() (field, payload []byte, ok bool) {
	rest := p[headerSize:]
	if p[3]&0x20 != 0 {
		n := int(rest[0])
		if n >= len(rest) {
			return nil, nil, false
		}
		field, rest = rest[1:1+n], rest[1+n:]
	}
	if !p.hasPayload() {
		rest = nil
	}
	return withoutStuffing(field), rest, true
}

// withoutStuffing cuts an adaptation field off behind what its flags announce:
// empty if they announce nothing, whole if they announce more than there is.
func withoutStuffing(field []byte) []byte {
	if len(field) == 0 || field[0] == 0 {
		return nil
	}
	n := 1
	for _, part := range []struct {
		flag byte
		size int // 0: a length byte says it
	}{{0x10, 6}, {0x08, 6}, {0x04, 1}, {0x02, 0}, {0x01, 0}} { // PCR, OPCR, splice countdown, private data, extension
		if field[0]&part.flag == 0 {
			continue
		}
		size := part.size
		if size == 0 && n < len(field) {
			size = 1 + int(field[n])
		}
		n += size
	}
	return field[:min(n, len(field))]
}

// room is how many bytes of payload fit next to an adaptation field.
func room(field []byte) int {
	if len(field) == 0 {
		return packetSize - headerSize
	}
	return packetSize - headerSize - 1 - len(field)
}

// appendPacket appends a packet with the first three bytes of header and this
// counter. payload is at most room(field); stuffing fills what it leaves.
func appendPacket(dst []byte, header packet, counter byte, field, payload []byte) []byte {
	control := counter & 0x0f
	if len(payload) > 0 {
		control |= 0x10
	}
	fill := packetSize - headerSize - len(payload)
	if fill > 0 {
		control |= 0x20
	}
	dst = append(dst, header[0], header[1], header[2], control)
	if fill > 0 {
		dst = append(dst, byte(fill-1))
	}
	if fill > 1 {
		if len(field) == 0 {
			field = []byte{0}
		}
		dst = append(dst, field...)
		for range fill - 1 - len(field) {
			dst = append(dst, 0xff)
		}
	}
	return append(dst, payload...)
}
