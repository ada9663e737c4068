package aac

// silencePacket is 20 ms of nothing: CELT, full band, mono.
const silencePacket = "\xf8\xff\xfe"

const (
	rate           = 48_000
	silenceSamples = rate / 50
	maxSamples     = rate * 120 / 1000 // of a packet
)

// samplesOf returns how long an Opus packet is, in samples at 48 kHz: 0 if it is
// malformed (RFC 6716, 3.1 and 3.2).
func samplesOf(packet []byte) int {
	if len(packet) == 0 || len(packet) > maxPacket {
		return 0
	}
	frames := 2
	switch packet[0] & 3 {
	case 0:
		frames = 1
	case 3:
		if len(packet) < 2 {
			return 0
		}
		frames = int(packet[1] & 0x3f)
	}
	n := frames * frameSamples(packet[0]>>3)
	if n > maxSamples {
		return 0
	}
	return n
}

// frameSamples is table 2 of RFC 6716.
func frameSamples(config byte) int {
	switch {
	case config >= 16: // CELT: 2.5, 5, 10, 20 ms
		return 120 << (config & 3)
	case config >= 12: // hybrid: 10, 20 ms
		return 480 << (config & 1)
	case config&3 == 3: // SILK: 10, 20, 40, 60 ms
		return 2880
	default:
		return 480 << (config & 3)
	}
}
