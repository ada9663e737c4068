package webrtc

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	pionrtp "github.com/pion/rtp"

	"chalkline/replay"
	"chalkline/sei/rtp"
	"chalkline/server/classroom"
	"chalkline/server/media"
	"chalkline/server/media/stream"
)

// openRoom lets everybody in.
type openRoom struct{}

func (openRoom) Enter(*http.Request) (media.Visitor, error) {
	return media.Visitor{Participant: classroom.Participant{ID: "ann", Role: classroom.Teacher}, Room: 1}, nil
}

func (openRoom) Clock(context.Context, replay.Room) (media.Clock, error) { return stoppedClock{}, nil }

func (openRoom) Sources(replay.Room, []media.Info) {}

type stoppedClock struct{}

func (stoppedClock) Now() int64 { return 1_795_233_600_000_000 }

func newServer(t testing.TB) *Server {
	t.Helper()
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Registry: media.NewRegistry(media.Config{Rooms: openRoom{}}), Rooms: openRoom{}, UDP: udp})
	if err != nil {
		t.Fatal(err)
	}
	s.rate = media.NewRate(1<<30, rateWindow)
	s.addresses = s.rate
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// FuzzWHIP posts its input as an offer. What is taken is ended again.
func FuzzWHIP(f *testing.F) {
	whole := offerHead + "a=group:BUNDLE 0 1\r\na=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":") +
		"\r\na=setup:actpass\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" + videoH264 + "a=mid:0\r\na=rtcp-mux\r\n" +
		"a=ssrc:1 cname:x\r\n" + audioOpus + "a=mid:1\r\na=rtcp-mux\r\n"
	f.Add(whole)
	f.Add(strings.Replace(whole, "a=mid:0\r\n", "a=mid:0\r\n"+simulcast, 1))
	f.Add(offerHead + videoH264)
	s := newServer(f)
	mux := http.NewServeMux()
	s.Register(mux)
	ask := func(method, path, content, body string) *http.Response {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", content)
		mux.ServeHTTP(w, r)
		return w.Result()
	}
	if got := ask("POST", "/api/rooms/X/whip", typeSDP, whole); got.StatusCode != http.StatusCreated {
		f.Fatalf("a whole offer: %d", got.StatusCode)
	}
	f.Fuzz(func(t *testing.T, offer string) {
		got := ask("POST", "/api/rooms/X/whip", typeSDP, offer)
		if got.StatusCode != http.StatusCreated {
			if got.StatusCode >= 500 {
				t.Errorf("status %d", got.StatusCode)
			}
			return
		}
		if got := ask("DELETE", got.Header.Get("Location"), "", ""); got.StatusCode != http.StatusOK {
			t.Errorf("DELETE: %d", got.StatusCode)
		}
	})
}

// newTestInbound returns a track whose packets come from a test.
func newTestInbound(t testing.TB, video bool) *inbound {
	t.Helper()
	s := newServer(t)
	publication, err := s.cfg.Registry.Publish(media.Visitor{Participant: classroom.Participant{ID: "ann"}, Room: 1}, media.Camera)
	if err != nil {
		t.Fatal(err)
	}
	p := &publisher{session: &session{server: s}, publication: publication, clock: stoppedClock{}, wake: make(chan struct{}, 1)}
	p.feed = s.hold(publication.Source)
	t.Cleanup(func() { s.release(p.feed) })
	track := newInbound(p, nil, video, qualityMain)
	p.feed.add(track.layer)
	return track
}

// FuzzInbound reads its input as packets: a step of the sequence number, flags, a
// length, and the rest of an RTP packet.
func FuzzInbound(f *testing.F) {
	for _, payloads := range [][]string{
		{"\x67\x42\x00\x1f", "\x68\xce", "\x7c\x85\x88", "\x7c\x45\x99", "\x41\x9a"},
		{"\x78\x00\x04\x67\x42\x00\x1f\x00\x02\x65\x88", "\x41\x9a\x01", ""},
	} {
		var in []byte
		for i, payload := range payloads {
			in = append(in, 0, 1, byte(i/2), byte(len(payload)))
			in = append(in, payload...)
		}
		f.Add(true, in)
		f.Add(false, in)
	}
	f.Fuzz(func(t *testing.T, video bool, in []byte) {
		track := newTestInbound(t, video)
		track.capture = 5 // whatever is under it
		reader := track.publisher.publication.Source.Hub.Read()
		defer reader.Close()
		now := noon
		var number uint16
		for len(in) >= 4 {
			number += binary.BigEndian.Uint16(in)
			flags, n := in[2], min(int(in[3]), len(in)-4)
			p := &pionrtp.Packet{
				Header:  pionrtp.Header{Version: 2, SequenceNumber: number, Timestamp: uint32(flags&0x1f) * 3000, Marker: flags&0x20 != 0},
				Payload: in[4 : 4+n],
			}
			in = in[4+n:]
			now = now.Add(time.Duration(flags>>6) * 100 * time.Millisecond)
			if at, ok := deadlineOf(track.stamper); ok && now.After(at) {
				track.release(track.stamper.Tick(now, track.out[:0]))
			}
			track.push(p, now)
			if len(track.stamped) > maxStamped {
				t.Fatalf("%d stamps are kept", len(track.stamped))
			}
		}
		checkUnits(t, reader)
	})
}

func deadlineOf(s *rtp.Stamper) (time.Time, bool) {
	if s == nil {
		return time.Time{}, false
	}
	return s.Deadline()
}

func checkUnits(t *testing.T, r *stream.Reader) {
	t.Helper()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	begun := false
	for {
		u, err := r.Next(ended)
		if err != nil {
			return
		}
		if u.Codec == stream.H264 && (len(u.Data) == 0 || !begun && !u.Key) {
			t.Errorf("unit of %d bytes, key %t", len(u.Data), u.Key)
		}
		begun = true
	}
}
