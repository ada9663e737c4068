package server_test

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server"
	"chalkline/server/classroom"
)

// viewer notes what a client was sent of the board and the stage.
type viewer struct {
	mu        sync.Mutex
	start     uint64 // revision of the board's last snapshot
	hash      [16]byte
	snapshots int
	records   []viewed // since then
}

// viewed is one record, and when it may be shown.
type viewed struct {
	release  int64
	stage    bool
	revision uint64
	what     string
}

// watch puts a viewer into a client's configuration.
func (v *viewer) watch(c *client.Config) {
	c.Stage = true
	c.OnSnapshot = func(b *client.Board) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.start, v.hash = b.State()
		v.snapshots++
		v.records = slices.DeleteFunc(v.records, func(r viewed) bool { return !r.stage })
	}
	c.OnRecord = func(_ *client.Board, r *client.Record) {
		v.note(viewed{r.ReleaseAt, false, r.Revision, fmt.Sprint("stroke of ", r.Replica, ", batch ", r.N)})
	}
	c.OnStage = func(r *client.Record) {
		v.note(viewed{r.ReleaseAt, true, r.Revision, "turn to " + r.Event.GetPageTurned().GetPage()})
	}
}

func (v *viewer) note(r viewed) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.records = append(v.records, r)
}

// shown returns what is shown after one room time, up to another, in the order in
// which it is.
func (v *viewer) shown(after, upTo int64) (all []viewed) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range v.records {
		if r.release > after && r.release <= upTo {
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b viewed) int {
		inStage := func(r viewed) int {
			if r.stage {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(a.release, b.release), cmp.Compare(inStage(a), inStage(b)))
	})
	return all
}

// history is the log of a world, to compare with.
type history struct {
	t    *testing.T
	log  replay.Log
	room replay.Room
	page string
}

func (h *history) document() replay.Document {
	return replay.Document(classroom.Board{Page: h.page}.Document())
}

// at returns the last revision of the board that was released by then.
func (h *history) at(time int64) uint64 {
	h.t.Helper()
	revision, err := h.log.RevisionAt(h.t.Context(), h.room, h.document(), time)
	if err != nil {
		h.t.Fatal(err)
	}
	return revision
}

// hash returns the hash of the board at a revision.
func (h *history) hash(revision uint64) [16]byte {
	h.t.Helper()
	l, strokes := &logged{board: ot.NewBoard()}, ink.NewStrokes(1<<10)
	err := h.log.Read(h.t.Context(), h.room, h.document(), 1, func(r replay.Record) bool {
		if r.Revision > revision {
			return false
		}
		if err := l.apply(strokes, r); err != nil {
			h.t.Error(err)
		}
		return true
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return l.board.Hash()
}

// check checks that a viewer was sent the board as of a time and all that follows.
func (h *history) check(v *viewer, at int64) {
	h.t.Helper()
	synctest.Wait() // what has come is noted
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.hash != h.hash(v.start) {
		h.t.Errorf("the snapshot of revision %d is not what the log says", v.start)
	}
	shown, last := v.start, v.start
	for _, r := range v.records {
		if r.stage {
			continue
		}
		if r.revision != last+1 {
			h.t.Errorf("revision %d follows %d", r.revision, last)
		}
		if last = r.revision; r.release <= at {
			shown = r.revision
		}
	}
	if want := h.at(at); shown != want {
		h.t.Errorf("as of then revision %d is shown, want %d; the snapshot is of %d", shown, want, v.start)
	}
}

// newHistory returns a world and the log that it is on.
func newHistory(t *testing.T, p *path, change func(*server.Config)) (*world, *history) {
	log := memory.New()
	w := newWorld(t, p, func(c *server.Config) {
		c.Log, c.Table = log, log.Table()
		change(c)
	})
	return w, &history{t: t, log: log}
}

func TestALN5WhoComesLateSeesTheBoardAsItWasAndComesToNow(t *testing.T) {
	for name, tail := range map[string]int{"from the room's memory": 1 << 20, "from the log": 1 << 10} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, h := newHistory(t, newPath(20*time.Millisecond, 10*time.Millisecond, 0.01), func(c *server.Config) {
					c.Room.SnapshotEvery, c.Room.TailBytes = 150, tail
				})
				defer w.close()
				ann := w.join(0)
				ben := w.join(ann.RoomID())
				h.room, h.page = replay.Room(ann.RoomID()), ann.board.Page()
				var both sync.WaitGroup
				var times []int64
				both.Go(func() { ann.scribble(t, 40*time.Second) })
				both.Go(func() { ben.scribble(t, 40*time.Second) })
				for i := range int64(10) {
					pause(3 * time.Second)
					times = append(times, ann.RoomTime()-i*2_100_000)
				}
				for _, at := range times {
					v := &viewer{}
					cat := w.join(ann.RoomID(), v.watch, func(c *client.Config) { c.At = at })
					w.agree(ann, cat)
					h.check(v, at)
					back := v.snapshots
					cat.board.ShowFrom(times[2])
					for v.seen() == back {
						pause(10 * time.Millisecond)
					}
					w.agree(ann, cat)
					h.check(v, times[2])
				}
				both.Wait()
			})
		})
	}
}

func (v *viewer) seen() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.snapshots
}

func TestALN2StrokesAndTurnsComeInOneOrderToWhoIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const behind = 8_000_000 // µs
		w, h := newHistory(t, newPath(25*time.Millisecond, 30*time.Millisecond, 0.02), func(*server.Config) {})
		defer w.close()
		now := &viewer{}
		ann := w.join(0, func(c *client.Config) { c.Stage = true })
		ben := w.join(ann.RoomID())
		cat := w.join(ann.RoomID(), now.watch)
		h.room, h.page = replay.Room(ann.RoomID()), ann.board.Page()
		first := ann.board.Page()
		if err := ann.AddPage("second", first); err != nil {
			t.Fatal(err)
		}
		if err := ann.WaitPage(t.Context(), "second"); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() { ann.scribble(t, 20*time.Second) })
		both.Go(func() { ben.scribble(t, 20*time.Second) })
		for i := range 15 {
			pause(time.Second)
			if err := ann.Turn([]string{"second", first}[i%2]); err != nil {
				t.Fatal(err)
			}
		}
		late := &viewer{}
		from := cat.RoomTime() - behind
		dan := w.join(ann.RoomID(), late.watch, func(c *client.Config) {
			c.At = from
			c.MediaDelay = func() time.Duration { return behind * time.Microsecond }
		})
		both.Wait()
		pause(40 * time.Second) // heart ticks
		w.agree(ann, ben, cat, dan)
		h.check(late, from)
		end := cat.RoomTime()
		want, got := now.shown(from, end), late.shown(from, end)
		if !slices.Equal(got, want) {
			t.Errorf("who is behind is shown\n%v\nwho is not\n%v", got, want)
		}
		turns := 0
		for _, r := range got {
			if r.stage {
				turns++
			}
		}
		if turns < 7 || len(got) < 400 {
			t.Errorf("%d records and %d turns: too little to say anything", len(got), turns)
		}
		if cat.Stage() != dan.Stage() || cat.Stage().Page != "second" {
			t.Errorf("at rest the stage is %+v and %+v", cat.Stage(), dan.Stage())
		}
		if n := dan.Stats().Snapshots; n != 3 { // of authority, stage and board
			t.Errorf("%d snapshots for who is behind", n)
		}
	})
}
