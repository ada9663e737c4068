package client

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const aPlaylist = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T06:00:00.000Z
#EXTINF:1.00000,
a-7.ts
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T06:00:01.000Z
#EXTINF:1.03333,
a-8.ts
`

func TestAPlaylistIsRead(t *testing.T) {
	p, err := ParsePlaylist([]byte(aPlaylist))
	if err != nil {
		t.Fatal(err)
	}
	want := PlaylistSegment{
		URI: "a-8.ts", Sequence: 8, Discontinuity: 4, Duration: 1_033_330_000,
		Time: time.Date(2026, 11, 21, 6, 0, 1, 0, time.UTC),
	}
	if len(p.Segments) != 2 || p.Segments[1] != want || p.Version != 6 || !p.Independent || p.Ended || p.end() != 9 {
		t.Errorf("%+v", p)
	}
}

func TestAPlaylistThatBreaksARuleIsAnError(t *testing.T) {
	for name, change := range map[string][2]string{
		"no head":              {"#EXTM3U\n", ""},
		"no target":            {"#EXT-X-TARGETDURATION:1\n", ""},
		"too long":             {"1.03333", "1.60000"},
		"not a duration":       {"1.03333", "NaN"},
		"no duration":          {"#EXTINF:1.03333,\n", ""},
		"twice":                {"a-8.ts", "a-7.ts"},
		"negative":             {"SEQUENCE:7", "SEQUENCE:-7"},
		"sequence too late":    {"a-8.ts\n", "a-8.ts\n#EXT-X-MEDIA-SEQUENCE:9\n"},
		"time does not go on":  {"#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-21T06:00:01", "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T05:00:01"},
		"time cannot be read":  {"2026-11-21T06:00:01.000Z", "noon"},
		"version is no number": {"VERSION:6", "VERSION:six"},
	} {
		changed := strings.Replace(aPlaylist, change[0], change[1], 1)
		if _, err := ParsePlaylist([]byte(changed)); !errors.Is(err, ErrPlaylist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPlaylistFollowsOnFromTheOneBefore(t *testing.T) {
	first, err := ParsePlaylist([]byte(aPlaylist))
	if err != nil {
		t.Fatal(err)
	}
	head, tail, _ := strings.Cut(aPlaylist, "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T06:00:00.000Z\n#EXTINF:1.00000,\na-7.ts\n#EXT-X-DISCONTINUITY\n")
	head = strings.ReplaceAll(head, "SEQUENCE:7", "SEQUENCE:8")
	head = strings.ReplaceAll(head, "SEQUENCE:3", "SEQUENCE:4")
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"one is gone":               {head + tail, true},
		"and one is new":            {head + tail + "#EXTINF:1,\na-9.ts\n", true},
		"the same":                  {aPlaylist, true},
		"gone from its end":         {strings.Split(aPlaylist, "#EXT-X-DISCONTINUITY\n")[0], false},
		"renamed":                   {strings.Replace(aPlaylist, "a-8", "b-8", 1), false},
		"numbers go back":           {strings.Replace(aPlaylist, "SEQUENCE:7", "SEQUENCE:6", 1), false},
		"discontinuity not counted": {strings.Replace(head, "SEQUENCE:4", "SEQUENCE:3", 1) + tail, false},
	} {
		next, err := ParsePlaylist([]byte(c.text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := next.Follows(first); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzPlaylist(f *testing.F) {
	f.Add([]byte(aPlaylist), []byte(aPlaylist))
	f.Add([]byte("#EXTM3U\r\n#EXT-X-TARGETDURATION:10\r\n#EXTINF:9.9\r\nx\r\n#EXT-X-ENDLIST"), []byte("#EXTM3U"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		p, err := ParsePlaylist(a)
		if err != nil {
			if !errors.Is(err, ErrPlaylist) {
				t.Errorf("error %v", err)
			}
			return
		}
		if err := p.Follows(p); err != nil {
			t.Errorf("it does not follow itself: %v", err)
		}
		if begin := (LivePlayer{}).begin(p); begin < p.Sequence || begin > p.end() || reload(p, true) < 0 {
			t.Errorf("playing begins with %d of %d … %d", begin, p.Sequence, p.end())
		}
		if next, err := ParsePlaylist(b); err == nil {
			_ = next.Follows(p)
		}
	})
}
