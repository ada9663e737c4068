package ingest

import (
	"bytes"
	"testing"

	"chalkline/server/media/live/adts"
	"chalkline/server/media/live/ts"
)

// Some multiplexers cut packets anywhere in frames of sound. A packet's time is that
// of the first frame that begins in it (H.222.0, 2.4.3.7).
func TestSoundThatGoesOnInTheNextPacketKeepsItsTime(t *testing.T) {
	config, err := adts.Parse([]byte{0x12, 0x10}) // 44 100 Hz, two channels
	if err != nil {
		t.Fatal(err)
	}
	at := func(n int64) int64 { return 900_000 + n*adts.SamplesPerFrame*second/44_100 }
	var m ts.Muxer
	m.Begin(false)
	b := m.AppendTables(nil)
	const frames, most, gap = 400, 1000, 200
	var want []int64
	var packet []byte
	pts, begins := at(0), true
	for n := range int64(frames) {
		if n >= gap && n < gap+10 { // the encoder left some out
			b = m.AppendSound(b, pts, packet)
			packet, begins = nil, true
			continue
		}
		want = append(want, at(n))
		frame, err := config.Append(nil, bytes.Repeat([]byte{1}, 300+int(n%97)))
		if err != nil {
			t.Fatal(err)
		}
		if begins {
			pts, begins = at(n), false
		}
		packet = append(packet, frame...)
		if len(packet) >= most { // its last frame goes on in the next
			b = m.AppendSound(b, pts, packet[:most])
			packet, begins = append([]byte(nil), packet[most:]...), true
		}
	}
	h := hear(t, wrapBits)
	_ = newDemuxer(bytes.NewReader(b), h.publisher).run()
	units := h.units(t)
	if len(units) < len(want)-10 {
		t.Fatalf("%d frames of %d", len(units), len(want))
	}
	for i, u := range units {
		if off := u.PTS - want[i]; off < -9 || off > 9 { // 0.1 ms
			t.Fatalf("frame %d is %d off", i, off)
		}
	}
}
