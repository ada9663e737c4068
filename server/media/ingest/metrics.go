package ingest

import "github.com/prometheus/client_golang/prometheus"

// metrics count what encoders push.
type metrics struct {
	publishers *prometheus.GaugeVec   // by protocol
	refused    *prometheus.CounterVec // by reason
	bytes      prometheus.Counter
	jumps      prometheus.Counter
	malformed  prometheus.Counter
}

// newMetrics returns metrics on a registerer; nil counts nowhere.
func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		publishers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "chalkline_ingest_publishers", Help: "Encoders that push.",
		}, []string{"protocol"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "chalkline_ingest_refused_total", Help: "Encoders that were refused or cut off.",
		}, []string{"reason"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "chalkline_ingest_bytes_total", Help: "Bytes of pictures and sound that encoders pushed.",
		}),
		jumps: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "chalkline_ingest_jumps_total", Help: "How often the times of an encoder did not follow on from those before.",
		}),
		malformed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "chalkline_ingest_malformed_total", Help: "Units and packets that could not be read and were left out.",
		}),
	}
	if r != nil {
		r.MustRegister(m.publishers, m.refused, m.bytes, m.jumps, m.malformed)
	}
	return m
}
