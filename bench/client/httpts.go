package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"chalkline/sei"
	"chalkline/sei/mpegts"
)

// maxLiveAnswer bounds an answer of the API that is read, in bytes.
const maxLiveAnswer = 64 << 10

// LiveFrame is an access unit of a live stream, as a player gets it.
type LiveFrame struct {
	Stamp    sei.Stamp // no Time: it has none
	PTS, DTS int64     // 1/90 000 s, modulo 2³³
	Arrival  time.Time // when its beginning had been read
	Segment  int64     // of HLS: its sequence number
	Head     []byte    // the access unit in Annex B up to its first slice; valid only during the call
}

// LivePlayer plays live streams as far as their times go: it decodes nothing. Frame
// is required.
type LivePlayer struct {
	HTTP  *http.Client // nil means http.DefaultClient
	Frame func(LiveFrame)
	// Playlist is called for each playlist of HLS that was read and has something new.
	Playlist func(*Playlist)
	// Behind is how many segments before the end HLS begins; 0 means 3, as players do.
	Behind int
}

// LiveURLs is where a source is played from.
type LiveURLs struct {
	HLS     string `json:"hls"`
	HTTPTS  string `json:"httpts"`
	Expires int64  `json:"expires"` // s since 1970
}

// FindLive asks the server at base ("http://host") where a source of a room is
// played from. Paths are completed with base.
func FindLive(ctx context.Context, h *http.Client, base, room string, source uint32, token string) (LiveURLs, error) {
	var u LiveURLs
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/api/rooms/%s/sources/%d/live", base, room, source), nil)
	if err != nil {
		return u, fmt.Errorf("client: find live stream: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	body, err := LivePlayer{HTTP: h}.get(r)
	if err != nil {
		return u, fmt.Errorf("client: find live stream: %w", err)
	}
	defer body.Close()
	if err := json.NewDecoder(io.LimitReader(body, maxLiveAnswer)).Decode(&u); err != nil {
		return u, fmt.Errorf("client: find live stream: %w", err)
	}
	for _, at := range []*string{&u.HLS, &u.HTTPTS} {
		if len(*at) > 0 && (*at)[0] == '/' {
			*at = base + *at
		}
	}
	return u, nil
}

// get returns the body of an answer with status 200.
func (p LivePlayer) get(r *http.Request) (io.ReadCloser, error) {
	h := p.HTTP
	if h == nil {
		h = http.DefaultClient
	}
	answer, err := h.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 200))
		answer.Body.Close()
		return nil, fmt.Errorf("%s: %.200s", answer.Status, said)
	}
	return answer.Body, nil
}

func (p LivePlayer) fetch(ctx context.Context, url string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return p.get(r)
}

// HTTPTS plays MPEG-TS over HTTP until it ends (nil) or ctx does.
func (p LivePlayer) HTTPTS(ctx context.Context, url string) error {
	body, err := p.fetch(ctx, url)
	if err != nil {
		return fmt.Errorf("client: play %s: %w", url, err)
	}
	defer body.Close()
	if err := p.read(body, 0); err != nil {
		return fmt.Errorf("client: play %s: %w", url, err)
	}
	return nil
}

func (p LivePlayer) read(stream io.Reader, segment int64) error {
	return mpegts.Read(stream, func(f mpegts.Frame) bool {
		p.Frame(LiveFrame{Stamp: f.Found, PTS: f.PTS, DTS: f.DTS, Arrival: time.Now(), Segment: segment, Head: f.Head})
		return true
	})
}
