package webrtc_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"chalkline/server/media/webrtc"
)

// rogue is a client that sends whatever it likes: past the track that it offers.
type rogue struct {
	*pion.TrackLocalStaticRTP
	pc     *pion.PeerConnection
	writer pion.TrackLocalWriter
	codec  uint8 // payload types
	again  uint8 // of RTX
	number uint16
	time   uint32
}

// Bind keeps what was negotiated.
func (r *rogue) Bind(c pion.TrackLocalContext) (pion.RTPCodecParameters, error) {
	p, err := r.TrackLocalStaticRTP.Bind(c)
	r.writer, r.codec = c.WriteStream(), uint8(p.PayloadType)
	for _, o := range c.CodecParameters() {
		if o.SDPFmtpLine == fmt.Sprintf("apt=%d", r.codec) {
			r.again = uint8(o.PayloadType)
		}
	}
	return p, err
}

// newRogue connects to an endpoint with an offer of one picture, changed.
func (w *world) newRogue(path, token string, change func(offer string) string) *rogue {
	w.t.Helper()
	track, err := pion.NewTrackLocalStaticRTP(pion.RTPCodecCapability{MimeType: pion.MimeTypeH264}, "video", "rogue")
	if err != nil {
		w.t.Fatal(err)
	}
	r := &rogue{TrackLocalStaticRTP: track, pc: w.connection()}
	if _, err := r.pc.AddTrack(r); err != nil {
		w.t.Fatal(err)
	}
	got := w.request("POST", "/api/rooms/CODE/"+path, token, contentSDP, change(w.offer(r.pc, nil)))
	if got.status != http.StatusCreated {
		w.t.Fatalf("POST: %d %s", got.status, got.body)
	}
	if err := r.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: got.body}); err != nil {
		w.t.Fatal(err)
	}
	waitFor(w.t, "connection", func() bool { return r.pc.ConnectionState() == pion.PeerConnectionStateConnected })
	return r
}

// Changes of an offer.
var (
	ssrcs = regexp.MustCompile(`a=ssrc.*\r\n`)

	asItIs       = func(offer string) string { return offer }
	withoutSSRCs = func(offer string) string { return ssrcs.ReplaceAllString(offer, "") }
)

// keyFrame sends the beginning of a film.
func (r *rogue) keyFrame(ssrc uint32) {
	r.time += 3000
	for _, nal := range []string{"\x67\x42\x00\x1f", "\x68\xce", "\x65\x88"} {
		r.number++
		r.send(ssrc, r.codec, nal[0] == 0x65, []byte(nal))
	}
}

func (r *rogue) send(ssrc uint32, codec uint8, marker bool, payload []byte) {
	h := &pionrtp.Header{Version: 2, Marker: marker, PayloadType: codec, SequenceNumber: r.number, Timestamp: r.time, SSRC: ssrc}
	_, _ = r.writer.WriteRTP(h, payload) // the server may have ended it
}

// reportOf sends RTCP about an SSRC.
func (r *rogue) reportOf(ssrc uint32) {
	_ = r.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}}) // as above
}

// sayings is a log.
type sayings struct {
	mu  sync.Mutex
	all strings.Builder
}

func (s *sayings) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(b)
}

func (s *sayings) has(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.all.String(), what)
}

func TestASessionThatSendsMoreThanItMayIsEnded(t *testing.T) {
	const whep = "sources/1/whep"
	for _, c := range []struct {
		name, path string
		change     func(string) string
		send       func(r *rogue, ssrc uint32)
		why        string
	}{
		{"pictures", "whip", withoutSSRCs, (*rogue).keyFrame, "too many tracks"},
		{"SSRCs that are of no track", "whip", asItIs, (*rogue).keyFrame, "too many streams"},
		{"RTCP of a publisher", "whip", asItIs, (*rogue).reportOf, "too many streams"},
		{"RTCP of a viewer", whep, asItIs, (*rogue).reportOf, "too many streams"},
		{"SSRCs of a viewer", whep, asItIs, (*rogue).keyFrame, "too many streams"},
		{"pictures of a viewer", whep, withoutSSRCs, (*rogue).keyFrame, "media from a viewer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := &sayings{}
			w := newWorld(t, func(c *webrtc.Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
			others := 0
			if c.path == whep {
				w.publish()
				w.until("published", published)
				others = 1
			}
			r := w.newRogue(c.path, "teacher:eve", c.change)
			ssrc := uint32(1000)
			waitFor(t, "end of the session", func() bool {
				ssrc++
				c.send(r, ssrc)
				sessions, _ := w.server.Held()
				return sessions == others
			})
			if !log.has(c.why) {
				t.Errorf("it ended, not because of %s", c.why)
			}
		})
	}
}

func TestWhatIsSentAgainIsNoTrackWhereAnOfferHasNoSSRCs(t *testing.T) {
	w := newWorld(t)
	r := w.newRogue("whip", "teacher:ann", withoutSSRCs)
	waitFor(t, "source", func() bool {
		r.keyFrame(1)
		all := w.registry.Sources(1)
		return len(all) == 1 && all[0].Video
	})
	_, frames := w.play()
	for _, again := range []bool{false, true} {
		seen := 0
		waitFor(t, "frames", func() bool {
			r.keyFrame(1)
			if again {
				r.send(2, r.again, false, []byte("\x00\x01\x65\x88"))
			}
			for ; len(frames) > 0; seen++ {
				<-frames
			}
			return seen > 50
		})
	}
}
