package adts

import (
	"bytes"
	"testing"
)

func TestFramesAreCutAsTheyWereAppended(t *testing.T) {
	configs := []Config{Stereo(), {Object: 2, rate: 4, Channels: 1}, {Object: 1, rate: 11, Channels: 7}}
	for _, c := range configs {
		parsed, err := Parse(c.Specific())
		if err != nil || parsed != c {
			t.Errorf("%+v is read as %+v, %v", c, parsed, err)
		}
		stream := []byte{0, 0xff, 0x00, 0xff} // what does not belong to it
		for n := range 50 {
			if stream, err = c.Append(stream, bytes.Repeat([]byte{byte(n)}, 1+n*20)); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 50 {
			got, raw, rest := Cut(stream)
			if got != c || !bytes.Equal(raw, bytes.Repeat([]byte{byte(n)}, 1+n*20)) {
				t.Fatalf("frame %d: %+v, %d bytes", n, got, len(raw))
			}
			stream = rest
		}
		if len(stream) != 0 {
			t.Errorf("%d bytes are left", len(stream))
		}
	}
}

func TestAFrameThatIsNotWholeIsWaitedFor(t *testing.T) {
	b, err := Stereo().Append(nil, []byte("abc"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range b {
		if _, raw, rest := Cut(b[:n]); raw != nil || !bytes.Equal(rest, b[:n]) {
			t.Errorf("%d bytes: frame %q, left %d", n, raw, len(rest))
		}
	}
	if out, err := Stereo().Append(b, make([]byte, 8192)); err == nil || len(out) != len(b) {
		t.Errorf("a frame of 8192 bytes: %v", err)
	}
}

func FuzzCut(f *testing.F) {
	one, _ := Stereo().Append(nil, []byte("abc"))
	f.Add(append(one, one...))
	f.Add([]byte{0xff, 0xf0, 0x50, 0x80, 0x01, 0x7f, 0xfc, 0, 0, 1, 2})
	f.Add([]byte{0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		for {
			c, raw, rest := Cut(b)
			if len(rest) > len(b) || raw != nil && len(rest) == len(b) {
				t.Fatalf("%d bytes became %d", len(b), len(rest))
			}
			if raw == nil {
				return
			}
			again, err := c.Append(nil, raw)
			if err != nil {
				t.Fatal(err)
			}
			if back, data, _ := Cut(again); back != c || !bytes.Equal(data, raw) {
				t.Fatalf("%+v %x became %+v %x", c, raw, back, data)
			}
			b = rest
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x11, 0x90})
	f.Add([]byte{0x2b, 0x92, 0x08, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			return
		}
		if again, err := Parse(c.Specific()); err != nil || again != c || c.Rate() == 0 {
			t.Errorf("%+v became %+v, %v", c, again, err)
		}
	})
}
