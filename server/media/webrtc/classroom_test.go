package webrtc_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	pionrtp "github.com/pion/rtp"

	"chalkline/bench/client"
	"chalkline/server/media"
)

// A classroom where everybody interacts: a teacher and nine pupils.
const pupils = 9

// person publishes a camera and plays those of all others.
type person struct {
	token       string
	source      uint32
	publication *client.Publication
	players     []*client.Player
	seen        map[uint32]*seen // by source
}

// seen is what has come of one source.
type seen struct {
	frames, keys, sounds atomic.Int64
	bare                 int64                  // frames without a stamp
	wrong                atomic.Pointer[string] // the first thing that was not as it should be
}

// frame looks at one that came: one that is whole has the stamp of its source. A
// machine with too much to do loses packets of so many, stamps among them.
func (s *seen) frame(f client.Frame, source uint32) {
	switch {
	case f.Broken:
		return
	case f.Stamp.Time == 0:
		if s.bare++; s.bare > 3+s.frames.Load()/10 {
			s.complain(fmt.Sprintf("%d frames have no stamp", s.bare))
		}
		return
	case f.Stamp.Origin.Source != source:
		s.complain(fmt.Sprintf("a frame has the stamp %+v", f.Stamp))
	}
	if f.Key {
		s.keys.Add(1)
	}
	s.frames.Add(1)
}

func (s *seen) complain(what string) { s.wrong.CompareAndSwap(nil, &what) }

// enter publishes, and notes the number of the source. Nothing is sent while wait says so.
func (p *person) enter(w *world, film client.Film, wait func() bool) {
	w.t.Helper()
	var err error
	p.publication, err = client.Publish(w.t.Context(), client.PublishConfig{RTC: w.rtc("whip?kind=camera", p.token), Film: film, Pause: wait})
	if err != nil {
		w.t.Fatal(err)
	}
	_, name, _ := strings.Cut(p.token, ":")
	p.source = w.until("published by "+name, func(i media.Info) bool { return i.Participant == name && i.Video && i.Audio == (len(film.Sound) > 0) }).Number
}

// watch plays a source.
func (p *person) watch(w *world, source uint32) error {
	s := p.seen[source]
	player, err := client.Play(w.t.Context(), client.PlayConfig{
		RTC:     w.rtc(fmt.Sprintf("sources/%d/whep", source), p.token),
		OnFrame: func(f client.Frame) { s.frame(f, source) },
		OnSound: func(*pionrtp.Packet) { s.sounds.Add(1) },
	})
	p.players = append(p.players, player)
	return err
}

// leave stops all of it.
func (p *person) leave(w *world) error {
	errs := []error{p.publication.Close(w.t.Context())}
	for _, one := range p.players {
		errs = append(errs, one.Close(w.t.Context()))
	}
	return errors.Join(errs...)
}

// The one who is switched off; the others are silent, so that a busy machine has less to do.
const switchedOff = 4

// connectAtOnce is how many connections are made at a time.
const connectAtOnce = 2

// fullClass is everybody, each of whom plays everybody else.
func fullClass(w *world) []*person {
	w.t.Helper()
	film := smallFilm(w.t)
	film.Rate = 5
	var waiting atomic.Bool
	class := []*person{{token: "teacher:ann"}}
	for i := range pupils {
		class = append(class, &person{token: fmt.Sprintf("student:s%d", i)})
	}
	for i, p := range class {
		waiting.Store(false)
		f := film
		if i == switchedOff {
			f.Sound = w.film().Sound
		}
		p.enter(w, f, waiting.Load)
		waiting.Store(true)
	}
	defer waiting.Store(false)
	turns := make(chan struct{}, connectAtOnce)
	var errs [pupils + 1]error
	var coming sync.WaitGroup
	for i, p := range class {
		p.seen = map[uint32]*seen{}
		for _, o := range class {
			if o != p {
				p.seen[o.source] = &seen{}
			}
		}
		coming.Go(func() {
			for source := range p.seen {
				turns <- struct{}{}
				errs[i] = errors.Join(errs[i], p.watch(w, source))
				<-turns
			}
		})
	}
	coming.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		w.t.Fatal(err)
	}
	return class
}

// everybody says whether it is so for all that everybody sees.
func everybody(class []*person, is func(source uint32, s *seen) bool) bool {
	for _, p := range class {
		for source, s := range p.seen {
			if !is(source, s) {
				return false
			}
		}
	}
	return true
}

// put sets a source's switches as the page does.
func (w *world) put(source uint32, token, switches string) error {
	w.t.Helper()
	q, err := http.NewRequestWithContext(w.t.Context(), http.MethodPut, fmt.Sprintf("%s/api/rooms/CODE/sources/%d/switches", w.url, source), strings.NewReader(switches))
	if err != nil {
		w.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	q.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("answered %s", answer.Status)
	}
	return nil
}

func TestMED6TenPeopleSeeEachOtherAndOneWhoIsSwitchedOffIsSoForAll(t *testing.T) {
	w := newWorld(t)
	goroutines, descriptors := w.open()
	class := fullClass(w)
	waitFor(t, "key frame of everybody for everybody", func() bool {
		return everybody(class, func(_ uint32, s *seen) bool { return s.keys.Load() > 0 && s.frames.Load() > 5 })
	})
	off := class[switchedOff].source
	waitFor(t, "sound for everybody", func() bool {
		return everybody(class, func(source uint32, s *seen) bool { return source != off || s.sounds.Load() > 5 })
	})
	if err := w.put(off, class[3].token, `{"muted":true,"hidden":true}`); err == nil {
		t.Error("a pupil switched another off")
	}
	if err := w.put(off, class[0].token, `{"muted":true,"hidden":true}`); err != nil {
		t.Fatal(err)
	}
	checkOff(t, class, off)
	for _, p := range class {
		for source, s := range p.seen {
			if wrong := s.wrong.Load(); wrong != nil {
				t.Errorf("%s sees source %d: %s", p.token, source, *wrong)
			}
		}
	}
	leaveAll(t, w, class)
	w.emptied(goroutines, descriptors)
	if all := w.registry.Sources(1); len(all) != len(class) {
		t.Errorf("%d sources", len(all))
	}
}

// checkOff wants nothing more of a source, for anybody, while all others go on.
func checkOff(t *testing.T, class []*person, off uint32) {
	t.Helper()
	// What was under way then has come when more of everything else has.
	onward(t, class, off, 3)
	type counts struct{ frames, sounds int64 }
	before := map[*seen]counts{}
	for _, p := range class {
		if s := p.seen[off]; s != nil {
			before[s] = counts{s.frames.Load(), s.sounds.Load()}
		}
	}
	if len(before) != len(class)-1 {
		t.Fatalf("%d people play it", len(before))
	}
	onward(t, class, off, 5)
	for s, b := range before {
		if now := (counts{s.frames.Load(), s.sounds.Load()}); now != b {
			t.Errorf("%+v of who is switched off became %+v", b, now)
		}
	}
}

// onward waits for n more frames of all sources but one, for everybody.
func onward(t *testing.T, class []*person, off uint32, n int64) {
	t.Helper()
	want := map[*seen]int64{}
	for _, p := range class {
		for source, s := range p.seen {
			if source != off {
				want[s] = s.frames.Load() + n
			}
		}
	}
	waitFor(t, "more of the others", func() bool {
		return everybody(class, func(_ uint32, s *seen) bool { return s.frames.Load() >= want[s] })
	})
}

func leaveAll(t *testing.T, w *world, class []*person) {
	t.Helper()
	var errs [pupils + 1]error
	var leaving sync.WaitGroup
	for i, p := range class {
		leaving.Go(func() { errs[i] = p.leave(w) })
	}
	leaving.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Error(err)
	}
}
