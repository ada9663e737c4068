package webrtc

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what TURN servers expect (draft-uberti-behave-turn-rest-00)
	"encoding/base64"
	"fmt"
	"time"
)

// turnLife is for how long credentials of a TURN server are good.
const turnLife = 12 * time.Hour

// TURN is a TURN server whose credentials are made from a secret that it shares
// with this one (draft-uberti-behave-turn-rest-00; coturn: use-auth-secret).
type TURN struct {
	URLs   []string // turn: and turns: URLs; none: no TURN
	Secret string
}

// iceServer is an RTCIceServer.
type iceServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// iceServers returns what a client is told to use.
func (s *Server) iceServers(participant string, now time.Time) []iceServer {
	all := []iceServer{}
	if len(s.cfg.ICEServers) > 0 {
		all = append(all, iceServer{URLs: s.cfg.ICEServers})
	}
	if t := s.cfg.TURN; len(t.URLs) > 0 {
		name := fmt.Sprintf("%d:%s", now.Add(turnLife).Unix(), participant)
		mac := hmac.New(sha1.New, []byte(t.Secret))
		mac.Write([]byte(name))
		all = append(all, iceServer{URLs: t.URLs, Username: name, Credential: base64.StdEncoding.EncodeToString(mac.Sum(nil))})
	}
	return all
}
