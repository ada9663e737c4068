package server_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"chalkline/ot"
	"chalkline/protocol/ink"
	"chalkline/server"
	"chalkline/server/transport"
)

// narrowRate is that of a line of 300 kbit/s, bytes a second.
const narrowRate = 300_000 / 8

// fill draws scribbles of about so many bytes.
func (h *host) fill(t *testing.T, bytes int) {
	t.Helper()
	dice := rand.New(rand.NewPCG(3, 0))
	for h.Stats().DocumentBytes < uint64(bytes) {
		s := h.board.Stroke(pen...)
		points := make([]ot.Point, ink.MaxFrame)
		for k := range points {
			points[k] = ot.Point{X: dice.Int32N(20_000), Y: dice.Int32N(20_000), P: 100, T: int32(k) * 4}
		}
		if err := s.End(points); err != nil {
			t.Fatal(err)
		}
		pause(20 * time.Millisecond)
	}
}

// level waits until a board is no more than a second behind another's.
func (h *host) level(ctx context.Context, with *host) error {
	for {
		then := with.board.Revision()
		select {
		case <-time.After(time.Second): // simulated
		case <-ctx.Done():
			return ctx.Err()
		}
		if h.board.Revision() >= then {
			return nil
		}
	}
}

// narrow brings a client in over a line of narrowRate and opens the board, which is
// to be there in time.
func (w *world) narrow(ctx context.Context, room int64, route transport.Route) *host {
	w.t.Helper()
	n := w.newNode()
	w.path.narrow(n.addr, narrowRate)
	w.tcp.rate = narrowRate
	h := w.enter(n, room, over(route))
	pages, err := h.WaitPages(ctx, 1)
	if err == nil {
		h.board, err = h.OpenBoard(pages[0])
	}
	if err == nil {
		err = h.board.WaitReady(ctx)
	}
	if err != nil {
		w.t.Fatalf("board not there: %v", err)
	}
	return h
}

// busy lets f go on, again and again, until it is stopped.
func busy(f func()) (stop func()) {
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
				f()
			}
		}
	})
	return func() {
		close(ended)
		all.Wait()
	}
}

// On a line of 300 kbit/s a board of 1 MB takes 28 s to open. While two write on it
// more messages come meanwhile than a queue has slots.
func TestREC4WhoseLineIsNarrowComesLevelWithABusyBoard(t *testing.T) {
	for _, route := range []transport.Route{transport.WebTransport, transport.WebSocket} {
		t.Run(string(route), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := prometheus.NewRegistry()
				w := newWorld(t, newPath(20*time.Millisecond, 0, 0), func(c *server.Config) { c.Registry = registry })
				defer w.close()
				ann := w.join(0)
				ann.fill(t, 1<<20)
				for range 2 {
					writer := w.join(ann.RoomID())
					defer busy(func() { writer.scribble(t, time.Second) })()
				}
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				ben := w.narrow(ctx, ann.RoomID(), route)
				if err := ben.level(ctx, ann); err != nil {
					t.Errorf("not level: %v", err)
				}
				stats := ben.Stats()
				t.Logf("level after %v: %+v", time.Since(began), stats)
				if n := counted(t, registry, "chalkline_session_overflows_total"); n == 0 {
					t.Error("its queue did not overflow: the test shows nothing")
				}
				if stats.Connections != 1 || stats.DocumentBytes > 1200<<10 {
					t.Errorf("%d connections, %d bytes", stats.Connections, stats.DocumentBytes)
				}
			})
		})
	}
}

// Who writes makes more than the line takes: of each snapshot the end arrives.
func TestREC4WhoseLineTakesTooLittleGetsOneSnapshotAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newPath(20*time.Millisecond, 0, 0), func(c *server.Config) { c.Session.QueueBytes = 64 << 10 })
		defer w.close()
		ann := w.join(0)
		ann.fill(t, 128<<10)
		stop := sync.OnceFunc(busy(func() { ann.pour(t, time.Second) }))
		defer stop()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		ben := w.narrow(ctx, ann.RoomID(), transport.WebTransport)
		before := ben.Stats().Snapshots
		pause(30 * time.Second)
		stop()
		if n := ben.Stats().Snapshots - before; n < 2 {
			t.Errorf("%d snapshots in 30 s", n)
		}
		w.agree(ann, ben)
	})
}
