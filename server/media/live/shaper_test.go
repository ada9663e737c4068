package live

import (
	"testing"

	"chalkline/sei"
	"chalkline/server/media/live/adts"
	"chalkline/server/media/stream"
)

// aPicture is one at 30 a second, aSound a frame at 48 kHz, from from on.
func aPicture(n, from int64, key bool) stream.Unit {
	slice := "\x00\x00\x01\x41\x9a\x24\x6c"
	if key {
		slice = "\x00\x00\x01\x67\x42\x00\x00\x00\x01\x68\xce\x00\x00\x01\x65\x88\x84"
	}
	return stream.Unit{Codec: stream.H264, PTS: from + n*3000, DTS: from + n*3000, Time: 1_000_000 + n*33_333, Key: key, Data: []byte(slice)}
}

func aSound(n, from int64) stream.Unit {
	return stream.Unit{
		Codec: stream.AAC, PTS: from + n*1920, DTS: from + n*1920, Key: true,
		Config: adts.Stereo().Specific(), Data: []byte{1, 2, 3},
	}
}

func newShaper(video, audio bool) (*shaper, map[string]int) {
	events := map[string]int{}
	return &shaper{
		origin: func() sei.Origin { return sei.Origin{Source: 3} },
		has:    func() (bool, bool) { return video, audio },
		begins: func() bool { return true },
		count:  func(e string) { events[e]++ },
	}, events
}

func TestAProgrammeBeginsWithAKeyFrame(t *testing.T) {
	s, events := newShaper(true, true)
	for n := range int64(5) {
		if out := append(s.push(aPicture(n, 0, false)), s.push(aSound(n, 0))...); len(out) != 0 {
			t.Fatalf("%+v comes before a key frame", out)
		}
	}
	out := s.push(aPicture(5, 0, true))
	if len(out) != 1 || !out[0].Discontinuity || !out[0].Key {
		t.Fatalf("it begins with %+v", out)
	}
	if string(out[0].Data[:len(delimiter)]) != delimiter {
		t.Errorf("no delimiter in % x", out[0].Data)
	}
	stamp, ok := sei.Read(sei.AnnexB, out[0].Data)
	if want := (sei.Stamp{Time: 1_166_665, Origin: sei.Origin{Source: 3}}); !ok || stamp != want {
		t.Errorf("stamp %+v, want %+v", stamp, want)
	}
	u := aPicture(6, 0, false)
	u.Time = 0
	if out := s.push(u); len(out) != 1 || out[0].Discontinuity || events[eventUnstamped] != 1 {
		t.Errorf("a picture without a time becomes %+v: %v", out, events)
	}
}

func TestWhereNoSoundComesThereIsSilence(t *testing.T) {
	s, events := newShaper(true, false)
	next, pictures := int64(0), 0
	for n := range int64(90) {
		for _, u := range s.push(aPicture(n, 0, n == 0)) {
			if u.Codec.Video() {
				pictures++
				continue
			}
			if u.PTS != next || len(u.Data) == 0 {
				t.Fatalf("sound at %d, want %d", u.PTS, next)
			}
			next += 1920
		}
	}
	if pictures != 90 || next < 89*3000-absent-3000 {
		t.Errorf("%d pictures, silence up to %d", pictures, next)
	}
	// Sound that begins comes in where the silence ends.
	for n, end := next/1920-3, next/1920+10; n < end; n++ {
		for _, u := range s.push(aSound(n, 0)) {
			if u.PTS != next || len(u.Data) != 3 {
				t.Errorf("sound at %d, want %d", u.PTS, next)
			}
			next += 1920
		}
	}
	if events[eventLate] != 3 {
		t.Errorf("%d frames came too late, want 3", events[eventLate])
	}
}

func TestAHoleInTheSoundIsFilled(t *testing.T) {
	s, _ := newShaper(true, true)
	s.push(aPicture(0, 0, true))
	for n := range int64(100) {
		if n >= 20 && n < 50 {
			continue
		}
		out := s.push(aSound(n, 0))
		want := 1
		if n == 50 {
			want = 31
		}
		if len(out) != want {
			t.Errorf("frame %d becomes %d", n, len(out))
		}
		for i, u := range out {
			if u.PTS != (n-int64(want)+1+int64(i))*1920 {
				t.Errorf("frame %d at %d", i, u.PTS)
			}
		}
	}
}

func TestPictureAndSoundOfANewTimelineBeginItOnce(t *testing.T) {
	s, _ := newShaper(true, true)
	s.push(aPicture(0, 0, true))
	const far = 1 << 40
	sound := aSound(0, far)
	sound.Discontinuity = true
	s.push(sound)
	epoch := s.epoch
	picture := aPicture(1, far, true)
	picture.Discontinuity = true
	if out := s.push(picture); len(out) == 0 || !out[0].Discontinuity || s.epoch != epoch {
		t.Errorf("it begins with %+v, epoch %d after %d", out, s.epoch, epoch)
	}
	// A microphone that is changed does not interrupt the picture.
	sound = aSound(5, far)
	sound.Discontinuity = true
	if out := s.push(sound); len(out) == 0 || out[0].Discontinuity || s.epoch != epoch {
		t.Errorf("sound becomes %+v", out)
	}
	if out := s.push(aPicture(4, far, false)); len(out) == 0 {
		t.Error("the picture stops")
	}
}

func TestSoundOfAnotherKindBeginsAProgrammeAtTheNextKeyFrame(t *testing.T) {
	s, _ := newShaper(true, true)
	s.push(aPicture(0, 0, true))
	s.push(aSound(0, 0))
	other := aSound(1, 0)
	other.Config = []byte{0x12, 0x08} // 44 100 Hz, one channel
	if out := s.push(other); len(out) != 0 {
		t.Errorf("%+v", out)
	}
	if out := s.push(aPicture(1, 0, false)); len(out) != 1 || out[0].Discontinuity {
		t.Errorf("%+v", out)
	}
	if out := s.push(aPicture(2, 0, true)); len(out) != 2 || out[0].Discontinuity || !out[1].Discontinuity { // silence up to picture 1
		t.Errorf("%+v", out)
	}
	other.PTS, other.DTS = 6000, 6000
	if out := s.push(other); len(out) != 1 {
		t.Errorf("%+v", out)
	}
}

func TestAProgrammeBeginsAnewOnlyWhenItMay(t *testing.T) {
	s, _ := newShaper(true, true)
	may := true
	s.begins = func() bool { return may }
	s.push(aPicture(0, 0, true))
	s.push(aSound(0, 0))
	may = false
	other := aSound(1, 0)
	other.Config = []byte{0x12, 0x08} // 44 100 Hz, one channel
	s.push(other)
	if out := s.push(aPicture(1, 0, true)); len(out) != 1 || out[0].Discontinuity {
		t.Errorf("%+v: the picture does not go on", out)
	}
	anew := aPicture(2, 0, true)
	anew.Discontinuity = true
	if out := s.push(anew); len(out) != 1 || out[0].Codec.Video() { // silence up to picture 1
		t.Errorf("%+v before it may", out)
	}
	may = true
	if out := s.push(aPicture(3, 0, false)); len(out) != 0 {
		t.Errorf("it begins with %+v", out)
	}
	if out := s.push(aPicture(4, 0, true)); len(out) != 1 || !out[0].Discontinuity {
		t.Errorf("%+v", out)
	}
}

func TestASegmentWithoutKeyFramesIsCutAnyway(t *testing.T) {
	s, _ := newShaper(true, false)
	g := segmenter{name: "x"}
	var done []*segment
	for n := range int64(30 * 25) {
		for _, u := range s.push(aPicture(n, 0, n == 0)) {
			done = append(done, g.push(u)...)
		}
	}
	done = append(done, g.finish()...)
	if len(done) != 3 || g.forced != 2 || !done[0].independent || done[1].independent || done[0].ticks != longest {
		t.Errorf("%d segments, %d forced, the first %d long", len(done), g.forced, done[0].ticks)
	}
	var total int64
	for i, d := range done {
		if total += d.ticks; d.sequence != int64(i) || d.discontinuity != (i == 0) {
			t.Errorf("segment %d: %d, discontinuity %t", i, d.sequence, d.discontinuity)
		}
	}
	if total != 30*25*3000 {
		t.Errorf("all last %d", total)
	}
}

// cutter makes segments of what a shaper gives.
type cutter struct {
	shaper    *shaper
	segmenter segmenter
	done      []*segment
}

func newCutter() *cutter {
	s, _ := newShaper(true, true)
	return &cutter{shaper: s, segmenter: segmenter{name: "x"}}
}

func (c *cutter) give(units []stream.Unit) {
	for _, u := range units {
		c.done = append(c.done, c.segmenter.push(u)...)
	}
}

func (c *cutter) finish() []*segment { return append(c.done, c.segmenter.finish()...) }

func TestEverySegmentHasSoundUpToItsLastPicture(t *testing.T) {
	for _, late := range []int64{0, 6, 12, 23, 40} { // pictures that sound is behind, at 30 a second
		c := newCutter()
		sounds := int64(0)
		for n := range int64(300) {
			u := aPicture(n, 0, n%30 == 0)
			// The layer that pictures are of changes: after 3.3 s, and for one picture alone.
			switch n {
			case 100, 101, 200:
				u.Key, u.Discontinuity = true, true
			}
			c.give(c.shaper.push(u))
			for ; sounds*1920 <= (n-late)*3000; sounds++ {
				c.give(c.shaper.push(aSound(sounds, 0)))
			}
		}
		c.give(c.shaper.end())
		done := c.finish()
		for _, d := range done {
			var picture, sound, end int64
			for _, u := range demux(t, d.data) {
				if u.Codec.Video() {
					picture = max(picture, u.DTS)
				} else {
					sound++
					end = max(end, u.PTS+1920)
				}
			}
			if sound == 0 || end < picture {
				t.Errorf("sound %d pictures late: segment %d from %d ends with a picture at %d, its %d frames of sound at %d", late, d.sequence, d.start, picture, sound, end)
			}
		}
		if len(done) < 10 {
			t.Errorf("%d segments", len(done))
		}
	}
}

func TestASegmentIsIndependentIfItsPicturesBeginWithAKeyFrame(t *testing.T) {
	c := newCutter()
	c.give(c.shaper.push(aPicture(0, 0, true)))
	for n := range int64(200) { // a still screen: cut at sound
		c.give(c.shaper.push(aSound(n, 0)))
	}
	const first = 200 * 1920 / 3000
	c.give(c.shaper.push(aPicture(first, 0, false)))
	c.give(c.shaper.push(aPicture(first+30, 0, true)))
	c.give(c.shaper.push(aPicture(first+60, 0, true)))
	done := c.finish()
	last := len(done) - 1
	for i, d := range done {
		if want := i != last-2; d.independent != want { // the one that the picture without a key came into
			t.Errorf("segment %d of %d: independent %t", i, len(done), d.independent)
		}
	}
	if last < 5 {
		t.Errorf("%d segments", len(done))
	}
}
