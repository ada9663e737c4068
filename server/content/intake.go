package content

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// Limits of one image.
const (
	MaxBytes  = 20 << 20   // as it comes
	MaxPixels = 50_000_000 // as it comes
	MaxSide   = 4096       // px, as it is stored; larger ones are made smaller
)

// sniff tells what an image is from its first bytes, whatever it is called; "" if
// it is none that can be read.
func sniff(data []byte) string {
	has := func(prefix string) bool { return bytes.HasPrefix(data, []byte(prefix)) }
	switch {
	case has("\x89PNG\r\n\x1a\n"):
		return "png"
	case has("\xff\xd8\xff"):
		return "jpeg"
	case has("GIF87a"), has("GIF89a"):
		return "gif"
	case has("RIFF") && len(data) >= 12 && string(data[8:12]) == "WEBP":
		return "webp"
	default:
		return ""
	}
}

// check refuses what is no image or too large, before a pixel is decoded.
func check(data []byte) error {
	if len(data) > MaxBytes {
		return &LimitError{"bytes", MaxBytes}
	}
	width, height, err := sizeOf(data)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	if width <= 0 || height <= 0 {
		return fmt.Errorf("%w: %d × %d px", ErrUnusable, width, height)
	}
	if int64(width)*int64(height) > MaxPixels {
		return &LimitError{"pixels", MaxPixels}
	}
	if sniff(data) == "jpeg" && scansOf(data) > maxScans {
		return &LimitError{"scans", maxScans}
	}
	return nil
}

// sizeOf reads the size from the header.
func sizeOf(data []byte) (width, height int, err error) {
	var config image.Config
	switch r := bytes.NewReader(data); sniff(data) {
	case "png":
		config, err = png.DecodeConfig(r)
	case "jpeg":
		config, err = jpeg.DecodeConfig(r)
	case "gif":
		config, err = gif.DecodeConfig(r)
	case "webp":
		if config, err = webp.DecodeConfig(r); err == nil {
			return webpSize(data, config.Width, config.Height)
		}
	default:
		return 0, 0, fmt.Errorf("of no known type")
	}
	return config.Width, config.Height, err
}

// webpSize is the larger of what an extended header says and what the pictures
// behind it say of themselves: the decoder believes the latter.
func webpSize(data []byte, width, height int) (int, int, error) {
	for at := 12; at+8 <= len(data); {
		kind, size := string(data[at:at+4]), int64(binary.LittleEndian.Uint32(data[at+4:]))
		body := data[at+8:]
		switch {
		case kind == "VP8 " && len(body) >= 10:
			width = max(width, int(binary.LittleEndian.Uint16(body[6:])&0x3fff))
			height = max(height, int(binary.LittleEndian.Uint16(body[8:])&0x3fff))
		case kind == "VP8L" && len(body) >= 5:
			bits := binary.LittleEndian.Uint32(body[1:])
			width, height = max(width, int(bits&0x3fff)+1), max(height, int(bits>>14&0x3fff)+1)
		}
		next := int64(at) + 8 + size + size&1
		if next > int64(len(data)) {
			break
		}
		at = int(next)
	}
	return width, height, nil
}

func decode(data []byte) (image.Image, error) {
	r := bytes.NewReader(data)
	switch sniff(data) {
	case "png":
		return png.Decode(r)
	case "jpeg":
		return jpeg.Decode(r)
	case "gif":
		return gif.Decode(r)
	default:
		return webp.Decode(r)
	}
}

// reencode decodes an image that check let through and encodes it anew.
func reencode(data []byte) ([]byte, Info, error) {
	src, err := decode(data)
	if err != nil {
		return nil, Info{}, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	small := fit(src)
	if sniff(data) == "jpeg" {
		small = upright(small, orientation(data))
	}
	info := Info{Type: "image/jpeg", Width: small.Rect.Dx(), Height: small.Rect.Dy()}
	var out bytes.Buffer
	if flat(small) {
		info.Type = "image/png"
		encoder := png.Encoder{CompressionLevel: png.DefaultCompression}
		err = encoder.Encode(&out, small)
	} else {
		err = jpeg.Encode(&out, small, &jpeg.Options{Quality: quality})
	}
	if err != nil {
		return nil, Info{}, fmt.Errorf("encode: %w", err)
	}
	return out.Bytes(), info, nil
}
