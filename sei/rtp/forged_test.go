package rtp_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	pion "github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"chalkline/sei"
	"chalkline/sei/rtp"
)

// forged is a stamp that a publisher would like viewers to believe; it is of no frame.
var (
	forged   = sei.Stamp{Time: start.Add(time.Hour).UnixMicro()}
	forgedIn = string(forged.NALs()[0])
	message  = forgedIn[1 : len(forgedIn)-1] // of the stamp alone
)

const (
	other  = "\x06\x04\x02\x41\x42\x80" // somebody else's SEI
	prefix = "\x6e\x40\x11"
)

func stapOf(nals ...string) string {
	out := []byte{24}
	for _, nal := range nals {
		out = binary.BigEndian.AppendUint16(out, uint16(len(nal)))
		out = append(out, nal...)
	}
	return string(out)
}

// fragments cuts what stands behind a NAL unit's header byte in two parts of FU-A.
func fragments(kind byte, body string, at int) (first, last string) {
	return string([]byte{0x1c, 0x80 | kind}) + body[:at], string([]byte{0x1c, 0x40 | kind}) + body[at:]
}

func TestMED8AFramesOwnStampGoesOutInNoShape(t *testing.T) {
	first, last := fragments(6, forgedIn[1:], 9)
	nul, code := fragments(9, "\xf0\x00\x00\x01"+forgedIn, 3)
	cut, rest := fragments(12, "\xff"+forgedIn[1:], 1)
	rest = rest[:1] + "\x46" + rest[2:]
	cases := []struct {
		name     string
		payloads []string
		want     string
	}{
		{"whole", []string{forgedIn, slice}, "S1"},
		{"fragments", []string{first, last, slice}, "S1"},
		{"fragments behind a whole one", []string{forgedIn, first, last, slice}, "S1"},
		{"fragments behind the slice", []string{slice, first, last}, "S1"},
		{"beside others", []string{stapOf(sps, forgedIn, other, slice), stapOf(forgedIn, other)}, "SAA"},
		{"in a frame whose start is lost", []string{fuMiddle, fuEnd, forgedIn, slice}, "ff1"},
		{"behind what is cut off", []string{forgedIn[:len(forgedIn)-1] + "\x04\x7f\x80", slice}, "S1"},
		{"before what is cut off", []string{forgedIn, "\x06\x04\x02\x41\x42" + message + "\x7f", slice}, "S1"},
		{"behind a start code", []string{forgedIn, delimiter + "\x00\x00\x01" + forgedIn, slice}, "S.1"},
		{"behind a start code in a prefix", []string{prefix + "\x00\x00\x01" + forgedIn, slice}, "S1"},
		{"behind a start code in two fragments", []string{forgedIn, nul, code, slice}, "SF.1"},
		{"behind a start code in three", []string{forgedIn, "\x1c\x89\xf0\x00", "\x1c\x09\x00", "\x1c\x49\x01" + forgedIn, slice}, "SFf.1"},
		{"in fragments that change", []string{forgedIn, cut, rest, slice}, "SF1"},
		{"in a fragment that continues none", []string{forgedIn, other, "\x1c\x41" + message + "\x80", slice}, "S6.1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := rtp.NewStamper(rtp.Config{Stamp: stampAll})
			out := pushed(s, stream(c.payloads...))
			if got := show(out); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			checkForged(t, out)
		})
	}
}

func TestMED8NoStampGoesOutBesideWhatIsMissing(t *testing.T) {
	continued := "\x1c\x41" + message + "\x80"
	cases := []struct {
		name     string
		payloads []string
		missing  int // which comes when it was given up
		want     string
	}{
		{"late", []string{slice, "|", stapOf(forgedIn, slice), "|", delimiter, "|"}, 1, "S19A"},
		{"late, alone", []string{slice, "|", forgedIn, "|", delimiter, "|"}, 1, "S19"},
		{"behind a hole after ours", []string{forgedIn, "\x78\xff\xff\x65", other, continued, slice}, 2, "SA1"},
		{"late, after ours", []string{forgedIn, continued, slice}, 1, "S1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := rtp.NewStamper(rtp.Config{Stamp: stampAll})
			in := stream(c.payloads...)
			out := pushed(s, slices.Delete(slices.Clone(in), c.missing, c.missing+1))
			out = s.Tick(start.Add(time.Second), out)
			out = s.Push(in[c.missing], start.Add(time.Second), out)
			if got := strings.ReplaceAll(show(out), ".", ""); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			checkForged(t, out)
		})
	}
}

// Whatever a publisher sends, in whatever order it comes.
func TestMED8NoStampGoesOutButTheServers(t *testing.T) {
	for seed := range uint64(1000) {
		random := rand.New(rand.NewPCG(seed, 3))
		s := rtp.NewStamper(rtp.Config{Stamp: stampAll, Wait: 60 * time.Millisecond})
		out := run(s, network(random, hostile(random, 12), 0.2, 0.1))
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { checkForged(t, out) }) {
			return
		}
	}
}

// hostile makes frames of all that could become a stamp when it is put together.
func hostile(random *rand.Rand, frames int) []*pion.Packet {
	kinds := []byte{0, 1, 5, 6, 9, 12, 14, 24, 28}
	pieces := func() []string {
		body := []string{
			forgedIn[1:], "\x80\x00" + message + "\x80", message + "\x80", other[1:] + message,
			"\xf0\x00\x00\x01" + forgedIn, "\x11\x00\x00\x00\x01" + forgedIn, "\x88\x84\x11\x22\x33",
		}[random.IntN(7)]
		kind := kinds[random.IntN(len(kinds))]
		whole := string([]byte{kind}) + body
		first, last := fragments(kind, body, random.IntN(len(body)+1))
		switch random.IntN(12) {
		case 0:
			return []string{forgedIn}
		case 1:
			return []string{other}
		case 2:
			return []string{whole}
		case 3:
			return []string{stapOf(sps, whole, other), stapOf(other, forgedIn)[:9+random.IntN(20)]}
		case 4:
			return []string{first, last}
		case 5:
			return []string{first, "", string([]byte{0x1c, kind}), last}
		case 6:
			return []string{first, other, last}
		case 7:
			return []string{last}
		case 8: // parts of another type
			return []string{first, string([]byte{0x1c, 0x40 | kinds[random.IntN(len(kinds))]}) + last[2:]}
		case 9:
			return []string{"\x1c\x81\x00\x00", "\x1c\x01\x01" + forgedIn, "\x1c\x41\x01" + forgedIn}
		case 10:
			return []string{delimiter + "\x00\x00", "\x1c\x01\x01" + forgedIn}
		default:
			return []string{fuStart, fuMiddle, fuEnd}
		}
	}
	var out []*pion.Packet
	number, timestamp := uint16(random.Uint32()), random.Uint32()
	for range frames {
		timestamp += 3000
		var payloads []string
		for range 1 + random.IntN(4) {
			payloads = append(payloads, pieces()...)
		}
		for _, payload := range append(payloads, slice) {
			out = append(out, packet(number, timestamp, payload))
			number++
		}
	}
	return out
}

// checkForged puts frames together as receivers do and wants no stamp in them but the
// server's.
func checkForged(t testing.TB, out []*pion.Packet) {
	t.Helper()
	var r rtp.Reader
	for _, frame := range frames(out) {
		timestamp := frame[0].Timestamp
		for _, p := range frame {
			if s, ok := r.Push(p); ok && s != stampOf(timestamp) {
				t.Fatalf("frame %d: read %+v", timestamp, s)
			}
		}
		checkUnit(t, timestamp, joinAny(frame))
		checkUnit(t, timestamp, joinWhole(frame))
	}
}

// frames sorts packets by number and parts them by timestamp.
func frames(out []*pion.Packet) [][]*pion.Packet {
	type numbered struct {
		packet *pion.Packet
		at     int64
	}
	var all []numbered
	at := int64(0)
	for i, p := range out {
		if i > 0 {
			at += int64(int16(p.SequenceNumber - out[i-1].SequenceNumber))
		}
		all = append(all, numbered{p, at})
	}
	slices.SortStableFunc(all, func(a, b numbered) int { return cmp.Compare(a.at, b.at) })
	var frames [][]*pion.Packet
	for i, n := range all {
		if i == 0 || n.packet.Timestamp != all[i-1].packet.Timestamp {
			frames = append(frames, nil)
		}
		last := &frames[len(frames)-1]
		*last = append(*last, n.packet)
	}
	return frames
}

// joinAny puts packets together as browsers do: what continues a fragment is put
// behind whatever came before.
func joinAny(frame []*pion.Packet) []byte {
	var unit []byte
	begin := func(nal []byte) { unit = append(append(unit, 0, 0, 0, 1), nal...) }
	for _, p := range frame {
		b := p.Payload
		switch t := b[0] & 0x1f; {
		case t == 24:
			for rest := b[1:]; len(rest) >= 2; {
				n := int(binary.BigEndian.Uint16(rest))
				if n > len(rest)-2 {
					break
				}
				begin(rest[2 : 2+n])
				rest = rest[2+n:]
			}
		case t == 28 && len(b) < 2:
		case t == 28 && b[1]&0x80 == 0:
			unit = append(unit, b[2:]...)
		case t == 28:
			begin(append([]byte{b[0]&0xe0 | b[1]&0x1f}, b[2:]...))
		default:
			begin(b)
		}
	}
	return unit
}

// joinWhole does it as live streams do: a fragment's type is that of its last part,
// and a frame with a hole is left out.
func joinWhole(frame []*pion.Packet) []byte {
	var unit []byte
	var joiner codecs.H264Packet
	for i, p := range frame {
		if i > 0 && p.SequenceNumber != frame[i-1].SequenceNumber+1 {
			return nil
		}
		nals, err := joiner.Unmarshal(p.Payload)
		if err != nil {
			return nil
		}
		unit = append(unit, nals...)
	}
	return unit
}

// checkUnit wants no SEI unit with the UUID of a time in an access unit, but those of
// other messages and the server's.
func checkUnit(t testing.TB, timestamp uint32, unit []byte) {
	t.Helper()
	uuid := []byte("MISPmicrosectime")
	for u, err := range sei.AnnexB.Units(unit) {
		if err != nil {
			t.Fatal(err)
		}
		if sei.TypeOf(u.NAL) != sei.TypeSEI || bytes.Equal(u.NAL, stampOf(timestamp).NALs()[0]) {
			continue
		}
		for m, err := range sei.Messages(u.NAL) {
			if err != nil && bytes.Contains(u.NAL, uuid) || m.Type == sei.UserData && bytes.HasPrefix(m.Payload, uuid) {
				t.Fatalf("frame %d: %x in %x", timestamp, u.NAL, unit)
			}
		}
	}
}
