package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/replay"
	"chalkline/replay/disk"
)

func openStore(t *testing.T, fs vfs.FS) *disk.Log {
	t.Helper()
	log, err := disk.Open(disk.Config{Dir: "/store", FS: fs, MinFree: 1, Ballast: 1})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// drawing is what is drawn on a board, frame after frame, each of which is a batch.
type drawing struct {
	board *client.Board
	drawn chan struct{} // holds a token after a frame

	mu     sync.Mutex
	frames [][]ot.Point // guarded by mu
}

// keepDrawing draws short strokes until ctx ends. No two points with y from this
// one on are alike.
func (d *drawing) keepDrawing(ctx context.Context, t *testing.T, y int32) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := int32(0); ctx.Err() == nil; i++ {
		s := d.board.Stroke(pen...)
		for f := range int32(3) {
			points := []ot.Point{{X: i % 40000, Y: y + f, P: 100, T: f * 30}, {X: i%40000 + 5, Y: y + f*2, P: 110, T: f*30 + 8}}
			send := s.Frame
			if f == 2 {
				send = s.End
			}
			if err := d.add(send, points); err != nil {
				t.Error(err)
				return
			}
			<-tick.C
		}
	}
}

func (d *drawing) add(send func([]ot.Point) error, points []ot.Point) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := send(points); err != nil {
		return err
	}
	d.frames = append(d.frames, points)
	select {
	case d.drawn <- struct{}{}:
	default:
	}
	return nil
}

// acknowledged returns how many of the frames are known to be durable.
func (d *drawing) acknowledged() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.frames) - d.board.Unsent()
}

// more waits until n more frames are drawn.
func (d *drawing) more(n int) {
	count := func() int {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.frames)
	}
	for until := count() + n; count() < until; {
		<-d.drawn
	}
}

// mark is a point of a stroke without its time, which differs in strokes that begin
// in the middle of another (ID4).
type mark struct{ x, y, p int32 }

func marksOf(points []ot.Point) (marks []mark) {
	for _, p := range points {
		marks = append(marks, mark{p.X, p.Y, p.P})
	}
	return marks
}

// marksOn counts the points that a board has of each kind.
func marksOn(b *client.Board) map[mark]int {
	on := map[mark]int{}
	b.View(func(state *ot.Board) {
		for e := range state.Elements() {
			for _, m := range marksOf(e.Points()) {
				on[m]++
			}
		}
	})
	return on
}

// TestPowerLossLosesNothingAcknowledged cuts the power of a server under load:
// what was not synced is gone. It also is the case of an older copy put back,
// because the old server goes on acknowledging for a moment after the copy was
// taken: clients find that out by the digest and take the server's state (ID4).
// What was acknowledged before the copy was taken, was on its way when the server
// went, or was drawn while there was none, is on all boards, once.
func TestPowerLossLosesNothingAcknowledged(t *testing.T) {
	fs := vfs.NewCrashableMem()
	log := openStore(t, fs)
	r := start(t, log, log.Table(), "127.0.0.1:0")
	address := r.Addr().String()
	ann := r.dial(t, client.Config{Name: "ann", RoomName: "lesson"})
	ben := r.dial(t, client.Config{Name: "ben", Room: ann.RoomID()})
	boards := []*client.Board{openFirst(t, ann), openFirst(t, ben)}
	room, document := replay.Room(ann.RoomID()), replay.Document("board::"+boards[0].Page())
	dice := rand.New(rand.NewPCG(1, 1))
	var kept []mark // that all boards must have
	onTheirWay := 0 // batches, when the server went
	for round := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{}, 2)
		var drawings []*drawing
		for i, b := range boards {
			d := &drawing{board: b, drawn: make(chan struct{}, 1)}
			drawings = append(drawings, d)
			go func() { d.keepDrawing(ctx, t, int32(round*1000+i*300)); done <- struct{}{} }()
		}
		until := boards[0].Revision() + 10 + dice.Uint64N(30)
		if err := boards[1].WaitRevision(t.Context(), until); err != nil {
			t.Fatal(err)
		}
		acknowledged := boards[0].Revision() // seen by a client, so durable
		var durable, away []int
		for _, d := range drawings {
			durable = append(durable, d.acknowledged())
		}
		crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(uint64(round), 3))})
		if err := boards[0].WaitRevision(t.Context(), acknowledged+5); err != nil { // acknowledged, and about to be lost
			t.Fatal(err)
		}
		r.stop()
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*client.Client{ann, ben} {
			if err := c.WaitAway(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, d := range drawings {
			away = append(away, d.acknowledged())
			onTheirWay += d.board.Unsent()
			d.more(6) // two strokes at least of which the server hears nothing
		}
		fs = crashed
		log = openStore(t, fs)
		state, err := log.State(t.Context(), room)
		if err != nil || state.Heads[document].Revision < acknowledged {
			t.Fatalf("round %d: revision %d after the power loss, %d was acknowledged: %v", round, state.Heads[document].Revision, acknowledged, err)
		}
		r = start(t, log, log.Table(), address)
		took, stood := back(t, ann, ben)
		if took-stood > 3*time.Second {
			t.Errorf("round %d: clients were back %v after the server, of which the machine stood still for %v; want at most 3 s", round, took, stood)
		}
		cancel()
		<-done
		<-done
		settled(t, fmt.Sprint("round ", round), boards...)
		for i, d := range drawings {
			for _, frame := range slices.Concat(d.frames[:durable[i]], d.frames[away[i]:]) {
				kept = append(kept, marksOf(frame)...)
			}
		}
		for i, b := range boards {
			on := marksOn(b)
			for _, m := range kept {
				if on[m] != 1 {
					t.Fatalf("round %d: %v is on board %d %d times", round, m, i, on[m])
				}
			}
		}
	}
	if onTheirWay == 0 {
		t.Error("no work was on its way when the server went")
	}
	t.Cleanup(func() {
		r.stop()
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
}

// back waits until clients have a connection again and returns how long that took,
// and for how much of it this process stood still.
func back(t *testing.T, clients ...*client.Client) (took, stood time.Duration) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	still := make(chan time.Duration)
	go func() { still <- stoodStill(ctx) }()
	for _, c := range clients {
		if err := c.WaitConnected(ctx); err != nil {
			cancel()
			t.Fatal(err)
		}
	}
	took = time.Since(began)
	cancel()
	return took, <-still
}

// stoodStill returns by how much a clock that ticks every 10 ms was late in all, the
// ticks it missed, until ctx ends.
func stoodStill(ctx context.Context) (stood time.Duration) {
	const beat = 10 * time.Millisecond
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for last := time.Now(); ctx.Err() == nil; last = time.Now() {
		<-tick.C
		if late := time.Since(last) - beat; late > beat {
			stood += late
		}
	}
	return stood
}

// settled waits until boards have nothing unsent and are equal.
func settled(t *testing.T, when string, boards ...*client.Board) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	top := uint64(0)
	for _, b := range boards {
		if err := b.WaitSynced(ctx); err != nil {
			t.Fatalf("%s: %d batches unsent: %v", when, b.Unsent(), err)
		}
		top = max(top, b.Revision())
	}
	for _, b := range boards {
		if err := b.WaitRevision(ctx, top); err != nil {
			t.Fatalf("%s: revision %d, want %d: %v", when, b.Revision(), top, err)
		}
	}
	for _, b := range boards[1:] {
		if b.Hash() != boards[0].Hash() {
			t.Fatalf("%s: hashes differ at revision %d", when, top)
		}
	}
}
