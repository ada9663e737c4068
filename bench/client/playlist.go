package client

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Bounds of a playlist that is read.
const (
	maxPlaylist = 1 << 20 // bytes
	maxSegments = 10_000
)

// ErrPlaylist says that a playlist breaks a rule of RFC 8216 or does not follow on
// from the one before.
var ErrPlaylist = errors.New("playlist is wrong")

// Playlist is a media playlist of HLS (RFC 8216).
type Playlist struct {
	Version       int
	Target        time.Duration // no segment is longer, rounded to seconds
	Sequence      int64         // of the first segment
	Discontinuity int64         // number of the first segment's
	Independent   bool          // each segment begins with a key frame
	Ended         bool
	Segments      []PlaylistSegment
}

// PlaylistSegment is an entry of a Playlist.
type PlaylistSegment struct {
	URI           string
	Sequence      int64
	Discontinuity int64 // how many discontinuities were before it
	Duration      time.Duration
	Time          time.Time // EXT-X-PROGRAM-DATE-TIME; zero if it has none of its own
}

func playlistError(format string, args ...any) error {
	return fmt.Errorf("client: %w: %s", ErrPlaylist, fmt.Sprintf(format, args...))
}

// ParsePlaylist reads a media playlist. The error wraps ErrPlaylist. Tags that it
// does not know are passed over, as RFC 8216 wants.
func ParsePlaylist(b []byte) (*Playlist, error) {
	if len(b) > maxPlaylist {
		return nil, playlistError("%d bytes", len(b))
	}
	first, rest, _ := bytes.Cut(b, []byte("\n"))
	if strings.TrimRight(string(first), "\r") != "#EXTM3U" {
		return nil, playlistError("it begins with %.20q", first)
	}
	p := &playlistParser{list: &Playlist{Version: 1}}
	for line := range strings.Lines(string(rest)) {
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			continue
		}
		if err := p.line(line); err != nil {
			return nil, err
		}
	}
	if p.list.Target == 0 {
		return nil, playlistError("no target duration")
	}
	return p.list, p.list.check()
}

type playlistParser struct {
	list   *Playlist
	next   PlaylistSegment
	timed  bool // next has its duration
	breaks int64
}

func (p *playlistParser) line(line string) error {
	if !strings.HasPrefix(line, "#") {
		return p.segment(line)
	}
	tag, value, _ := strings.Cut(line, ":")
	var err error
	switch tag {
	case "#EXT-X-VERSION":
		p.list.Version, err = strconv.Atoi(value)
	case "#EXT-X-TARGETDURATION":
		var n uint16
		n, err = parseUint16(value)
		p.list.Target = time.Duration(n) * time.Second
	case "#EXT-X-MEDIA-SEQUENCE":
		err = p.header(value, &p.list.Sequence)
	case "#EXT-X-DISCONTINUITY-SEQUENCE":
		err = p.header(value, &p.list.Discontinuity)
	case "#EXT-X-INDEPENDENT-SEGMENTS":
		p.list.Independent = true
	case "#EXT-X-ENDLIST":
		p.list.Ended = true
	case "#EXT-X-DISCONTINUITY":
		p.breaks++
	case "#EXT-X-PROGRAM-DATE-TIME":
		p.next.Time, err = time.Parse(time.RFC3339Nano, value)
	case "#EXTINF":
		err = p.duration(value)
	}
	if err != nil {
		return playlistError("%s: %v", tag, err)
	}
	return nil
}

func parseUint16(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	return uint16(n), err
}

// header reads a number that stands before all segments.
func (p *playlistParser) header(value string, into *int64) error {
	if len(p.list.Segments) > 0 || p.timed {
		return errors.New("behind a segment")
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 || n > 1<<53 {
		return errors.New("no number of a sequence")
	}
	*into = n
	return nil
}

func (p *playlistParser) duration(value string) error {
	number, _, _ := strings.Cut(value, ",")
	seconds, err := strconv.ParseFloat(number, 64)
	if err != nil || !(seconds >= 0 && seconds < 1e5) {
		return errors.New("no duration")
	}
	p.next.Duration, p.timed = time.Duration(seconds*float64(time.Second)), true
	return nil
}

func (p *playlistParser) segment(uri string) error {
	if !p.timed {
		return playlistError("segment %q has no duration", uri)
	}
	n := int64(len(p.list.Segments))
	if n >= maxSegments {
		return playlistError("more than %d segments", maxSegments)
	}
	p.next.URI = uri
	p.next.Sequence = p.list.Sequence + n
	p.next.Discontinuity = p.list.Discontinuity + p.breaks
	p.list.Segments = append(p.list.Segments, p.next)
	p.next, p.timed = PlaylistSegment{}, false
	return nil
}

// check tests what must hold in one playlist.
func (p *Playlist) check() error {
	names := map[string]bool{}
	for i, s := range p.Segments {
		if rounded := math.Round(s.Duration.Seconds()); rounded > p.Target.Seconds() {
			return playlistError("segment %d lasts %v, more than %v", s.Sequence, s.Duration, p.Target)
		}
		if names[s.URI] {
			return playlistError("%q twice", s.URI)
		}
		names[s.URI] = true
		if i == 0 || s.Time.IsZero() {
			continue
		}
		if before := p.Segments[i-1]; !before.Time.IsZero() && !s.Time.After(before.Time) && s.Discontinuity == before.Discontinuity {
			return playlistError("segment %d begins at %v, the one before at %v", s.Sequence, s.Time, before.Time)
		}
	}
	return nil
}

// Follows tests that p may come after an earlier playlist of the same stream: what
// both have is the same, and numbers rise. The error wraps ErrPlaylist.
func (p *Playlist) Follows(earlier *Playlist) error {
	if p.Sequence < earlier.Sequence || p.Discontinuity < earlier.Discontinuity {
		return playlistError("it begins with segment %d and discontinuity %d after %d and %d",
			p.Sequence, p.Discontinuity, earlier.Sequence, earlier.Discontinuity)
	}
	for _, s := range earlier.Segments {
		at := s.Sequence - p.Sequence
		if at < 0 {
			continue
		}
		if at >= int64(len(p.Segments)) {
			return playlistError("segment %d is gone from its end", s.Sequence)
		}
		if now := p.Segments[at]; now != s {
			return playlistError("segment %d was %+v and is %+v", s.Sequence, s, now)
		}
	}
	return nil
}
