package webrtc

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	publishers, viewers prometheus.Gauge
	bytesIn, bytesOut   prometheus.Counter
	in, out             prometheus.Counter // packets
	lost, asked, gaveUp prometheus.Counter // packets
	viewerLoss          prometheus.Histogram
	keyFrames           prometheus.Counter
	dropped             prometheus.Counter     // packets
	again               *prometheus.CounterVec // packets
	switches            *prometheus.CounterVec
	stamped             *prometheus.CounterVec
	stampError          prometheus.Histogram
	refused             *prometheus.CounterVec
	refusedReports      prometheus.Counter // packets of RTCP
}

func newMetrics(r prometheus.Registerer) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "chalkline", Subsystem: "webrtc", Name: name, Help: help})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "chalkline", Subsystem: "webrtc", Name: name, Help: help})
	}
	vector := func(name, label, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "chalkline", Subsystem: "webrtc", Name: name, Help: help}, []string{label})
	}
	m := &metrics{
		publishers: gauge("publishers", "WHIP sessions."),
		viewers:    gauge("viewers", "WHEP sessions."),
		bytesIn:    counter("received_bytes_total", "RTP payload from publishers."),
		bytesOut:   counter("sent_bytes_total", "RTP payload to viewers."),
		in:         counter("received_packets_total", "Packets from publishers."),
		out:        counter("sent_packets_total", "Packets to viewers, without those that were sent again."),
		lost:       counter("missing_packets_total", "Packets of publishers that were not there when later ones came."),
		asked:      counter("nacks_total", "Packets that publishers were asked to send again."),
		gaveUp:     counter("given_up_packets_total", "Packets of publishers that did not come."),
		keyFrames:  counter("key_frame_requests_total", "Key frames that publishers were asked for."),
		dropped:    counter("dropped_packets_total", "Packets that a slow viewer did not get."),
		again:      vector("sent_again_packets_total", "why", "Packets that went to viewers again: asked, or loss."),
		switches:   vector("quality_switches_total", "to", "Viewers that changed between main and sub."),
		stamped:    vector("stamped_frames_total", "origin", "Frames by where their time comes from: publisher, report or arrival."),
		stampError: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "chalkline", Subsystem: "webrtc", Name: "stamp_error_seconds",
			Help:    "Publisher's stamp against its sender reports, absolute.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1},
		}),
		viewerLoss: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "chalkline", Subsystem: "webrtc", Name: "viewer_loss_ratio",
			Help:    "Part of the packets that a viewer reported lost since its last report, before they are sent again.",
			Buckets: []float64{0, .01, .02, .05, .1, .2, .5},
		}),
		refusedReports: counter("refused_reports_total", "Packets of RTCP that cannot be read, or say that they hold more than they do."),
		refused:        vector("refused_stamps_total", "of", "Times that were not plausible: of the publisher's stamps, or of its sender reports (report)."),
	}
	if r != nil {
		r.MustRegister(m.publishers, m.viewers, m.bytesIn, m.bytesOut, m.in, m.out, m.viewerLoss, m.lost, m.asked, m.gaveUp, m.keyFrames, m.dropped,
			m.again, m.switches, m.stamped, m.stampError, m.refused, m.refusedReports)
	}
	return m
}

// received counts a packet of a publisher, with so many bytes of payload.
func (m *metrics) received(bytes int) {
	m.in.Inc()
	m.bytesIn.Add(float64(bytes))
}

// sent counts packets to a viewer.
func (m *metrics) sent(packets, bytes int) {
	m.out.Add(float64(packets))
	m.bytesOut.Add(float64(bytes))
}
