package bench

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"

	"chalkline/bench/client"
	"chalkline/sei"
)

const (
	// numbers is how many pictures a numbered film has before it begins again: more
	// than the slowest player is behind.
	numbers = 1024
	// numberedBytes is how large one is.
	numberedBytes = 1000
	// numberUUID marks the message that has a picture's number.
	numberUUID = "chalkline number"
)

// numberedFilm has its number in each picture, as a counter that is filmed would,
// where whoever stamps does not look. Every picture is a key frame, so that none is
// left out when one is asked for.
func numberedFilm() client.Film {
	random := rand.New(rand.NewPCG(1, 1))
	picture := noise(random, "\x65\x88", numberedBytes)
	f := client.Film{Rate: filmRate}
	for n := range numbers {
		message := sei.Message{Type: sei.UserData, Payload: binary.BigEndian.AppendUint32([]byte(numberUUID), uint32(n))}
		unit := append(parameterSets(random), "\x00\x00\x00\x01"...)
		f.Units = append(f.Units, append(sei.AppendNAL(unit, message), picture...))
	}
	return f
}

// numberOf returns the number of a picture, of which the first slice may be missing.
func numberOf(unit []byte) (n int, ok bool) {
	for u, err := range sei.AnnexB.Units(unit) {
		if err != nil {
			return 0, false
		}
		if sei.TypeOf(u.NAL) != sei.TypeSEI {
			continue
		}
		for m, err := range sei.Messages(u.NAL) {
			if err != nil {
				break
			}
			if number, found := strings.CutPrefix(string(m.Payload), numberUUID); found && m.Type == sei.UserData && len(number) == 4 {
				return int(binary.BigEndian.Uint32([]byte(number))), true
			}
		}
	}
	return 0, false
}
