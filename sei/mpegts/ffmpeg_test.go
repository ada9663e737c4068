package mpegts_test

import (
	"bytes"
	"context"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"chalkline/sei"
	"chalkline/sei/mpegts"
)

// messageOf28 is a line of trace_headers.
var messageOf28 = regexp.MustCompile(`payload_size_byte +00011100 = 28`)

// run runs ffmpeg or ffprobe on in and returns what it writes and logs.
func run(t *testing.T, in []byte, program string, args ...string) (out []byte, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, append([]string{"-hide_banner"}, args...)...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	c.Stdin = bytes.NewReader(in)
	if err := c.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.Bytes(), stderr.String()
}

// encoded is two seconds of picture and sound from ffmpeg.
func encoded(t *testing.T, more ...string) []byte {
	t.Helper()
	args := []string{
		"-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=30", "-f", "lavfi", "-i", "sine",
		"-t", "2", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-c:a", "aac",
	}
	args = append(args, more...)
	out, _ := run(t, nil, "ffmpeg", append(args, "-f", "mpegts", "pipe:1")...)
	return out
}

func stampOf(pts int64) sei.Stamp {
	return sei.Stamp{Time: 1_795_233_600_000_000 + pts*100/9, Origin: sei.Origin{Source: 3, Flags: sei.Calibrated}}
}

func stampAll(f mpegts.Frame) (sei.Stamp, bool) { return stampOf(f.PTS), true }

// stamped passes in through a Writer, in pieces.
func stamped(t testing.TB, in []byte, stamp func(mpegts.Frame) (sei.Stamp, bool)) []byte {
	t.Helper()
	var out bytes.Buffer
	w := mpegts.NewWriter(&out, mpegts.Config{Stamp: stamp})
	for rest := in; len(rest) > 0; {
		n := min(1000, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var encodings = map[string][]string{
	"B-frames":                    {"-bf", "2"},
	"slices, small frames":        {"-x264-params", "slices=4", "-tune", "zerolatency", "-b:v", "50k"},
	"large frames":                {"-bf", "2", "-crf", "1"},
	"PCR in every packet it can":  {"-bf", "2", "-pcr_period", "20"},
	"length stated":               {"-omit_video_pes_length", "0"},
	"constant rate, null packets": {"-muxrate", "2M"},
}

func TestFFmpegReadsWhatWeStamp(t *testing.T) {
	for name, more := range encodings {
		t.Run(name, func(t *testing.T) {
			in := encoded(t, more...)
			out := stamped(t, in, stampAll)
			frames := 0
			err := mpegts.Read(bytes.NewReader(out), func(f mpegts.Frame) bool {
				frames++
				if f.Found != stampOf(f.PTS) {
					t.Errorf("frame at %d: %+v", f.PTS, f.Found)
				}
				return true
			})
			if err != nil || frames != 60 {
				t.Errorf("%d frames, %v; want 60", frames, err)
			}
			_, log := run(t, out, "ffmpeg", "-v", "trace", "-i", "pipe:0", "-map", "0:v", "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-")
			if n := len(messageOf28.FindAllString(log, -1)); n != 60 {
				t.Errorf("ffmpeg reads %d messages of 28 bytes, want 60", n)
			}
			probed, _ := run(t, out, "ffprobe", "-v", "error", "-select_streams", "v", "-show_frames", "-of", "flat", "-i", "pipe:0")
			if n := strings.Count(string(probed), "User Data Unregistered"); n < 120 {
				t.Errorf("ffprobe reads %d messages, want 120", n)
			}
			for _, show := range [][]string{
				{"-select_streams", "v", "-show_entries", "packet=pts,dts,duration,flags"},
				{"-select_streams", "a", "-show_entries", "packet=pts,dts,duration,flags,size,data_hash", "-show_data_hash", "md5"},
			} {
				args := append([]string{"-v", "error", "-of", "csv", "-i", "pipe:0"}, show...)
				want, _ := run(t, in, "ffprobe", args...)
				got, log := run(t, out, "ffprobe", args...)
				if !bytes.Equal(got, want) || log != "" {
					t.Errorf("%s differ, or ffprobe complains: %s", show[1], log)
				}
			}
			want, _ := run(t, in, "ffmpeg", "-v", "error", "-i", "pipe:0", "-f", "framemd5", "-")
			got, log := run(t, out, "ffmpeg", "-v", "warning", "-i", "pipe:0", "-f", "framemd5", "-")
			if !bytes.Equal(got, want) || log != "" {
				t.Errorf("pictures or sounds differ, or ffmpeg complains: %s", log)
			}
			compare(t, in, out)
		})
	}
}

func TestStampReplacesTheOneThatIsThere(t *testing.T) {
	in := encoded(t, "-bf", "2")
	once := stamped(t, in, stampAll)
	later := func(f mpegts.Frame) (sei.Stamp, bool) {
		if f.Found != stampOf(f.PTS) {
			t.Errorf("found %+v", f.Found)
		}
		return sei.Stamp{Time: 77_000_000 + f.PTS}, true
	}
	twice := stamped(t, once, later)
	compare(t, in, twice)
	if err := mpegts.Read(bytes.NewReader(twice), func(f mpegts.Frame) bool {
		if f.Found != (sei.Stamp{Time: 77_000_000 + f.PTS}) {
			t.Errorf("frame at %d: %+v", f.PTS, f.Found)
		}
		return true
	}); err != nil {
		t.Error(err)
	}
	if kept := stamped(t, once, nil); !bytes.Equal(kept, once) {
		t.Error("a stream that is not to be stamped is changed")
	}
}
