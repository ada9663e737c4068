package webrtc_test

import (
	"sync/atomic"
	"testing"
	"time"

	"chalkline/bench/client"
)

func TestKeyFramesAreAskedForTwiceASecondHoweverManyWantThem(t *testing.T) {
	w := newWorld(t)
	pub := w.publish()
	w.until("published", published)
	var viewers []*client.Player
	var keys atomic.Int64
	for range 2 {
		p, frames := w.play(func(c *client.PlayConfig) {
			inner := c.OnFrame
			c.OnFrame = func(f client.Frame) {
				if f.Key {
					keys.Add(1)
				}
				inner(f)
			}
		})
		w.take(frames, 5)
		viewers = append(viewers, p)
	}
	begun, before, keysBefore := time.Now(), pub.KeyFramesAsked(), keys.Load()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 200 {
		<-tick.C
		for _, p := range viewers {
			if err := p.AskKeyFrame(); err != nil {
				t.Fatal(err)
			}
		}
	}
	asked := pub.KeyFramesAsked() - before
	if most := int(time.Since(begun)/(500*time.Millisecond)) + 1; asked < 2 || asked > most {
		t.Errorf("asked %d times within %v, want 2 to %d", asked, time.Since(begun), most)
	}
	waitFor(t, "key frames", func() bool { return keys.Load() >= keysBefore+4 })
}
