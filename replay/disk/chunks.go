package disk

import (
	"encoding/binary"
	"hash/crc32"
)

// chunks is the form of Pebble's manifest and write-ahead log, come down from
// LevelDB: blocks of 32 KiB with chunks of masked CRC-32C (4 bytes, little
// endian), length of the payload (2), type (1), in the log its number (4) and
// how far it was synced (8), and payload. No chunk goes across blocks; less than
// a header at the end of a block is zeros.
type chunks struct {
	header int
	first  byte   // the lowest of the four types: whole, and first, middle, last part of an entry
	log    uint32 // number of the log, not in a manifest
}

const (
	chunkBlock     = 32 << 10
	manifestHeader = 7
	logHeader      = manifestHeader + 4 + 8
	logFirst       = 9
)

// intact returns how many bytes of b from the beginning are chunks.
func (c chunks) intact(b []byte) int {
	at := 0
	for at < len(b) {
		if left := chunkBlock - at%chunkBlock; left < c.header {
			at += left
			continue
		}
		n := c.at(b, at)
		if n == 0 {
			return at
		}
		at += n
	}
	return len(b)
}

// next returns where the next chunk begins behind at, len(b) if there is none.
// Chance makes one in 2³² places.
func (c chunks) next(b []byte, at int) int {
	for at++; at < len(b); at++ {
		if c.at(b, at) != 0 {
			return at
		}
	}
	return len(b)
}

// at returns the length of the chunk at a place, 0 if there is none.
func (c chunks) at(b []byte, at int) int {
	b = b[at:min(len(b), at-at%chunkBlock+chunkBlock)]
	if len(b) < c.header || b[6] < c.first || b[6] > c.first+3 {
		return 0
	}
	if c.header == logHeader && binary.LittleEndian.Uint32(b[7:]) != c.log {
		return 0
	}
	n := c.header + int(binary.LittleEndian.Uint16(b[4:]))
	if n > len(b) || maskedSum(b[6:n]) != binary.LittleEndian.Uint32(b) {
		return 0
	}
	return n
}

// whole returns the entry at a place, nil if it does not begin and end there.
func (c chunks) whole(b []byte, at int) []byte {
	n := c.at(b, at)
	if n == 0 || b[at+6] != c.first {
		return nil
	}
	return b[at+c.header : at+n]
}

func maskedSum(b []byte) uint32 {
	c := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return (c>>15 | c<<17) + 0xa282ead8
}
