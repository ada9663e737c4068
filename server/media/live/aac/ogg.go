package aac

import "encoding/binary"

const (
	serial    = 1
	firstPage = 0x02 // of its stream
	// maxPacket is the length in bytes of the longest packet that fits on a page;
	// RFC 6716 has 1 275 bytes a frame at most, and 48 frames.
	maxPacket = 255*255 - 1
)

// pages writes Ogg (RFC 3533) with one packet a page, so that none waits for the
// next.
type pages struct {
	number uint32
}

// append appends a page. granule is the number of samples up to the packet's end.
func (p *pages) append(dst []byte, flags byte, granule int64, packet []byte) []byte {
	from := len(dst)
	dst = append(dst, 'O', 'g', 'g', 'S', 0, flags)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(granule))
	dst = binary.LittleEndian.AppendUint32(dst, serial)
	dst = binary.LittleEndian.AppendUint32(dst, p.number)
	dst = append(dst, 0, 0, 0, 0) // checksum
	p.number++
	laces := len(packet)/255 + 1
	dst = append(dst, byte(laces))
	for range laces - 1 {
		dst = append(dst, 255)
	}
	dst = append(append(dst, byte(len(packet)%255)), packet...)
	binary.LittleEndian.PutUint32(dst[from+22:], pageChecksum(dst[from:]))
	return dst
}

// head appends the two pages that Opus in Ogg begins with (RFC 7845, 5): stereo,
// nothing skipped, no gain.
func (p *pages) head(dst []byte) []byte {
	dst = p.append(dst, firstPage, 0, []byte("OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00"))
	return p.append(dst, 0, 0, []byte("OpusTags\x00\x00\x00\x00\x00\x00\x00\x00"))
}

// pageChecksum is the CRC of RFC 3533, 6: polynomial 0x04c11db7 from 0, not
// reflected.
func pageChecksum(b []byte) uint32 {
	var crc uint32
	for _, c := range b {
		crc ^= uint32(c) << 24
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
