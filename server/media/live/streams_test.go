package live

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"chalkline/bench/client"
	"chalkline/sei/mpegts"
	"chalkline/server/media/live/adts"
	"chalkline/server/media/stream"
)

// segments returns how many segments an output lists.
func (o *output) segments() int {
	o.window.mu.Lock()
	defer o.window.mu.Unlock()
	return len(o.window.segments)
}

// pictures are the times of the pictures among units that are in a stream from its
// first key frame on.
func pictures(units []stream.Unit) (times []int64) {
	for _, u := range units {
		if u.Codec.Video() && (u.Key || len(times) > 0) {
			times = append(times, u.Time)
		}
	}
	return times
}

// played plays HLS until it has had n frames.
func played(t *testing.T, u client.LiveURLs, n int) (frames []client.LiveFrame, last *client.Playlist) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	p := client.LivePlayer{
		Behind: 1000,
		Frame: func(f client.LiveFrame) {
			if frames = append(frames, f); len(frames) == n {
				cancel()
			}
		},
		Playlist: func(p *client.Playlist) { last = p },
	}
	err := p.HLS(ctx, u.HLS)
	if len(frames) < n {
		t.Fatalf("%d frames of %d: %v", len(frames), n, err)
	}
	return frames, last
}

// wantTimes compares what a player read with what was published.
func wantTimes(t *testing.T, frames []client.LiveFrame, want []int64) {
	t.Helper()
	for i, f := range frames {
		if i < len(want) && f.Stamp.Time != want[i] {
			t.Fatalf("frame %d says %d, want %d", i, f.Stamp.Time, want[i])
		}
	}
}

func TestMED8EveryPictureOfHLSHasItsStampAndFFmpegReadsIt(t *testing.T) {
	for name, encoding := range map[string][]string{"zerolatency": zerolatency, "reordered": reordered} {
		t.Run(name, func(t *testing.T) {
			s, p := newServer(t, Config{})
			u := serve(t, s)
			units := timed(t, clip(t, "8", encoding...), began)
			o := s.outputOf(t, p)
			publish(t, p.Source.Hub, units)
			eventually(t, "six segments", func() bool { return o.segments() >= 6 })
			frames, list := played(t, u, 180)
			wantTimes(t, frames, pictures(units))
			if !list.Independent || list.Target != time.Second {
				t.Errorf("playlist %+v", list)
			}
			for i, segment := range list.Segments {
				if off := segment.Time.Sub(time.UnixMicro(pictures(units)[30*i])); off < -time.Millisecond || off > time.Millisecond {
					t.Errorf("segment %d begins at %v, %v off", i, segment.Time, off)
				}
			}
			_, log := run(t, nil, "ffmpeg", "-v", "warning", "-xerror", "-live_start_index", "0", "-i", u.HLS, "-frames:v", "170", "-f", "null", "-")
			if log = quietly(log); log != "" {
				t.Errorf("ffmpeg complains: %s", log)
			}
		})
	}
}

// quietly leaves out what ffmpeg says of every live playlist.
func quietly(log string) string {
	var left strings.Builder
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "max_reload") && strings.TrimSpace(line) != "" {
			left.WriteString(line)
		}
	}
	return left.String()
}

func TestEachSegmentCanBeReadAloneAndHasTheSoundOfItsPictures(t *testing.T) {
	s, p := newServer(t, Config{})
	o := s.outputOf(t, p)
	publish(t, p.Source.Hub, timed(t, clip(t, "6", reordered...), began))
	eventually(t, "four segments", func() bool { return o.segments() >= 4 })
	o.window.mu.Lock()
	segments := o.window.segments
	o.window.mu.Unlock()
	for _, g := range segments {
		var first, last, pictures int64
		first = -1
		for _, u := range demux(t, g.data) {
			if u.Codec.Video() {
				if pictures++; pictures == 1 && !u.Key {
					t.Errorf("%s does not begin with a key frame", g.name)
				}
				continue
			}
			if first < 0 {
				first = u.PTS
			}
			last = u.PTS + 1920
		}
		if pictures != 30 || first < g.start || first > g.start+8000 || last < g.start+g.ticks-4000 || last > g.start+g.ticks+4000 {
			t.Errorf("%s: %d pictures from %d for %d, sound from %d to %d", g.name, pictures, g.start, g.ticks, first, last)
		}
	}
}

// loudest is the volume of the sound in a transport stream, as ffmpeg finds it.
func loudest(t *testing.T, b []byte) string {
	t.Helper()
	_, log := run(t, b, "ffmpeg", "-v", "info", "-nostats", "-i", "pipe:0", "-map", "0:a", "-af", "volumedetect", "-f", "null", "-")
	_, volume, _ := strings.Cut(log, "max_volume: ")
	volume, _, _ = strings.Cut(volume, "\n")
	return volume
}

func TestSilenceOfEveryNumberOfChannelsIsSilent(t *testing.T) {
	for channels := byte(1); channels <= 7; channels++ {
		c := adts.Stereo()
		c.Channels = channels
		var b []byte
		for range 100 {
			b, _ = c.Append(b, c.Silence())
		}
		_, log := run(t, b, "ffmpeg", "-v", "info", "-nostats", "-xerror", "-f", "aac", "-i", "pipe:0", "-af", "volumedetect", "-f", "null", "-")
		if !strings.Contains(log, "max_volume: -91") {
			t.Errorf("configuration %d: %s", channels, log)
		}
	}
}

func TestMED6WhereASourceIsMutedThereIsSilenceInWhatWasBefore(t *testing.T) {
	s, p := newServer(t, Config{})
	units := timed(t, clip(t, "6", reordered...), began)
	part := len(units) * 7 / 10 // in the middle of a segment
	o := s.outputOf(t, p)
	publish(t, p.Source.Hub, units[:part])
	eventually(t, "three segments", func() bool { return o.segments() >= 3 })
	content := func(n int) []byte {
		o.window.mu.Lock()
		name := o.window.segments[n].name
		o.window.mu.Unlock()
		data, _ := o.window.find(name)
		return data
	}
	before := content(1)
	if volume := loudest(t, before); volume == "" || strings.HasPrefix(volume, "-91") {
		t.Fatalf("%q before it is muted", volume)
	}
	yes := true
	if err := p.Source.SwitchBy(ann().Participant, &yes, nil); err != nil {
		t.Fatal(err)
	}
	if volume := loudest(t, before); strings.HasPrefix(volume, "-91") {
		t.Error("what is being sent changes")
	}
	kept := o.hub.Read()
	for ctx, cancel := expired(); ; cancel() {
		u, err := kept.Next(ctx)
		if err != nil {
			break
		}
		if !u.Codec.Video() && !bytes.Equal(u.Data, adts.Stereo().Silence()) {
			t.Fatalf("sound at %d is kept for newcomers", u.PTS)
		}
	}
	kept.Close()
	publish(t, p.Source.Hub, units[part:]) // the publisher's last sound is on its way
	eventually(t, "five segments", func() bool { return o.segments() >= 5 })
	for n := range 5 {
		data := content(n)
		if volume := loudest(t, data); !strings.HasPrefix(volume, "-91") { // -91 dB is the least
			t.Errorf("segment %d: %q", n, volume)
		}
		pictures := 0
		for _, u := range demux(t, data) {
			if u.Codec.Video() {
				pictures++
			}
		}
		if pictures != 30 {
			t.Errorf("segment %d: %d pictures", n, pictures)
		}
		if _, log := run(t, data, "ffmpeg", "-v", "warning", "-xerror", "-i", "pipe:0", "-f", "null", "-"); log != "" {
			t.Errorf("segment %d: ffmpeg complains: %s", n, log)
		}
	}
}

func TestAPublisherThatComesBackIsADiscontinuity(t *testing.T) {
	s, p := newServer(t, Config{})
	u := serve(t, s)
	units := clip(t, "4", zerolatency...)
	// Far behind the first timeline, with the clock's 33 bits about to wrap.
	back := timed(t, shifted(units, 1<<33-90_000), began+10_000_000-(1<<33-90_000)*100/9)
	back[0].Discontinuity = true
	first := timed(t, units, began)
	o := s.outputOf(t, p)
	publish(t, p.Source.Hub, first)
	publish(t, p.Source.Hub, back)
	eventually(t, "seven segments", func() bool { return o.segments() >= 7 })
	frames, list := played(t, u, 210)
	wantTimes(t, frames, append(pictures(first), pictures(back)...))
	for i := 1; i < len(frames); i++ {
		if step := frames[i].PTS - frames[i-1].PTS; step < 2990 || step > 8000 {
			t.Errorf("frame %d comes %d after the one before", i, step)
		}
	}
	breaks := list.Segments[len(list.Segments)-1].Discontinuity - list.Discontinuity
	if breaks != 1 {
		t.Errorf("%d discontinuities in the playlist", breaks)
	}
	_, log := run(t, nil, "ffmpeg", "-v", "warning", "-live_start_index", "0", "-i", u.HLS, "-frames:v", "200", "-f", "null", "-")
	if log = quietly(log); log != "" {
		t.Errorf("ffmpeg complains: %s", log)
	}
}

func TestHTTPTSBeginsAtOnceWithAKeyFrameAndFFmpegReadsIt(t *testing.T) {
	s, p := newServer(t, Config{})
	u := serve(t, s)
	units := timed(t, clip(t, "8", reordered...), began)
	half := len(units) / 2
	o := s.outputOf(t, p)
	publish(t, p.Source.Hub, units[:half])
	eventually(t, "a segment", func() bool { return o.segments() >= 3 })

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	begun := make(chan struct{})
	var frames []client.LiveFrame
	playing := make(chan error, 1)
	go func() {
		playing <- client.LivePlayer{Frame: func(f client.LiveFrame) {
			if frames = append(frames, f); len(frames) == 1 {
				close(begun)
			}
			if len(frames) == 120 {
				cancel()
			}
		}}.HTTPTS(ctx, u.HTTPTS)
	}()
	<-begun // without a unit more
	recorded := make(chan []byte, 1)
	go func() {
		out, log := run(t, nil, "ffmpeg", "-v", "warning", "-analyzeduration", "500000", "-i", u.HTTPTS, "-t", "3.3", "-c", "copy", "-f", "mpegts", "pipe:1")
		if log != "" {
			t.Errorf("ffmpeg complains: %s", log)
		}
		recorded <- out
	}()
	eventually(t, "ffmpeg reads", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.readers[room] == 2 })
	publish(t, p.Source.Hub, units[half:])
	if err := <-playing; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	all := pictures(units)
	at := 0
	for at < len(all) && all[at] != frames[0].Stamp.Time {
		at++
	}
	if at%30 != 0 || len(frames) < 120 {
		t.Fatalf("%d frames, from the %dth on", len(frames), at)
	}
	wantTimes(t, frames, all[at:])
	n := 0
	if err := mpegts.Read(bytes.NewReader(<-recorded), func(f mpegts.Frame) bool {
		if f.Found.Time != all[at+n] {
			t.Errorf("ffmpeg passes on %d, want %d", f.Found.Time, all[at+n])
		}
		n++
		return true
	}); err != nil || n < 90 {
		t.Errorf("%d frames recorded: %v", n, err)
	}
}

func TestASourceWithoutPicturesIsPutOutAsSound(t *testing.T) {
	s, p := newServer(t, Config{})
	p.Tracks(false, true, false, true)
	u := serve(t, s)
	var sound []stream.Unit
	for _, x := range timed(t, clip(t, "6", zerolatency...), began) {
		if !x.Codec.Video() {
			sound = append(sound, x)
		}
	}
	o := s.outputOf(t, p)
	publish(t, p.Source.Hub, sound)
	eventually(t, "four segments", func() bool { return o.segments() >= 4 })
	out, log := run(t, nil, "ffprobe", "-v", "error", "-live_start_index", "0", "-read_intervals", "%+3",
		"-show_entries", "stream=codec_name,sample_rate,channels", "-of", "csv", u.HLS)
	if !strings.Contains(string(out), "stream,aac,48000,2") || strings.Contains(string(out), "h264") || log != "" {
		t.Errorf("ffprobe finds %s %s", out, log)
	}
	list, err := client.ParsePlaylist(o.window.wait(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range list.Segments {
		want := time.UnixMicro(sound[0].Time).Add(time.Duration(g.Sequence-list.Sequence) * list.Segments[0].Duration)
		if off := g.Time.Sub(want); off < -30*time.Millisecond || off > 30*time.Millisecond {
			t.Errorf("segment %d begins at %v, want %v", i, g.Time, want)
		}
	}
}

func TestThePictureOfHTTPTSHasNoHoleWhereItBeginsAnew(t *testing.T) {
	for name, c := range map[string]struct {
		sounds int64 // between the pictures before and after
		away   bool
	}{
		"nothing in between":   {0, false},
		"sound is ahead":       {10, false},
		"no picture for 0.5 s": {24, false},
		"no picture for 4 s":   {188, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			out := tail{to: w, control: http.NewResponseController(w)}
			give := func(u stream.Unit, anew bool) {
				u.Discontinuity = anew
				if _, err := out.write(u); err != nil {
					t.Fatal(err)
				}
			}
			give(aPicture(0, 0, true), true)
			give(aPicture(1, 0, false), false)
			for n := range c.sounds {
				give(aSound(n, 0), false)
			}
			const other = 1_000_000 // timeline
			give(aPicture(0, other, true), true)
			give(aPicture(1, other, false), false)
			var at []int64
			for _, u := range demux(t, w.Body.Bytes()) {
				if u.Codec.Video() {
					at = append(at, u.DTS)
				}
			}
			// The one before the discontinuity, 3000 after the first, is lost to this reader too.
			if len(at) != 3 || c.away != (at[1]-at[0] > near) || !c.away && at[1]-at[0] != 3000+second/1000 || at[2] <= at[1] {
				t.Errorf("pictures at %d", at)
			}
		})
	}
}

func TestFFmpegReadsAPictureThatBeginsAnewInHTTPTS(t *testing.T) {
	units := timed(t, clip(t, "2", reordered...), began)
	back := shifted(units, 40*second)
	back[0].Discontinuity = true
	w := httptest.NewRecorder()
	out := tail{to: w, control: http.NewResponseController(w)}
	s, _ := newShaper(true, true)
	for _, u := range append(units, back...) {
		for _, u := range s.push(u) {
			if _, err := out.write(u); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, log := run(t, w.Body.Bytes(), "ffmpeg", "-v", "warning", "-i", "pipe:0", "-c", "copy", "-f", "null", "-")
	if log != "" {
		t.Errorf("ffmpeg complains: %s", log)
	}
}
