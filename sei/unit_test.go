package sei_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"chalkline/sei"
)

// Short NAL units; the slices are the first of their pictures.
const (
	delimiter = "\x09\xf0"
	sps       = "\x67\x42\x00\x1f"
	pps       = "\x68\xce\x38\x80"
	prefix    = "\x6e\x40"
	idr       = "\x65\x88\x84\x00\x00\x03\x00\x21"
	slice     = "\x41\x9a\x24\x6c"
	second    = "\x41\x1a\x24\x6c" // a further slice of the picture
)

// x264 is what that encoder writes about itself, shortened.
var x264 = string(sei.AppendNAL(nil, sei.Message{
	Type:    sei.UserData,
	Payload: []byte("\xdc\x45\xe9\xbd\xe6\xd9\x48\xb7\x96\x2c\xd8\x20\xd9\x23\xee\xefx264 - core 164"),
}))

var framings = []sei.Framing{sei.AnnexB, sei.AVCC1, sei.AVCC2, sei.AVCC4}

func join(t testing.TB, f sei.Framing, nals ...string) []byte {
	t.Helper()
	var out []byte
	for _, nal := range nals {
		var err error
		if out, err = f.Append(out, []byte(nal)); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func types(t testing.TB, f sei.Framing, unit []byte) string {
	t.Helper()
	out := ""
	for u, err := range f.Units(unit) {
		if err != nil {
			t.Fatal(err)
		}
		out += fmt.Sprint(sei.TypeOf(u.NAL), " ")
	}
	return out
}

func TestStampStandsBeforeTheFirstSlice(t *testing.T) {
	cases := []struct {
		name  string
		nals  []string
		types string
	}{
		{"slice alone", []string{slice}, "6 6 1 "},
		{"key frame", []string{delimiter, sps, pps, x264, idr}, "9 7 8 6 6 6 5 "},
		{"several slices", []string{pps, slice, second}, "8 6 6 1 1 "},
		{"prefix belongs to its slice", []string{sps, prefix, slice}, "7 6 6 14 1 "},
		{"prefix of nothing", []string{prefix, pps, prefix, slice}, "14 8 6 6 14 1 "},
		{"SEI behind the slice stays", []string{slice, x264}, "6 6 1 6 "},
	}
	for _, c := range cases {
		for _, f := range framings {
			t.Run(fmt.Sprint(c.name, f), func(t *testing.T) {
				unit := join(t, f, c.nals...)
				out, err := sei.Insert(f, []byte("kept"), unit, stamp)
				if err != nil || !bytes.HasPrefix(out, []byte("kept")) {
					t.Fatal(err)
				}
				out = out[4:]
				if got := types(t, f, out); got != c.types {
					t.Errorf("types %s, want %s", got, c.types)
				}
				if got, ok := sei.Read(f, out); !ok || got != stamp {
					t.Errorf("read %+v %t, want %+v", got, ok, stamp)
				}
				if back, err := sei.Remove(f, nil, out); err != nil || !bytes.Equal(back, unit) {
					t.Errorf("removed: %x %v\nwant %x", back, err, unit)
				}
			})
		}
	}
}

func TestStampReplacesTheOneThatIsThere(t *testing.T) {
	later := sei.Stamp{Time: stamp.Time + 33_333}
	for _, f := range framings {
		unit := join(t, f, sps, pps, x264, idr)
		once, err := sei.Insert(f, nil, unit, stamp)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := sei.Insert(f, nil, once, later)
		if err != nil {
			t.Fatal(err)
		}
		want, err := sei.Insert(f, nil, unit, later)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(twice, want) {
			t.Errorf("framing %d: %x\nwant %x", f, twice, want)
		}
	}
}

func TestOthersMessagesInOneUnitWithOursStay(t *testing.T) {
	ours := stamp.NALs()[0]
	theirs := sei.Message{Type: 1, Payload: []byte{1, 2, 0, 0, 0, 3}}
	mixed := sei.AppendNAL(nil, sei.Message{Type: sei.UserData, Payload: ours[3 : len(ours)-1]}, theirs)
	unit := join(t, sei.AnnexB, string(mixed), slice)
	if got, ok := sei.Read(sei.AnnexB, unit); !ok || got.Time != stamp.Time {
		t.Fatalf("read %+v %t", got, ok)
	}
	got, err := sei.Remove(sei.AnnexB, nil, unit)
	want := join(t, sei.AnnexB, string(sei.AppendNAL(nil, theirs)), slice)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x %v\nwant %x", got, err, want)
	}
}

func TestAMalformedUnitStaysUnlessItHasAUUIDOfOurs(t *testing.T) {
	cutOff := "\x06\x04\x7f\x41\x80"
	for _, nal := range stamp.NALs() {
		ours := string(nal[:len(nal)-1]) + "\x04\x7f\x80"
		unit := join(t, sei.AnnexB, cutOff, ours, slice)
		if s, ok := sei.Read(sei.AnnexB, unit); ok {
			t.Errorf("read %+v", s)
		}
		got, err := sei.Remove(sei.AnnexB, nil, unit)
		if want := join(t, sei.AnnexB, cutOff, slice); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%x %v\nwant %x", got, err, want)
		}
	}
}

func TestAStampIsTakenOutThoughWhatStaysGrowsByAsMuch(t *testing.T) {
	ours := string(stamp.NALs()[0])
	message := ours[1 : len(ours)-1]
	others := strings.Repeat("\x00\x00\x02", len(message)) // one byte more for each, of emulation prevention
	unit := join(t, sei.AnnexB, "\x06\x04"+string(rune(len(others)))+others+message+"\x80", slice)
	got, err := sei.Remove(sei.AnnexB, nil, unit)
	if err != nil || len(got) != len(unit) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(unit), err)
	}
	if s, ok := sei.Read(sei.AnnexB, got); ok {
		t.Errorf("read %+v", s)
	}
}

func TestStartCodesOfThreeAndFourBytesStayAsTheyAre(t *testing.T) {
	unit := []byte("\x00\x00\x01" + sps + "\x00\x00\x00\x01" + pps + "\x00\x00\x01" + slice + "\x00\x00\x01" + second + "\x00\x00")
	out, err := sei.Insert(sei.AnnexB, nil, unit, stamp)
	if err != nil {
		t.Fatal(err)
	}
	if got := types(t, sei.AnnexB, out); got != "7 8 6 6 1 1 " {
		t.Errorf("types %s", got)
	}
	if back, err := sei.Remove(sei.AnnexB, nil, out); err != nil || !bytes.Equal(back, unit) {
		t.Errorf("removed: %x %v\nwant %x", back, err, unit)
	}
}

func TestWhatCannotBeStampedComesBackAsAnError(t *testing.T) {
	cases := []struct {
		name    string
		framing sei.Framing
		unit    string
		want    error
	}{
		{"empty", sei.AnnexB, "", sei.ErrNoPicture},
		{"no start code", sei.AnnexB, slice, sei.ErrNoPicture},
		{"parameter sets alone", sei.AnnexB, "\x00\x00\x01" + sps, sei.ErrNoPicture},
		{"length beyond the end", sei.AVCC4, "\x7f\xff\xff\xff\x65", sei.ErrMalformed},
		{"length cut off", sei.AVCC4, "\x00\x00\x00", sei.ErrMalformed},
		{"no such framing", 3, slice, sei.ErrMalformed},
	}
	for _, c := range cases {
		if out, err := sei.Insert(c.framing, []byte("kept"), []byte(c.unit), stamp); !errors.Is(err, c.want) || string(out) != "kept" {
			t.Errorf("%s: %q %v, want %v", c.name, out, err, c.want)
		}
	}
	if _, err := sei.AVCC1.Append(nil, make([]byte, 256)); !errors.Is(err, sei.ErrMalformed) {
		t.Errorf("256 bytes after a length of one byte: %v", err)
	}
}

func TestStampBehindTheSliceIsNotRead(t *testing.T) {
	unit := join(t, sei.AnnexB, slice, string(stamp.NALs()[0]))
	if s, ok := sei.Read(sei.AnnexB, unit); ok {
		t.Errorf("read %+v", s)
	}
}

func TestAccessUnitsBeginWithWhatBelongsToTheNextPicture(t *testing.T) {
	units := [][]string{
		{delimiter, sps, pps, x264, idr},
		{slice, second},
		{slice},
		{x264, slice},
		{prefix, slice, second},
		{pps, idr},
	}
	var stream []byte
	for _, u := range units {
		stream = append(stream, join(t, sei.AnnexB, u...)...)
	}
	n := 0
	for au := range sei.AccessUnits(stream) {
		if want := join(t, sei.AnnexB, units[n]...); !bytes.Equal(au, want) {
			t.Errorf("unit %d = %x\nwant %x", n, au, want)
		}
		n++
	}
	if n != len(units) {
		t.Errorf("%d units, want %d", n, len(units))
	}
}
