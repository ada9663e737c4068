package client

import (
	"errors"
	"fmt"
	"io"

	"github.com/pion/webrtc/v4/pkg/media/oggreader"

	"chalkline/sei"
)

// Film is what a Publication sends, over and over.
type Film struct {
	Units [][]byte // access units in Annex B, the first a key frame
	Rate  int      // of them, a second; 0: 30
	Sound [][]byte // packets of Opus, 20 ms each; none: a silent film
}

// ReadFilm reads H.264 in Annex B and, unless sound is nil, Opus in Ogg.
func ReadFilm(video []byte, sound io.Reader) (Film, error) {
	var f Film
	for u := range sei.AccessUnits(video) {
		f.Units = append(f.Units, u)
	}
	if len(f.Units) == 0 || !isKey(f.Units[0]) {
		return f, errors.New("client: a film begins with a key frame")
	}
	if sound == nil {
		return f, nil
	}
	ogg, _, err := oggreader.NewWith(sound)
	if err != nil {
		return f, fmt.Errorf("client: sound: %w", err)
	}
	for {
		page, _, err := ogg.ParseNextPage()
		switch {
		case errors.Is(err, io.EOF):
			return f, nil
		case err != nil:
			return f, fmt.Errorf("client: sound: %w", err)
		case len(page) > 0 && string(page[:min(8, len(page))]) != "OpusTags":
			f.Sound = append(f.Sound, page)
		}
	}
}

func isKey(unit []byte) bool {
	for u, err := range sei.AnnexB.Units(unit) {
		if err != nil {
			return false
		}
		if sei.TypeOf(u.NAL) == sei.TypeIDR {
			return true
		}
	}
	return false
}
