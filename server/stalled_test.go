package server_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"chalkline/ot"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server"
	"chalkline/server/transport"
)

// What others make while a client reads nothing: far more than fits its queue
// and what the routes hold on the way (QUIC some 800 kB, a wire and its reader half a MB).
const (
	stalledQueue = 64 << 10
	pourers      = 2
	pourEvery    = 100 * time.Millisecond
	pourOps      = 4 // of 1.5 kB each
)

// TestREC4AClientThatStopsReadingHoldsUpNobody stops reading for a minute while
// others make 7 MB: its queue is dropped, memory stays flat and the others' p99
// is what it was.
func TestREC4AClientThatStopsReadingHoldsUpNobody(t *testing.T) {
	for _, route := range []transport.Route{transport.WebTransport, transport.WebSocket} {
		t.Run(string(route), func(t *testing.T) {
			alone, beside, again := besideStalled(t, route, false), besideStalled(t, route, true), besideStalled(t, route, false)
			alone.grown = max(alone.grown, again.grown) // garbage of before may go during one
			t.Logf("p99 %v, without %v; grown by %d bytes, without %d; %v overflows", beside.p99, alone.p99, beside.grown, alone.grown, beside.overflows)
			if beside.p99 > alone.p99+5*time.Millisecond {
				t.Errorf("p99 beside a stalled client %v, without %v", beside.p99, alone.p99)
			}
			if alone.overflows != 0 || beside.overflows == 0 {
				t.Errorf("%v queues were dropped beside a stalled client, %v without", beside.overflows, alone.overflows)
			}
			// The log in memory grows by what is made.
			if more := beside.grown - alone.grown; more > 4*stalledQueue {
				t.Errorf("memory grew by %d bytes more beside a stalled client, of whose queue %d are allowed", more, stalledQueue)
			}
		})
	}
}

// minute is what a busy minute came to.
type minute struct {
	p99       time.Duration // of who draws beside
	grown     int64         // bytes of memory
	overflows float64       // queues that were dropped
}

// besideStalled lets people work for a minute, beside somebody who reads nothing or not.
func besideStalled(t *testing.T, route transport.Route, stalled bool) (m minute) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		w := newWorld(t, newPath(10*time.Millisecond, 0, 0), func(c *server.Config) {
			c.Registry, c.Session.QueueBytes = registry, stalledQueue
		})
		defer w.close()
		ann := w.join(0, over(route))
		ben := w.join(ann.RoomID(), over(route))
		all := []*host{ann, ben}
		for range pourers {
			all = append(all, w.join(ann.RoomID(), over(route)))
		}
		if stalled {
			stop := w.stall(route, ann.RoomID(), "board::"+ann.board.Page())
			defer stop()
		}
		work := func(d time.Duration) (sent []time.Time) {
			var busy sync.WaitGroup
			for _, h := range all[2:] {
				busy.Go(func() { h.pour(t, d) })
			}
			sent = ann.scribble(t, d)
			busy.Wait()
			w.agree(all...)
			return sent
		}
		first := len(work(10 * time.Second)) // fills what the route holds
		before := heap()
		sent := work(time.Minute)
		m.grown = heap() - before
		m.p99 = late(t, ann, ben, first, sent)
		m.overflows = counted(t, registry, "chalkline_session_overflows_total")
		open := float64(len(all))
		if stalled {
			open++
		}
		if n := counted(t, registry, "chalkline_session_open"); n != open {
			t.Errorf("%v connections, want %v", n, open)
		}
	})
	return m
}

// late is the p99 of lateness.
func late(t *testing.T, from, to *host, before int, sent []time.Time) time.Duration {
	t.Helper()
	all := lateness(t, from, to, before, sent)
	return all[len(all)*99/100]
}

// lateness is how long batches took from who sent them to another, sorted; so
// many had been sent before.
func lateness(t *testing.T, from, to *host, before int, sent []time.Time) []time.Duration {
	t.Helper()
	var all []time.Duration
	for i, at := range sent {
		n := uint64(before + i + 1)
		arrived, ok := to.seen.of(from.Replica(), n)
		if !ok {
			t.Fatalf("batch %d did not arrive by itself", n)
		}
		all = append(all, arrived.Sub(at))
	}
	slices.Sort(all)
	return all
}

// pour writes large values for a while.
func (h *host) pour(t *testing.T, d time.Duration) {
	id := h.board.NextID()
	if err := h.board.Submit(ot.Op{Kind: ot.Create, ID: id, Element: ot.Polygon}); err != nil {
		t.Error(err)
	}
	dice := rand.New(rand.NewPCG(uint64(id.Replica), 0))
	for range d / pourEvery {
		ops := make([]ot.Op, pourOps)
		for i := range ops {
			vertices := make([]ot.Vertex, ot.MaxVertices)
			for k := range vertices {
				vertices[k] = ot.Vertex{X: 1<<14 + uint16(dice.IntN(1<<14)), Y: 1<<14 + uint16(dice.IntN(1<<14))}
			}
			ops[i] = ot.Op{Kind: ot.Set, ID: id, Settings: []ot.Setting{{Register: ot.Vertices, Value: ot.VerticesValue(vertices)}}}
		}
		if err := h.board.Submit(ops...); err != nil {
			t.Error(err)
		}
		time.Sleep(pourEvery) // simulated
	}
}

// heap is how much memory is in use, bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what pools kept over the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// counted is the sum of a metric over all its labels.
func counted(t *testing.T, registry *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

// stall joins a client that opens a board and never reads its stream; it goes
// on ticking.
func (w *world) stall(route transport.Route, room int64, document string) (stop func()) {
	w.t.Helper()
	h := w.newNode()
	conn, err := h.dial(w.t.Context(), route)
	if err != nil {
		w.t.Fatal(err)
	}
	c := &raw{w.t, conn}
	c.hello()
	c.join(room, document)
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(15 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_HeartTick{HeartTick: &chalklinev1.HeartTick{}}})
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
		_ = conn.Close(0)
		h.close()
	}
}
