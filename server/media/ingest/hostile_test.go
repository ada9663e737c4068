package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"

	"chalkline/server/media"
	"chalkline/server/media/stream"
)

// heard is a Clock that ticks with each look, and a publisher's units.
type heard struct {
	now     int64
	reader  *stream.Reader
	drained []stream.Unit
	*publisher
}

// drain takes the units that came: a Hub holds few.
func (h *heard) drain(t testing.TB) {
	for {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		u, err := h.reader.Next(ctx)
		if err != nil {
			return
		}
		h.drained = append(h.drained, u)
	}
}

func (h *heard) Now() int64 { h.now += 1000; return h.now }

// hear returns a publisher whose units can be read.
func hear(t testing.TB, bits uint) *heard {
	registry := media.NewRegistry(media.Config{Rooms: &school{}})
	p, err := registry.Publish(visitor(), media.Stream)
	if err != nil {
		t.Fatal(err)
	}
	h := &heard{now: 1_800_000_000_000_000, reader: p.Source.Hub.Read()}
	out := &output{hub: p.Source.Hub}
	h.publisher = newPublisher(p, h, out, newMetrics(nil), bits)
	out.enter(h.publisher)
	t.Cleanup(h.close)
	return h
}

// units closes the publisher and returns what it published.
func (h *heard) units(t testing.TB) (all []stream.Unit) {
	h.publication.Source.Hub.Close()
	for {
		u, err := h.reader.Next(t.Context())
		if err != nil {
			return all
		}
		all = append(all, u)
	}
}

func checkUnitsOf(t testing.TB, units []stream.Unit, size int) {
	total := 0
	for i, u := range units {
		if u.Codec == stream.None || u.Codec.Video() && u.Time == 0 || len(u.Data) == 0 || len(u.Data) > maxUnit+stampRoom {
			t.Fatalf("unit %d is %v of %d bytes at %d", i, u.Codec, len(u.Data), u.Time)
		}
		total += len(u.Data)
	}
	// Start codes for lengths of one byte, and a stamp and parameter sets for each unit.
	if total > 8*size+len(units)*(stampRoom+8*maxSets+maxSetBytes) {
		t.Fatalf("%d bytes of units of %d bytes", total, size)
	}
}

var film = sync.OnceValues(func() ([]byte, error) {
	return exec.Command("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10", "-f", "lavfi", "-i", "sine",
		"-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-g", "5", "-bf", "2", "-c:a", "aac", "-b:a", "32k", "-f", "mpegts", "-").Output()
})

func transportStream(t testing.TB) []byte {
	t.Helper()
	b, err := film()
	if err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	return b
}

func TestATransportStreamIsTakenApart(t *testing.T) {
	h := hear(t, wrapBits)
	b := transportStream(t)
	// Bytes that belong to no packet, in front and between two.
	b = append(append([]byte("rubbish"), b[:10*packetSize]...), append([]byte("more"), b[10*packetSize:]...)...)
	if err := newDemuxer(bytes.NewReader(b), h.publisher).run(); err != nil {
		t.Fatal(err)
	}
	pictures, sounds := 0, 0
	for _, u := range h.units(t) {
		if u.Codec == stream.H264 {
			pictures++
		} else {
			sounds++
		}
	}
	if pictures < 15 || sounds < 80 {
		t.Errorf("%d pictures and %d sounds", pictures, sounds)
	}
}

func TestMutatedTransportStreamsDoNoHarm(t *testing.T) {
	b := transportStream(t)
	for seed := range 300 {
		h := hear(t, wrapBits)
		_ = newDemuxer(bytes.NewReader(mutate(b, seed)), h.publisher).run()
		checkUnitsOf(t, h.units(t), len(b))
	}
}

// mutate changes some bytes, by seed, and lets some packets out.
func mutate(b []byte, seed int) []byte {
	b = bytes.Clone(b)
	x := uint32(seed)*2654435761 + 1
	next := func(n int) int {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		return int(x % uint32(n))
	}
	for range 1 + next(60) {
		b[next(len(b))] = byte(next(256))
	}
	for range next(4) {
		b[next(4*packetSize)] ^= 1 << next(8) // the tables are in front
	}
	at := next(len(b))
	return append(b[:at], b[min(at+next(packetSize), len(b)):]...)
}

func TestAStreamWithoutUnitsIsEnded(t *testing.T) {
	h := hear(t, wrapBits)
	zeros := io.LimitReader(endless{}, 2*maxBarren)
	if err := newDemuxer(zeros, h.publisher).run(); err == nil {
		t.Error("it was read to its end")
	}
}

// endless is packets with nothing in them.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	n := copy(b, bytes.Repeat([]byte{syncByte}, len(b)))
	return n, nil
}

func TestHostileTagsAreLeftOut(t *testing.T) {
	h := hear(t, 64)
	f := &flvSink{publisher: h.publisher, metrics: newMetrics(nil)}
	for _, body := range []string{
		"\x17", "\x17\x00\x00\x00\x00", "\x17\x01\x00\x00\x00\x00\x00\x00\x01\x65",
		"\x17\x00\x00\x00\x00\x01\x42\x00\x1e\xff\xff", "\x17\x00\x00\x00\x00\x01\x42\x00\x1e\xff\xe1\xff\xff\x67",
		"\x57\x00", "\x17\x00\x00\x00\x00" + strings.Repeat("\x01", 1000),
	} {
		if err := f.Video(0, []byte(body)); err != nil {
			t.Errorf("%x: %v", body, err)
		}
	}
	for _, body := range []string{"\xaf", "\xaf\x00", "\xaf\x00\xff", "\xaf\x01abc", "\xaf\x00" + strings.Repeat("\x12", 100)} {
		if err := f.Audio(0, []byte(body)); err != nil {
			t.Errorf("%x: %v", body, err)
		}
	}
	if units := h.units(t); len(units) > 0 {
		t.Errorf("units came out: %v", units)
	}
}

func TestMED7OtherCodecsAreRefusedByName(t *testing.T) {
	for body, want := range map[string]string{
		"\x90hvc1": `"hvc1"`, "\x12abcd": "codec 2",
	} {
		if _, err := parseVideo([]byte(body)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "H.264") {
			t.Errorf("%q: %v", body, err)
		}
	}
	if _, _, err := parseAudio([]byte("\x2fab")); err == nil || !strings.Contains(err.Error(), "AAC") {
		t.Errorf("MP3: %v", err)
	}
}

func TestMED7H264OfEnhancedRTMPIsTaken(t *testing.T) {
	for enhanced, plain := range map[string]string{
		"\x90avc1set":              "\x17\x00\x00\x00\x00set",
		"\x91avc1\x00\x00\x21unit": "\x17\x01\x00\x00\x21unit",
		"\xa1avc1\xff\xff\xfeunit": "\x27\x01\xff\xff\xfeunit",
		"\xa3avc1unit":             "\x27\x01\x00\x00\x00unit",
		"\x92avc1":                 "\x57",
	} {
		want, _ := parseVideo([]byte(plain))
		if got, err := parseVideo([]byte(enhanced)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v; want %+v", enhanced, got, err, want)
		}
	}
	for _, short := range []string{"\x91avc", "\x91avc1\x00\x00"} {
		if _, err := parseVideo([]byte(short)); !errors.Is(err, errMalformed) {
			t.Errorf("%q: %v", short, err)
		}
	}
}

func FuzzTags(f *testing.F) {
	f.Add([]byte("\x17\x00\x00\x00\x00\x01\x42\x00\x1e\xff\xe1\x00\x04\x67\x42\x00\x1e\x01\x00\x02\x68\xce"), []byte("\x17\x01\x00\x00\x00\x00\x00\x00\x02\x65\x88"))
	f.Add([]byte("\x17\x00\x00\x00\x00\x01\x42\x00\x1e\xfc\xe1\x00\x04\x67\x42\x00\x1e\x01\x00\x02\x68\xce"), []byte("\x27\x01\xff\xff\xfe\x02\x41\x9a"))
	f.Add([]byte("\xaf\x00\x11\x90"), []byte("\xaf\x01abc"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		h := hear(t, 64)
		sink := &flvSink{publisher: h.publisher, metrics: newMetrics(nil)}
		for i, body := range [][]byte{first, second, second} {
			_ = sink.Video(uint32(i*33), body)
			_ = sink.Audio(uint32(i*33), body)
		}
		checkUnitsOf(t, h.units(t), 3*(len(first)+len(second)))
		h.close()
	})
}

func FuzzTransportStream(f *testing.F) {
	b := transportStream(f)
	f.Add(b[:40*packetSize])
	f.Fuzz(func(t *testing.T, b []byte) {
		h := hear(t, wrapBits)
		_ = newDemuxer(bytes.NewReader(b), h.publisher).run()
		checkUnitsOf(t, h.units(t), len(b))
		h.close()
	})
}

func FuzzKeys(f *testing.F) {
	k := keys{newTable(&testing.T{})}
	key, err := k.make(context.Background(), visitor())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(key)
	f.Add("")
	f.Fuzz(func(t *testing.T, other string) {
		if _, err := k.check(context.Background(), other, 1); err == nil && !strings.EqualFold(strings.NewReplacer("\r", "", "\n", "").Replace(other)[:38], key[:38]) {
			t.Fatalf("%q passes for %q", other, key)
		}
	})
}
