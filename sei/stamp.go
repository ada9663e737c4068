package sei

import "encoding/binary"

const (
	// timeUUID marks the precision time stamp of MISB ST 0604.
	timeUUID = "MISPmicrosectime"
	// originUUID marks our own message: 6ec1f901-3dad-48c1-b999-8d865d88ccdd.
	originUUID = "\x6e\xc1\xf9\x01\x3d\xad\x48\xc1\xb9\x99\x8d\x86\x5d\x88\xcc\xdd"

	uuidSize   = 16
	timeSize   = uuidSize + 12
	originSize = uuidSize + 8

	originVersion = 1
	// statusFixed are the bits of the status byte that are always set.
	statusFixed = 0x1f
)

// Status says how far a time can be trusted: the upper three bits of the
// status byte of MISB ST 0603. The zero Status is a clock in lock that runs on.
type Status byte

// The bits of a Status.
const (
	Unlocked Status = 0x80 // the clock is not known to follow the room's
	Jumped   Status = 0x40 // the time does not follow on from the stamp before
	Backward Status = 0x20 // with Jumped: it went back
)

const statusBits = Unlocked | Jumped | Backward

// OriginFlags say where a time comes from.
type OriginFlags byte

// The flags of version 1. None of them: the time is when the frame arrived.
const (
	Captured   OriginFlags = 1 << 0 // by the clock of the capturing device
	Calibrated OriginFlags = 1 << 1 // by arrival and an offset measured for the source
)

// Origin says which source and which clock a stamp is of. The zero Origin
// stands for none.
type Origin struct {
	Source uint32 // which source of the room, by its number, from 1
	// Clock counts, modulo 65536, how often the source's mapping to room time
	// was set anew. Times of one source and clock may be interpolated.
	Clock uint16
	Flags OriginFlags
}

// Stamp is what an access unit says about its time.
type Stamp struct {
	Time   int64 // room time in µs since 1970-01-01T00:00:00Z, from 1; 0: none
	Status Status
	Origin Origin
}

// Append appends the NAL units of s in a framing: the time, then the origin if
// there is one. A stamp without a time appends nothing.
func (s Stamp) Append(dst []byte, f Framing) ([]byte, error) {
	kept := dst
	for _, nal := range s.NALs() {
		var err error
		if dst, err = f.Append(dst, nal); err != nil {
			return kept, err
		}
	}
	return dst, nil
}

// NALs returns the one or two NAL units of s, none if it has no time.
func (s Stamp) NALs() [][]byte {
	if s.Time <= 0 {
		return nil
	}
	nals := [][]byte{AppendNAL(nil, Message{UserData, s.appendTime(nil)})}
	if s.Origin.Source != 0 {
		nals = append(nals, AppendNAL(nil, Message{UserData, s.Origin.append(nil)}))
	}
	return nals
}

// appendTime appends the message of MISB ST 0604. Its 0xff after every two
// bytes of time keep start codes out without emulation prevention.
func (s Stamp) appendTime(dst []byte) []byte {
	dst = append(dst, timeUUID...)
	dst = append(dst, byte(s.Status&statusBits)|statusFixed)
	for shift := 48; shift >= 0; shift -= 16 {
		dst = binary.BigEndian.AppendUint16(dst, uint16(s.Time>>shift))
		if shift > 0 {
			dst = append(dst, 0xff)
		}
	}
	return dst
}

func (o Origin) append(dst []byte) []byte {
	dst = append(dst, originUUID...)
	dst = append(dst, originVersion, byte(o.Flags))
	dst = binary.BigEndian.AppendUint16(dst, o.Clock)
	return binary.BigEndian.AppendUint32(dst, o.Source)
}

// isOurs reports whether m is a time or an origin, of whatever version.
func isOurs(m Message) bool {
	if m.Type != UserData || len(m.Payload) < uuidSize {
		return false
	}
	uuid := string(m.Payload[:uuidSize])
	return uuid == timeUUID || uuid == originUUID
}

// read takes over what m says and reports whether that was anything.
func (s *Stamp) read(m Message) bool {
	if !isOurs(m) {
		return false
	}
	p := m.Payload
	if string(p[:uuidSize]) == timeUUID {
		return s.readTime(p)
	}
	return s.Origin.read(p)
}

func (s *Stamp) readTime(p []byte) bool {
	if len(p) < timeSize || p[19] != 0xff || p[22] != 0xff || p[25] != 0xff {
		return false
	}
	var t uint64
	for i := uuidSize + 1; i < timeSize; i += 3 {
		t = t<<16 | uint64(binary.BigEndian.Uint16(p[i:]))
	}
	if t == 0 || t >= 1<<63 {
		return false
	}
	s.Time, s.Status = int64(t), Status(p[uuidSize])&statusBits
	return true
}

// read accepts longer messages of its version: what is added there means
// something only to those who know it.
func (o *Origin) read(p []byte) bool {
	if len(p) < originSize || p[16] != originVersion {
		return false
	}
	read := Origin{
		Source: binary.BigEndian.Uint32(p[20:]),
		Clock:  binary.BigEndian.Uint16(p[18:]),
		Flags:  OriginFlags(p[17]),
	}
	if read.Source == 0 {
		return false
	}
	*o = read
	return true
}
