package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"

	"chalkline/sei"
)

// errMalformed says that what came is not what its format wants; errCodec that it is
// coded in a way that is not passed on. Encoders are told these texts.
var (
	errMalformed = errors.New("malformed")
	errCodec     = errors.New("not supported here: set the encoder to H.264 and AAC")
)

// The kinds of packets of AVC and AAC in FLV (Adobe Flash Video File Format 10.1,
// E.4.2.1 and E.4.3.1).
const (
	flvConfig = 0
	flvMedia  = 1
)

// flvVideo is the body of a video tag.
type flvVideo struct {
	packet      byte
	key         bool
	composition int64 // ms from decoding to presentation
	data        []byte
}

// parseVideo takes a video tag apart. The error wraps errMalformed or errCodec.
func parseVideo(b []byte) (flvVideo, error) {
	const (
		enhanced   = 0x80
		avc        = 7
		commandTag = 5
		headerSize = 5
	)
	if len(b) > 0 && b[0]&enhanced != 0 {
		return parseEnhanced(b)
	}
	if len(b) > 0 && b[0]>>4 == commandTag {
		return flvVideo{packet: flvMedia}, nil // for players on demand; no picture
	}
	if len(b) > 0 && b[0]&0x0f != avc {
		return flvVideo{}, fmt.Errorf("video codec %d of FLV is %w", b[0]&0x0f, errCodec)
	}
	if len(b) < headerSize {
		return flvVideo{}, errMalformed
	}
	return flvVideo{
		packet: b[1], key: b[0]>>4 == 1, data: b[headerSize:],
		composition: composition(b[2:]),
	}, nil
}

// parseEnhanced takes a video tag apart that names its codec by four letters
// (Enhanced RTMP 2, ExVideoTagHeader).
func parseEnhanced(b []byte) (flvVideo, error) {
	const (
		config     = 0
		media      = 1
		mediaNow   = 3 // without a time from decoding to presentation
		headerSize = 5
		timeSize   = 3
	)
	if len(b) < headerSize {
		return flvVideo{}, errMalformed
	}
	if codec := b[1:headerSize]; string(codec) != "avc1" {
		return flvVideo{}, fmt.Errorf("video %q is %w", codec, errCodec)
	}
	v := flvVideo{packet: flvMedia, key: b[0]>>4&7 == 1, data: b[headerSize:]}
	switch b[0] & 0x0f {
	case config:
		v.packet = flvConfig
	case media:
		if len(v.data) < timeSize {
			return flvVideo{}, errMalformed
		}
		v.composition, v.data = composition(v.data), v.data[timeSize:]
	case mediaNow:
	default:
		return flvVideo{packet: flvMedia}, nil // the end, or about colours; no picture
	}
	return v, nil
}

// composition reads the ms from decoding to presentation: 24 bits with a sign.
func composition(b []byte) int64 {
	return int64(int32(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8) >> 8)
}

// parseAudio takes an audio tag of AAC apart. The error wraps errMalformed or
// errCodec.
func parseAudio(b []byte) (packet byte, data []byte, err error) {
	const aac, headerSize = 10, 2
	if len(b) > 0 && b[0]>>4 != aac {
		return 0, nil, fmt.Errorf("audio codec %d of FLV is %w", b[0]>>4, errCodec)
	}
	if len(b) < headerSize {
		return 0, nil, errMalformed
	}
	return b[1], b[headerSize:], nil
}

// avcConfig is what an AVCDecoderConfigurationRecord says (ISO/IEC 14496-15,
// 5.3.3.1): the parameter sets, and how long the lengths of NAL units are.
type avcConfig struct {
	framing sei.Framing
	sets    [][]byte
}

// parseAVCConfig reads the record. The sets alias b.
func parseAVCConfig(b []byte) (avcConfig, error) {
	const fixed = 5
	if len(b) <= fixed || b[0] != 1 {
		return avcConfig{}, fmt.Errorf("configuration of H.264: %w", errMalformed)
	}
	c := avcConfig{framing: sei.Framing(b[4]&3 + 1)}
	if c.framing != sei.AVCC1 && c.framing != sei.AVCC2 && c.framing != sei.AVCC4 {
		return avcConfig{}, fmt.Errorf("configuration of H.264: lengths of %d bytes: %w", c.framing, errMalformed)
	}
	b = b[fixed:]
	for _, mask := range []byte{0x1f, 0xff} { // sequence parameter sets, picture parameter sets
		if len(b) < 1 {
			return avcConfig{}, fmt.Errorf("configuration of H.264: %w", errMalformed)
		}
		count := int(b[0] & mask)
		b = b[1:]
		for range count {
			if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
				return avcConfig{}, fmt.Errorf("configuration of H.264: %w", errMalformed)
			}
			n := 2 + int(binary.BigEndian.Uint16(b))
			if n > 2 {
				c.sets = append(c.sets, b[2:n])
			}
			b = b[n:]
		}
	}
	if len(c.sets) < 2 {
		return avcConfig{}, fmt.Errorf("configuration of H.264 without parameter sets: %w", errMalformed)
	}
	return c, nil
}
