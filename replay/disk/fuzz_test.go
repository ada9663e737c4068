package disk

import (
	"bytes"
	"testing"

	"chalkline/replay"
)

// reseal gives fuzzed bytes a checksum that fits, so that they reach the decoder.
func reseal(key, value []byte) []byte {
	value = bytes.Clone(value)
	if len(value) >= sumLen {
		seal(key, value)
	}
	return value
}

// A value that is taken is the one that would be written for what it says: no
// two forms of one thing.
func FuzzDecodeRecord(f *testing.F) {
	key := appendRevision(nil, 1, kindRecord, "board", 1)
	f.Add(encodeRecord(nil, key, &replay.Record{Digest: 1 << 63, Replica: 7, N: 300, CapturedAt: -5, SequencedAt: 1 << 50, ReleaseAt: 3, Payload: []byte("x")}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		value = reseal(key, value)
		r, err := decodeRecord(key, value)
		if err == nil && !bytes.Equal(encodeRecord(nil, key, &r), value) {
			t.Errorf("%x is another form of %+v", value, r)
		}
	})
}

func FuzzDecodeHead(f *testing.F) {
	key := appendDocument(nil, 1, kindHead, "board")
	f.Add(encodeHead(nil, key, replay.Head{Position: replay.Position{Revision: 9, Digest: 4}, SequencedAt: 1 << 50, ReleaseAt: 3}))
	f.Fuzz(func(t *testing.T, value []byte) {
		value = reseal(key, value)
		h, err := decodeHead(key, value)
		if err == nil && !bytes.Equal(encodeHead(nil, key, h), value) {
			t.Errorf("%x is another form of %+v", value, h)
		}
	})
}

func FuzzDecodeLast(f *testing.F) {
	key := appendLast(nil, 1, "board", 1)
	f.Add(encodeLast(nil, key, 300))
	f.Fuzz(func(t *testing.T, value []byte) {
		value = reseal(key, value)
		n, err := decodeLast(key, value)
		if err == nil && !bytes.Equal(encodeLast(nil, key, n), value) {
			t.Errorf("%x is another form of %d", value, n)
		}
	})
}

func FuzzDecodeEpoch(f *testing.F) {
	key := appendKind(nil, 1, kindEpoch)
	f.Add(encodeEpoch(nil, key, 1<<63))
	f.Fuzz(func(t *testing.T, value []byte) {
		value = reseal(key, value)
		epoch, err := decodeEpoch(key, value)
		if err == nil && !bytes.Equal(encodeEpoch(nil, key, epoch), value) {
			t.Errorf("%x is another form of %d", value, epoch)
		}
	})
}

func FuzzDecodeSnapshot(f *testing.F) {
	key := appendRevision(nil, 1, kindSnapshot, "board", 1)
	f.Add(encodeSnapshot(nil, key, &replay.Snapshot{ReleaseAt: 300, Data: []byte("data")}))
	f.Fuzz(func(t *testing.T, value []byte) {
		value = reseal(key, value)
		s, err := decodeSnapshot(key, value)
		if err == nil && !bytes.Equal(encodeSnapshot(nil, key, &s), value) {
			t.Errorf("%x is another form of %+v", value, s)
		}
	})
}

func FuzzDecodeRow(f *testing.F) {
	key := appendTable(nil, 1, "name")
	f.Add(encodeRow(nil, key, []byte("Ann")))
	f.Fuzz(func(t *testing.T, value []byte) {
		value = reseal(key, value)
		row, err := decodeRow(key, value)
		if err == nil && !bytes.Equal(encodeRow(nil, key, row), value) {
			t.Errorf("%x is another form of %q", value, row)
		}
	})
}

func FuzzParseDocument(f *testing.F) {
	f.Add(appendRevision(nil, 1, kindRecord, "board", 7))
	f.Fuzz(func(t *testing.T, key []byte) {
		p, revision, ok := parseRecord(key)
		if ok && !bytes.Equal(appendRevision(nil, p.room, kindRecord, p.document, revision), key) {
			t.Errorf("%x is another form of %+v %d", key, p, revision)
		}
	})
}

// FuzzChunks looks for a hole in any bytes: a log that somebody else wrote.
func FuzzChunks(f *testing.F) {
	f.Add(bytes.Repeat([]byte{9}, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		form := chunks{header: logHeader, first: logFirst, log: 1}
		if at := form.intact(b); at > len(b) {
			t.Errorf("%d of %d bytes are intact", at, len(b))
		}
		appendsBehind(form, b, 0)
		firstRevisions(b)
	})
}

// Every value that was cut short or changed in one bit is refused.
func TestEveryTruncationAndFlippedBitOfAValueIsRefused(t *testing.T) {
	key := []byte("key")
	values := map[string][]byte{
		"epoch":    encodeEpoch(nil, key, 5),
		"head":     encodeHead(nil, key, replay.Head{Position: replay.Position{Revision: 300, Digest: 4}}),
		"last n":   encodeLast(nil, key, 300),
		"record":   encodeRecord(nil, key, &replay.Record{N: 3, Payload: []byte("payload")}),
		"snapshot": encodeSnapshot(nil, key, &replay.Snapshot{Data: []byte("data")}),
		"row":      encodeRow(nil, key, []byte("Ann")),
	}
	for name, value := range values {
		if _, err := open(key, value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := open([]byte("kez"), value); err == nil {
			t.Errorf("%s is taken under another key", name)
		}
		for i := range value {
			if _, err := open(key, value[:i]); err == nil {
				t.Errorf("%s cut to %d bytes is taken", name, i)
			}
			for bit := range 8 {
				flipped := bytes.Clone(value)
				flipped[i] ^= 1 << bit
				if _, err := open(key, flipped); err == nil {
					t.Errorf("%s with bit %d of byte %d flipped is taken", name, bit, i)
				}
			}
		}
	}
}
