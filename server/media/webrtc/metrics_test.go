package webrtc_test

import (
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"chalkline/bench/client"
	"chalkline/sei"
	"chalkline/server/media/webrtc"
)

func TestMetricsTellWhereTimesComeFrom(t *testing.T) {
	w := newWorld(t)
	w.publish(func(c *client.PublishConfig) {
		c.Stamp = func(int) sei.Stamp { return sei.Stamp{Time: time.Now().UnixMicro()} }
	})
	w.until("published", published)
	_, frames := w.play()
	w.take(frames, 60)
	waitFor(t, "stamp against a report", func() bool { return w.metric("stamp_error_seconds") > 0 })
	for name, most := range map[string]float64{
		"publishers": 1, "viewers": 1, "stamped_frames_total publisher": math.Inf(1), "key_frame_requests_total": 10,
	} {
		if n := w.metric(name); n < 1 || n > most {
			t.Errorf("%s is %v, want 1 to %v", name, n, most)
		}
	}
	if n := w.metric("stamped_frames_total arrival"); n != 0 {
		t.Errorf("%v frames of a publisher that stamps are stamped by arrival", n)
	}
}

func TestMetricsTellWhatComesAndGoesAndWhatIsLost(t *testing.T) {
	var udp net.Addr
	w := newWorld(t, func(c *webrtc.Config) { udp = c.UDP.LocalAddr() })
	r := newRelay(t, udp, 0, .2, 0)
	w.publish()
	w.until("published", published)
	good, frames := w.play()
	w.play(func(c *client.PlayConfig) { c.HTTP = &http.Client{Transport: r} })
	w.take(frames, 90)
	waitFor(t, "report of loss", func() bool { return w.sum("viewer_loss_ratio") > .02 })
	if n, sum := w.metric("viewer_loss_ratio"), w.sum("viewer_loss_ratio"); sum > .5*n {
		t.Errorf("loss of %v in %v reports, where every fifth packet is lost on one of two ways", sum, n)
	}
	packets, bytes := good.Counts()
	for name, least := range map[string]float64{
		"sent_packets_total": float64(packets), "sent_bytes_total": float64(bytes),
		"received_packets_total": float64(packets) / 2, // stamps are packets of their own
		"received_bytes_total":   float64(bytes) / 2,
	} {
		// There are two viewers, and some was sent while this looked.
		if n := w.metric(name); n < least || n > 10*least+1000 {
			t.Errorf("%s is %v, want %v and not much more", name, n, least)
		}
	}
}

// metric returns the value of one, named without its prefix and with its label: of a
// histogram, how often something was seen.
func (w *world) metric(name string) float64 {
	w.t.Helper()
	m := w.find(name)
	switch {
	case m == nil:
		return 0
	case m.Histogram != nil:
		return float64(m.Histogram.GetSampleCount())
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	}
	return m.Counter.GetValue()
}

// sum returns that of a histogram.
func (w *world) sum(name string) float64 {
	w.t.Helper()
	return w.find(name).GetHistogram().GetSampleSum()
}

func (w *world) find(name string) *dto.Metric {
	w.t.Helper()
	families, err := w.metrics.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	name, label, _ := strings.Cut(name, " ")
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "chalkline_webrtc_"+name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m
			}
		}
	}
	return nil
}
