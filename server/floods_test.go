package server_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"chalkline/protocol"
	"chalkline/server"
	"chalkline/server/transport"
)

// How much is thrown at a server.
const (
	offenders  = 4 // at once
	floods     = 2 // of each offence over each route: 60
	floodBytes = 64 << 10
	floodsCost = 256 << 10 // bytes of memory that all may leave behind: of one flood 4 400
)

// TestSES7FloodsOfOffencesCostNobodyElseAnything commits every offence
// twice over each route, each followed by a flood of garbage, beside two who draw:
// they lose nothing, their latency stays, and so does the server's memory. What the
// floods cost in processor time simulated time does not show.
func TestSES7FloodsOfOffencesCostNobodyElseAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		w := newWorld(t, newPath(10*time.Millisecond, 0, 0), func(c *server.Config) { c.Registry = registry })
		defer w.close()
		ann := w.join(0, over(transport.WebTransport))
		ben := w.join(ann.RoomID(), over(transport.WebSocket))
		room, board := ann.RoomID(), "board::"+ann.board.Page()
		w.flood(room, board, 1) // what is only made once is there
		time.Sleep(time.Minute) // simulated: what is kept of connections for a while is gone
		batches := 0
		// scribble is the median latency of 20 s of drawing, and how many bytes stay.
		scribble := func(beside func()) (time.Duration, int64) {
			before := heap()
			done := make(chan []time.Time)
			go func() { done <- ann.scribble(t, 20*time.Second) }()
			beside()
			sent := <-done
			time.Sleep(time.Minute) // simulated
			w.agree(ann, ben)
			latency, grown := arrivals50(t, ann, ben, batches, sent), heap()-before
			batches += len(sent)
			return latency, grown
		}
		n := 0
		alone, first := scribble(func() {})
		beside, grown := scribble(func() { n = w.flood(room, board, floods) })
		_, last := scribble(func() {})
		own := max(first, last) // what tests before this one left may go during one of them
		t.Logf("%d floods; median %v, without %v; memory grew by %d bytes, without by %d", n, beside, alone, grown, own)
		if beside > alone+5*time.Millisecond {
			t.Errorf("median latency %v beside floods, %v without", beside, alone)
		}
		if grown-own > floodsCost {
			t.Errorf("memory grew by %d bytes, without floods by %d", grown, own)
		}
		for _, h := range []*host{ann, ben} {
			if s := h.Stats(); s.Connections != 1 || s.Resyncs != 0 || s.Snapshots > 2 {
				t.Errorf("a bystander noticed: %+v", s)
			}
		}
		if n := counted(t, registry, "chalkline_session_open"); n != 2 {
			t.Errorf("%v connections at the end, want 2", n)
		}
	})
}

// arrivals50 is the median of what late returns the p99 of.
func arrivals50(t *testing.T, from, to *host, before int, sent []time.Time) time.Duration {
	t.Helper()
	all := lateness(t, from, to, before, sent)
	return all[len(all)/2]
}

// flood commits every offence so often over each route, each followed by garbage,
// and returns how many that were.
func (w *world) flood(room int64, board string, times int) int {
	w.t.Helper()
	type flooding struct {
		name  string
		route transport.Route
		do    func(*raw)
	}
	var all []flooding
	for name, o := range offences(room, board) {
		for range times {
			all = append(all, flooding{name, transport.WebTransport, o.do}, flooding{name, transport.WebSocket, o.do})
		}
	}
	rand.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	next := make(chan flooding, len(all))
	for _, f := range all {
		next <- f
	}
	close(next)
	var busy sync.WaitGroup
	for i := range offenders {
		busy.Go(func() {
			n := w.newNode()
			defer n.close()
			dice := rand.NewChaCha8([32]byte{byte(i)})
			for f := range next {
				// What the garbage is told may come first.
				if code := w.offend(n, f.route, f.do, dice); code.Retry() != protocol.RetryNever {
					w.t.Errorf("%s over %s: code %v, want one of 3xxx", f.name, f.route, code)
				}
			}
		})
	}
	busy.Wait()
	return len(all)
}

// offend commits one offence and floods the server until it closes.
func (w *world) offend(n *node, route transport.Route, do func(*raw), dice *rand.ChaCha8) protocol.Code {
	conn, err := n.dial(w.t.Context(), route)
	if err != nil {
		w.t.Error(err)
		return 0
	}
	c := &raw{w.t, conn}
	do(c)
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		garbage := make([]byte, 1<<10)
		for range floodBytes / len(garbage) {
			_, _ = dice.Read(garbage)
			if conn.WriteControl(garbage) != nil {
				return
			}
		}
	}()
	code := c.fate()
	_ = conn.Close(0)
	<-flooded
	return code
}
