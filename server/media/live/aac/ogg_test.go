package aac

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// FuzzPage reads back what is written, by the format's own rules.
func FuzzPage(f *testing.F) {
	f.Add([]byte("abc"))
	f.Add(bytes.Repeat([]byte{1}, 255))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, packet []byte) {
		n := samplesOf(packet)
		if n < 0 || n > maxSamples {
			t.Fatalf("%d samples", n)
		}
		if len(packet) > maxPacket {
			return
		}
		var p pages
		p.head(nil)
		page := p.append(nil, 0, 960, packet)
		laces := page[27 : 27+int(page[26])]
		size := 0
		for i, lace := range laces {
			if size += int(lace); lace < 255 && i < len(laces)-1 {
				t.Fatalf("a packet ends at %d of %d", i, len(laces))
			}
		}
		if size != len(packet) || !bytes.Equal(page[27+len(laces):], packet) || laces[len(laces)-1] == 255 {
			t.Errorf("%d bytes became %d", len(packet), size)
		}
		sum := binary.LittleEndian.Uint32(page[22:])
		copy(page[22:], []byte{0, 0, 0, 0})
		if sum != pageChecksum(page) || p.number != 3 {
			t.Errorf("checksum %x, page %d", sum, p.number)
		}
	})
}

func TestAPacketSaysHowLongItIs(t *testing.T) {
	for _, c := range []struct {
		packet string
		want   int
	}{
		{silencePacket, 960},
		{"\x00", 480},
		{"\x08", 960},
		{"\x18", 2880},
		{"\x60", 480},
		{"\x68", 960},
		{"\x80", 120},
		{"\x98", 960},
		{"\x99", 1920},
		{"\x9a", 1920},
		{"\x9b\x03", 2880},
		{"\x9b", 0},
		{"\x1b\x03", 0},
		{"", 0},
	} {
		if got := samplesOf([]byte(c.packet)); got != c.want {
			t.Errorf("%x: %d samples, want %d", c.packet, got, c.want)
		}
	}
}

func TestTimesStayWithTheSoundWhateverIsMissing(t *testing.T) {
	var l timeline
	for _, step := range []struct {
		pts     int64
		epoch   uint64
		silence int
		ok      bool
	}{
		{90_000, 1, 0, true},
		{91_800, 1, 0, true},
		{91_800, 1, 0, false},  // twice
		{97_200, 1, 2, true},   // two are missing
		{99_900, 1, 0, true},   // 10 ms late: jitter
		{900_000, 1, 0, true},  // after a long hole
		{50_000, 2, 0, true},   // another timeline
		{51_800, 2, 0, true},   // and on
		{140_000, 2, 48, true}, // 0.96 s are missing
	} {
		silence, ok := l.place(step.pts, 960, step.epoch)
		if silence != step.silence || ok != step.ok {
			t.Errorf("packet at %d of %d: %d of silence, %t", step.pts, step.epoch, silence, ok)
		}
	}
	if _, _, ok := l.next(1024); ok {
		t.Error("what is heard before anything went in has a time")
	}
	last := int64(0)
	for range 6 {
		pts, epoch, ok := l.next(1024)
		if !ok || epoch != 1 || pts <= last {
			t.Errorf("frame at %d of %d", pts, epoch)
		}
		last = pts
	}
	pts, epoch, _ := l.next(1024)
	if at := int64(6*1024 - 6*960); epoch != 1 || pts != 900_000+ticksOf(at) {
		t.Errorf("frame at %d of %d", pts, epoch)
	}
	if pts, epoch, _ := l.next(1024); epoch != 2 || pts != 50_000+ticksOf(7*1024-7*960) {
		t.Errorf("frame at %d of %d", pts, epoch)
	}
}
