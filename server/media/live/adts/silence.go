package adts

// Elements of a raw frame (ISO/IEC 14496-3, table 4.85), and how long one is whose
// spectrum is empty, in bits, behind its name and tag.
const (
	single = 0 // one channel
	pair   = 1 // two
	low    = 3 // of low frequencies
	end    = 7

	emptySingle = 8 + 11 + 3 // gain; which window, no bands; no tools
	emptyPair   = 1 + 2*emptySingle
)

// layouts are the elements by channel configuration, table 1.19.
var layouts = [8][]byte{
	1: {single},
	2: {pair},
	3: {single, pair},
	4: {single, pair, single},
	5: {single, pair, pair},
	6: {single, pair, pair, low},
	7: {single, pair, pair, pair, low},
}

// Silence returns a raw frame in which nothing is heard.
func (c Config) Silence() []byte {
	var frame [32]byte
	at := 0
	put := func(v byte, bits int) {
		for ; bits > 0; bits-- {
			frame[at/8] |= v >> (bits - 1) & 1 << (7 - at%8)
			at++
		}
	}
	var tags [end]byte
	for _, element := range layouts[c.Channels] {
		put(element, 3)
		put(tags[element], 4)
		tags[element]++
		if at += emptySingle; element == pair {
			at += emptyPair - emptySingle
		}
	}
	put(end, 3)
	return frame[:(at+7)/8]
}
