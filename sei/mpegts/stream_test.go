package mpegts_test

import (
	"bytes"
	"testing"
)

const video = 0x100 // of the streams of ffmpeg

func packets(b []byte) [][]byte {
	var out [][]byte
	for ; len(b) >= 188; b = b[188:] {
		out = append(out, b[:188])
	}
	return out
}

func pidOf(p []byte) int { return int(p[1]&0x1f)<<8 | int(p[2]) }

// pcrOf returns the clock reference of a packet, nil if it has none.
func pcrOf(p []byte) []byte {
	if p[3]&0x20 == 0 || p[4] < 7 || p[5]&0x10 == 0 {
		return nil
	}
	return p[6:12]
}

// compare wants of out that the packets of all streams but the video are those
// of in, in the same order; that it has the same clock references; and that no
// continuity counter jumps.
func compare(t *testing.T, in, out []byte) {
	t.Helper()
	if len(out)%188 != 0 {
		t.Errorf("%d bytes are not whole packets", len(out))
	}
	others := func(b []byte) (rest, clocks [][]byte) {
		for _, p := range packets(b) {
			if pidOf(p) != video {
				rest = append(rest, p)
			}
			if c := pcrOf(p); c != nil {
				clocks = append(clocks, c)
			}
		}
		return rest, clocks
	}
	wantRest, wantClocks := others(in)
	gotRest, gotClocks := others(out)
	if !bytes.Equal(bytes.Join(gotRest, nil), bytes.Join(wantRest, nil)) {
		t.Error("packets of other streams differ")
	}
	if !bytes.Equal(bytes.Join(gotClocks, nil), bytes.Join(wantClocks, nil)) {
		t.Errorf("%d clock references, want the %d there were", len(gotClocks), len(wantClocks))
	}
	last := map[int]byte{}
	for i, p := range packets(out) {
		pid, counter := pidOf(p), p[3]&0x0f
		if pid == 0x1fff {
			continue
		}
		want, seen := last[pid]
		if p[3]&0x10 != 0 {
			want = (want + 1) & 0x0f
		}
		if seen && counter != want {
			t.Fatalf("packet %d of stream %#x: counter %d, want %d", i, pid, counter, want)
		}
		last[pid] = counter
	}
}
