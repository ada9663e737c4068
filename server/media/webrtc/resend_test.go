package webrtc

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
)

func TestAViewerIsResentOnlySoMuch(t *testing.T) {
	made, err := resendLimit{}.NewInterceptor("")
	if err != nil {
		t.Fatal(err)
	}
	pairs := make([]rtcp.NackPair, 60)
	for i := range pairs {
		pairs[i] = rtcp.NackPair{PacketID: uint16(17 * i), LostPackets: 0xffff}
	}
	report := &rtcp.TransportLayerNack{Nacks: pairs}
	sent, err := rtcp.Marshal([]rtcp.Packet{report, &rtcp.PictureLossIndication{}})
	if err != nil {
		t.Fatal(err)
	}
	reader := made.BindRTCPReader(interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		return copy(b, sent), a, nil
	}))
	start, left := time.Now(), 0
	for range 100 {
		_, attributes, err := reader.Read(make([]byte, 1500), nil)
		if err != nil {
			t.Fatal(err)
		}
		packets, err := attributes.GetRTCPPackets(nil) // as who reads after it
		if err != nil || len(packets) != 2 {
			t.Fatalf("%d packets, %v", len(packets), err)
		}
		for _, pair := range packets[0].(*rtcp.TransportLayerNack).Nacks {
			left += len(pair.PacketList())
		}
	}
	most := resentAtOnce + int(resentPerSecond*time.Since(start).Seconds()) + 17
	if left < resentAtOnce-17 || left > most {
		t.Errorf("%d of 102000 packets are sent again, want %d … %d", left, resentAtOnce-17, most)
	}
}
