package webrtc

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Each letter is a tenth of a second: M where the large picture comes beside the small
// one, m where it comes alone, s where the small one does, and a dot where nothing does.
func TestLiveStreamsGoOverToALargePictureThatComesSteadily(t *testing.T) {
	times := strings.Repeat
	for name, c := range map[string]struct{ comes, of string }{
		"it is begun, stopped and begun again": {
			"MMM" + times("s", 15) + times("M", 35),
			times("s", 47) + times("m", 6),
		},
		"it stops, and comes again for a moment": {
			times("M", 35) + times("s", 10) + times("M", 20) + times("s", 10) + times("M", 35),
			times("s", 30) + times("m", 10) + times("s", 64) + times("m", 6),
		},
		"the small one stops": {
			times("M", 35) + times("s", 10) + times("m", 10),
			times("s", 30) + times("m", 10) + times("s", 10) + times("m", 5),
		},
		"both stop": {
			times("M", 35) + times(".", 20) + times("M", 5),
			times("s", 30) + times("m", 30),
		},
		"there is one": {
			times("m", 20), times("m", 20),
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &feed{}
				large, small := &layer{feed: f, video: true, quality: qualityMain}, &layer{feed: f, video: true, quality: qualitySub}
				f.layers, f.lagged = []*layer{large}, time.Now()
				of := ""
				for _, what := range c.comes {
					if what == 'M' || what == 'm' {
						large.newest.Store(time.Now().UnixNano())
					}
					if what == 'M' || what == 's' {
						if small.newest.Swap(time.Now().UnixNano()) == 0 {
							f.layers = append(f.layers, small)
						}
					}
					switch {
					case f.picked(large) && !f.picked(small):
						of += "m"
						f.air.layer.Store(large)
					case f.picked(small) && !f.picked(large):
						of += "s"
						f.air.layer.Store(small)
					default:
						t.Fatalf("after %q both or none are picked", of)
					}
					time.Sleep(100 * time.Millisecond)
				}
				if of != c.of {
					t.Errorf("of the large (m) or the small (s) picture:\n%s\n%s, want", of, c.of)
				}
			})
		})
	}
}

func TestViewersOfALargePictureThatStopsGetTheSmallOneWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{}
		large, small := &layer{feed: f, video: true, quality: qualityMain}, &layer{feed: f, video: true, quality: qualitySub}
		v := &viewer{wish: qualityMain}
		v.video = &sender{viewer: v, active: large}
		f.layers, f.viewers = []*layer{large, small}, []*viewer{v}
		gets := func() *layer {
			f.follow()
			if v.video.next != nil {
				return v.video.next
			}
			return v.video.active
		}
		for i, c := range []struct {
			comes []*layer
			after time.Duration
			want  *layer
		}{
			{[]*layer{large, small}, 0, large},
			{[]*layer{small}, 400 * time.Millisecond, large},
			{[]*layer{small}, 200 * time.Millisecond, small},
			{[]*layer{large, small}, 100 * time.Millisecond, large},
			{nil, 5 * time.Second, large}, // both stop
			{[]*layer{small, large}, 0, large},
		} {
			time.Sleep(c.after)
			for _, l := range c.comes {
				l.newest.Store(time.Now().UnixNano())
			}
			if gets() != c.want {
				t.Errorf("%d. step: the large picture: %t, want %t", i, gets() == large, c.want == large)
			}
		}
	})
}
