package webrtc_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	pion "github.com/pion/webrtc/v4"

	"chalkline/protocol"
	"chalkline/server/media"
	"chalkline/server/media/webrtc"
)

// reply is what a request was answered with.
type reply struct {
	status int
	header http.Header
	body   string
}

func (w *world) request(method, path, token, content, body string, header ...string) reply {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if content != "" {
		r.Header.Set("Content-Type", content)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{a.StatusCode, a.Header, string(b)}
}

// peer is a connection made by hand, to see what is on the wire.
func (w *world) peer() (*pion.PeerConnection, string) {
	w.t.Helper()
	track, err := pion.NewTrackLocalStaticRTP(pion.RTPCodecCapability{MimeType: pion.MimeTypeH264}, "video", "peer")
	if err != nil {
		w.t.Fatal(err)
	}
	pc := connection(w.t)
	if _, err := pc.AddTransceiverFromTrack(track, pion.RTPTransceiverInit{Direction: pion.RTPTransceiverDirectionSendonly}); err != nil {
		w.t.Fatal(err)
	}
	return pc, w.offer(pc, nil)
}

// connection is one that can reach this machine, and offers header extensions of sound.
func connection(t *testing.T, extensions ...string) *pion.PeerConnection {
	t.Helper()
	m := &pion.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	for _, uri := range extensions {
		if err := m.RegisterHeaderExtension(pion.RTPHeaderExtensionCapability{URI: uri}, pion.RTPCodecTypeAudio); err != nil {
			t.Fatal(err)
		}
	}
	s := pion.SettingEngine{}
	s.SetIncludeLoopbackCandidate(true)
	pc, err := pion.NewAPI(pion.WithMediaEngine(m), pion.WithSettingEngine(s)).NewPeerConnection(pion.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	return pc
}

// offer makes an offer with all candidates.
func (w *world) offer(pc *pion.PeerConnection, options *pion.OfferOptions) string {
	w.t.Helper()
	offer, err := pc.CreateOffer(options)
	if err != nil {
		w.t.Fatal(err)
	}
	gathered := pion.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		w.t.Fatal(err)
	}
	<-gathered
	return pc.LocalDescription().SDP
}

const (
	whip        = "/api/rooms/CODE/whip"
	contentSDP  = "application/sdp"
	contentFrag = "application/trickle-ice-sdpfrag"
)

const channels = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:data\r\na=inactive\r\na=sctp-port:5000\r\n"

func TestWHIPAnswersAsRFC9725Wants(t *testing.T) {
	w := newWorld(t, func(c *webrtc.Config) {
		c.ICEServers = []string{"stun:stun.example"}
		c.TURN = webrtc.TURN{URLs: []string{"turn:turn.example"}, Secret: "secret"}
	})
	pc, offer := w.peer()
	got := w.request("POST", whip, "teacher:ann", contentSDP, offer)
	location := got.header.Get("Location")
	if got.status != http.StatusCreated || !strings.HasPrefix(location, whip+"/") || got.header.Get("ETag") == "" ||
		got.header.Get("Content-Type") != contentSDP || got.header.Get("Accept-Patch") != contentFrag {
		t.Fatalf("POST: %d %v", got.status, got.header)
	}
	if links := got.header.Values("Link"); len(links) != 2 || !strings.Contains(links[0], `<stun:stun.example>; rel="ice-server"`) ||
		!strings.Contains(links[1], `credential-type="password"`) {
		t.Errorf("links %q", links)
	}
	if err := pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: got.body}); err != nil {
		t.Fatal(err)
	}
	etag := got.header.Get("ETag")
	trickle := "a=ice-ufrag:x\r\na=ice-pwd:y\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n"
	for _, c := range []struct {
		name                 string
		method, path, token  string
		content, body, match string
		want                 int
	}{
		{name: "GET", method: "GET", path: location, want: 405},
		{name: "GET of the endpoint", method: "GET", path: whip, want: 405},
		{name: "trickle", method: "PATCH", path: location, content: contentFrag, body: trickle, match: etag, want: 204},
		{name: "without If-Match", method: "PATCH", path: location, content: contentFrag, body: trickle, want: 428},
		{name: "of another ICE session", method: "PATCH", path: location, content: contentFrag, body: trickle, match: `"x"`, want: 412},
		{name: "no fragment", method: "PATCH", path: location, content: contentFrag, body: "hello", match: etag, want: 400},
		{name: "other content", method: "PATCH", path: location, content: "text/plain", body: trickle, match: etag, want: 415},
		{name: "quality of a publisher", method: "PATCH", path: location, content: "application/json", body: `{"quality":"sub"}`, want: 400},
		{name: "somebody else", method: "DELETE", path: location, token: "teacher:eve", want: 404},
		{name: "nobody", method: "DELETE", path: location, token: "nobody", want: 401},
		{name: "DELETE", method: "DELETE", path: location, want: 200},
	} {
		token := c.token
		if token == "" {
			token = "teacher:ann"
		}
		var header []string
		if c.match != "" {
			header = []string{"If-Match", c.match}
		}
		got := w.request(c.method, c.path, token, c.content, c.body, header...)
		if got.status != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, got.status, got.body, c.want)
		}
		if accepted := got.header.Get("Accept-Patch"); c.want == 415 && accepted != contentFrag { // RFC 5789, 2.2
			t.Errorf("%s: Accept-Patch %q", c.name, accepted)
		}
	}
	waitFor(t, "end of the session", func() bool { return w.request("DELETE", location, "teacher:ann", "", "").status == 404 })
}

func TestOPTIONSSaysWhatIsTaken(t *testing.T) {
	w := newWorld(t)
	if got := w.request("OPTIONS", whip, "", "", ""); got.status != http.StatusNoContent || got.header.Get("Accept-Post") != contentSDP {
		t.Errorf("OPTIONS: %d %v", got.status, got.header)
	}
}

func TestMED7WhatCannotBeAnsweredIsRefusedWithItsCode(t *testing.T) {
	w := newWorld(t)
	_, offer := w.peer()
	for _, c := range []struct {
		name, content, body string
		status              int
		code                protocol.Code
	}{
		{"no H.264", contentSDP, strings.ReplaceAll(offer, "H264", "H999"), 406, protocol.UnsupportedCodec},
		{"no SDP", "text/plain", offer, 415, protocol.BadMessage},
		{"nonsense", contentSDP, "v=0", 400, protocol.BadMessage},
		{"inactive data channels", contentSDP, offer + channels, 400, protocol.BadMessage},
		{"no fingerprint", contentSDP, strings.ReplaceAll(offer, "fingerprint", "x"), 400, protocol.BadMessage},
		{"media without BUNDLE", contentSDP, strings.ReplaceAll(offer, "a=group:BUNDLE", "a=x"), 400, protocol.BadMessage},
		{"too large", contentSDP, strings.Repeat("a", 65<<10), 413, protocol.TooLarge},
	} {
		got := w.request("POST", whip, "teacher:ann", c.content, c.body)
		var e struct{ Code protocol.Code }
		if err := json.Unmarshal([]byte(got.body), &e); err != nil || got.status != c.status || e.Code != c.code {
			t.Errorf("%s: %d %s, %v", c.name, got.status, got.body, err)
		}
	}
	if got := w.request("POST", whip, "nobody", contentSDP, offer); got.status != 401 {
		t.Errorf("wrong token: %d", got.status)
	}
	goroutines, descriptors := w.open()
	for i := range 20 { // a connection is there already when pion refuses
		if got := w.request("POST", whip, "teacher:ann", contentSDP, strings.ReplaceAll(offer, "fingerprint", "x")); got.status != 400 {
			t.Errorf("no fingerprint, %d: %d", i, got.status)
		}
	}
	w.emptied(goroutines, descriptors)
	if n := len(w.registry.Sources(1)); n != 0 {
		t.Errorf("%d sources are left", n)
	}
}

func TestICERestartsWithNewCredentials(t *testing.T) {
	w := newWorld(t)
	pc, offer := w.peer()
	got := w.request("POST", whip, "teacher:ann", contentSDP, offer)
	if err := pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: got.body}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "connection", func() bool { return pc.ConnectionState() == pion.PeerConnectionStateConnected })
	restarted := w.offer(pc, &pion.OfferOptions{ICERestart: true})
	var fragment strings.Builder
	for line := range strings.Lines(restarted) {
		for _, key := range []string{"a=ice-ufrag:", "a=ice-pwd:", "a=candidate:"} {
			if strings.HasPrefix(line, key) {
				fragment.WriteString(line)
			}
		}
	}
	answer := w.request("PATCH", got.header.Get("Location"), "teacher:ann", contentFrag, fragment.String(), "If-Match", "*")
	if answer.status != http.StatusOK || answer.header.Get("ETag") == got.header.Get("ETag") {
		t.Fatalf("PATCH: %d %v %s", answer.status, answer.header, answer.body)
	}
	if err := pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: renewed(got.body, answer.body)}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "connection", func() bool { return pc.ICEConnectionState() == pion.ICEConnectionStateConnected })
}

// hosts returns n candidates that are of no others' address.
func hosts(net, n int) (all string) {
	for i := range n {
		all += fmt.Sprintf("a=candidate:1 1 UDP 1 127.0.%d.%d 9 typ host\r\n", net, i)
	}
	return all
}

// candidates are those of an offer.
var candidates = regexp.MustCompile(`a=candidate.*\r\n`)

// section is where a fragment's candidates belong.
const section = "m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"

func TestCandidatesOfAPATCHReachTheConnection(t *testing.T) {
	w := newWorld(t)
	_, offer := w.peer()
	got := w.request("POST", whip, "teacher:ann", contentSDP, candidates.ReplaceAllString(offer, ""))
	if n := w.server.Candidates(); got.status != http.StatusCreated || n != 0 {
		t.Fatalf("POST: %d %s, with %d candidates", got.status, got.body, n)
	}
	for _, c := range []struct {
		name, fragment, match string
		status, want          int
	}{
		{"first", section + hosts(1, 3), got.header.Get("ETag"), 204, 3},
		{"further", section + hosts(1, 4), got.header.Get("ETag"), 204, 4}, // three are known
		{"of a new ICE session", "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n" + section + hosts(2, 2), "*", 200, 2},
	} {
		answer := w.request("PATCH", got.header.Get("Location"), "teacher:ann", contentFrag, c.fragment, "If-Match", c.match)
		if answer.status != c.status {
			t.Fatalf("%s: %d %s, want %d", c.name, answer.status, answer.body, c.status)
		}
		waitFor(t, fmt.Sprintf("%d candidates: %s", c.want, c.name), func() bool { return w.server.Candidates() == c.want })
	}
}

func TestAClientHasOnlySoManyCandidates(t *testing.T) {
	w := newWorld(t)
	_, offer := w.peer()
	offer = candidates.ReplaceAllString(offer, "")
	if got := w.request("POST", whip, "teacher:ann", contentSDP, offer+hosts(1, 129)); got.status != http.StatusBadRequest {
		t.Errorf("129 candidates in an offer: %d", got.status)
	}
	got := w.request("POST", whip, "teacher:ann", contentSDP, offer+hosts(1, 100))
	for i := range 10 {
		fragment := section + hosts(2+i, 64)
		answer := w.request("PATCH", got.header.Get("Location"), "teacher:ann", contentFrag, fragment, "If-Match", got.header.Get("ETag"))
		if answer.status != http.StatusNoContent {
			t.Fatalf("PATCH %d: %d %s", i, answer.status, answer.body)
		}
	}
	waitFor(t, "128 candidates, 28 of them by PATCH", func() bool { return w.server.Candidates() >= 128 })
	if n := w.server.Candidates(); n > 128 {
		t.Errorf("%d candidates, want 128 at most", n)
	}
}

// renewed returns an answer with the credentials and candidates of a fragment.
func renewed(answer, fragment string) string {
	values := map[string]string{}
	candidates := ""
	for line := range strings.Lines(fragment) {
		key, _, _ := strings.Cut(line, ":")
		if values[key] = line; key == "a=candidate" {
			candidates += line
		}
	}
	var out strings.Builder
	for line := range strings.Lines(answer) {
		switch key, _, _ := strings.Cut(line, ":"); key {
		case "a=candidate":
		case "a=ice-ufrag":
			out.WriteString(values[key])
		case "a=ice-pwd":
			out.WriteString(values[key] + candidates)
		default:
			out.WriteString(line)
		}
	}
	return out.String()
}

func TestICEServersAreToldWithCredentialsForTwelveHours(t *testing.T) {
	w := newWorld(t, func(c *webrtc.Config) {
		c.ICEServers = []string{"stun:stun.example"}
		c.TURN = webrtc.TURN{URLs: []string{"turn:turn.example"}, Secret: "secret"}
	})
	got := w.request("GET", "/api/rooms/CODE/ice", "student:bob", "", "")
	var ice struct {
		Servers []struct {
			URLs                 []string
			Username, Credential string
		} `json:"ice_servers"`
	}
	if err := json.Unmarshal([]byte(got.body), &ice); err != nil || len(ice.Servers) != 2 {
		t.Fatalf("%s, %v", got.body, err)
	}
	if s := ice.Servers[1]; s.URLs[0] != "turn:turn.example" || !strings.HasSuffix(s.Username, ":bob") || len(s.Credential) != 28 {
		t.Errorf("TURN %+v", s)
	}
	if got := w.request("GET", "/api/rooms/CODE/ice", "nobody", "", ""); got.status != 401 {
		t.Errorf("nobody: %d", got.status)
	}
}

func TestAPlayerThatBundlesAllItsMediaGetsPictureAndSound(t *testing.T) {
	w := newWorld(t)
	w.publish()
	w.until("published with sound", func(i media.Info) bool { return i.Video && i.Audio })
	pc := connection(t)
	come := make(chan pion.RTPCodecType, 2)
	pc.OnTrack(func(r *pion.TrackRemote, _ *pion.RTPReceiver) { come <- r.Kind() })
	for _, kind := range []pion.RTPCodecType{pion.RTPCodecTypeAudio, pion.RTPCodecTypeVideo} {
		if _, err := pc.AddTransceiverFromKind(kind, pion.RTPTransceiverInit{Direction: pion.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	offer := strings.Replace(w.offer(pc, nil), "m=video 9 ", "m=video 0 ", 1) + "a=bundle-only\r\n"
	got := w.request("POST", "/api/rooms/CODE/sources/1/whep", "student:bob", contentSDP, offer)
	if err := pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: got.body}); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(wait)
	for kinds := map[pion.RTPCodecType]bool{}; len(kinds) < 2; {
		select {
		case kind := <-come:
			kinds[kind] = true
		case <-deadline:
			t.Fatalf("tracks have come: %v; the answer was %s", kinds, got.body)
		}
	}
}
