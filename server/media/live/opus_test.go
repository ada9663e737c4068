package live

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"chalkline/server/media"
	"chalkline/server/media/stream"
)

// opus is some seconds of sound from ffmpeg as packets of 20 ms: 1 kHz for the first
// 100 ms of each second.
func opus(t *testing.T, seconds string) (packets [][]byte) {
	t.Helper()
	out, _ := run(t, nil, "ffmpeg", "-v", "error", "-f", "lavfi", "-i",
		"aevalsrc=if(lt(mod(t\\,1)\\,0.1)\\,0.5*sin(2*PI*1000*t)\\,0):s=48000:d="+seconds, "-ac", "2", "-c:a", "libopus",
		"-application", "lowdelay", "-page_duration", "1", "-f", "ogg", "pipe:1")
	for len(out) >= 27 {
		laces := out[27 : 27+int(out[26])]
		body := out[27+len(laces):]
		n := 0
		for _, lace := range laces {
			n += int(lace)
		}
		packets = append(packets, body[:n]) // one a page
		out = body[n:]
	}
	return packets[2:]
}

// heard returns when beeps begin in a stream, in s of its times.
func heard(t *testing.T, b []byte) (at []float64) {
	t.Helper()
	first := -1.0
	for _, u := range demux(t, b) {
		if !u.Codec.Video() && first < 0 {
			first = float64(u.PTS) / second
		}
	}
	pcm, _ := run(t, b, "ffmpeg", "-v", "error", "-f", "mpegts", "-i", "pipe:0", "-map", "0:a", "-f", "s16le", "-ac", "1", "pipe:1")
	quiet := 1 << 20
	for i := 0; i+1 < len(pcm); i += 2 {
		if v := int16(uint16(pcm[i]) | uint16(pcm[i+1])<<8); v > 3000 || v < -3000 {
			if quiet > 24_000 {
				at = append(at, first+float64(i/2)/48_000)
			}
			quiet = 0
		} else {
			quiet++
		}
	}
	return at
}

func TestOpusGoesOutAsAACWithinFortyMillisecondsOfItsPicture(t *testing.T) {
	before := runtime.NumGoroutine()
	s, p := newServer(t, Config{})
	o := s.outputOf(t, p)
	var pictures []stream.Unit
	for _, u := range timed(t, clip(t, "5", zerolatency...), began) {
		if u.Codec.Video() {
			u.PTS -= u.DTS // no reordering: both are n·3000
			u.PTS, u.DTS = int64(len(pictures))*3000, int64(len(pictures))*3000
			pictures = append(pictures, u)
		}
	}
	publishWith(t, p, pictures, opus(t, "5"))
	eventually(t, "four segments", func() bool { return o.segments() >= 4 })
	o.window.mu.Lock()
	var all []byte
	start := o.window.segments[0].start
	for _, g := range o.window.segments {
		all = append(all, g.data...)
	}
	o.window.mu.Unlock()
	beeps := heard(t, all)
	if len(beeps) == 0 { // those before ffmpeg runs are silence
		t.Fatal("no beep")
	}
	for _, at := range beeps {
		off := at - float64(start)/second
		off -= math.Round(off)
		t.Logf("beep %+.1f ms", off*1000)
		if math.Abs(off) > 0.040 {
			t.Errorf("beep %.0f ms from its picture", off*1000)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before+1 })
	threads, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(threads) == 0 {
		t.Fatalf("%d threads: %v", len(threads), err)
	}
	for _, thread := range threads { // each has those that it started
		children, err := os.ReadFile(thread)
		if err == nil && len(bytes.TrimSpace(children)) != 0 {
			t.Errorf("processes run on: %s", children)
		}
	}
}

// publishWith publishes pictures with sound, five times as fast as they are seen.
func publishWith(t *testing.T, p *media.Publication, pictures []stream.Unit, packets [][]byte) {
	t.Helper()
	ticker := time.NewTicker(4 * time.Millisecond)
	defer ticker.Stop()
	for i, packet := range packets {
		<-ticker.C
		pts := int64(i) * 1800
		for len(pictures) > 0 && pictures[0].DTS <= pts {
			p.Source.Hub.Publish(pictures[0])
			pictures = pictures[1:]
		}
		p.Source.Hub.Publish(stream.Unit{Codec: stream.Opus, PTS: pts, DTS: pts, Time: began + int64(i)*20_000, Key: true, Data: packet})
	}
}

func TestWithoutFFmpegThereIsAPictureWithSilence(t *testing.T) {
	s, p := newServer(t, Config{FFmpeg: "/nowhere/ffmpeg"})
	o := s.outputOf(t, p)
	for n := range int64(150) {
		p.Source.Hub.Publish(aPicture(n, 0, n%30 == 0))
		p.Source.Hub.Publish(stream.Unit{Codec: stream.Opus, PTS: n * 3000, DTS: n * 3000, Key: true, Data: []byte("\xf8\xff\xfe")})
	}
	eventually(t, "three segments", func() bool { return o.segments() >= 3 })
	o.window.mu.Lock()
	defer o.window.mu.Unlock()
	out, _ := run(t, o.window.segments[1].data, "ffprobe", "-v", "fatal", "-show_entries", "stream=codec_name", "-of", "csv", "-i", "pipe:0")
	if !strings.Contains(string(out), "aac") {
		t.Errorf("ffprobe finds %s", out)
	}
}

func TestSoundIsCodedOnceThereIsAnEncoderForIt(t *testing.T) {
	s, p := newServer(t, Config{MaxEncoders: 1})
	if !s.take(&s.encoders, 1) { // another source has it
		t.Fatal("no encoder")
	}
	o := newOutput(s, p.Source)
	for range 3 {
		if o.encodes(); o.encoder != nil {
			t.Fatal("more encoders than there may be")
		}
		o.look()
	}
	s.giveBack(&s.encoders)
	if !o.encodes() {
		t.Fatal("still without sound")
	}
	o.encoder.Close()
	s.giveBack(&s.encoders)
	o.window.close()
}

func TestASlowReaderGoesOnAtAKeyFrame(t *testing.T) {
	hub := stream.NewKeepingHub(nil)
	r := hub.Read()
	defer r.Close()
	s, _ := newShaper(true, false)
	for n := range int64(30 * 44) {
		for _, u := range s.push(aPicture(n, 0, n%30 == 0)) {
			hub.Publish(u)
		}
	}
	var out programme
	var b []byte
	began := 0
	for {
		ctx, cancel := expired()
		u, err := r.Next(ctx)
		cancel()
		if err != nil {
			break
		}
		if began++; u.Discontinuity && !u.Key || began == 1 && !u.Discontinuity {
			t.Fatalf("it goes on with %+v", u)
		}
		out.place(&u)
		b = out.append(b, u)
	}
	if r.Dropped() == 0 || began == 0 {
		t.Errorf("%d units read, %d dropped", began, r.Dropped())
	}
	wantOrder(t, b)
}
