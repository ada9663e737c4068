package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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

// keepDrawing draws short strokes until ctx ends.
func keepDrawing(ctx context.Context, t *testing.T, b *client.Board, y int32) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := int32(0); ctx.Err() == nil; i++ {
		s := b.Stroke(pen...)
		for f := range int32(3) {
			points := []ot.Point{{X: i % 40000, Y: y + f, P: 100, T: f * 30}, {X: i%40000 + 5, Y: y + f*2, P: 110, T: f*30 + 8}}
			send := s.Frame
			if f == 2 {
				send = s.End
			}
			if err := send(points); err != nil {
				t.Error(err)
				return
			}
			<-tick.C
		}
	}
}

// TestPowerLossLosesNothingAcknowledged cuts the power of a server under load:
// what was not synced is gone. It also is the case of an older copy put back,
// because the old server goes on acknowledging for a moment after the copy was
// taken: clients find that out by the digest and take the server's state (ID4).
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
	var took []time.Duration
	for round := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{}, 2)
		for i, b := range boards {
			go func() { keepDrawing(ctx, t, b, int32(round*1000+i*300)); done <- struct{}{} }()
		}
		until := boards[0].Revision() + 10 + dice.Uint64N(30)
		if err := boards[1].WaitRevision(t.Context(), until); err != nil {
			t.Fatal(err)
		}
		acknowledged := boards[0].Revision() // seen by a client, so durable
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
		fs = crashed
		log = openStore(t, fs)
		state, err := log.State(t.Context(), room)
		if err != nil || state.Heads[document].Revision < acknowledged {
			t.Fatalf("round %d: revision %d after the power loss, %d was acknowledged: %v", round, state.Heads[document].Revision, acknowledged, err)
		}
		r = start(t, log, log.Table(), address)
		took = append(took, back(t, ann, ben))
		cancel()
		<-done
		<-done
		settled(t, fmt.Sprint("round ", round), boards...)
	}
	slices.Sort(took)
	if took[len(took)-3] > 3*time.Second { // the machine may have stood still in one or two
		t.Errorf("clients were back so long after the server: %v, want at most 3 s", took)
	}
	t.Cleanup(func() {
		r.stop()
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
}

// back waits until clients have a connection again and returns how long that took.
func back(t *testing.T, clients ...*client.Client) time.Duration {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, c := range clients {
		if err := c.WaitConnected(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(began)
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
