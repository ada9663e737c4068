package webrtc

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/pion/rtcp"
)

// feedbackOf returns feedback of so many packets, which has chunks and bytes of deltas.
func feedbackOf(packets uint16, deltas int, chunks ...uint16) []byte {
	b := make([]byte, feedbackChunks, 100)
	binary.BigEndian.PutUint16(b[feedbackCount:], packets)
	for _, c := range chunks {
		b = binary.BigEndian.AppendUint16(b, c)
	}
	b = append(b, make([]byte, deltas)...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	b[0], b[1] = 2<<6|rtcp.FormatTCC, byte(rtcp.TypeTransportSpecificFeedback)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)/4-1))
	return b
}

func TestFeedbackThatSaysMoreThanItHoldsIsRefused(t *testing.T) {
	const small, large, lost = 1 << 13, 2 << 13, 0 // runs
	most := []uint16{small | 8191, small | 8191, small | 8191, small | 8191, small | 8191, small | 8191, small | 8191, small | 8191, small | 7}
	for _, c := range []struct {
		name    string
		packet  []byte
		refused bool
	}{
		{"65 535 small deltas", feedbackOf(65535, 2, most...), true},
		{"small deltas", feedbackOf(6, 6, small|6), false},
		{"a run that goes on", feedbackOf(6, 6, small|8191), false},
		{"one small delta missing", feedbackOf(7, 6, small|7), true},
		{"large deltas", feedbackOf(3, 6, large|3), false},
		{"one byte of a large delta missing", feedbackOf(4, 6, large|4), true},
		{"14 bits", feedbackOf(14, 2, 0xa001), false},
		{"14 bits, 3 of them ones", feedbackOf(14, 2, 0xb001), true},
		{"bits of no packet", feedbackOf(2, 2, 0xbfff), false},
		{"7 pairs of bits", feedbackOf(7, 6, 0xc000|1<<12|2<<6|3<<4|1<<2|2), false},
		{"7 pairs of bits, all large", feedbackOf(7, 10, 0xc000|0x2aaa), true},
		{"pairs of no packet", feedbackOf(3, 6, 0xc000|0x2aaa), false},
		{"lost", feedbackOf(65535, 2, lost|8191, lost|8191, lost|8191, lost|8191, lost|8191, lost|8191, lost|8191, lost|8191, lost|7), false},
		{"no chunks", feedbackOf(1, 0), true},
		{"cut off", feedbackOf(6, 6, small|6)[:24], true},
		{"behind another", append([]byte{0x80, byte(rtcp.TypeReceiverReport), 0, 1, 0, 0, 0, 1}, feedbackOf(65535, 2, most...)...), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if refused := !fits(c.packet); refused != c.refused {
				t.Errorf("refused is %t, want %t", refused, c.refused)
			}
			if _, err := rtcp.Unmarshal(c.packet); err != nil != c.refused {
				t.Errorf("pion says %v", err)
			}
		})
	}
}

// FuzzRTCP reads its input as RTCP: what pion can read is taken, and what is taken
// makes it keep only so much for each byte.
func FuzzRTCP(f *testing.F) {
	f.Add(feedbackOf(6, 6, 1<<13|6))
	f.Add(feedbackOf(28, 30, 0xbfff, 0xeaaa, 0xd555))
	f.Add(feedbackOf(65535, 0, 8191, 8191, 8191, 8191, 8191, 8191, 8191, 8191, 7))
	for _, p := range []rtcp.Packet{
		&rtcp.TransportLayerNack{Nacks: []rtcp.NackPair{{PacketID: 1, LostPackets: 0xffff}}},
		&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 1e6, SSRCs: []uint32{1, 2}},
		&rtcp.CCFeedbackReport{ReportBlocks: []rtcp.CCFeedbackReportBlock{{MetricBlocks: []rtcp.CCFeedbackMetricBlock{{Received: true}, {}}}}},
		&rtcp.ExtendedReport{Reports: []rtcp.ReportBlock{&rtcp.DLRRReportBlock{Reports: []rtcp.DLRRReport{{SSRC: 1}}}, &rtcp.ReceiverReferenceTimeReportBlock{}}},
		rtcp.NewCNAMESourceDescription(1, "x"),
		&rtcp.Goodbye{Sources: []uint32{1}, Reason: "x"},
		&rtcp.SliceLossIndication{SLI: []rtcp.SLIEntry{{First: 1}}},
		&rtcp.FullIntraRequest{FIR: []rtcp.FIREntry{{SSRC: 1}}},
		&rtcp.RapidResynchronizationRequest{},
		&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{}}},
		&rtcp.SenderReport{},
		&rtcp.ApplicationDefined{Name: "NAME"},
	} {
		b, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		taken := fits(b)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := rtcp.Unmarshal(b)
		runtime.ReadMemStats(&after)
		if !taken && err == nil {
			t.Error("what pion reads is refused")
		}
		const perByte, always = 200, 64 << 10
		if kept := after.TotalAlloc - before.TotalAlloc; taken && kept > uint64(always+perByte*len(b)) {
			t.Errorf("%d bytes make pion allocate %d", len(b), kept)
		}
	})
}
