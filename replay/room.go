package replay

import (
	"log/slog"
	"strings"
)

// Room numbers a room; always positive. People know it by its code.
type Room int64

// RoomBits is how long the ids of rooms are: ten characters of their codes, and too
// many to guess where tries are limited.
const RoomBits = 50

// A code is a room's id in Crockford's base 32 (docs/protocol.md, HTTP).
const (
	codeDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLength = RoomBits / 5
)

// String is the room's code as it stands in links: XXXXX-XXXXX, of the low RoomBits.
func (r Room) String() string {
	code := make([]byte, codeLength)
	for i := range code {
		code[codeLength-1-i] = codeDigits[r>>(5*i)&31]
	}
	return string(code[:codeLength/2]) + "-" + string(code[codeLength/2:])
}

// LogValue is the code, so that a log and a link say the same.
func (r Room) LogValue() slog.Value { return slog.StringValue(r.String()) }

// ParseRoom returns the room that a code names. Case and dashes do not matter, I and
// L count as 1 and O as 0. False if it is no code.
func ParseRoom(code string) (Room, bool) {
	plain := strings.NewReplacer("-", "", "I", "1", "L", "1", "O", "0").Replace(strings.ToUpper(code))
	if len(plain) != codeLength {
		return 0, false
	}
	id := Room(0)
	for _, c := range []byte(plain) {
		digit := strings.IndexByte(codeDigits, c)
		if digit < 0 {
			return 0, false
		}
		id = id<<5 | Room(digit)
	}
	return id, id != 0
}
