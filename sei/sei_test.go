package sei_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"chalkline/sei"
)

var stamp = sei.Stamp{
	Time:   1_795_233_600_123_456,
	Origin: sei.Origin{Source: 7, Clock: 3, Flags: sei.Captured},
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStampHasTheBytesOfST0604(t *testing.T) {
	cases := []struct {
		name  string
		stamp sei.Stamp
		nals  []string
	}{
		{"none", sei.Stamp{}, nil},
		{"negative", sei.Stamp{Time: -1}, nil},
		{
			"time",
			sei.Stamp{Time: 0x0006_60bb_5981_9240},
			[]string{"06051c 4d4953506d6963726f73656374696d65 1f 0006 ff 60bb ff 5981 ff 9240 80"},
		},
		{
			"zeros need no emulation prevention",
			sei.Stamp{Time: 1 << 16, Status: sei.Unlocked | sei.Jumped},
			[]string{"06051c 4d4953506d6963726f73656374696d65 df 0000 ff 0000 ff 0001 ff 0000 80"},
		},
		{
			"origin, with it",
			sei.Stamp{Time: 1, Origin: sei.Origin{Source: 5, Clock: 0x0102, Flags: sei.Captured | sei.Calibrated}},
			[]string{
				"06051c 4d4953506d6963726f73656374696d65 1f 0000 ff 0000 ff 0000 ff 0001 80",
				"060518 6ec1f9013dad48c1b9998d865d88ccdd 01 03 0102 0000 03 0005 80",
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			nals := c.stamp.NALs()
			if len(nals) != len(c.nals) {
				t.Fatalf("%d NAL units, want %d", len(nals), len(c.nals))
			}
			var back sei.Stamp
			for i, nal := range nals {
				if want := unhex(t, c.nals[i]); !bytes.Equal(nal, want) {
					t.Errorf("NAL unit %d = %x\nwant %x", i, nal, want)
				}
				if !back.ReadNAL(nal) {
					t.Errorf("NAL unit %d says nothing", i)
				}
			}
			if len(nals) > 0 && back != c.stamp {
				t.Errorf("read %+v, want %+v", back, c.stamp)
			}
		})
	}
}

func TestDamagedStampSaysNothing(t *testing.T) {
	for _, nal := range stamp.NALs() {
		for n := range len(nal) - 1 {
			var s sei.Stamp
			if s.ReadNAL(nal[:n]) {
				t.Errorf("%x cut to %d bytes reads as %+v", nal, n, s)
			}
		}
	}
	for name, nal := range map[string]string{
		"separator not ff": "06051c 4d4953506d6963726f73656374696d65 1f 0006 fe 60bb ff 5981 ff 9240 80",
		"time 0":           "06051c 4d4953506d6963726f73656374696d65 1f 0000 ff 0000 ff 0000 ff 0000 80",
		"time of 64 bits":  "06051c 4d4953506d6963726f73656374696d65 1f 8000 ff 0000 ff 0000 ff 0000 80",
		"another version":  "060518 6ec1f9013dad48c1b9998d865d88ccdd 02 03 0102 0000 03 0005 80",
		"source 0":         "060518 6ec1f9013dad48c1b9998d865d88ccdd 01 03 0102 0000 03 0000 80",
		"not an SEI":       "65051c 4d4953506d6963726f73656374696d65 1f 0006 ff 60bb ff 5981 ff 9240 80",
	} {
		var s sei.Stamp
		if s.ReadNAL(unhex(t, nal)) {
			t.Errorf("%s: read as %+v", name, s)
		}
	}
}

func TestLongerOriginIsReadForWhatIsKnown(t *testing.T) {
	var s sei.Stamp
	nal := unhex(t, "060519 6ec1f9013dad48c1b9998d865d88ccdd 01 03 0102 0000 03 0005 77 80")
	want := sei.Origin{Source: 5, Clock: 0x0102, Flags: sei.Captured | sei.Calibrated}
	if !s.ReadNAL(nal) || s.Origin != want {
		t.Errorf("read %+v, want %+v", s.Origin, want)
	}
}

func TestMessagesRoundTrip(t *testing.T) {
	long := bytes.Repeat([]byte{0, 0, 0, 1, 3}, 200)
	cases := map[string][]sei.Message{
		"none":              nil,
		"empty":             {{Type: 6}},
		"several":           {{Type: 0, Payload: []byte{1}}, {Type: 5, Payload: []byte("0123456789abcdef")}, {Type: 1}},
		"type above 255":    {{Type: 700, Payload: []byte{0}}},
		"length of 255":     {{Type: 4, Payload: long[:255]}},
		"length of 1000":    {{Type: 5, Payload: long}},
		"ends in zeros":     {{Type: 5, Payload: []byte{0, 0, 0, 0}}},
		"looks like a stop": {{Type: 0x80, Payload: []byte{0x80}}, {Type: 5, Payload: []byte{0x80}}},
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			nal := sei.AppendNAL(nil, want...)
			for _, code := range []string{"\x00\x00\x00", "\x00\x00\x01", "\x00\x00\x02"} {
				if bytes.Contains(nal, []byte(code)) {
					t.Errorf("%x contains %x", nal, code)
				}
			}
			var got []sei.Message
			for m, err := range sei.Messages(nal) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, m)
			}
			if !slices.EqualFunc(got, want, sameMessage) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func sameMessage(a, b sei.Message) bool {
	return a.Type == b.Type && bytes.Equal(a.Payload, b.Payload)
}

func TestMessagesEndWithTheErrorOfWhatIsWrong(t *testing.T) {
	cases := []struct {
		name string
		nal  []byte
		want error
	}{
		{"empty", nil, sei.ErrMalformed},
		{"slice", []byte{0x65, 5, 0, 0x80}, sei.ErrMalformed},
		{"type without end", []byte{6, 0xff, 0xff}, sei.ErrMalformed},
		{"no length", []byte{6, 5}, sei.ErrMalformed},
		{"length too great", []byte{6, 5, 0xff, 0xff, 1, 2, 0x80}, sei.ErrMalformed},
		{"too long", append([]byte{6}, make([]byte, sei.MaxNAL)...), sei.ErrTooLong},
	}
	for _, c := range cases {
		var last error
		for _, err := range sei.Messages(c.nal) {
			last = err
		}
		if !errors.Is(last, c.want) {
			t.Errorf("%s: %v, want %v", c.name, last, c.want)
		}
	}
}
