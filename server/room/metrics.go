package room

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts what rooms do. One is shared by all rooms of a server; labels
// are bounded sets, never room ids.
type Metrics struct {
	rooms        prometheus.Gauge
	participants prometheus.Gauge
	batches      prometheus.Counter
	duplicates   prometheus.Counter
	clamped      prometheus.Counter
	ahead        prometheus.Counter
	refused      *prometheus.CounterVec // code
	offences     *prometheus.CounterVec // code
	opened       *prometheus.CounterVec // resumed, snapshot
	resyncs      *prometheus.CounterVec // client, slow
	flushes      prometheus.Counter
	fanoutBytes  prometheus.Counter
	latency      prometheus.Histogram
	append       prometheus.Histogram
	group        prometheus.Histogram
	damaged      prometheus.Counter
	purged       prometheus.Counter
	abandoned    prometheus.Counter
	traces       *prometheus.CounterVec // logged, dropped
	ended        *prometheus.CounterVec // idle, stopped, failed
	snapshot     prometheus.Histogram
	past         prometheus.Histogram
	delayed      prometheus.Gauge
	delay        prometheus.Histogram
	behind       prometheus.Histogram
}

// NewMetrics registers the metrics; a nil registerer registers nowhere.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		rooms:        gauge("rooms", "Rooms that run."),
		participants: gauge("participants", "Client instances that are in a room."),
		batches:      counter("batches_total", "Batches of ops taken in."),
		duplicates:   counter("duplicate_batches_total", "Batches that had been taken in before, sent again after a reconnect."),
		clamped:      counter("clamped_capture_times_total", "Batches whose capture time was ahead of the room clock (SYN5)."),
		ahead:        counter("clients_ahead_total", "Clients that knew more than the store: a sign that an older copy was put back."),
		refused:      counters("refused_batches_total", "Batches of which ops were refused, by code.", "code"),
		offences:     counters("offences_total", "Sessions closed because the client broke the protocol, by code.", "code"),
		opened:       counters("documents_opened_total", "Documents opened, by how: resumed, snapshot, or past, as of a time.", "how"),
		resyncs:      counters("resyncs_total", "Documents sent anew, by cause: the client asked, was slow, or wants another time.", "cause"),
		flushes:      counter("flushes_total", "Buffers of records handed to all viewers of a document."),
		fanoutBytes:  counter("fanout_bytes_total", "Bytes of records queued for viewers."),
		latency: histogram("fanout_seconds", "From a batch's arrival to its hand-over to all viewers, durable.",
			prometheus.ExponentialBuckets(0.0005, 2, 12)),
		group: histogram("append_batches", "Batches that went into one append together: many mean that the store is slow.",
			prometheus.ExponentialBuckets(1, 2, 11)),
		purged:    counter("purged_elements_total", "Deleted elements taken off boards for good (OT16)."),
		abandoned: counter("abandoned_strokes_total", "Strokes ended because their author was gone (OT8)."),
		traces:    counters("traces_total", "Pieces of lasers' paths, by what was done: logged or dropped.", "done"),
		damaged:   counter("damaged_boards_total", "Boards that could not be read because the store is damaged."),
		ended:     counters("ends_total", "Rooms that ended, by why: idle, stopped or failed.", "why"),
		append:    histogram("append_seconds", "Time of one append to the log.", prometheus.ExponentialBuckets(0.0001, 2, 14)),
		past:      histogram("past_seconds", "Time to read a document as of a time (ALN5).", prometheus.ExponentialBuckets(0.0005, 2, 14)),
		delayed:   gauge("viewers_delayed", "Members that show the room a second or more behind now, with their media."),
		delay: histogram("media_delay_seconds", "How far behind now members with media show the room, as each says at its heart tick.",
			prometheus.ExponentialBuckets(0.025, 2, 12)),
		behind: histogram("behind_records", "Records of an open document that a client had not received yet when it said so at its heart tick.",
			append([]float64{0}, prometheus.ExponentialBuckets(1, 4, 8)...)),
		snapshot: histogram("snapshot_seconds", "Time to make a snapshot of a document.", prometheus.ExponentialBuckets(0.0001, 2, 14)),
	}
	if r != nil {
		r.MustRegister(m.rooms, m.participants, m.batches, m.duplicates, m.clamped, m.ahead, m.refused, m.offences,
			m.opened, m.resyncs, m.flushes, m.fanoutBytes, m.latency, m.append, m.snapshot,
			m.group, m.damaged, m.ended, m.purged, m.abandoned, m.traces, m.past, m.delayed, m.delay, m.behind)
	}
	return m
}

const namespace, subsystem = "chalkline", "room"

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help})
}

func counters(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, []string{label})
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help, Buckets: buckets})
}
