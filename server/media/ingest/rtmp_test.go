package ingest

import "testing"

func TestMED8APictureToBeShownInHoursIsLeftOut(t *testing.T) {
	h := hear(t, 64)
	f := &flvSink{publisher: h.publisher, end: func() {}, metrics: h.metrics}
	if err := f.Video(0, []byte("\x17\x00\x00\x00\x00\x01\x42\x00\x1e\xff\xe1\x00\x04\x67\x42\x00\x1e\x01\x00\x02\x68\xce")); err != nil {
		t.Fatal(err)
	}
	for i, composition := range []string{"\x7f\xff\xff", "\x80\x00\x00", "\x00\x00\x42", "\x00\x00\x00"} {
		for _, tag := range []string{"\x17\x01" + composition, "\x91avc1" + composition} {
			if err := f.Video(uint32(i*33), []byte(tag+"\x00\x00\x00\x03\x65\x88\x84")); err != nil {
				t.Fatal(err)
			}
		}
	}
	units := h.units(t)
	for _, u := range units {
		if old := h.now - u.Time; old < 0 || old > 1_000_000 {
			t.Errorf("a picture has a stamp %d µs old", old)
		}
	}
	if len(units) != 4 {
		t.Errorf("%d pictures, want 4", len(units))
	}
}

func TestAPictureOfAnotherSizeIsADiscontinuityThoughSoundComesBeforeIt(t *testing.T) {
	h := hear(t, 64)
	f := &flvSink{publisher: h.publisher, end: func() {}, metrics: h.metrics}
	ms := uint32(0)
	give := func(take func(uint32, []byte) error, body ...byte) {
		t.Helper()
		ms += 20
		if err := take(ms, body); err != nil {
			t.Fatal(err)
		}
	}
	configure := func(size byte) {
		give(f.Video, 0x17, 0, 0, 0, 0, 1, 0x42, 0, 0x1e, 0xff, 0xe1, 0, 4, 0x67, 0x42, 0, size, 1, 0, 2, 0x68, 0xce)
	}
	key := func() { give(f.Video, 0x17, 1, 0, 0, 0, 0, 0, 0, 3, 0x65, 0x88, 0x84) }
	sound := func() { give(f.Audio, 0xaf, 1, 1, 2, 3) }
	give(f.Audio, 0xaf, 0, 0x11, 0x90) // 48 000 Hz, two channels
	configure(1)
	key()
	sound()
	configure(1) // as before
	sound()
	key()
	configure(2)
	sound()
	key()
	sound()
	var breaks []bool
	for _, u := range h.units(t) {
		if u.Codec.Video() {
			breaks = append(breaks, u.Discontinuity)
		}
	}
	if len(breaks) != 3 || !breaks[0] || breaks[1] || !breaks[2] {
		t.Errorf("discontinuities at the pictures: %v", breaks)
	}
}
