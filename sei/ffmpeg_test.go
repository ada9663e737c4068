package sei_test

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"chalkline/sei"
)

// ffmpeg runs the program on in and returns what it writes and logs.
func ffmpeg(t *testing.T, in []byte, args ...string) (out []byte, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "ffmpeg", append([]string{"-hide_banner", "-nostdin"}, args...)...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if in != nil {
		c.Stdin = bytes.NewReader(in)
	}
	if err := c.Run(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.Bytes(), stderr.String()
}

// encoded is a second of video from x264: a key frame with parameter sets and
// the encoder's own SEI, then frames that lean on others.
func encoded(t *testing.T, more ...string) []byte {
	t.Helper()
	args := []string{"-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=30", "-t", "1", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-bf", "2"}
	args = append(args, more...)
	out, _ := ffmpeg(t, nil, append(args, "-f", "h264", "pipe:1")...)
	return out
}

func TestFFmpegReadsWhatWeStamp(t *testing.T) {
	for name, more := range map[string][]string{
		"slice a frame":        nil,
		"slices, with AUD":     {"-x264-params", "slices=4:aud=1"},
		"baseline, 10 a key":   {"-profile:v", "baseline", "-g", "10", "-bf", "0"},
		"timing and buffering": {"-x264-params", "nal-hrd=vbr", "-maxrate", "1M", "-bufsize", "1M"},
	} {
		t.Run(name, func(t *testing.T) {
			in := encoded(t, more...)
			var out, bare []byte
			frames := 0
			for au := range sei.AccessUnits(in) {
				s := stamp
				s.Time += int64(frames) * 33_333
				var err error
				if out, err = sei.Insert(sei.AnnexB, out, au, s); err != nil {
					t.Fatal(err)
				}
				frames++
			}
			if frames != 30 {
				t.Fatalf("%d access units, want 30", frames)
			}
			bare, err := sei.Remove(sei.AnnexB, nil, out)
			if err != nil || !bytes.Equal(bare, in) {
				t.Errorf("without stamps %d bytes, %v; want the %d from ffmpeg", len(bare), err, len(in))
			}
			_, log := ffmpeg(t, out, "-v", "trace", "-f", "h264", "-i", "pipe:0", "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-")
			if n := traced(log, "4d4953506d6963726f73656374696d65"); n != frames {
				t.Errorf("ffmpeg reads %d times, want %d", n, frames)
			}
			if n := traced(log, "6ec1f9013dad48c1b9998d865d88ccdd"); n != frames {
				t.Errorf("ffmpeg reads %d origins, want %d", n, frames)
			}
			want, _ := ffmpeg(t, in, "-v", "error", "-f", "h264", "-i", "pipe:0", "-f", "framemd5", "-")
			got, log := ffmpeg(t, out, "-v", "warning", "-f", "h264", "-i", "pipe:0", "-f", "framemd5", "-")
			if !bytes.Equal(got, want) || log != "" {
				t.Errorf("pictures differ, or ffmpeg complains: %s", log)
			}
		})
	}
}

// traced counts the messages with a UUID, of which trace_headers writes a line
// for each byte.
func traced(log, uuid string) int {
	var seen strings.Builder
	for line := range strings.Lines(log) {
		if _, after, ok := strings.Cut(line, "uuid_iso_iec_11578["); ok {
			fields := strings.Fields(after) // 3] 01010000 = 80
			seen.WriteString(fields[1])
			seen.WriteByte(' ')
		}
	}
	var want strings.Builder
	for i := 0; i < len(uuid); i += 2 {
		b := strings.IndexByte("0123456789abcdef", uuid[i])<<4 | strings.IndexByte("0123456789abcdef", uuid[i+1])
		for bit := 7; bit >= 0; bit-- {
			want.WriteByte('0' + byte(b>>bit&1))
		}
		want.WriteByte(' ')
	}
	return strings.Count(seen.String(), want.String())
}

func TestWeReadWhatFFmpegStamps(t *testing.T) {
	// The option is text: no byte of this time is 0.
	text := "\x1f\x01\x02\xff\x03\x04\xff\x05\x06\xff\x07\x08"
	want := sei.Stamp{Time: 0x0102030405060708}
	out := encoded(t, "-g", "10", "-bsf:v", "h264_metadata=sei_user_data=4d4953506d6963726f73656374696d65+"+text)
	units, stamped := 0, 0
	for au := range sei.AccessUnits(out) {
		got, ok := sei.Read(sei.AnnexB, au)
		if ok && got != want {
			t.Errorf("read %+v, want %+v", got, want)
		}
		units++
		if ok {
			stamped++
		}
		again, err := sei.Insert(sei.AnnexB, nil, au, stamp)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := sei.Read(sei.AnnexB, again); got != stamp {
			t.Errorf("replaced by %+v, want %+v", got, stamp)
		}
	}
	if units != 30 || stamped != 3 { // ffmpeg stamps those with parameter sets
		t.Errorf("%d of %d access units have a time, want 3 of 30", stamped, units)
	}
}
