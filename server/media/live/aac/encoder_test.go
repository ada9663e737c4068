package aac

import (
	"bytes"
	"context"
	"math"
	"os/exec"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// beeps is Opus of ffmpeg: 1 kHz for the first 100 ms of each second, as packets of
// 20 ms.
func beeps(t *testing.T, seconds string) [][]byte {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i",
		"aevalsrc=if(lt(mod(t\\,1)\\,0.1)\\,0.5*sin(2*PI*1000*t)\\,0):s=48000:d="+seconds, "-ac", "2", "-c:a", "libopus",
		"-application", "lowdelay", "-page_duration", "1", "-f", "ogg", "pipe:1").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packets [][]byte
	for len(out) >= 27 {
		laces := int(out[26])
		body := out[27+laces:]
		n := 0
		var packet []byte
		for _, lace := range out[27 : 27+laces] {
			packet = append(packet, body[n:n+int(lace)]...)
			n += int(lace)
			if lace < 255 {
				packets = append(packets, packet)
				packet = nil
			}
		}
		out = body[n:]
	}
	return packets[2:]
}

func ffmpegPath(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// onsets decodes frames and returns when a beep begins, in s from the first frame.
func onsets(t *testing.T, frames []Frame) []float64 {
	t.Helper()
	var stream []byte
	for _, f := range frames {
		var err error
		if stream, err = f.Config.Append(stream, f.Data); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("ffmpeg", "-v", "error", "-f", "aac", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", "48000", "pipe:1")
	c.Stdin = bytes.NewReader(stream)
	pcm, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var at []float64
	quiet := 1 << 20
	for i := 0; i+1 < len(pcm); i += 2 {
		if v := int16(uint16(pcm[i]) | uint16(pcm[i+1])<<8); v > 3000 || v < -3000 {
			if quiet > 24000 {
				at = append(at, float64(i/2)/48000)
			}
			quiet = 0
		} else {
			quiet++
		}
	}
	return at
}

func TestSoundThatIsCodedAnewKeepsItsTimeWithinAFrame(t *testing.T) {
	packets := beeps(t, "3")
	type timed struct {
		Frame
		at time.Time
	}
	frames := make(chan timed, 1000)
	var started atomic.Int32
	e := Start(Config{Path: ffmpegPath(t), Started: func() { started.Add(1) }}, func(ctx context.Context, f Frame) {
		select {
		case frames <- timed{f, time.Now()}:
		case <-ctx.Done():
		}
	})
	defer e.Close()
	const first = 900_000
	pushed := map[int64]time.Time{}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for i, p := range packets {
		if i >= 60 && i < 65 || i == 130 {
			continue // lost on the way
		}
		<-ticker.C
		pushed[int64(i)] = time.Now()
		e.Push(Packet{PTS: first + int64(i)*1800, Time: 1_000_000 + int64(i)*20_000, Epoch: 1, Data: p})
	}
	var got []Frame
	var late []time.Duration
	for deadline := time.After(10 * time.Second); len(got) < 135; {
		select {
		case f := <-frames:
			got = append(got, f.Frame)
			if began, ok := pushed[(f.PTS+1919-first)/1800]; ok {
				late = append(late, f.at.Sub(began))
			}
		case <-deadline:
			t.Fatalf("%d frames came out", len(got))
		}
	}
	slices.Sort(late)
	t.Logf("in the process for %v at the median, %v at most", late[len(late)/2], late[len(late)-1])
	for i, f := range got {
		if want := got[0].PTS + int64(i)*1920; f.PTS != want || f.Epoch != 1 {
			t.Fatalf("frame %d has time %d of %d, want %d of 1", i, f.PTS, f.Epoch, want)
		}
		if want := 1_000_000 + (f.PTS-first)*100/9; f.Time-want > 50 || want-f.Time > 50 {
			t.Fatalf("frame %d was captured at %d, want %d", i, f.Time, want)
		}
	}
	for _, at := range onsets(t, got) {
		heard := at + float64(got[0].PTS-first)/90000
		if off := heard - math.Round(heard); math.Abs(off) > 0.040 {
			t.Errorf("beep heard at %.3f s", heard)
		} else {
			t.Logf("beep %+.1f ms", off*1000)
		}
	}
	if started.Load() != 1 {
		t.Errorf("%d processes", started.Load())
	}
}
