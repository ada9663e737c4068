package ingest

import "testing"

func TestUnitsThatComeFasterThanTheirTimesAreLeftOutAndBeginAnew(t *testing.T) {
	key := accessUnit{data: []byte("\x00\x00\x00\x01\x65\x88\x84"), key: true}
	for name, give := range map[string]func(h *heard, i int64){
		"sound, 2 999 ms apart":    func(h *heard, i int64) { h.sound(i*2999*millisecond, []byte{0x11, 0x90}, []byte{1}) },
		"pictures, 2.9 s apart":    func(h *heard, i int64) { h.picture(i*2900*millisecond, 0, key) },
		"pictures of a fast file":  func(h *heard, i int64) { h.picture(i*33*millisecond, 0, key) },
		"sound that goes back too": func(h *heard, i int64) { h.sound((i*1900-i/5*2500)*millisecond, []byte{0x11, 0x90}, []byte{1}) },
		"sound behind one picture": func(h *heard, i int64) {
			if i == 0 {
				h.picture(0, 0, key)
			}
			h.sound(i*1900*millisecond, []byte{0x11, 0x90}, []byte{1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := hear(t, 64)
			const given = 2000 // in 2 s
			for i := range int64(given) {
				give(h, i)
				if i%100 == 0 {
					h.drain(t)
				}
			}
			h.drain(t)
			var from, last int64
			begins := 0
			for i, u := range h.drained {
				// Outputs take it for a beginning if it is so far from the unit before.
				if i == 0 || u.Discontinuity && distance(u.DTS, last) > far {
					begins, from = begins+1, u.DTS
				}
				if last = u.DTS; last-from > mostAhead+3*second {
					t.Fatalf("unit %d is %d s after the beginning", i, (last-from)/second)
				}
			}
			if begins < 2 || len(h.drained) < given/100 {
				t.Errorf("%d units, which begin %d times", len(h.drained), begins)
			}
		})
	}
}

func TestUnitsThatComeAsFastAsTheirTimesAllGoOut(t *testing.T) {
	const frame = second / 30
	for name, arrival := range map[string]func(i int64) int64{
		"a burst of 9 s":          func(i int64) int64 { return max(0, i*frame-9*second) },
		"a clock that is fast":    func(i int64) int64 { return i * frame * 999 / 1000 },
		"a clock that is slow":    func(i int64) int64 { return i * frame * 1001 / 1000 },
		"a jam of a minute":       func(i int64) int64 { return i*frame + max(0, 60*second-distance(i*frame, 600*second)) },
		"a picture every 5 s":     func(i int64) int64 { return i / 150 * 150 * frame },
		"all as it was taken":     func(i int64) int64 { return i * frame },
		"held up, here and there": func(i int64) int64 { return i*frame + i*7919%50*millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			var p pace
			for i := range int64(4 * 3600 * 30) {
				if ok, anew := p.takes(arrival(i), i*frame); !ok || anew {
					t.Fatalf("unit %d: taken %v, anew %v", i, ok, anew)
				}
			}
		})
	}
}
