package webrtc

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/pion/rtcp"

	"chalkline/sei/rtp"
)

// FuzzReports reads its input as what publishers and viewers report, packets of RTCP
// each after its length, as they are told to what looks after clocks and networks.
// After each a frame is stamped.
func FuzzReports(f *testing.F) {
	for _, packets := range [][]rtcp.Packet{
		{reportOf(stoppedClock{}.Now(), 0), reportOf(0, math.MaxUint32), &rtcp.SenderReport{NTPTime: math.MaxUint64, RTPTime: 1 << 31}},
		{&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{FractionLost: 255}, {FractionLost: 1}}}},
		{&rtcp.TransportLayerCC{
			PacketStatusCount: 3, ReferenceTime: 1 << 23,
			PacketChunks: []rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketReceivedSmallDelta, RunLength: 3}},
			RecvDeltas:   []*rtcp.RecvDelta{{Type: rtcp.TypeTCCPacketReceivedSmallDelta, Delta: 250}, {Type: rtcp.TypeTCCPacketReceivedSmallDelta}, {Type: rtcp.TypeTCCPacketReceivedSmallDelta}},
		}, &rtcp.PictureLossIndication{}},
	} {
		var in []byte
		for _, p := range packets {
			b, err := p.Marshal()
			if err != nil {
				f.Fatal(err)
			}
			in = append(binary.BigEndian.AppendUint16(in, uint16(len(b))), b...)
		}
		f.Add(in, uint32(3000))
	}
	video := newTestInbound(f, true)
	f.Fuzz(func(t *testing.T, in []byte, step uint32) {
		track := newInbound(video.publisher, nil, true, qualityMain)
		track.publisher.ntp = ntpClock{}
		track.arrival = track.publisher.clock.Now()
		var network estimate
		for timestamp := uint32(0); len(in) >= 2; timestamp += step {
			n := min(int(binary.BigEndian.Uint16(in)), len(in)-2)
			packets, err := rtcp.Unmarshal(in[2 : 2+n])
			in = in[2+n:]
			if err != nil {
				continue
			}
			for _, p := range packets {
				network.send(noon, 1000)
				tell(track, &network, p)
			}
			if s, _ := track.stamp(rtp.Frame{Timestamp: timestamp}); !plausible(track.arrival, s.Time) {
				t.Fatalf("stamped %d µs before it arrived", track.arrival-s.Time)
			}
			if at := track.timeOf(timestamp - step); !plausible(track.arrival, at) {
				t.Fatalf("taken for %d µs before it arrived", track.arrival-at)
			}
			if n := network.take(); n.loss < 0 || n.loss > 1 || n.queueing < 0 {
				t.Fatalf("the network is taken for %+v", n)
			}
		}
		if n := len(track.publisher.ntp.samples) + len(track.publisher.ntp.odd); n > maxSamples+clockBelief {
			t.Fatalf("%d reports are kept", n)
		}
	})
}

// tell tells a report to whoever reads its kind.
func tell(track *inbound, network *estimate, p rtcp.Packet) {
	switch p := p.(type) {
	case *rtcp.SenderReport:
		track.publisher.reported(track, p)
	case *rtcp.TransportLayerCC:
		network.feedback(p)
	case *rtcp.ReceiverReport:
		network.report(p)
	}
}
