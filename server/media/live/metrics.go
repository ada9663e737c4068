package live

import "github.com/prometheus/client_golang/prometheus"

// metrics counts what outputs do.
type metrics struct {
	outputs  prometheus.Gauge
	readers  prometheus.Gauge
	requests *prometheus.CounterVec // playlist, segment, httpts
	segments prometheus.Counter
	held     prometheus.GaugeFunc
	bytes    *prometheus.CounterVec // hls, httpts
	encoders prometheus.Counter
	dropped  *prometheus.CounterVec // source, reader, opus
	events   *prometheus.CounterVec // of shapers, and long-gop, no-encoder
}

// newMetrics registers the metrics; a nil registerer registers nowhere.
func newMetrics(r prometheus.Registerer, held func() float64) *metrics {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "chalkline", Subsystem: "live", Name: name, Help: help}
	}
	vec := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), []string{label})
	}
	m := &metrics{
		outputs:  prometheus.NewGauge(prometheus.GaugeOpts(opts("outputs", "Sources that are put out as live streams."))),
		readers:  prometheus.NewGauge(prometheus.GaugeOpts(opts("readers", "Open responses of MPEG-TS over HTTP."))),
		requests: vec("requests_total", "Requests answered, by what was asked for: playlist, segment, httpts.", "kind"),
		segments: prometheus.NewCounter(prometheus.CounterOpts(opts("segments_total", "HLS segments cut."))),
		held:     prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("held_bytes", "Bytes of segments that are kept.")), held),
		bytes:    vec("bytes_total", "Bytes sent, by kind of player: hls, httpts.", "kind"),
		encoders: prometheus.NewCounter(prometheus.CounterOpts(opts("encoders_started_total", "ffmpeg processes started to code sound anew."))),
		dropped:  vec("dropped_units_total", "Units lost, by where: source (the output was slow), reader (a player was), opus (the encoder was).", "where"),
		events: vec("events_total", "What was out of order in a source: unstamped, late, unusable (units); long-gop (segments cut "+
			"without a key frame); no-encoder (outputs without ffmpeg for their sound).", "event"),
	}
	if r != nil {
		r.MustRegister(m.outputs, m.readers, m.requests, m.segments, m.held, m.bytes, m.encoders, m.dropped, m.events)
	}
	return m
}

func (m *metrics) event(name string) { m.events.WithLabelValues(name).Inc() }
