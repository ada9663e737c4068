package webrtc_test

import (
	"encoding/binary"
	"net/http"
	"testing"
	"time"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"chalkline/server/media"
)

const absCaptureTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"

// ntp is a time as RFC 5905 has it.
func ntp(at time.Time) uint64 {
	return uint64(at.Unix()+2_208_988_800)<<32 | uint64(at.Nanosecond())<<32/1_000_000_000
}

func (w *world) answers(pc *pion.PeerConnection, path, token string) {
	w.t.Helper()
	got := w.request("POST", "/api/rooms/CODE/"+path, token, contentSDP, w.offer(pc, nil))
	if got.status != http.StatusCreated {
		w.t.Fatalf("POST: %d %s", got.status, got.body)
	}
	if err := pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: got.body}); err != nil {
		w.t.Fatal(err)
	}
	waitFor(w.t, "connection", func() bool { return pc.ConnectionState() == pion.PeerConnectionStateConnected })
}

// idOf returns the id of abs-capture-time; 0: it was not negotiated.
func idOf(all []pion.RTPHeaderExtensionParameter) uint8 {
	for _, e := range all {
		if e.URI == absCaptureTime {
			return uint8(e.ID)
		}
	}
	return 0
}

// A publisher whose clock is 90 s ahead and whose microphone loses 200 ms says so with
// each packet; viewers are told in room time.
func TestMED8ViewersAreToldWithEachPacketOfSoundWhenItWasCaptured(t *testing.T) {
	w := newWorld(t)
	const ahead = 90 * time.Second
	track, err := pion.NewTrackLocalStaticRTP(pion.RTPCodecCapability{MimeType: pion.MimeTypeOpus}, "audio", "test")
	if err != nil {
		t.Fatal(err)
	}
	publisher := connection(t, absCaptureTime)
	sender, err := publisher.AddTrack(track)
	if err != nil {
		t.Fatal(err)
	}
	w.answers(publisher, "whip?kind=camera", "teacher:ann")
	parameters := sender.GetParameters()
	id := idOf(parameters.HeaderExtensions)
	if id == 0 {
		t.Fatal("times of capture were not negotiated")
	}

	const begins, count, lostAt, lost = 10, 110, 60, 200 * time.Millisecond
	start := time.Now()
	captured := func(i int) time.Time {
		at := start.Add(time.Duration(i) * 20 * time.Millisecond)
		if i >= lostAt {
			at = at.Add(lost)
		}
		return at
	}
	send := func(i int) {
		<-time.After(time.Until(captured(i))) // paced as a microphone is
		h := pionrtp.Header{Version: 2, SequenceNumber: uint16(i), Timestamp: uint32(i * 960)}
		if err := h.SetExtension(id, binary.BigEndian.AppendUint64(nil, ntp(captured(i).Add(ahead)))); err != nil {
			t.Fatal(err)
		}
		if err := track.WriteRTP(&pionrtp.Packet{Header: h, Payload: []byte{0xf8, byte(i), 0xfe}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range begins { // reports say what the publisher's clock is
		report := &rtcp.SenderReport{SSRC: uint32(parameters.Encodings[0].SSRC), NTPTime: ntp(time.Now().Add(ahead)), RTPTime: uint32(i * 960)}
		if err := publisher.WriteRTCP([]rtcp.Packet{report}); err != nil {
			t.Fatal(err)
		}
		send(i)
	}
	w.until("heard", func(i media.Info) bool { return i.Audio })

	viewer := connection(t, absCaptureTime)
	type heard struct {
		packet byte
		at     int64 // µs
	}
	packets := make(chan heard, 1024)
	viewer.OnTrack(func(track *pion.TrackRemote, from *pion.RTPReceiver) {
		id := idOf(from.GetParameters().HeaderExtensions)
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			if b := p.GetExtension(id); len(b) == 8 {
				n := binary.BigEndian.Uint64(b)
				packets <- heard{p.Payload[1], (int64(n>>32)-2_208_988_800)*1_000_000 + int64(n&0xffff_ffff)*1_000_000>>32}
			}
		}
	})
	if _, err := viewer.AddTransceiverFromKind(pion.RTPCodecTypeAudio, pion.RTPTransceiverInit{Direction: pion.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	w.answers(viewer, "sources/1/whep", "student:bob")

	start = time.Now().Add(-begins * 20 * time.Millisecond)
	for i := begins; i < count; i++ {
		send(i)
	}
	var first, n int64
	for deadline := time.After(wait); ; {
		select {
		case p := <-packets:
			off := p.at - captured(int(p.packet)).UnixMicro()
			if n++; n == 1 {
				first = off
			}
			if off-first > 31_000 || first-off > 31_000 { // up to 30 ms times follow evenly
				t.Errorf("packet %d is said to be %d µs off, the first was %d", p.packet, off, first)
			}
			if off < -250_000 || off > 250_000 {
				t.Errorf("packet %d is said to be %d µs off", p.packet, off)
			}
			if p.packet == count-1 {
				if n < count/2 {
					t.Errorf("%d packets came", n)
				}
				return
			}
		case <-deadline:
			t.Fatalf("%d packets came", n)
		}
	}
}
