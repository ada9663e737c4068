package client

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/server/transport"
)

func TestREC1TwoClientsAndALateOneHaveTheServersState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		a, b := board(t, join(t, s.dial, nil)), board(t, join(t, s.dial, nil))
		draw(t, a, 5)
		draw(t, b, 3)
		open := a.Stroke()
		if err := open.Frame(wave(8, 0)); err != nil {
			t.Fatal(err)
		}
		within(t, time.Second, func(ctx context.Context) error { return a.WaitRevision(ctx, 11) })
		late := board(t, join(t, s.dial, nil)) // has the open stroke in its snapshot
		if err := open.End(wave(8, 8)); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*Board{a, b, late} {
			within(t, time.Second, func(ctx context.Context) error { return c.WaitRevision(ctx, 12) })
			if c.Hash() != s.boardHash("p1") {
				t.Errorf("state hash differs at revision %d", c.Revision())
			}
		}
	})
}

func TestSYN2BatchesAreResentUnderTheSameNumberUntilDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		c := join(t, s.dial, nil)
		b := board(t, c)
		s.with(func() { s.mute = true }) // taken in, but the client does not hear of it
		draw(t, b, 2)
		synctest.Wait()
		s.with(func() { s.mute = false })
		s.breakAll()
		draw(t, b, 2) // while away
		within(t, 10*time.Second, b.WaitSynced)
		if b.Hash() != s.boardHash("p1") || b.Revision() != 6 {
			t.Fatalf("at revision %d, want 6 and the server's hash", b.Revision())
		}
		if got := s.joins[1].GetReplica().GetReplica(); got != c.Replica() {
			t.Errorf("came back claiming replica %d, is %d", got, c.Replica())
		}
		if s.snapshot != 2 { // authority and board, at the first join
			t.Errorf("%d snapshots, want 2: positions were not resumed from", s.snapshot)
		}
	})
}

func TestSYN4WindowIsNotPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		b := board(t, join(t, s.dial, nil))
		s.with(func() { s.mute = true })
		for range 100 {
			draw(t, b, 1)
		}
		synctest.Wait()
		s.with(func() {
			if len(s.submits) != protocol.MaxUnackedBatches {
				t.Errorf("%d batches submitted without an acknowledgement", len(s.submits))
			}
		})
	})
}

func TestREC3ALostMessageIsFoundAtTheNextRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		writer := board(t, join(t, s.dial, nil))
		var lost atomic.Bool
		c := join(t, s.dial, func(cfg *Config) {
			cfg.Fault = func(document string, _ uint32, k int) bool {
				return document == boardName("p1") && k == 6 && lost.CompareAndSwap(false, true)
			}
		})
		reader := board(t, c)
		draw(t, writer, 9)
		within(t, time.Second, func(ctx context.Context) error { return reader.WaitRevision(ctx, 10) })
		if reader.Hash() != s.boardHash("p1") || len(s.syncs) != 1 || s.syncs[0].GetPosition() == nil {
			t.Fatalf("after %d SYNC_STATE: %v", len(s.syncs), s.syncs)
		}
	})
}

func TestREC3ALostLastMessageIsFoundByTheHeartbeatAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		writer := board(t, join(t, s.dial, nil))
		var drop atomic.Bool
		reader := board(t, join(t, s.dial, func(cfg *Config) {
			cfg.Fault = func(document string, _ uint32, _ int) bool { return document == boardName("p1") && drop.Swap(false) }
		}))
		draw(t, writer, 3)
		within(t, time.Second, func(ctx context.Context) error { return reader.WaitRevision(ctx, 4) })
		drop.Store(true)
		if err := writer.Submit(ot.Op{Kind: ot.Clear, Base: 4}); err != nil {
			t.Fatal(err)
		}
		within(t, protocol.HeartTickMillis*time.Millisecond+time.Second, func(ctx context.Context) error { return reader.WaitRevision(ctx, 5) })
		if reader.Hash() != s.boardHash("p1") {
			t.Fatal("state hash differs")
		}
	})
}

func TestREC3ABusyMinuteCausesNoRepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		a, b := join(t, s.dial, nil), join(t, s.dial, nil)
		boards := []*Board{board(t, a), board(t, b)}
		for range 60 {
			for _, b := range boards {
				draw(t, b, 3)
			}
			time.Sleep(time.Second)
		}
		for i, b := range boards {
			within(t, time.Second, b.WaitSynced)
			if b.Hash() != s.boardHash("p1") {
				t.Errorf("client %d: state hash differs", i)
			}
		}
		s.with(func() {
			if len(s.syncs) != 0 || s.beats < 6 {
				t.Errorf("%d repairs after %d heartbeats", len(s.syncs), s.beats)
			}
		})
	})
}

func TestREC3ADamagedStateIsReplacedByASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		c := join(t, s.dial, nil)
		b := board(t, c)
		draw(t, b, 3)
		within(t, time.Second, b.WaitSynced)
		b.View(func(board *ot.Board) {
			board.Apply(4, 9, []ot.Op{{Kind: ot.Create, ID: ot.ID{Replica: 9, Counter: 9}, Element: ot.Ink}})
		})
		within(t, 20*time.Second, func(ctx context.Context) error {
			return c.await(ctx, func() bool { return c.stats.Snapshots == 3 })
		})
		if b.Hash() != s.boardHash("p1") || s.syncs[0].GetPosition() != nil {
			t.Fatal("what is not trusted was built upon")
		}
	})
}

func TestID4LostHistoryIsSentAgainUnderANewReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := newFakeServer()
		server := old
		c := join(t, func(ctx context.Context, r transport.Route) (transport.ClientConn, error) { return server.dial(ctx, r) }, nil)
		b := board(t, c)
		draw(t, b, 2)
		within(t, time.Second, b.WaitSynced)
		backup := old.copy()
		draw(t, b, 2) // acknowledged, and not in the backup: lost
		stroke := b.Stroke(ot.Setting{Register: ot.Width, Value: ot.WidthValue(30)})
		for k := range int32(3) {
			if err := stroke.Frame(wave(8, 8*k)); err != nil {
				t.Fatal(err)
			}
		}
		within(t, time.Second, b.WaitSynced)
		old.with(func() { old.mute = true })
		if err := stroke.Frame(wave(8, 24)); err != nil { // not acknowledged
			t.Fatal(err)
		}
		draw(t, b, 4) // not acknowledged
		synctest.Wait()
		before := c.Replica()
		server = backup
		old.breakAll()
		if err := stroke.End(wave(8, 32)); err != nil {
			t.Fatal(err)
		}
		within(t, 10*time.Second, b.WaitSynced)
		if c.Replica() == before {
			t.Errorf("still replica %d", before)
		}
		if b.Hash() != backup.boardHash("p1") {
			t.Error("state hash differs")
		}
		var counts []int
		b.View(func(board *ot.Board) {
			for e := range board.Elements() {
				counts = append(counts, len(e.Points()))
			}
		})
		if want := []int{16, 16, 32}; fmt.Sprint(counts) != fmt.Sprint(want) { // kept, rest of the stroke, drawn unacknowledged
			t.Errorf("strokes of %v points, want %v", counts, want)
		}
	})
}

func TestSES10ATakenOverClientComesBackAsANewReplicaAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		c := join(t, s.dial, nil)
		b := board(t, c)
		s.with(func() { s.mute = true })
		draw(t, b, 4) // durable, unheard of
		synctest.Wait()
		s.with(func() {
			s.mute = false
			old := s.members[c.Replica()]
			s.remove(old)
			old.send(errorMessage(protocol.TakenOver))
		})
		within(t, time.Second, b.WaitSynced)
		if c.Replica() != 2 || b.Revision() != 5 {
			t.Fatalf("replica %d at revision %d: want 2, and nothing sent twice", c.Replica(), b.Revision())
		}
		draw(t, b, 1)
		within(t, time.Second, b.WaitSynced)
		if b.Hash() != s.boardHash("p1") {
			t.Fatal("state hash differs")
		}
	})
}

func TestSES4ABlockedPortIsOnWebSocketWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		s.deaf[transport.WebTransport] = true
		start := time.Now()
		c := join(t, s.dial, func(cfg *Config) { cfg.Route = "" })
		if c.Route() != transport.WebSocket || time.Since(start) > time.Second {
			t.Fatalf("%s after %v", c.Route(), time.Since(start))
		}
		c.Break()
		within(t, time.Second, c.WaitAway)
		within(t, time.Second, c.WaitConnected)
		if last := s.dials[len(s.dials)-1]; last != transport.WebSocket || len(s.dials) != 3 {
			t.Fatalf("dialled %v: the choice was not remembered", s.dials)
		}
	})
}

func TestSES4ASilentServerIsGivenUpForTheOtherRouteAndNoWorkIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		c := join(t, s.dial, func(cfg *Config) { cfg.Route = "" })
		b := board(t, c)
		s.with(func() { s.silent = true })
		draw(t, b, 2)
		start := time.Now()
		within(t, 5*time.Second, c.WaitAway)
		if d := time.Since(start); d < patience || d > patience+time.Second {
			t.Errorf("given up after %v", d)
		}
		s.with(func() { s.silent = false })
		within(t, 5*time.Second, b.WaitSynced)
		if c.Route() != transport.WebSocket || b.Hash() != s.boardHash("p1") {
			t.Fatalf("on %s at revision %d", c.Route(), b.Revision())
		}
	})
}

func TestSYN3RefusedOpsAreReportedAndTheBatchComesBackWithoutThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		s.refuse = func(op ot.Op) bool { return op.Kind == ot.Clear }
		refused := make(chan error, 1)
		b := board(t, join(t, s.dial, func(cfg *Config) {
			cfg.OnRefused = func(_ string, ops []ot.Op, err error) {
				if len(ops) != 1 {
					err = fmt.Errorf("%d ops refused", len(ops))
				}
				refused <- err
			}
		}))
		if err := b.Submit(ot.Op{Kind: ot.Clear}); err != nil {
			t.Fatal(err)
		}
		within(t, time.Second, b.WaitSynced)
		if err := <-refused; !errors.Is(err, protocol.NewError(protocol.BoardFull)) {
			t.Fatal(err)
		}
		draw(t, b, 1)
		within(t, time.Second, b.WaitSynced)
		if b.Revision() != 3 || b.Hash() != s.boardHash("p1") {
			t.Fatalf("at revision %d", b.Revision())
		}
	})
}

func TestUnsentWorkOutlivesTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		store := FileStore{Path: filepath.Join(t.TempDir(), "state")}
		with := func(cfg *Config) { cfg.Store = store }
		first := join(t, s.dial, with)
		b := board(t, first)
		draw(t, b, 2)
		within(t, time.Second, b.WaitSynced)
		s.with(func() { s.silent = true })
		draw(t, b, 2) // is never heard of
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		s.with(func() { s.silent = false })
		second := join(t, s.dial, with)
		b = board(t, second)
		if second.Replica() != first.Replica() || b.Revision() != 6 || b.Hash() != s.boardHash("p1") {
			t.Fatalf("replica %d after %d, revision %d", second.Replica(), first.Replica(), b.Revision())
		}
	})
}

func TestAddedPagesReachEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		a, b := join(t, s.dial, nil), join(t, s.dial, nil)
		if err := a.AddPage("p2", "p1"); err != nil {
			t.Fatal(err)
		}
		within(t, time.Second, func(ctx context.Context) error { return b.WaitPage(ctx, "p2") })
		if fmt.Sprint(b.Pages()) != "[p1 p2]" {
			t.Fatal(b.Pages())
		}
	})
}

func TestRefusedForGoodEndsTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		c := join(t, s.dial, nil)
		s.with(func() { s.members[c.Replica()].send(errorMessage(protocol.TokenExpired)) })
		<-c.Done()
		if !errors.Is(c.Err(), protocol.NewError(protocol.TokenExpired)) {
			t.Fatal(c.Err())
		}
	})
}

func TestSES8GoingAwayIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		c := join(t, s.dial, nil)
		start := time.Now()
		s.with(func() { s.members[c.Replica()].send(goingAwayMessage(3 * time.Second)) })
		within(t, time.Second, c.WaitAway)
		within(t, 10*time.Second, c.WaitConnected)
		if d := time.Since(start); d < 3*time.Second || d > 4*time.Second {
			t.Fatalf("came back after %v", d)
		}
	})
}

func TestRoomTimeFollowsTheServersClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		s.now = func() time.Time { return time.Now().Add(90 * time.Second) }
		c := join(t, s.dial, nil)
		synctest.Wait()
		if d := c.RoomTime() - s.now().UnixMicro(); d < -1000 || d > 1000 {
			t.Fatalf("room time is off by %d µs", d)
		}
	})
}
