package disk

import (
	"encoding/binary"

	"chalkline/replay"
)

// Key layout (docs/store.md). All integers big endian, so that keys sort as
// their numbers do; all keys of a room lie together.
//
//	'L' room 8 'e'                             epoch of the room's log
//	'L' room 8 'h' len 1 document              head of a document
//	'L' room 8 'n' len 1 document replica 4    last n of a replica
//	'L' room 8 'r' len 1 document revision 8   record
//	'L' room 8 's' len 1 document revision 8   snapshot
//	'T' room 8 key                             erasable table
const (
	spaceLog   = 'L'
	spaceTable = 'T'

	kindEpoch    = 'e'
	kindHead     = 'h'
	kindLast     = 'n'
	kindRecord   = 'r'
	kindSnapshot = 's'

	roomKeyLen = 1 + 8 + 1
)

func appendKind(b []byte, room replay.Room, kind byte) []byte {
	b = append(b, spaceLog)
	b = binary.BigEndian.AppendUint64(b, uint64(room))
	return append(b, kind)
}

// appendDocument needs a name of at most replay.MaxDocument bytes.
func appendDocument(b []byte, room replay.Room, kind byte, document replay.Document) []byte {
	b = appendKind(b, room, kind)
	b = append(b, byte(len(document)))
	return append(b, document...)
}

func appendRevision(b []byte, room replay.Room, kind byte, document replay.Document, revision uint64) []byte {
	return binary.BigEndian.AppendUint64(appendDocument(b, room, kind, document), revision)
}

func appendLast(b []byte, room replay.Room, document replay.Document, replica uint32) []byte {
	return binary.BigEndian.AppendUint32(appendDocument(b, room, kindLast, document), replica)
}

func appendTable(b []byte, room replay.Room, key string) []byte {
	b = append(b, spaceTable)
	b = binary.BigEndian.AppendUint64(b, uint64(room))
	return append(b, key...)
}

// parseDocument cuts a key after its room and kind into document and the tail
// of exactly the given length.
func parseDocument(key []byte, tail int) (replay.Document, []byte, bool) {
	if len(key) <= roomKeyLen {
		return "", nil, false
	}
	n, rest := int(key[roomKeyLen]), key[roomKeyLen+1:]
	if n == 0 || n > replay.MaxDocument || len(rest) != n+tail {
		return "", nil, false
	}
	return replay.Document(rest[:n]), rest[n:], true
}

// after returns the first key that does not begin with prefix, in its own
// memory; the prefix never ends in 0xff throughout.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		end[i]++
		if end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// roomsWithin returns the rooms that keys from start to end may belong to; 0
// where a bound is no room's.
func roomsWithin(start, end []byte) (first, last replay.Room) {
	return roomOf(start), roomOf(end)
}

func roomOf(key []byte) replay.Room {
	if len(key) < 1+8 {
		return 0
	}
	return replay.Room(binary.BigEndian.Uint64(key[1:]))
}
