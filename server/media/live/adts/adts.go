// Package adts frames AAC as streams carry it: ADTS (ISO/IEC 14496-3, 1.A.2), a
// header of seven bytes before each frame that says what AudioSpecificConfig
// (1.6.2.1) says once.
package adts

import (
	"bytes"
	"errors"
	"fmt"
)

// HeaderSize is the length of a header without checksum, in bytes.
const HeaderSize = 7

// maxFrame is the length of the longest frame with its header, in bytes: 13 bits.
const maxFrame = 1<<13 - 1

// SamplesPerFrame is how many samples of each channel a frame has.
const SamplesPerFrame = 1024

// ErrMalformed says that bytes are not what the format wants.
var ErrMalformed = errors.New("malformed")

// rates are the sampling frequencies by index, table 1.18.
var rates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// Config is what ADTS can say of a sound.
type Config struct {
	Object   byte // audio object type, 1 … 4; 2 is AAC-LC
	rate     byte // index
	Channels byte // channel configuration, 1 … 7
}

// Parse reads an AudioSpecificConfig. What ADTS cannot say is an error that wraps
// ErrMalformed.
func Parse(b []byte) (Config, error) {
	if len(b) < 2 {
		return Config{}, fmt.Errorf("adts: configuration of %d bytes: %w", len(b), ErrMalformed)
	}
	c := Config{Object: b[0] >> 3, rate: b[0]&7<<1 | b[1]>>7, Channels: b[1] >> 3 & 0x0f}
	if c.Object == 5 || c.Object == 29 {
		// Spectral band replication on top of AAC-LC is announced before the core, which
		// is what ADTS names. Players find the rest in the frames.
		c.Object = 2
	}
	if c.Object < 1 || c.Object > 4 || int(c.rate) >= len(rates) || c.Channels < 1 || c.Channels > 7 {
		return Config{}, fmt.Errorf("adts: object type %d, rate %d, channels %d: %w", c.Object, c.rate, c.Channels, ErrMalformed)
	}
	return c, nil
}

// Stereo is AAC-LC with 48 000 Hz and two channels.
func Stereo() Config { return Config{Object: 2, rate: 3, Channels: 2} }

// Rate returns the samples a second.
func (c Config) Rate() int { return rates[c.rate] }

// Specific returns c as an AudioSpecificConfig.
func (c Config) Specific() []byte {
	return []byte{c.Object<<3 | c.rate>>1, c.rate<<7 | c.Channels<<3}
}

// Append appends a raw frame with its header. A frame that is too long for one is
// an error that wraps ErrMalformed; dst comes back as it was.
func (c Config) Append(dst, raw []byte) ([]byte, error) {
	n := HeaderSize + len(raw)
	if n > maxFrame {
		return dst, fmt.Errorf("adts: frame of %d bytes: %w", len(raw), ErrMalformed)
	}
	dst = append(dst,
		0xff, 0xf1, // MPEG-4, no checksum
		(c.Object-1)<<6|c.rate<<2|c.Channels>>2,
		c.Channels<<6|byte(n>>11),
		byte(n>>3),
		byte(n<<5)|0x1f, 0xfc, // buffer fullness not stated; one frame
	)
	return append(dst, raw...), nil
}

// Cut takes the first frame off a stream. raw, which aliases b, is nil if b does
// not hold a whole one yet. Bytes before a header are skipped. Frames of several
// blocks, which no encoder in use writes, are skipped as well.
func Cut(b []byte) (c Config, raw, rest []byte) {
	for {
		at := bytes.IndexByte(b, 0xff)
		if at < 0 {
			return Config{}, nil, nil
		}
		b = b[at:]
		if len(b) < HeaderSize {
			return Config{}, nil, b
		}
		c, header, n, ok := open(b)
		if !ok {
			b = b[1:]
			continue
		}
		if len(b) < n {
			return Config{}, nil, b
		}
		if b[6]&3 == 0 {
			return c, b[header:n:n], b[n:]
		}
		b = b[n:]
	}
}

// open reads a header: its own length and that of the frame with it.
func open(b []byte) (c Config, header, n int, ok bool) {
	if b[0] != 0xff || b[1]&0xf6 != 0xf0 {
		return Config{}, 0, 0, false
	}
	header = HeaderSize
	if b[1]&1 == 0 {
		header += 2 // checksum
	}
	c = Config{Object: b[2]>>6 + 1, rate: b[2] >> 2 & 0x0f, Channels: b[2]&1<<2 | b[3]>>6}
	n = int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5]>>5)
	ok = n > header && int(c.rate) < len(rates) && c.Channels >= 1
	return c, header, n, ok
}
