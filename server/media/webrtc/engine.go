package webrtc

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	pion "github.com/pion/webrtc/v4"
)

// Sizes of what waits in a TCP connection, in packets and in bytes.
const (
	tcpReadPackets = 64
	tcpWriteBytes  = 1 << 20
)

// h264Profiles are those that go through: constrained baseline first, which
// everybody can decode; then baseline, main and high.
var h264Profiles = [...]string{"42e01f", "42001f", "4d001f", "4d0032", "64001f", "640032"}

// open makes what all connections share.
func (s *Server) open() error {
	logger := factory{s.cfg.Logger.With("part", "pion")}
	settings := pion.SettingEngine{LoggerFactory: logger}
	settings.SetICETimeouts(disconnectedWait, failedWait, keepAlive)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetIncludeLoopbackCandidate(len(s.cfg.Addresses) == 0)
	if err := rewrite(&settings, s.cfg.Addresses); err != nil {
		return err
	}
	s.udp = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: s.cfg.UDP, Logger: logger.NewLogger("ice")})
	networks := []pion.NetworkType{pion.NetworkTypeUDP4, pion.NetworkTypeUDP6}
	settings.SetICEUDPMux(s.udp)
	if s.cfg.TCP != nil {
		mux := ice.NewTCPMuxDefault(ice.TCPMuxParams{
			Listener: s.cfg.TCP, Logger: logger.NewLogger("ice"),
			ReadBufferSize: tcpReadPackets, WriteBufferSize: tcpWriteBytes,
		})
		s.tcp = mux
		settings.SetICETCPMux(mux)
		networks = append(networks, pion.NetworkTypeTCP4, pion.NetworkTypeTCP6)
	}
	settings.SetNetworkTypes(networks)
	settings.DisableActiveTCP(true)
	var err error
	if s.publishing, err = newEngine(settings, s.metrics, publisherInterceptors); err != nil {
		return err
	}
	s.playing, err = newEngine(settings, s.metrics, viewerInterceptors)
	return err
}

// rewrite offers the public addresses in place of the machine's own.
func rewrite(settings *pion.SettingEngine, addresses []string) error {
	if len(addresses) == 0 {
		return nil
	}
	for _, a := range addresses {
		if net.ParseIP(a) == nil {
			return fmt.Errorf("address %q is not an IP address", a)
		}
	}
	err := settings.SetICEAddressRewriteRules(pion.ICEAddressRewriteRule{
		External: addresses, AsCandidateType: pion.ICECandidateTypeHost, Mode: pion.ICEAddressRewriteReplace,
	})
	if err != nil {
		return fmt.Errorf("addresses: %w", err)
	}
	return nil
}

// engine makes connections: those of publishers, or those of viewers.
type engine struct {
	settings     pion.SettingEngine
	media        *pion.MediaEngine
	interceptors *interceptor.Registry
}

func newEngine(settings pion.SettingEngine, m *metrics, configure func(*pion.MediaEngine, *interceptor.Registry, logging.LoggerFactory) error) (*engine, error) {
	e := &engine{settings, &pion.MediaEngine{}, &interceptor.Registry{}}
	if err := registerCodecs(e.media); err != nil {
		return nil, fmt.Errorf("codecs: %w", err)
	}
	e.interceptors.Add(&readableReports{refused: m.refusedReports}) // before those that read
	if err := configure(e.media, e.interceptors, settings.LoggerFactory); err != nil {
		return nil, fmt.Errorf("interceptors: %w", err)
	}
	return e, nil
}

// connection returns the connection of a session, which bounds what pion keeps for it.
func (e *engine) connection(n *session) (*pion.PeerConnection, error) {
	settings := e.settings
	settings.BufferFactory = n.buffer
	settings.SetRemoteIPFilter(n.address)
	settings.SetICEBindingRequestHandler(n.checked)
	api := pion.NewAPI(pion.WithMediaEngine(e.media), pion.WithInterceptorRegistry(e.interceptors), pion.WithSettingEngine(settings))
	return api.NewPeerConnection(pion.Configuration{})
}

func registerCodecs(m *pion.MediaEngine) error {
	feedback := []pion.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}, {Type: "transport-cc"}}
	number := pion.PayloadType(96)
	for _, profile := range h264Profiles {
		codec := pion.RTPCodecCapability{
			MimeType: pion.MimeTypeH264, ClockRate: videoRate, RTCPFeedback: feedback,
			SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile,
		}
		if err := m.RegisterCodec(pion.RTPCodecParameters{RTPCodecCapability: codec, PayloadType: number}, pion.RTPCodecTypeVideo); err != nil {
			return err
		}
		codec = pion.RTPCodecCapability{MimeType: pion.MimeTypeRTX, ClockRate: videoRate, SDPFmtpLine: fmt.Sprintf("apt=%d", number)}
		if err := m.RegisterCodec(pion.RTPCodecParameters{RTPCodecCapability: codec, PayloadType: number + 1}, pion.RTPCodecTypeVideo); err != nil {
			return err
		}
		number += 2
	}
	return m.RegisterCodec(pion.RTPCodecParameters{
		RTPCodecCapability: pion.RTPCodecCapability{
			MimeType: pion.MimeTypeOpus, ClockRate: audioRate, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
			RTCPFeedback: []pion.RTCPFeedback{{Type: "transport-cc"}},
		},
		PayloadType: 111,
	}, pion.RTPCodecTypeAudio)
}

// registerExtensions adds those of both kinds, and that of sound.
func registerExtensions(m *pion.MediaEngine, uris ...string) error {
	for _, uri := range uris {
		for _, kind := range []pion.RTPCodecType{pion.RTPCodecTypeVideo, pion.RTPCodecTypeAudio} {
			if err := m.RegisterHeaderExtension(pion.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return err
			}
		}
	}
	return m.RegisterHeaderExtension(pion.RTPHeaderExtensionCapability{URI: captureURI}, pion.RTPCodecTypeAudio)
}

// publisherInterceptors are for what comes in. What is missing is asked for by
// whoever holds packets back for it (inbound), not by pion: its generator goes on
// asking for what has come by RTX.
func publisherInterceptors(m *pion.MediaEngine, i *interceptor.Registry, log logging.LoggerFactory) error {
	reports, err := report.NewReceiverInterceptor(report.WithReceiverLoggerFactory(log))
	if err != nil {
		return err
	}
	feedback, err := twcc.NewSenderInterceptor(twcc.WithLoggerFactory(log))
	if err != nil {
		return err
	}
	i.Add(reports)
	i.Add(feedback)
	return registerExtensions(m, sdp.TransportCCURI, sdp.SDESMidURI, sdp.SDESRTPStreamIDURI, sdp.SDESRepairRTPStreamIDURI)
}

// viewerInterceptors are for what goes out: none. Sender reports are our own: they
// say when media were captured, not when they were sent on; and so is what is sent
// again (resend).
func viewerInterceptors(m *pion.MediaEngine, _ *interceptor.Registry, _ logging.LoggerFactory) error {
	return registerExtensions(m, sdp.TransportCCURI, sdp.SDESMidURI)
}

// factory makes pion log where we do. What it calls a warning or an error is
// about one client's network, not about this server.
type factory struct{ log *slog.Logger }

func (f factory) NewLogger(scope string) logging.LeveledLogger {
	return leveled{f.log.With("scope", scope)}
}

type leveled struct{ log *slog.Logger }

func (l leveled) say(level slog.Level, format string, args ...any) {
	if l.log.Enabled(context.Background(), level) {
		l.log.Log(context.Background(), level, "pion", "says", fmt.Sprintf(format, args...))
	}
}

// levelTrace is below what is ever logged.
const levelTrace = slog.LevelDebug - 4

func (l leveled) Trace(msg string)               { l.say(levelTrace, "%s", msg) }
func (l leveled) Tracef(format string, a ...any) { l.say(levelTrace, format, a...) }
func (l leveled) Debug(msg string)               { l.say(levelTrace, "%s", msg) }
func (l leveled) Debugf(format string, a ...any) { l.say(levelTrace, format, a...) }
func (l leveled) Info(msg string)                { l.say(slog.LevelDebug, "%s", msg) }
func (l leveled) Infof(format string, a ...any)  { l.say(slog.LevelDebug, format, a...) }
func (l leveled) Warn(msg string)                { l.say(slog.LevelDebug, "%s", msg) }
func (l leveled) Warnf(format string, a ...any)  { l.say(slog.LevelDebug, format, a...) }
func (l leveled) Error(msg string)               { l.say(slog.LevelDebug, "%s", msg) }
func (l leveled) Errorf(format string, a ...any) { l.say(slog.LevelDebug, format, a...) }
