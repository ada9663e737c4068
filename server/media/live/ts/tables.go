package ts

import (
	"encoding/binary"

	"chalkline/sei/mpegts"
)

// section completes a program specific section (H.222.0, 2.4.4) with its pointer
// field, header and checksum.
func section(table byte, id uint16, version byte, body []byte) []byte {
	const after = 5 + 4 // id, version and numbers; checksum
	s := []byte{0, table, 0xb0, byte(after + len(body)), byte(id >> 8), byte(id), 0xc1 | version&0x1f<<1, 0, 0}
	s = append(s, body...)
	return binary.BigEndian.AppendUint32(s, mpegts.Checksum(s[1:]))
}

// association is the PAT: one program, number 1.
func association() []byte {
	return section(0, 1, 0, []byte{0, 1, 0xe0 | pmtPID>>8, pmtPID & 0xff})
}

// program is the PMT.
func program(video bool, version byte) []byte {
	clock := uint16(audioPID)
	if video {
		clock = videoPID
	}
	body := []byte{0xe0 | byte(clock>>8), byte(clock), 0xf0, 0}
	if video {
		body = append(body, typeH264, 0xe0|videoPID>>8, videoPID&0xff, 0xf0, 0)
	}
	body = append(body, typeADTS, 0xe0|audioPID>>8, audioPID&0xff, 0xf0, 0)
	return section(2, 1, version, body)
}
