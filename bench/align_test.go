package bench

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
)

// filmed is a camera that took a picture every 40 ms, and strokes before some.
func filmed(pictures int, drawn ...int) *camera {
	c := &camera{}
	for i := range pictures {
		c.take(shot{stamp: 1_000_000 + int64(i)*40_000, at: time.UnixMilli(int64(i) * 40)})
	}
	for _, index := range drawn {
		c.draw(index)
	}
	return c
}

func TestTheNumberOfAPictureIsReadWithoutItsSliceAndCountedOn(t *testing.T) {
	f := numberedFilm()
	for _, n := range []int{0, 1, 255, numbers - 1} {
		unit := f.Units[n]
		if got, ok := numberOf(unit[:len(unit)-numberedBytes+5]); !ok || got != n {
			t.Errorf("number %d is read as %d, %v", n, got, ok)
		}
	}
	if _, ok := numberOf(film(filmBytes).Units[0]); ok {
		t.Error("a picture without a number has one")
	}
	c := filmed(3 * numbers)
	for number, want := range map[int]int{0: 2 * numbers, numbers - 1: 3*numbers - 1} {
		if got := c.indexOf(number); got != want {
			t.Errorf("the newest of number %d is %d, want %d", number, got, want)
		}
	}
}

func TestJudgingSeesWhatIsLateEarlyAndLost(t *testing.T) {
	taken := filmed(10, 2, 5)
	at := func(index, strokes int) moment {
		return moment{index: index, strokes: strokes, at: time.UnixMilli(int64(index)*40 + 100)}
	}
	for name, c := range map[string]struct {
		seen             []moment
		most, early, age float64
		fails            bool
	}{
		"right":            {[]moment{at(1, 0), at(2, 1), at(4, 1), at(5, 2)}, 0, 0, 100, false},
		"a picture missed": {[]moment{at(1, 0), at(3, 1), at(5, 2)}, 40, 0, 100, false},
		"late":             {[]moment{at(1, 0), at(2, 0), at(5, 1), at(6, 2)}, 120, 0, 100, false},
		"early":            {[]moment{at(1, 0), at(2, 1), at(3, 2), at(5, 2)}, 80, 80, 100, false},
		"lost":             {[]moment{at(1, 0), at(2, 1), at(9, 1)}, 0, 0, 0, true},
		"doubled":          {[]moment{at(1, 0), at(2, 1), at(5, 3)}, 0, 0, 0, true},
		"nothing seen":     {nil, 0, 0, 0, true},
	} {
		r, err := judge(taken, c.seen, func(m moment) int { return m.strokes })
		if (err != nil) != c.fails {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (r.Max != c.most || r.Early != c.early || r.Delay != c.age) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestAReportOfWhatIsApartIsAFault(t *testing.T) {
	if err := (alignReport{{Path: "webrtc", OK: true}}).fault(); err != nil {
		t.Error(err)
	}
	if (alignReport{{Path: "webrtc", OK: true}, {Path: "hls"}}).fault() == nil {
		t.Error("not told")
	}
}

func TestALN6PicturesAreHeldForStrokesThatComeLateAndAreBackInTimeAfterAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			interval = 40 * time.Millisecond
			way      = 100 * time.Millisecond // of a stroke; pictures take no time
		)
		c := &camera{}
		g := newGlass(c, 0, true)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { g.run(ctx); close(ended) }()
		film := numberedFilm()
		var stalled []func()
		for i := range 400 {
			stamp := time.Now().UnixMicro()
			c.take(shot{stamp, time.Now()})
			if i%10 == 5 {
				c.draw(i)
				time.AfterFunc(way, func() { g.record(nil, &client.Record{ReleaseAt: stamp, Ops: []ot.Op{{Kind: ot.Create}}}) })
			}
			stalled = append(stalled, func() { g.picture(film.Units[i], stamp, uint32(i)*3600) })
			if i < 100 || i > 110 { // the network stands still
				for _, come := range stalled {
					come()
				}
				stalled = nil
			}
			time.Sleep(interval) // simulated
		}
		time.Sleep(time.Second)
		cancel()
		<-ended
		r, err := judge(c, g.seen(), func(m moment) int { return m.strokes })
		if err != nil {
			t.Fatal(err)
		}
		// Only the first stroke is late: it says how long pictures are to be held.
		if r.P95 != 0 || r.Max != 120 || r.Early != 0 || r.Strayed != 0 || r.Frames != 400 {
			t.Errorf("%+v", r)
		}
		last := g.newest()
		if delay := last.at.Sub(c.at(last.index).at); delay < way || delay > way+interval {
			t.Errorf("%v behind in the end", delay)
		}
	})
}
