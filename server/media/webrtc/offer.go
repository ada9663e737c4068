package webrtc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"chalkline/protocol"
)

// maxOffer bounds a session description, in bytes; those of browsers have some 8 kB.
const maxOffer = 64 << 10

// maxSections bounds the media of an offer; one of sound and one of picture are used.
const maxSections = 4

// offered is what an offer has that we can do.
type offered struct {
	video, audio bool
	rids         []string // of the picture's encodings, the largest first; none: one
	candidates   int      // that are sent to: those of one section
}

// readOffer looks whether an offer can be answered: one picture and one sound at
// most, that come here (publish) or go there. The error is a *protocol.Error.
func readOffer(text string, publish bool) (offered, error) {
	var o offered
	bad := protocol.NewError(protocol.BadMessage)
	var d sdp.SessionDescription
	if d.UnmarshalString(text) != nil || len(d.MediaDescriptions) == 0 || len(d.MediaDescriptions) > maxSections {
		return o, bad
	}
	for _, m := range d.MediaDescriptions {
		if o.candidates = max(o.candidates, candidatesOf(m)); o.candidates > mostCandidates {
			return o, bad
		}
		kind := m.MediaName.Media
		switch {
		case kind != "video" && kind != "audio": // before all else: pion opens data channels in sections without media, too
			return o, bad
		case refused(m) || !flows(m, publish):
		case kind == "video":
			if o.video {
				return o, bad
			}
			if !takesH264(m) {
				return o, protocol.NewError(protocol.UnsupportedCodec, "codecs", "H264")
			}
			o.video, o.rids = true, ridsOf(m)
		default:
			if o.audio {
				return o, bad
			}
			if !hasCodec(m, "opus/48000") {
				return o, protocol.NewError(protocol.UnsupportedCodec, "codecs", "opus")
			}
			o.audio = true
		}
	}
	if !o.video && !o.audio {
		return o, bad
	}
	return o, nil
}

// refused says whether a section is: one that is for the transport of another alone
// has no port either (RFC 9143, 6).
func refused(m *sdp.MediaDescription) bool {
	_, bundled := m.Attribute("bundle-only")
	return m.MediaName.Port.Value == 0 && !bundled
}

// candidatesOf counts the ICE candidates of a section.
func candidatesOf(m *sdp.MediaDescription) (n int) {
	for _, a := range m.Attributes {
		if a.IsICECandidate() {
			n++
		}
	}
	return n
}

// flows says whether media go in the direction that is asked for.
func flows(m *sdp.MediaDescription, publish bool) bool {
	wrong := sdp.AttrKeySendOnly
	if publish {
		wrong = sdp.AttrKeyRecvOnly
	}
	for _, a := range m.Attributes {
		if a.Key == wrong || a.Key == sdp.AttrKeyInactive {
			return false
		}
	}
	return true
}

// takesH264 looks for H.264 in packetization mode 1 (RFC 6184, 8.1).
func takesH264(m *sdp.MediaDescription) bool {
	modes := map[string]bool{} // payload types with mode 1
	for _, a := range m.Attributes {
		if number, parameters, ok := strings.Cut(a.Value, " "); ok && a.Key == "fmtp" {
			modes[number] = strings.Contains(parameters, "packetization-mode=1")
		}
	}
	for _, a := range m.Attributes {
		number, codec, _ := strings.Cut(a.Value, " ")
		if a.Key == "rtpmap" && modes[number] && strings.EqualFold(codec, fmt.Sprintf("H264/%d", videoRate)) {
			return true
		}
	}
	return false
}

func hasCodec(m *sdp.MediaDescription, prefix string) bool {
	for _, a := range m.Attributes {
		_, codec, _ := strings.Cut(a.Value, " ")
		if a.Key == "rtpmap" && strings.HasPrefix(strings.ToLower(codec), prefix) {
			return true
		}
	}
	return false
}

// ridsOf returns the encodings that are sent (RFC 8853), in the order of preference.
func ridsOf(m *sdp.MediaDescription) []string {
	for _, a := range m.Attributes {
		if a.Key != "simulcast" {
			continue
		}
		_, list, _ := strings.Cut(a.Value, "send ")
		list, _, _ = strings.Cut(list, " ")
		var rids []string
		for _, alternatives := range strings.Split(list, ";") {
			first, _, _ := strings.Cut(alternatives, ",")
			rids = append(rids, strings.TrimPrefix(first, "~"))
		}
		return rids
	}
	return nil
}

// qualityOf says which quality an encoding is: that of its name, as our page calls
// them (browsers send the small one first), else the first is main and the last sub;
// false: it is not used.
func (o offered) qualityOf(rid string) (quality, bool) {
	if rid != "" && slices.Contains(o.rids, string(qualityMain)) && slices.Contains(o.rids, string(qualitySub)) {
		if q := quality(rid); q == qualityMain || q == qualitySub {
			return q, true
		}
		return "", false
	}
	switch {
	case len(o.rids) < 2 || rid == "" || rid == o.rids[0]:
		return qualityMain, true
	case rid == o.rids[len(o.rids)-1]:
		return qualitySub, true
	}
	return "", false
}
