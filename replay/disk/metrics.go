package disk

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"chalkline/replay"
)

// metrics are what the store tells of itself: chalkline_store_*.
type metrics struct {
	commits prometheus.Counter
	commit  prometheus.Histogram
	fsync   prometheus.Histogram
	records prometheus.Counter
	bytes   prometheus.Counter
	errors  *prometheus.CounterVec
}

func newMetrics() *metrics {
	return &metrics{
		commits: counter("commits_total", "Batches made durable."),
		commit:  histogram("commit_seconds", "From handing over a batch until it is durable."),
		fsync:   histogram("fsync_seconds", "Syncs of the write-ahead log; one serves all commits that wait."),
		records: counter("records_total", "Records appended."),
		bytes:   counter("payload_bytes_total", "Bytes of the payloads appended."),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "chalkline", Subsystem: "store", Name: "errors_total",
			Help: "Calls that failed, by kind: corrupt, failed, full; background for the store's own tidying.",
		}, []string{"kind"}),
	}
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "chalkline", Subsystem: "store", Name: name, Help: help})
}

func histogram(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "chalkline", Subsystem: "store", Name: name, Help: help,
		Buckets: []float64{
			.0001, .0002, .0003, .0005, .00075, .001, .0015, .002, .003, .005, .0075,
			.01, .015, .02, .03, .05, .1, .25, .5, 1, 2.5, 10,
		},
	})
}

// register offers the metrics; nil takes none.
func (m *metrics) register(to prometheus.Registerer) error {
	if to == nil {
		return nil
	}
	for _, c := range m.all() {
		if err := to.Register(c); err != nil {
			m.unregister(to)
			return err
		}
	}
	return nil
}

func (m *metrics) unregister(from prometheus.Registerer) {
	if from == nil {
		return
	}
	for _, c := range m.all() {
		from.Unregister(c)
	}
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.commits, m.commit, m.fsync, m.records, m.bytes, m.errors}
}

// count notes an error that is the store's, not the caller's.
func (m *metrics) count(err error) {
	for _, k := range []struct {
		name string
		err  error
	}{{"corrupt", replay.ErrCorrupt}, {"failed", replay.ErrFailed}, {"full", replay.ErrFull}} {
		if errors.Is(err, k.err) {
			m.errors.WithLabelValues(k.name).Inc()
			return
		}
	}
}
