package content

import (
	"bytes"
	"encoding/binary"
)

// maxScans bounds the scans of a JPEG. Encoders make some 10; one that changes nothing
// is a few bytes, and takes a tenth of a second to decode if there are 50 megapixels.
const maxScans = 64

// scansOf counts the scans of a JPEG (ITU-T T.81, B.1 and B.2), up to one more than
// maxScans. As the decoder does, it passes over what stands between segments; what has
// no segment any more ends the count.
func scansOf(data []byte) (scans int) {
	const startOfScan, endOfImage = 0xda, 0xd9
	for rest := data[min(2, len(data)):]; scans <= maxScans; {
		at := bytes.IndexByte(rest, 0xff)
		if at < 0 {
			break
		}
		for rest = rest[at:]; len(rest) > 0 && rest[0] == 0xff; { // any number of them may fill
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0] == endOfImage {
			break
		}
		marker := rest[0]
		rest = rest[1:]
		if marker == 0 || marker >= 0xd0 && marker <= 0xd7 { // of coded data
			continue
		}
		if len(rest) < 2 || len(rest) < int(binary.BigEndian.Uint16(rest)) {
			break
		}
		rest = rest[binary.BigEndian.Uint16(rest):]
		if marker == startOfScan {
			scans++
		}
	}
	return scans
}
