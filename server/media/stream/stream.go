// Package stream carries the coded media of one source inside the server, from
// whoever takes it in to whoever writes it out.
//
// A Hub is the middle: one publisher, any number of readers. A reader that does
// not keep up loses units up to the next key frame and nobody waits for it. The
// units are shared: nobody changes what is in them.
package stream

// Codec is how a unit is coded.
type Codec uint8

// The codecs.
const (
	None Codec = iota
	H264       // one access unit in Annex B, parameter sets before each key frame
	AAC        // one raw frame (ISO/IEC 14496-3), without ADTS
	Opus       // one packet (RFC 6716)
)

// Video says whether units of the codec are pictures.
func (c Codec) Video() bool { return c == H264 }

// Unit is one access unit of video or one frame of audio, in decoding order.
type Unit struct {
	Codec Codec
	// PTS and DTS are 1/90 000 s on the source's timeline, the same for picture and
	// sound, and do not wrap. Without reordering they are equal.
	PTS, DTS int64
	// Time is what the stamp in the access unit says, µs room time; of audio, when it was
	// captured. 0: not known.
	Time int64
	// Key: decoding can begin here. Audio always can.
	Key bool
	// Discontinuity: the timeline or the format begins anew with this unit.
	Discontinuity bool
	// Config is that of the audio: the AudioSpecificConfig of AAC, nil for Opus, which
	// has 48 000 Hz and two channels. It stays the same until a discontinuity.
	Config []byte
	Data   []byte
}
