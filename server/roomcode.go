package server

import (
	"strings"

	"chalkline/replay"
)

// parseCode returns the room that a code names: ten digits of Crockford's base
// 32, in which case and dashes do not matter, I and L count as 1 and O as 0.
func parseCode(code string) (replay.Room, bool) {
	const digits, length = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", roomIDBits / 5
	plain := strings.NewReplacer("-", "", "I", "1", "L", "1", "O", "0").Replace(strings.ToUpper(code))
	if len(plain) != length {
		return 0, false
	}
	id := replay.Room(0)
	for _, c := range []byte(plain) {
		digit := strings.IndexByte(digits, c)
		if digit < 0 {
			return 0, false
		}
		id = id<<5 | replay.Room(digit)
	}
	return id, id != 0
}
