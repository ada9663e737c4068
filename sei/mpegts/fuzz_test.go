package mpegts_test

import (
	"bytes"
	"testing"
)

func FuzzTS(f *testing.F) {
	one := append(tables(), transport(video, true, 4, []byte{0x50, 1, 2, 3, 4, 5, 6}, pes(sets+slice))...)
	f.Add(one)
	f.Add(append(one, transport(video, true, 5, nil, pes(sets))...))
	f.Add(stamped(f, one, stampAll))
	f.Add([]byte("\x01\x1a" + sets + slice + "\x40\x03abc\x00\x03abc\x01\x07" + slice))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := stamped(t, in, stampAll)
		if len(out)%188 != 0 {
			t.Errorf("%d bytes out", len(out))
		}
		// As packets of the video behind its tables: flags, a length, the payload.
		packed := tables()
		for counter := byte(0); len(in) >= 2; counter++ {
			flags, n := in[0], min(int(in[1]), len(in)-2, 184)
			payload := in[2 : 2+n]
			if flags&1 != 0 {
				payload = append(pes(""), payload[:min(n, 170)]...)
			}
			packed = append(packed, transport(video+int(flags>>6&1), flags&1 != 0, counter+flags>>7, nil, payload)...)
			in = in[2+n:]
		}
		out = stamped(t, packed, stampAll)
		if len(out)%188 != 0 || len(out) > 2*len(packed) {
			t.Errorf("%d bytes became %d", len(packed), len(out))
		}
		if again := stamped(t, out, stampAll); frames(t, again) != frames(t, out) {
			t.Errorf("%d frames stamped, then %d", frames(t, out), frames(t, again))
		}
		if kept := stamped(t, packed, nil); !bytes.Equal(kept, packed) {
			t.Errorf("%d bytes became %d other ones without stamps", len(packed), len(kept))
		}
	})
}
