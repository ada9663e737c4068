package mpegts_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/bits"
	"testing"

	"chalkline/sei/mpegts"
)

const pmtPID = 0x1000

// crc is the one of sections, by way of the mirrored one that Go has.
func crc(section []byte) []byte {
	mirrored := make([]byte, len(section))
	for i, b := range section {
		mirrored[i] = bits.Reverse8(b)
	}
	return binary.BigEndian.AppendUint32(nil, bits.Reverse32(^crc32.ChecksumIEEE(mirrored)))
}

// table is a packet with a section.
func table(pid int, id byte, body ...byte) []byte {
	section := append([]byte{id, 0xb0, byte(5 + len(body) + 4), 0, 1, 0xc1, 0, 0}, body...)
	section = append(section, crc(section)...)
	payload := append([]byte{0}, section...)
	return transport(pid, true, 0, nil, append(payload, bytes.Repeat([]byte{0xff}, 184-len(payload))...))
}

// transport is a packet; stuffing fills it.
func transport(pid int, starts bool, counter byte, field, payload []byte) []byte {
	out := []byte{0x47, byte(pid >> 8), byte(pid), counter & 0x0f}
	if starts {
		out[1] |= 0x40
	}
	if len(payload) > 0 {
		out[3] |= 0x10
	}
	fill := 184 - len(payload)
	if fill > 0 {
		out[3] |= 0x20
		out = append(out, byte(fill-1))
	}
	if fill > 1 {
		if len(field) == 0 {
			field = []byte{0}
		}
		out = append(out, field...)
		out = append(out, bytes.Repeat([]byte{0xff}, fill-1-len(field))...)
	}
	return append(out, payload...)
}

func tables() []byte {
	pat := table(0, 0, 0, 0, 0xe0, 0x10, 0, 1, 0xe0|pmtPID>>8, pmtPID&0xff)
	pmt := table(pmtPID, 2, 0xe1, 0, 0xf0, 0, 0x0f, 0xe1, 1, 0xf0, 2, 9, 9, 0x1b, 0xe1, 0, 0xf0, 0)
	return append(pat, pmt...)
}

// pes is a PES packet of video with a time of 90 000.
func pes(es string) []byte {
	return append([]byte{0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 5, 0xbf, 0x21}, es...)
}

const (
	sets  = "\x00\x00\x00\x01\x09\xf0\x00\x00\x00\x01\x67\x42\x00\x1f\x00\x00\x01\x68\xce"
	slice = "\x00\x00\x01\x65\x88\x84\x21"
)

func TestStampFillsUpAPacketBeforeItAddsOne(t *testing.T) {
	one := append(tables(), transport(video, true, 4, []byte{0x50, 1, 2, 3, 4, 5, 6}, pes(sets+slice))...)
	out := stamped(t, one, stampAll)
	if len(out) != len(one) {
		t.Errorf("%d bytes, want the %d there were", len(out), len(one))
	}
	compare(t, one, out)
	if frames(t, out) != 1 {
		t.Error("not stamped")
	}
}

func TestStartCodeCutByPacketsIsFound(t *testing.T) {
	for cut := 1; cut < len(sets+slice)+14; cut++ {
		all := pes(sets + slice)
		in := append(tables(), transport(video, true, 15, nil, all[:cut])...)
		in = append(in, transport(0x101, false, 3, nil, []byte("sound"))...)
		in = append(in, transport(video, false, 0, []byte{0x10, 1, 2, 3, 4, 5, 6}, all[cut:])...)
		in = append(in, transport(video, false, 1, nil, []byte("more of the slice"))...)
		out := stamped(t, in, stampAll)
		compare(t, in, out)
		if frames(t, out) != 1 {
			t.Errorf("cut at %d: not stamped", cut)
		}
	}
}

func TestWhatCannotBeStampedIsPassedOn(t *testing.T) {
	timeless := pes(sets + slice)
	timeless[7] = 0
	scrambled := transport(video, true, 0, nil, pes(slice))
	scrambled[3] |= 0x80
	long := tables()
	for i := range 400 {
		payload := bytes.Repeat([]byte{1}, 184)
		if i == 0 {
			payload = append(pes(""), payload[:170]...)
		}
		long = append(long, transport(video, i == 0, byte(i), nil, payload)...)
	}
	for name, in := range map[string][]byte{
		"no time":                  append(tables(), transport(video, true, 0, nil, timeless)...),
		"scrambled":                append(tables(), scrambled...),
		"no slice":                 append(tables(), transport(video, true, 0, nil, pes(sets))...),
		"no slice in 64 KiB":       long,
		"packets of it missing":    append(append(tables(), transport(video, true, 0, nil, pes(sets))...), transport(video, false, 2, nil, []byte(slice))...),
		"tables missing":           transport(video, true, 0, nil, pes(sets+slice)),
		"no picture in the stream": append(tables()[:188], transport(video, true, 0, nil, pes(sets+slice))...),
	} {
		if out := stamped(t, in, stampAll); !bytes.Equal(out, in) {
			t.Errorf("%s: changed", name)
		}
	}
}

func TestBoundariesAreFoundAgainAfterDamage(t *testing.T) {
	one := append(tables(), transport(video, true, 4, nil, pes(sets+slice))...)
	damaged := append(append([]byte("\x00G noise"), one...), "G\x00G"...)
	damaged = append(damaged, one...)
	damaged = append(damaged, one...)
	if n := frames(t, stamped(t, damaged, stampAll)); n != 3 {
		t.Errorf("%d frames stamped, want 3", n)
	}
	w := mpegts.NewWriter(io.Discard, mpegts.Config{})
	if _, err := w.Write(damaged); err != nil || w.Skipped() != 8+3 {
		t.Errorf("skipped %d bytes, %v; want 11", w.Skipped(), err)
	}
}

func TestTableOfSeveralPacketsIsRead(t *testing.T) {
	section := []byte{2, 0xb0, 0, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 250}
	section = append(section, make([]byte, 250)...)
	section = append(section, 0x1b, 0xe1, 0, 0xf0, 0)
	section[2] = byte(len(section) + 4 - 3)
	section[1] |= byte((len(section) + 4 - 3) >> 8)
	section = append(section, crc(section)...)
	in := tables()[:188]
	in = append(in, transport(pmtPID, true, 0, nil, append([]byte{0}, section[:183]...))...)
	in = append(in, transport(pmtPID, false, 1, nil, section[183:])...)
	in = append(in, transport(video, true, 0, nil, pes(sets+slice))...)
	if n := frames(t, stamped(t, in, stampAll)); n != 1 {
		t.Errorf("%d frames stamped, want 1", n)
	}
	in[200]++ // a wrong checksum
	if n := frames(t, stamped(t, in, stampAll)); n != 0 {
		t.Error("a damaged table is believed")
	}
}

func TestErrorOfTheUnderlyingWriterIsFinal(t *testing.T) {
	r, to := io.Pipe()
	broken := errors.New("broken")
	r.CloseWithError(broken)
	w := mpegts.NewWriter(to, mpegts.Config{})
	for range 2 {
		if _, err := w.Write(tables()); !errors.Is(err, broken) {
			t.Errorf("Write: %v", err)
		}
	}
	if err := mpegts.Read(r, func(mpegts.Frame) bool { return true }); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Read: %v", err)
	}
}

// frames counts those with the right stamp.
func frames(t testing.TB, b []byte) int {
	t.Helper()
	n := 0
	if err := mpegts.Read(bytes.NewReader(b), func(f mpegts.Frame) bool {
		if f.Found == stampOf(f.PTS) {
			n++
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return n
}
