package webrtc

import (
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	limit "golang.org/x/time/rate"
)

// What a viewer may have sent again: some 4 Mbit/s, and the packets of a second's
// outage at once. What is asked for beyond is not sent.
const (
	resentPerSecond = 400
	resentAtOnce    = 800
)

// resendLimit makes a limiter for each session.
type resendLimit struct{}

// NewInterceptor is that of interceptor.Factory.
func (resendLimit) NewInterceptor(string) (interceptor.Interceptor, error) {
	return &resendLimiter{limiter: limit.NewLimiter(resentPerSecond, resentAtOnce)}, nil
}

// resendLimiter takes from NACKs what is over the limit: pion answers each of them.
type resendLimiter struct {
	interceptor.NoOp
	limiter *limit.Limiter
}

// BindRTCPReader is that of interceptor.Interceptor.
func (l *resendLimiter) BindRTCPReader(reader interceptor.RTCPReader) interceptor.RTCPReader {
	return interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, attributes, err := reader.Read(b, a)
		if err != nil {
			return 0, nil, err
		}
		if attributes == nil {
			attributes = make(interceptor.Attributes)
		}
		packets, err := attributes.GetRTCPPackets(b[:n]) // kept in attributes for those that read after us
		if err != nil {
			return 0, nil, err
		}
		for _, p := range packets {
			if asked, ok := p.(*rtcp.TransportLayerNack); ok {
				l.cut(asked)
			}
		}
		return n, attributes, nil
	})
}

// cut leaves the pairs that the limit permits.
func (l *resendLimiter) cut(asked *rtcp.TransportLayerNack) {
	for i, pair := range asked.Nacks {
		if !l.limiter.AllowN(time.Now(), len(pair.PacketList())) {
			asked.Nacks = asked.Nacks[:i]
			return
		}
	}
}
