package webrtc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
	pion "github.com/pion/webrtc/v4"
)

// maxCandidates bounds what one request may bring.
const maxCandidates = 64

var errFragment = errors.New("malformed fragment")

// fragment is a trickle ICE SDP fragment (RFC 8840, 9).
type fragment struct {
	ufrag, password string
	candidates      []pion.ICECandidateInit
}

// parseFragment reads a fragment.
func parseFragment(text string) (fragment, error) {
	var f fragment
	mid, index := "", -1
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		key, value, _ := strings.Cut(strings.TrimPrefix(line, "a="), ":")
		switch {
		case line == "":
		case strings.HasPrefix(line, "m="):
			index++
		case !strings.HasPrefix(line, "a="):
			return fragment{}, fmt.Errorf("media/webrtc: line %.20q: %w", line, errFragment)
		case key == "ice-ufrag":
			f.ufrag = value
		case key == "ice-pwd":
			f.password = value
		case key == "mid":
			mid = value
		case key == "candidate":
			if len(f.candidates) >= maxCandidates {
				return fragment{}, fmt.Errorf("media/webrtc: over %d candidates: %w", maxCandidates, errFragment)
			}
			f.candidates = append(f.candidates, candidate(line[2:], mid, index))
		}
	}
	if !plain(f.ufrag) || !plain(f.password) {
		return fragment{}, fmt.Errorf("media/webrtc: credentials: %w", errFragment)
	}
	return f, nil
}

func candidate(line, mid string, index int) pion.ICECandidateInit {
	c := pion.ICECandidateInit{Candidate: line}
	if mid != "" {
		c.SDPMid = &mid
	}
	if index >= 0 {
		n := uint16(min(index, maxSections))
		c.SDPMLineIndex = &n
	}
	return c
}

// plain says whether s is made of ice-chars (RFC 8839, 5.4), so that it can stand
// in a description.
func plain(s string) bool {
	for _, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '+' && c != '/' {
			return false
		}
	}
	return len(s) <= 256
}

// renew returns an offer with the fragment's credentials and without candidates.
func (f fragment) renew(offer string) (string, error) {
	var d sdp.SessionDescription
	if f.ufrag == "" || f.password == "" {
		return "", fmt.Errorf("media/webrtc: no credentials: %w", errFragment)
	}
	if err := d.UnmarshalString(offer); err != nil {
		return "", fmt.Errorf("media/webrtc: %w", err)
	}
	d.Origin.SessionVersion++
	d.Attributes = f.attributes(d.Attributes)
	for _, m := range d.MediaDescriptions {
		m.Attributes = f.attributes(m.Attributes)
	}
	b, err := d.Marshal()
	if err != nil {
		return "", fmt.Errorf("media/webrtc: %w", err)
	}
	return string(b), nil
}

func (f fragment) attributes(in []sdp.Attribute) []sdp.Attribute {
	var out []sdp.Attribute
	for _, a := range in {
		switch a.Key {
		case "ice-ufrag":
			a.Value = f.ufrag
		case "ice-pwd":
			a.Value = f.password
		case "candidate", "end-of-candidates":
			continue
		}
		out = append(out, a)
	}
	return out
}

// fragmentOf returns credentials and candidates of an answer, as a fragment. All
// media go over one transport, that of the first section.
func fragmentOf(answer string) []byte {
	var credentials, section, candidates []byte
	seen := map[string]bool{}
	for line := range strings.Lines(answer) {
		key, _, _ := strings.Cut(line, ":")
		if seen[line] {
			continue
		}
		seen[line] = true
		switch {
		case (key == "a=ice-ufrag" || key == "a=ice-pwd") && !seen[key]:
			seen[key] = true
			credentials = append(credentials, line...)
		case strings.HasPrefix(line, "m=") && section == nil, key == "a=mid" && !seen[key]:
			seen[key] = true
			section = append(section, line...)
		case key == "a=candidate":
			candidates = append(candidates, line...)
		}
	}
	return slices.Concat(credentials, section, candidates)
}
