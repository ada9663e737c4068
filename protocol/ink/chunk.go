package ink

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"chalkline/ot"
)

const checksumSize = 4

// AppendChunk appends a chunk of a stored or sent snapshot to dst: the strokes
// as by AppendStrokes and a CRC-32C of these bytes.
func AppendChunk(dst []byte, strokes [][]ot.Point) ([]byte, error) {
	out, err := AppendStrokes(dst, strokes)
	if err != nil {
		return dst, err
	}
	return binary.BigEndian.AppendUint32(out, checksum(out[len(dst):])), nil
}

// DecodeChunk decodes a chunk, exactly src, of at most maxPoints points in all,
// as DecodeStrokes does. ErrCorrupt when the checksum is not that of the bytes.
func DecodeChunk(src []byte, maxPoints int) ([][]ot.Point, error) {
	n := len(src) - checksumSize
	if n < 0 {
		return nil, fmt.Errorf("%w: chunk of %d bytes", ErrCorrupt, len(src))
	}
	if binary.BigEndian.Uint32(src[n:]) != checksum(src[:n]) {
		return nil, fmt.Errorf("%w: checksum of a chunk", ErrCorrupt)
	}
	return DecodeStrokes(src[:n], maxPoints)
}

func checksum(b []byte) uint32 {
	return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
}
