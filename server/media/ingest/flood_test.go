package ingest

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// forger writes packets of a transport stream that no encoder would.
type forger struct {
	bytes.Buffer
	counters map[uint16]byte
}

func (f *forger) packet(pid uint16, start bool, payload []byte) {
	b := append([]byte{syncByte, byte(pid >> 8), byte(pid), 0x10 | f.counters[pid]}, payload...)
	if start {
		b[1] |= 0x40
	}
	f.counters[pid] = (f.counters[pid] + 1) & 15
	f.Write(append(b, bytes.Repeat([]byte{0xff}, packetSize-len(b))...))
}

// table writes a table of one section.
func (f *forger) table(pid uint16, id byte, body ...byte) {
	b := append([]byte{id, 0xb0, byte(9 + len(body)), 0, 1, 0xc1, 0, 0}, body...)
	crc := uint32(0xffffffff)
	for _, c := range b {
		crc ^= uint32(c) << 24
		for range 8 {
			crc = crc<<1 ^ crc>>31*0x04c11db7 // ISO/IEC 13818-1, annex A
		}
	}
	f.packet(pid, true, append([]byte{0}, binary.BigEndian.AppendUint32(b, crc)...))
}

const mapPID = 0x100

// video writes the tables of a program whose pictures are in packets of a number.
func (f *forger) video(pid uint16) {
	f.table(0, 0, 0, 1, 0xe0|mapPID>>8, mapPID&0xff)
	f.table(mapPID, 2, 0xe0|byte(pid>>8), byte(pid), 0xf0, 0, 0x1b, 0xe0|byte(pid>>8), byte(pid), 0xf0, 0)
}

func (f *forger) demuxed(t *testing.T) *demuxer {
	t.Helper()
	d := newDemuxer(&f.Buffer, hear(t, wrapBits).publisher)
	if err := d.run(); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestATableThatIsNeverWholeIsNotLookedAtOverAndOver(t *testing.T) {
	f := forger{counters: map[uint16]byte{}}
	f.video(0x200)
	f.table(0, 0, 0, 1, 0xe0|mapPID>>8, mapPID&0xff, 0, 2, 0xe2, 0x00) // the pictures are a table too
	endless := append([]byte{0}, bytes.Repeat(append([]byte{0, 0xbf, 0xff}, make([]byte, 4095)...), 10)...)
	for _, pid := range []uint16{0, mapPID, 0x200} {
		for i := range 200 {
			f.packet(pid, i == 0, endless[i*184:(i+1)*184])
		}
	}
	d := f.demuxed(t)
	for _, pid := range []uint16{0, mapPID, 0x200} {
		if d.counts[pid] != maxTable {
			t.Errorf("%d packets %#x of a table are taken, want %d", d.counts[pid], pid, maxTable)
		}
	}
}

func TestUnitsThatAreLeftBehindAreBounded(t *testing.T) {
	f := forger{counters: map[uint16]byte{}}
	const streams, packets = 20, 4000
	for n := range uint16(streams) {
		f.video(0x200 + n)
		for i := range packets {
			f.packet(0x200+n, i == 0, make([]byte, 184))
		}
	}
	f.video(0x200)
	d := f.demuxed(t)
	if streams*packets <= maxWaiting || d.waiting > maxWaiting {
		t.Errorf("%d of %d packets wait, at most %d may", d.waiting, streams*packets, maxWaiting)
	}
}
