package content_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"chalkline/server/content"
)

// progressive is a grey JPEG of 8 × 8 px with so many scans that change nothing, and
// between each two segments what decoders pass over.
func progressive(scans int, between string) []byte {
	segment := func(marker byte, body []byte) []byte {
		head := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(body)))
		return append(append(head, body...), between...)
	}
	oneCode := append([]byte{0x10, 1}, make([]byte, 15)...)
	b := append([]byte("\xff\xd8"), segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...))...)
	b = append(b, segment(0xc2, []byte{8, 0, 8, 0, 8, 1, 1, 0x11, 0})...)
	b = append(b, segment(0xc4, append(oneCode, 0xe0))...) // the end of a band of 2¹⁴ blocks
	for range scans {
		scan := segment(0xda, []byte{1, 1, 0, 1, 63, 0})
		b = append(append(b, scan[:10]...), 0, 0x01)
		b = append(b, between...)
	}
	return append(b, 0xff, 0xd9)
}

func TestAJPEGIsNotDecodedOverAndOver(t *testing.T) {
	s := open(t, content.Config{})
	for between, name := range map[string]string{"": "plain", "\x00\xff\x00": "bytes between", "\xff\xff": "fill"} {
		if _, err := s.Put(t.Context(), 1, progressive(20, between)); err != nil {
			t.Errorf("%s, 20 scans: %v", name, err)
		}
		_, err := s.Put(t.Context(), 1, progressive(65, between))
		if over := new(content.LimitError); !errors.As(err, &over) || over.Limit != "scans" {
			t.Errorf("%s, 65 scans: %v", name, err)
		}
	}
	for cut := range 400 { // nothing panics
		_, _ = s.Put(t.Context(), 1, progressive(20, "")[:cut])
	}
}
