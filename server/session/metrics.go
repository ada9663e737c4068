package session

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts what sessions do; one is shared by all.
type Metrics struct {
	sessions         *prometheus.GaugeVec   // route
	closes           *prometheus.CounterVec // code
	messagesIn       prometheus.Counter
	writes           prometheus.Counter
	bytesOut         prometheus.Counter
	overflows        prometheus.Counter
	datagramsDropped prometheus.Counter
}

// NewMetrics registers the metrics; a nil registerer registers nowhere.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "chalkline", Subsystem: "session", Name: name, Help: help})
	}
	m := &Metrics{
		sessions: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "chalkline", Subsystem: "session", Name: "open", Help: "Connections, by route.",
		}, []string{"route"}),
		closes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "chalkline", Subsystem: "session", Name: "closes_total", Help: "Connections closed, by code; left: by their clients, lost: they broke.",
		}, []string{"code"}),
		messagesIn:       counter("messages_in_total", "Messages read from clients."),
		writes:           counter("writes_total", "Writes to clients; each may carry many messages."),
		bytesOut:         counter("bytes_out_total", "Bytes written to clients' streams."),
		overflows:        counter("overflows_total", "Times that a client's queue was full and what waited was dropped."),
		datagramsDropped: counter("datagrams_dropped_total", "Datagrams that were not taken or not sent."),
	}
	if r != nil {
		r.MustRegister(m.sessions, m.closes, m.messagesIn, m.writes, m.bytesOut, m.overflows, m.datagramsDropped)
	}
	return m
}
