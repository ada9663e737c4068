package webrtc

import (
	"encoding/binary"
	"math/bits"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/prometheus/client_golang/prometheus"
)

// readableReports drops RTCP that cannot be read, before anybody reads it.
type readableReports struct {
	interceptor.NoOp
	refused prometheus.Counter
}

// NewInterceptor is that of interceptor.Factory.
func (s *readableReports) NewInterceptor(string) (interceptor.Interceptor, error) { return s, nil }

// BindRTCPReader is that of interceptor.Interceptor.
func (s *readableReports) BindRTCPReader(reader interceptor.RTCPReader) interceptor.RTCPReader {
	return interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		for {
			n, attributes, err := reader.Read(b, a)
			if err != nil {
				return 0, nil, err
			}
			if attributes == nil {
				attributes = make(interceptor.Attributes)
			}
			if fits(b[:n]) {
				if _, err := attributes.GetRTCPPackets(b[:n]); err == nil { // kept in attributes for those that read after us
					return n, attributes, nil
				}
			}
			s.refused.Inc()
		}
	})
}

// fits says whether b may be as long as it says that it is. pion makes what feedback
// says that it holds, up to 65 535 deltas, before it looks for them.
func fits(b []byte) bool {
	for len(b) > 0 {
		var h rtcp.Header
		if h.Unmarshal(b) != nil {
			return false
		}
		n := 4 * (int(h.Length) + 1)
		if n > len(b) || h.Type == rtcp.TypeTransportSpecificFeedback && h.Count == rtcp.FormatTCC && !feedbackFits(b[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}

// Where in transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01,
// 3.1) it says of how many packets it is, and where it does.
const (
	feedbackCount  = 14
	feedbackChunks = 20
)

// feedbackFits says whether feedback holds what it says.
func feedbackFits(b []byte) bool {
	if len(b) < feedbackChunks {
		return false
	}
	left := int(binary.BigEndian.Uint16(b[feedbackCount:]))
	b = b[feedbackChunks:]
	deltas := 0 // bytes
	for left > 0 {
		if len(b) < 2 {
			return false
		}
		of, bytes := chunk(binary.BigEndian.Uint16(b), left)
		left -= of
		deltas += bytes
		b = b[2:]
	}
	return deltas <= len(b)
}

// chunk returns of how many packets a chunk is, at most so many, and how many bytes
// their deltas take.
func chunk(c uint16, most int) (packets, bytes int) {
	switch {
	case c>>15 == 0: // so many of one kind
		n := min(int(c&0x1fff), most)
		return n, n * deltaBytes(c>>13)
	case c>>14 == 2: // 14 bits
		n := min(14, most)
		return n, bits.OnesCount16(c << 2 >> (16 - n))
	}
	n := min(7, most)
	for i := range n {
		bytes += deltaBytes(c >> (12 - 2*i))
	}
	return n, bytes
}

// deltaBytes returns how long the delta of a packet is, of which the last two bits are.
func deltaBytes(symbol uint16) int {
	switch symbol & 3 {
	case rtcp.TypeTCCPacketReceivedSmallDelta:
		return 1
	case rtcp.TypeTCCPacketReceivedLargeDelta:
		return 2
	}
	return 0
}
