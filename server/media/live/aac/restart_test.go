package aac

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

func TestAProcessThatDiesIsStartedAgain(t *testing.T) {
	// Dies at its first start, is ffmpeg at the second.
	folder := t.TempDir()
	path := filepath.Join(folder, "ffmpeg")
	script := "#!/bin/sh\nif [ -e " + folder + "/once ]; then exec " + ffmpegPath(t) + " \"$@\"; fi\n: > " + folder + "/once\necho no >&2\nexit 1\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	var started, dropped atomic.Int32
	came := make(chan Frame, 1)
	e := Start(Config{
		Path: path, Started: func() { started.Add(1) }, Dropped: func() { dropped.Add(1) },
	}, func(_ context.Context, f Frame) {
		select {
		case came <- f:
		default:
		}
	})
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(20 * time.Second)
	for n, heard := int64(0), false; !heard; n++ {
		select {
		case <-ticker.C:
			e.Push(Packet{PTS: n * 1800, Epoch: 1, Data: []byte(silencePacket)})
		case f := <-came:
			heard = true
			if f.PTS <= 0 || f.Epoch != 1 {
				t.Errorf("the first frame is at %d of %d", f.PTS, f.Epoch)
			}
		case <-deadline:
			t.Fatal("nothing comes after 20 s")
		}
	}
	e.Close()
	if started.Load() != 2 || dropped.Load() == 0 {
		t.Errorf("%d starts, %d packets lost", started.Load(), dropped.Load())
	}
}

func TestAProgramThatIsNotThereIsNoHarm(t *testing.T) {
	e := Start(Config{Path: "/nowhere/ffmpeg"}, func(context.Context, Frame) { t.Error("a frame") })
	for n := range int64(500) {
		e.Push(Packet{PTS: n * 1800, Epoch: 1, Data: []byte(silencePacket)})
	}
	e.Close()
}
