package webrtc_test

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"chalkline/bench/client"
	"chalkline/server/media/webrtc"
)

// rogue is a client that sends whatever it likes: past the track that it offers.
type rogue struct {
	*pion.TrackLocalStaticRTP
	pc     *pion.PeerConnection
	ssrc   uint32 // its own
	played uint32 // of what it plays; 0: it publishes
	writer pion.TrackLocalWriter
	codec  uint8 // payload types
	again  uint8 // of RTX
	number uint16
	time   uint32
	dice   *rand.Rand
}

// Bind keeps what was negotiated.
func (r *rogue) Bind(c pion.TrackLocalContext) (pion.RTPCodecParameters, error) {
	p, err := r.TrackLocalStaticRTP.Bind(c)
	r.writer, r.ssrc, r.codec = c.WriteStream(), uint32(c.SSRC()), uint8(p.PayloadType)
	for _, o := range c.CodecParameters() {
		if o.SDPFmtpLine == fmt.Sprintf("apt=%d", r.codec) {
			r.again = uint8(o.PayloadType)
		}
	}
	return p, err
}

// newRogue connects to an endpoint with an offer of one picture, changed, until the
// end of a test.
func (w *world) newRogue(t *testing.T, path, token string, change func(offer string) string) *rogue {
	t.Helper()
	track, err := pion.NewTrackLocalStaticRTP(pion.RTPCodecCapability{MimeType: pion.MimeTypeH264}, "video", "rogue")
	if err != nil {
		t.Fatal(err)
	}
	r := &rogue{TrackLocalStaticRTP: track, pc: connection(t), dice: rand.New(rand.NewPCG(1, 1))}
	if _, err := r.pc.AddTrack(r); err != nil {
		t.Fatal(err)
	}
	got := w.request("POST", "/api/rooms/CODE/"+path, token, contentSDP, change(w.offer(r.pc, nil)))
	if got.status != http.StatusCreated {
		t.Fatalf("POST: %d %s", got.status, got.body)
	}
	if err := r.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: got.body}); err != nil {
		t.Fatal(err)
	}
	if played := playedSSRC.FindStringSubmatch(got.body); played != nil {
		n, err := strconv.ParseUint(played[1], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		r.played = uint32(n)
	}
	waitFor(t, "connection", func() bool { return r.pc.ConnectionState() == pion.PeerConnectionStateConnected })
	return r
}

// Changes of an offer.
var (
	playedSSRC = regexp.MustCompile(`a=ssrc:(\d+)`) // in an answer

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
			r := w.newRogue(t, c.path, "teacher:eve", c.change)
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
	r := w.newRogue(t, "whip", "teacher:ann", withoutSSRCs)
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

func (r *rogue) random(bytes int) []byte {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(r.dice.Uint32())
	}
	return b
}

// fragment sends one more piece of a picture without an end.
func (r *rogue) fragment() {
	r.number++
	r.send(r.ssrc, r.codec, false, append([]byte("\x7c\x05"), r.random(1000)...))
}

// noise sends RTP of which the headers may be true, and the types of NAL units.
func (r *rogue) noise() {
	switch r.dice.IntN(8) {
	case 0:
		r.number, r.time = uint16(r.dice.Uint32()), r.dice.Uint32()
	case 1:
		r.time += 3000
	}
	r.number++
	payload := r.random(r.dice.IntN(200))
	if len(payload) > 0 && r.dice.IntN(4) > 0 {
		payload[0] = 0x60 | []byte{1, 5, 6, 7, 8, 24, 28}[r.dice.IntN(7)]
	}
	codec := r.codec
	if r.dice.IntN(16) == 0 {
		codec = uint8(r.dice.IntN(128))
	}
	r.send(r.ssrc, codec, r.dice.IntN(4) == 0, payload)
}

// reports sends RTCP that is well-formed at most by chance, about what there is.
func (r *rogue) reports() {
	words := 2 + r.dice.IntN(20)
	b := r.random(4 * (words + 1))
	b[0] = 0x80 | b[0]&0x1f
	b[1] = 200 + b[1]%8
	binary.BigEndian.PutUint16(b[2:], uint16(words))
	about := r.ssrc
	if r.played != 0 {
		about = r.played
	}
	binary.BigEndian.PutUint32(b[4:], about)
	binary.BigEndian.PutUint32(b[8:], about)
	raw := rtcp.RawPacket(b)
	_ = r.pc.WriteRTCP([]rtcp.Packet{&raw}) // the server may have ended it
}

// anySSRC sends a picture as that of another SSRC.
func (r *rogue) anySSRC() { r.keyFrame(r.dice.Uint32()) }

const (
	atOnce         = 50       // packets that a rogue sends in a row
	meantime       = 10       // frames that the bystander gets in the meantime
	roguesMayTake  = 16 << 20 // bytes
	roguesMayLeave = 8 << 20
)

// TestHostileMediaLeaveABystanderAlone has rogues publish and play beside somebody who
// plays: that one gets pictures as before, and nothing is left of the others.
func TestHostileMediaLeaveABystanderAlone(t *testing.T) {
	w := newWorld(t)
	w.publish()
	w.until("published", published)
	var got atomic.Int64
	known := whole(t, w.film())
	w.play(func(c *client.PlayConfig) {
		c.OnFrame = func(f client.Frame) {
			if !f.Broken && known[bare(t, f.Data)] {
				got.Add(1)
			}
		}
	})
	most := int64(0)
	round := func() {
		for _, c := range []struct {
			name, path string
			change     func(string) string
			send       func(*rogue)
		}{
			{"fragments without end", "whip", asItIs, (*rogue).fragment},
			{"random RTP", "whip", asItIs, (*rogue).noise},
			{"random RTCP", "whip", asItIs, (*rogue).reports},
			{"SSRCs", "whip", asItIs, (*rogue).anySSRC},
			{"pictures", "whip", withoutSSRCs, (*rogue).anySSRC},
			{"random RTCP of a viewer", "sources/1/whep", asItIs, (*rogue).reports},
			{"random RTP of a viewer", "sources/1/whep", asItIs, (*rogue).noise},
		} {
			t.Run(c.name, func(t *testing.T) {
				r := w.newRogue(t, c.path, "teacher:eve", c.change)
				if source, ok := w.registry.Source(1, 2); ok { // its own: its units are put together
					reader := source.Hub.Read()
					defer reader.Close()
				}
				r.keyFrame(r.ssrc)
				until := got.Load() + meantime
				waitFor(t, "pictures for the bystander", func() bool {
					for range atOnce {
						c.send(r)
					}
					return got.Load() >= until
				})
				most = max(most, heap())
			})
			waitFor(t, "end of the rogue", func() bool {
				sessions, _ := w.server.Held()
				return sessions == 2
			})
		}
	}
	round() // what is only made once is there
	waitFor(t, "pictures", func() bool { return got.Load() > 0 })
	goroutines, _ := w.open()
	before := heap()
	most = 0
	round()
	waitFor(t, "end of goroutines", func() bool {
		n, _ := w.open()
		return n <= goroutines
	})
	left, held := heap()-before, most-before
	t.Logf("rogues make us hold %d bytes, and leave %d", held, left)
	if held > roguesMayTake || left > roguesMayLeave {
		t.Errorf("rogues make us hold %d bytes, want %d at most; they leave %d, want %d", held, roguesMayTake, left, roguesMayLeave)
	}
}

// feedback sends transport-wide feedback of 40 bytes, which says that so many packets
// came: at most two did.
func (r *rogue) feedback(packets uint16) {
	about := r.ssrc
	if r.played != 0 {
		about = r.played
	}
	b := binary.BigEndian.AppendUint32([]byte{0x8f, 205, 0, 9}, r.ssrc)
	b = binary.BigEndian.AppendUint32(b, about)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint16(b, packets)
	b = append(b, 0, 0, 0, 0)
	for range 9 {
		b = append(b, 0x3f, 0xff) // 8 191 of them
	}
	raw := rtcp.RawPacket(append(b, 0, 0))
	_ = r.pc.WriteRTCP([]rtcp.Packet{&raw}) // the server may have ended it
}

func TestFeedbackThatSaysMoreThanItHoldsCostsNoMore(t *testing.T) {
	const many, all = 100, 65535
	for _, path := range []string{"whip", "sources/1/whep"} {
		t.Run(path, func(t *testing.T) {
			w := newWorld(t)
			if path != "whip" {
				w.publish()
				w.until("published", published)
			}
			r := w.newRogue(t, path, "teacher:eve", asItIs)
			if path == "whip" {
				waitFor(t, "source", func() bool {
					r.keyFrame(r.ssrc)
					all := w.registry.Sources(1)
					return len(all) == 1 && all[0].Video
				})
			}
			refused := 0.
			cost := func(packets uint16, refusals float64) uint64 {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for range many {
					r.feedback(packets)
				}
				r.feedback(all) // the end of it
				refused += refusals + 1
				waitFor(t, "refusals", func() bool { return w.metric("refused_reports_total") == refused })
				runtime.ReadMemStats(&after)
				return after.TotalAlloc - before.TotalAlloc
			}
			cost(1, 0) // what is only made once is there
			honest, lies := cost(1, 0), cost(all, many)
			t.Logf("honest feedback costs %d bytes, lies %d", honest, lies)
			if lies > 4*honest {
				t.Errorf("lies cost %d bytes, want no more than the %d of honest feedback", lies, honest)
			}
		})
	}
}

// heap returns how much memory is in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what pools kept over the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
