package webrtc

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"
)

func TestAViewerIsResentOnlySoMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := &interceptor.Registry{}
		if err := viewerInterceptors(&pion.MediaEngine{}, registry, factory{slog.New(slog.DiscardHandler)}); err != nil {
			t.Fatal(err)
		}
		chain, err := registry.Build("")
		if err != nil {
			t.Fatal(err)
		}
		const ssrc, sent = 9, 1000
		var written atomic.Int64
		info := &interceptor.StreamInfo{SSRC: ssrc, RTCPFeedback: []interceptor.RTCPFeedback{{Type: "nack"}}}
		writer := chain.BindLocalStream(info, interceptor.RTPWriterFunc(
			func(*pionrtp.Header, []byte, interceptor.Attributes) (int, error) { return int(written.Add(1)), nil }))
		for n := range sent {
			if _, err := writer.Write(&pionrtp.Header{Version: 2, SSRC: ssrc, SequenceNumber: uint16(n)}, []byte("x"), nil); err != nil {
				t.Fatal(err)
			}
		}
		all := make([]rtcp.NackPair, 0, sent/17)
		for n := range sent / 17 {
			all = append(all, rtcp.NackPair{PacketID: uint16(17 * n), LostPackets: 0xffff})
		}
		report, err := rtcp.Marshal([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: all}})
		if err != nil {
			t.Fatal(err)
		}
		reader := chain.BindRTCPReader(interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
			return copy(b, report), a, nil
		}))
		resent := func() int64 {
			written.Store(0)
			for range 20 {
				if _, _, err := reader.Read(make([]byte, maxPacket), nil); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			return written.Load()
		}
		if n := resent(); n <= resentAtOnce-17 || n > resentAtOnce {
			t.Errorf("%d packets were sent again at once, want %d", n, resentAtOnce)
		}
		time.Sleep(time.Second) // simulated
		if n := resent(); n <= resentPerSecond-17 || n > resentPerSecond+17 {
			t.Errorf("%d packets were sent again a second later, want %d", n, resentPerSecond)
		}
		if err := chain.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
