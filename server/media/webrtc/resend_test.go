package webrtc

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	limit "golang.org/x/time/rate"
)

// wrote keeps what is written.
type wrote struct{ packets []*pionrtp.Packet }

func (w *wrote) WriteRTP(h *pionrtp.Header, payload []byte) (int, error) {
	w.packets = append(w.packets, &pionrtp.Packet{Header: h.Clone(), Payload: bytes.Clone(payload)})
	return len(payload), nil
}

func (w *wrote) Write([]byte) (int, error) { panic("not for tracks") }

// take returns what was written since it was last called.
func (w *wrote) take() []*pionrtp.Packet {
	defer func() { w.packets = nil }()
	return w.packets
}

// newPicture returns a sender of pictures that writes to w; its publisher's next
// packet is sent by the function.
func newPicture(w *wrote) (*sender, func() (number uint16)) {
	v := &viewer{session: &session{}, ready: make(chan struct{}, 1)}
	s := newSender(v, true)
	s.writer, s.ssrc, s.number, s.last = w, 9, 96, 65_500 // numbers begin anew on the way
	v.video, v.resend = s, newResender(s)
	v.resend.ssrc, v.resend.number = 10, 97
	n := uint16(7)
	return s, func() uint16 {
		n++
		p := &packet{time: int64(n), rtp: &pionrtp.Packet{Header: pionrtp.Header{SequenceNumber: n, Timestamp: uint32(n), Marker: n%2 == 0}, Payload: fmt.Append(nil, "packet ", n)}}
		s.write(p, n == 8, time.Now())
		return s.last
	}
}

// nackOf asks for packets.
func nackOf(numbers ...uint16) *rtcp.TransportLayerNack {
	return &rtcp.TransportLayerNack{MediaSSRC: 9, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)}
}

// answers asks for packets and returns those that come.
func answers(r *resender, w *wrote, numbers ...uint16) []*pionrtp.Packet {
	w.take()
	r.ask(nackOf(numbers...))
	asked := r.asked
	r.asked = nil
	n := r.answer(asked, time.Now())
	got := w.take()
	if n != len(got) {
		panic("they are counted wrong")
	}
	return got
}

func TestWhatAViewerAsksForComesAsItWasInRTX(t *testing.T) {
	var w wrote
	s, next := newPicture(&w)
	s.viewer.resend.limiter = limit.NewLimiter(limit.Inf, 0)
	var numbers []uint16
	for range historySize + 100 {
		numbers = append(numbers, next())
	}
	sent := w.take()
	kept := sent[100:]
	for i, p := range kept {
		got := answers(s.viewer.resend, &w, p.SequenceNumber)
		if len(got) != 1 {
			t.Fatalf("%d packets came for one that was asked for, at %d", len(got), i)
		}
		h, b := got[0].Header, got[0].Payload
		if h.SSRC != 10 || h.PayloadType != 97 || h.Timestamp != p.Timestamp || h.Marker != p.Marker {
			t.Fatalf("%+v came for %+v", h, p.Header)
		}
		if want := append([]byte{byte(p.SequenceNumber >> 8), byte(p.SequenceNumber)}, p.Payload...); !bytes.Equal(b, want) {
			t.Fatalf("%q came, want %q", b, want)
		}
		if h.SequenceNumber != uint16(i+1) {
			t.Fatalf("the %d. is numbered %d: RTX counts for itself", i+1, h.SequenceNumber)
		}
	}
	if got := answers(s.viewer.resend, &w, numbers[0], numbers[len(numbers)-1]+1); len(got) != 0 {
		t.Errorf("%d packets came that are not there any more, or yet", len(got))
	}
}

func TestWithoutRTXWhatIsSentAgainLooksAsItDid(t *testing.T) {
	var w wrote
	s, next := newPicture(&w)
	s.viewer.resend.ssrc = 0
	number := next()
	sent := w.take()[0]
	sent.Extension, sent.Extensions = false, nil
	got := answers(s.viewer.resend, &w, number)
	if len(got) != 1 || got[0].SequenceNumber != number || got[0].SSRC != 9 || got[0].PayloadType != 96 || !bytes.Equal(got[0].Payload, sent.Payload) {
		t.Errorf("%v came for %v", got, sent)
	}
}

func TestAViewerIsResentOnlySoMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w wrote
		s, next := newPicture(&w)
		r := s.viewer.resend
		var all []uint16
		for range 1000 {
			all = append(all, next())
		}
		resent := func() int {
			n := 0
			for range 20 {
				n += len(answers(r, &w, all...))
				if len(r.asked) > resentAtOnce+17 {
					t.Fatalf("%d numbers are kept", len(r.asked))
				}
				slices.Reverse(all) // others of them are the first to be asked for
			}
			return n
		}
		if n := resent(); n != resentAtOnce {
			t.Errorf("%d packets were sent again at once, want %d", n, resentAtOnce)
		}
		time.Sleep(time.Second) // simulated
		if n := resent(); n != resentPerSecond {
			t.Errorf("%d packets were sent again a second later, want %d", n, resentPerSecond)
		}
		time.Sleep(2 * time.Second)
		one := all[500]
		for i, step := range []struct {
			after time.Duration
			want  int
		}{{0, 1}, {0, 0}, {askedAgain - 1, 0}, {1, 1}, {time.Hour, 1}} {
			time.Sleep(step.after)
			if n := len(answers(r, &w, one)); n != step.want {
				t.Errorf("%d. time: %d packets came, want %d", i, n, step.want)
			}
		}
	})
}

func TestPacketsGoOutTwiceWhereTheyAreLostAndNoQueueIsFull(t *testing.T) {
	var w wrote
	s, _ := newPicture(&w)
	r := s.viewer.resend
	said := func(ssrc uint32, part float64, n int) {
		for range n {
			r.report(&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: 10, FractionLost: 200}, {SSRC: ssrc, FractionLost: uint8(part * 256)}}})
		}
	}
	fine, full, unknown := network{known: true}, network{known: true, queueing: queueLow}, network{}
	const tick = twiceMost / 16 // bytes that go out at that rate
	for i, step := range []struct {
		loss    float64
		reports int
		network network
		bytes   uint32
		want    bool
	}{
		{0, 5, fine, 100, false},
		{.02, 20, fine, 100, false},
		{.1, 1, fine, 100, true}, // .02 and a quarter of what it is more
		{.1, 20, fine, tick, true},
		{.1, 1, fine, tick + 1, false}, // large
		{.1, 1, unknown, tick, false},
		{.1, 1, fine, tick, true},
		{.1, 1, unknown, tick, true}, // as it was
		{.3, 1, full, tick, false},
		{.1, 1, unknown, tick, false},
		{.02, 20, fine, tick, true}, // less, but it was more
		{0, 5, fine, tick, false},
		{.02, 20, fine, tick, false},
	} {
		said(9, step.loss, step.reports)
		said(1, 1, 5) // of another track
		s.octets += step.bytes
		if r.judge(step.network); r.twice != step.want {
			t.Errorf("step %d: %v, want %v", i, r.twice, step.want)
		}
	}
}

func TestWhatGoesOutTwiceDoesSoALittleLaterAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w wrote
		s, next := newPicture(&w)
		r := s.viewer.resend
		r.twice, r.limiter = true, limit.NewLimiter(0, 1)
		first, asked := next(), next()
		answers(r, &w, asked)
		began := time.Now()
		<-r.due.C
		if d := time.Since(began); d != twiceAfter {
			t.Errorf("they go out %v later, want %v", d, twiceAfter)
		}
		n, got := r.repeat(), w.take()
		if n != 1 || len(got) != 1 || got[0].SSRC != 10 || !bytes.HasPrefix(got[0].Payload, []byte{byte(first >> 8), byte(first)}) {
			t.Errorf("%d packets, %v, go out again, want that which was not asked for", n, got)
		}
		if n := r.repeat(); n != 0 {
			t.Errorf("%d packets go out a third time", n)
		}
		next()
		<-r.due.C // and so on with the next
		if n := r.repeat(); n != 1 {
			t.Errorf("%d packets go out again later, want 1", n)
		}
	})
}
