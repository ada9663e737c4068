package room_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server/room"
)

func TestALN5ARoomThatOutrunsItsReaderIsReadAgain(t *testing.T) {
	for name, c := range map[string]struct {
		pauses time.Duration // between strokes
		past   bool
	}{
		"for a while": {150 * time.Millisecond, true},
		"for good":    {20 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			simulated(t, func(t *testing.T) {
				f := newRoom(t, func(cfg *room.Config) {
					cfg.TailBytes, cfg.Log = 300, &slowLog{Log: cfg.Log, read: 400 * time.Millisecond}
				})
				defer f.stop()
				ann, ben := f.join("ann"), f.join("ben")
				later(2 * time.Second)
				for c := range uint32(30) {
					ann.draw(c+1, 1, true)
				}
				at := roomNow() - 4_000_000
				cat := f.enter("cat", as(at))
				seeks := f.join("seeks")
				seeks.seek(at)
				for i := range uint32(200) { // too much for the tail in the time of a read, at first
					before := time.Now()
					ann.scratch(31+i, 2)
					pause := c.pauses
					if i < 20 {
						pause = 20 * time.Millisecond
					}
					later(pause - time.Since(before))
				}
				later(3 * time.Second)
				got := cat.board().start.GetReleaseAtUs() <= at
				if got != c.past {
					t.Errorf("opened as of then: %v, want %v", got, c.past)
				}
				if refused := seeks.unopened(protocol.Overloaded) == 1; refused == c.past {
					t.Errorf("who seeks is refused: %v", refused)
				}
				if cat.hash() != ben.hash() || seeks.hash() != ben.hash() {
					t.Error("at the head the hashes differ")
				}
			})
		})
	}
}

// scratch sends a stroke of n frames and does not wait.
func (p *peer) scratch(counter uint32, n int) {
	p.t.Helper()
	id, e := ot.ID{Replica: p.replica(), Counter: counter}, ink.NewEncoder()
	ops := []ot.Op{{Kind: ot.Create, ID: id, Element: ot.Ink}}
	for i := range n {
		frame, err := e.AppendFrame(nil, []ot.Point{{X: int32(i), Y: int32(counter), P: 100, T: int32(i)}})
		if err != nil {
			p.t.Fatal(err)
		}
		p.submit(2, ot.AppendOps(nil, append(ops, ot.Op{Kind: ot.Extend, ID: id, First: uint32(i), Ended: i == n-1, Frame: frame})))
		ops = nil
	}
}

func TestALN5ManyDocumentsAsOfATimeAreReadAFewAtATime(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, read: 100 * time.Millisecond} })
		defer f.stop()
		tea := f.join("tea", teacher, withStage)
		later(2 * time.Second)
		for _, p := range []string{"p2", "p3", "p4"} {
			tea.addPage(p)
			tea.direct(pageTurned(p))
		}
		pages := []string{"p1", "p2", "p3", "p4"}
		for i, p := range pages {
			f.room.Post(room.Open{Peer: tea, Open: &chalklinev1.OpenDocument{Handle: uint32(10 + i), Document: "board::" + p}})
		}
		later(2 * time.Second)
		at := roomNow()
		later(time.Second)
		clears := ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}})
		for i := range pages {
			tea.submit(uint32(10+i), clears)
		}
		tea.direct(pageTurned("p1"))
		for i := range pages {
			f.room.Post(room.SyncState{Peer: tea, Handle: uint32(10 + i), At: at})
		}
		f.room.Post(room.SyncState{Peer: tea, Handle: 3, At: at})
		later(3 * time.Second)
		for i, p := range pages {
			if r := tea.streams[uint32(10+i)]; r.start.GetRevision() != 0 || r.at.Revision != 1 {
				t.Errorf("%s: a snapshot of revision %d, and then up to %d", p, r.start.GetRevision(), r.at.Revision)
			}
		}
		if got := tea.stageAt(at); got.Page != "p4" {
			t.Errorf("the stage was %+v", got)
		}
	})
}

// building is a log that knows how many documents as of a time are read from it at once.
type building struct {
	replay.Log
	now, most *atomic.Int64
}

func (l building) RevisionAt(ctx context.Context, id replay.Room, d replay.Document, at int64) (uint64, error) {
	l.most.Store(max(l.most.Load(), l.now.Add(1)))
	defer l.now.Add(-1)
	<-time.After(100 * time.Millisecond) // simulated
	return l.Log.RevisionAt(ctx, id, d, at)
}

func TestALN5DocumentsOfManyRoomsAsOfATimeAreReadAFewAtATime(t *testing.T) {
	simulated(t, func(t *testing.T) {
		var now, most atomic.Int64
		builds := make(chan struct{}, 2)
		var rooms []*fixture
		var live []*peer
		for range 6 {
			f := newRoom(t, func(c *room.Config) { c.Log, c.Builds = building{c.Log, &now, &most}, builds })
			defer f.stop()
			ann := f.join("ann")
			for c := range uint32(20) {
				ann.draw(c+1, 1, true)
			}
			rooms, live = append(rooms, f), append(live, ann)
		}
		ended := newRoom(t, func(c *room.Config) { c.Log, c.Builds = building{c.Log, &now, &most}, builds })
		bob := ended.join("bob")
		bob.draw(1, 1, true)
		settle()
		at := roomNow() - 1_000
		for _, ann := range live {
			ann.draw(21, 1, true)
		}
		bob.draw(2, 1, true)
		var cats []*peer
		for _, f := range rooms {
			cats = append(cats, f.enter("cat", as(at)))
		}
		later(time.Millisecond)
		bob.seek(at)
		later(time.Millisecond)
		ended.stop() // it does not wait for its turn
		if now.Load() == 0 {
			t.Error("a room that ends waits for those of others")
		}
		later(2 * time.Second)
		if n := most.Load(); n != 2 {
			t.Errorf("%d are read at once, want 2", n)
		}
		for i, cat := range cats {
			wantAsOf(t, cat, live[i], at)
		}
	})
}

func TestALN5ATimeTooFarBackIsRefused(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		at := roomNow()
		later(time.Second)
		var ops []ot.Op
		for i := range uint32(protocol.MaxOpsPerBatch) {
			ops = append(ops, ot.Op{Kind: ot.Set, ID: ot.ID{Replica: 9, Counter: i + 1}, Settings: []ot.Setting{
				{Register: ot.Place, Value: ot.PlaceValue(ot.Placement{X: 1000, Y: 2000, W: 300, H: 400})},
				{Register: ot.Order, Value: "abcdefghijklmnopqrstuvw"},
			}})
		}
		payload := ot.AppendOps(nil, ops)
		for n := range 9<<20/uint64(len(payload)) + 1 {
			now := roomNow() / 1000 * 1000
			_, err := f.log.Append(t.Context(), roomID, now, nil, []replay.Entry{{Document: boardName, Replica: 9, N: n + 1, CapturedAt: now, Payload: payload}})
			if err != nil {
				t.Fatal(err)
			}
		}
		ann := f.join("ann", as(at))
		if ann.board().at.Revision == 0 || ann.board().start.GetReleaseAtUs() <= at {
			t.Error("who opens has not the board of now")
		}
		ann.seek(at)
		settle()
		if ann.unopened(protocol.TooLarge) != 1 {
			t.Error("who seeks is not refused")
		}
	})
}
