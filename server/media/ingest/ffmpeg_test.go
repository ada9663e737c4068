package ingest

import (
	"bytes"
	"context"
	"math"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"chalkline/sei"
	"chalkline/server/media/live/adts"
	"chalkline/server/media/stream"
)

// Encodings as people set them.
var (
	zeroLatency = []string{"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30"}
	reordering  = []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "3", "-g", "30", "-x264-params", "rc-lookahead=0:sync-lookahead=0"}
)

// push runs ffmpeg, which sends a moving picture and a tone in real time to url until
// it is stopped, and returns how it ended.
func push(t *testing.T, seconds string, coding []string, format, url string) (end func() (string, error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	arguments := append([]string{
		"-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=192x108:rate=30",
		"-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", seconds, "-pix_fmt", "yuv420p",
	}, coding...)
	c := exec.CommandContext(ctx, "ffmpeg", append(arguments, "-c:a", "aac", "-b:a", "64k", "-f", format, url)...)
	var output bytes.Buffer
	c.Stderr = &output
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	end = sync.OnceValues(func() (string, error) {
		err := c.Wait()
		return output.String(), err
	})
	t.Cleanup(func() {
		cancel()
		_, _ = end() // it was cancelled
	})
	return end
}

func TestMED8WhatAnEncoderPushesIsStampedByArrivalLessItsOffset(t *testing.T) {
	for name, c := range map[string]struct {
		coding []string
		format string
	}{
		"rtmp":              {zeroLatency, "flv"},
		"rtmp, reordered":   {reordering, "flv"},
		"mpegts":            {zeroLatency, "mpegts"},
		"mpegts, reordered": {reordering, "mpegts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, newTable(t))
			reader := s.read(t)
			source, _ := s.registry.Source(testRoom, 1)
			const offset = 700_000
			if err := s.registry.Calibrate(t.Context(), source, offset); err != nil {
				t.Fatal(err)
			}
			push(t, "30", c.coding, c.format, s.url(c.format, s.key(t)))
			pictures, sounds := collect(t, reader, 120)
			checkUnits(t, pictures, sounds)
			checkStamps(t, pictures, offset)
			info := source.Info()
			if !info.Video || !info.Audio || info.WebRTC || !info.Live || !info.Timed {
				t.Errorf("source is %+v", info)
			}
		})
	}
}

// url is where an encoder pushes to with a key.
func (s *school) url(format, key string) string {
	if format == "flv" {
		return "rtmp://" + s.rtmp + "/live/" + key
	}
	return s.http.URL + "/ingest/" + key
}

func checkUnits(t *testing.T, pictures, sounds []arrived) {
	t.Helper()
	if len(sounds) < len(pictures) {
		t.Errorf("%d sounds beside %d pictures", len(sounds), len(pictures))
	}
	discontinuities := 0
	for i, u := range append(pictures[:len(pictures):len(pictures)], sounds...) {
		if u.Discontinuity {
			discontinuities++
		}
		if u.Codec == stream.AAC {
			if c, err := adts.Parse(u.Config); err != nil || c.Rate() != 48000 {
				t.Fatalf("sound has configuration %x: %v", u.Config, err)
			}
			continue
		}
		if got, ok := sei.Read(sei.AnnexB, u.Data); !ok || got.Time != u.Time || got.Origin.Source != 1 ||
			got.Origin.Flags != sei.Calibrated {
			t.Fatalf("picture %d says %+v, want time %d", i, got, u.Time)
		}
		if u.PTS < u.DTS {
			t.Fatalf("picture %d is shown at %d, before it is decoded at %d", i, u.PTS, u.DTS)
		}
		if i%30 == 0 != u.Key {
			t.Errorf("picture %d: key is %v", i, u.Key)
		}
		if u.Key && !startsWithSets(u.Data) {
			t.Errorf("key frame %d has no parameter sets", i)
		}
	}
	if discontinuities != 1 {
		t.Errorf("%d discontinuities, want that of the beginning", discontinuities)
	}
}

func startsWithSets(data []byte) bool {
	var types []sei.Type
	for u, err := range sei.AnnexB.Units(data) {
		if err != nil {
			return false
		}
		if t := sei.TypeOf(u.NAL); t != sei.TypeDelimiter {
			types = append(types, t)
		}
	}
	return len(types) > 2 && types[0] == sei.TypeSPS && types[1] == sei.TypePPS
}

// checkStamps wants stamps as those that came with the least delay say: the mapping
// of media time to room time falls when something comes earlier than all before, and
// moves for no other reason, however late things come on a busy machine.
func checkStamps(t *testing.T, pictures []arrived, offset int64) {
	t.Helper()
	earliest := int64(math.MaxInt64)
	before := earliest
	for i, u := range pictures {
		mapping := u.Time - micros(u.PTS)
		if late := u.at - offset - u.Time; late < 0 {
			t.Errorf("picture %d has a stamp %d µs after it arrived less the offset", i, -late)
		}
		if mapping > before {
			t.Errorf("the mapping rose by %d µs with picture %d", mapping-before, i)
		}
		before = mapping
		earliest = min(earliest, u.at-offset-micros(u.PTS))
	}
	t.Logf("stamps are those of the earliest arrival less %d µs", earliest-before)
	if off := earliest - before; off < 0 || off > 100_000 {
		t.Errorf("stamps are %d µs before the earliest arrival less the offset", off)
	}
}

func TestMED9AWrongKeyIsRefusedAndFfmpegFails(t *testing.T) {
	for _, format := range []string{"flv", "mpegts"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := open(t, newTable(t))
			old := s.key(t)
			s.key(t) // takes its place
			output, err := push(t, "10", zeroLatency, format, s.url(format, old))()
			if err == nil {
				t.Errorf("ffmpeg took a refusal for success: %s", output)
			}
			if s.tries.wrong == 0 {
				t.Error("the wrong key was not counted")
			}
			t.Log(strings.TrimSpace(output))
		})
	}
}

func TestMED4AReconnectIsADiscontinuityAndANewerPublisherTakesOver(t *testing.T) {
	s := open(t, newTable(t))
	reader := s.read(t)
	key := s.key(t)
	first := push(t, "30", zeroLatency, "flv", s.url("flv", key))
	collect(t, reader, 20)
	second := push(t, "2", zeroLatency, "mpegts", s.url("mpegts", key))
	if output, err := first(); err == nil {
		t.Errorf("the older publisher ended well: %s", output)
	}
	var clocks []uint16
	for discontinuities := 0; discontinuities < 1; {
		pictures, sounds := collect(t, reader, 1)
		for _, u := range append(sounds, pictures...) {
			if u.Discontinuity {
				discontinuities++
				if u.Codec.Video() && !u.Key {
					t.Error("decoding cannot begin at the discontinuity")
				}
			}
		}
		stamp, _ := sei.Read(sei.AnnexB, pictures[0].Data)
		clocks = append(clocks, stamp.Origin.Clock)
	}
	if last := clocks[len(clocks)-1]; len(clocks) > 1 && last == clocks[0] {
		t.Errorf("the clock is still number %d", last)
	}
	if output, err := second(); err != nil {
		t.Errorf("the newer publisher: %v: %s", err, output)
	}
}

func TestAVideoCodecThatIsNotPassedOnIsRefused(t *testing.T) {
	s := open(t, newTable(t))
	key := s.key(t)
	coding := []string{"-c:v", "mpeg2video"}
	if output, err := push(t, "10", coding, "mpegts", s.url("mpegts", key))(); err == nil {
		t.Errorf("MPEG-2 was taken: %s", output)
	}
	coding = []string{"-c:v", "flv1"}
	if output, err := push(t, "10", coding, "flv", s.url("flv", key))(); err == nil {
		t.Errorf("Sorenson Spark was taken: %s", output)
	}
}
