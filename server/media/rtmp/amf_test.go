package rtmp

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestAMFIsReadAsItIsWritten(t *testing.T) {
	b := appendAMF(nil, "connect", 1.0, nil, []property{{"app", "live"}, {"n", 2.5}})
	got, err := decodeAMF(b)
	want := []any{"connect", 1.0, nil, map[string]any{"app": "live", "n": 2.5}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("decodeAMF() = %v, %v, want %v", got, err, want)
	}
	for n := 1; n < len(b); n++ {
		values, err := decodeAMF(b[:n])
		if err == nil && len(values) == len(want) {
			t.Errorf("cut off after %d bytes it is %v", n, values)
		}
	}
}

func TestAMFOfOthersIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		bytes string
		want  any
	}{
		"boolean":      {"\x01\x01", true},
		"undefined":    {"\x06", nil},
		"array":        {"\x08\x00\x00\x00\x01\x00\x01a\x05\x00\x00\x09", map[string]any{"a": nil}},
		"strict array": {"\x0a\x00\x00\x00\x02\x05\x01\x00", []any{nil, false}},
		"date":         {"\x0b\x3f\xf0\x00\x00\x00\x00\x00\x00\x00\x00", 1.0},
		"long string":  {"\x0c\x00\x00\x00\x02hi", "hi"},
		"typed object": {"\x10\x00\x01c\x00\x00\x09", map[string]any{}},
	} {
		got, err := decodeAMF([]byte(c.bytes))
		if err != nil || !reflect.DeepEqual(got, []any{c.want}) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestAMFBombsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		bytes string
		want  error
	}{
		"deep":         {strings.Repeat("\x03\x00\x01a", maxAMFDepth+2), errLimit},
		"many":         {strings.Repeat("\x05", maxAMFValues+1), errLimit},
		"claimed":      {"\x0a\xff\xff\xff\xff", errMalformed},
		"long claimed": {"\x0c\xff\xff\xff\xffa", errMalformed},
		"AMF 3":        {"\x11\x01", errMalformed},
	} {
		if _, err := decodeAMF([]byte(c.bytes)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzAMF(f *testing.F) {
	f.Add(appendAMF(nil, "connect", 1.0, nil, []property{{"app", "live"}}))
	f.Add([]byte("\x08\x00\x00\x00\x01\x00\x01a\x05\x00\x00\x09\x0a\x00\x00\x00\x01\x05"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if values, err := decodeAMF(b); err == nil && len(values) > maxAMFValues {
			t.Fatalf("%d values", len(values))
		}
	})
}
