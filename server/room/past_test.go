package room_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

// watched is a log that counts how often a document as of a time is asked for.
type watched struct {
	replay.Log
	asked atomic.Int64
	fail  atomic.Bool
}

func (l *watched) RevisionAt(ctx context.Context, id replay.Room, d replay.Document, at int64) (uint64, error) {
	l.asked.Add(1)
	if l.fail.Load() {
		return 0, replay.ErrCorrupt
	}
	return l.Log.RevisionAt(ctx, id, d, at)
}

// watch puts a watched log before the room's.
func watch(l *watched) func(*room.Config) {
	return func(c *room.Config) {
		l.Log = c.Log
		c.Log = l
	}
}

// as returns what opens the board as of a time.
func as(of int64) func(*room.Join) {
	return func(j *room.Join) { j.Open[1].AtUs = of }
}

func roomNow() int64 { return time.Now().UnixMicro() } // the room's clock began at the machine's

// seek is SYNC_STATE for a time.
func (p *peer) seek(at int64) { p.room.Post(room.SyncState{Peer: p, Handle: 2, At: at}) }

// wantAsOf checks that a board was opened as of a time: from a snapshot released by
// then, and equal then to what somebody saw who had it open all the time.
func wantAsOf(t *testing.T, p, live *peer, at int64) {
	t.Helper()
	b := p.board()
	if b.header.GetResumed() || b.start == nil {
		t.Fatal("no snapshot")
	}
	if release := b.start.GetReleaseAtUs(); release > at {
		t.Errorf("the snapshot was released %v after the time", time.Duration(release-at)*time.Microsecond)
	}
	got, want := b.asOf(at), live.board().asOf(at)
	if want.revision == 0 { // nothing was written by then
		want = stood{hash: ot.NewBoard().Hash()}
	}
	if got != want {
		t.Errorf("as of %d: %+v, want %+v", at, got, want)
	}
	if p.hash() != live.hash() {
		t.Error("at the head the hashes differ")
	}
}

func TestALN5ADocumentAsOfATimeAndWhatFollows(t *testing.T) {
	for name, change := range map[string]func(*room.Config){
		"from memory":             func(*room.Config) {},
		"with snapshots":          func(c *room.Config) { c.SnapshotEvery = 40 },
		"behind the room's tail":  func(c *room.Config) { c.TailBytes = 400 },
		"behind both":             func(c *room.Config) { c.TailBytes, c.SnapshotEvery = 400, 40 },
		"while the log is slow":   func(c *room.Config) { c.Log = &slowLog{Log: c.Log, read: 150 * time.Millisecond} },
		"behind, and it is slow":  func(c *room.Config) { c.TailBytes, c.Log = 400, &slowLog{Log: c.Log, read: 150 * time.Millisecond} },
		"without snapshots there": func(c *room.Config) { c.Log = forgetful{c.Log} },
	} {
		t.Run(name, func(t *testing.T) {
			simulated(t, func(t *testing.T) {
				f := newRoom(t, change)
				defer f.stop()
				began := roomNow() - 1
				ann, ben := f.join("ann"), f.join("ben")
				later(time.Second)
				var times []int64
				for c := range uint32(60) {
					ann.draw(c+1, 2, c%7 != 3) // some stay open
					ben.draw(c+1, 1, true)
					times = append(times, roomNow()-int64(c)*1000)
				}
				for i, at := range append(times, began) {
					if i%9 > 1 && i < len(times) {
						continue
					}
					cat := f.join("cat", as(at))
					ann.draw(100+uint32(i), 1, true) // while it is built, maybe
					later(2 * time.Second)
					wantAsOf(t, cat, ben, at)
				}
			})
		})
	}
}

func TestALN5ASeekGoesBackAndComesOn(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, read: 100 * time.Millisecond} })
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		later(time.Second)
		for c := range uint32(30) {
			ann.draw(c+1, 2, true)
		}
		for back := range 8 {
			at := roomNow() - int64(back)*700_000
			ben.seek(at)
			ann.draw(uint32(50+back), 2, true)
			later(time.Second)
			wantAsOf(t, ben, ann, at)
		}
		first := roomNow() - 5_000_000
		ben.seek(first)
		ben.seek(first + 2_000_000) // the newest counts
		later(time.Second)
		wantAsOf(t, ben, ann, first+2_000_000)
		if n := len(ben.headers); n > 12 {
			t.Errorf("%d streams", n)
		}
	})
}

func TestALN5ATimeThatIsNotPastIsNow(t *testing.T) {
	simulated(t, func(t *testing.T) {
		l := &watched{}
		f := newRoom(t, watch(l))
		defer f.stop()
		ann := f.join("ann")
		ann.draw(1, 3, true)
		head := ann.board().release
		for _, at := range []int64{head, roomNow(), roomNow() + 1e9, 1<<63 - 1} {
			ben := f.join("ben", as(at))
			if r := ben.board().start; r.GetRevision() != 3 || r.GetReleaseAtUs() != head {
				t.Errorf("snapshot of revision %d, released at %d, want 3 and %d", r.GetRevision(), r.GetReleaseAtUs(), head)
			}
		}
		if l.asked.Load() != 0 {
			t.Error("the log was asked")
		}
	})
}

func TestALN5AnEmptyBoardIsTheSameAtAnyTime(t *testing.T) {
	simulated(t, func(t *testing.T) {
		l := &watched{}
		f := newRoom(t, watch(l))
		defer f.stop()
		ann := f.join("ann")
		for _, at := range []int64{-1 << 63, -1, 1} {
			ben := f.join("ben", as(at))
			ben.seek(at)
			later(time.Second)
			if r := ben.board().start; r.GetRevision() != 0 || ben.hash() != ann.hash() {
				t.Errorf("as of %d: a snapshot of revision %d", at, r.GetRevision())
			}
			if ben.unopened(protocol.StoreUnavailable) != 0 {
				t.Errorf("as of %d: refused", at)
			}
		}
		if l.asked.Load() != 0 {
			t.Error("the log was asked")
		}
	})
}

func TestALN5WhoAsksForAboutTheSameTimeShares(t *testing.T) {
	simulated(t, func(t *testing.T) {
		l := &watched{}
		f := newRoom(t, watch(l), func(c *room.Config) { c.Log = &slowLog{Log: c.Log, read: 100 * time.Millisecond} })
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		later(time.Second)
		for c := range uint32(50) {
			ann.draw(c+1, 2, true)
		}
		at := roomNow() - 8_000_000
		var class []*peer
		for i := range int64(30) {
			class = append(class, f.enter("cat", as(at+i*50_000)))
		}
		ann.draw(100, 1, true)
		later(time.Second)
		for i, p := range class {
			wantAsOf(t, p, ben, at+int64(i)*50_000)
		}
		if n := l.asked.Load(); n > 2 {
			t.Errorf("%d times read for 30 who asked for about the same time", n)
		}
	})
}

func TestALN5WhoAsksTooOftenIsRefusedAndKeepsTheStream(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		for c := range uint32(20) {
			ann.draw(c+1, 1, true)
		}
		for range 200 {
			ben.seek(roomNow() - 2_000_000)
		}
		settle()
		refused := ben.unopened(protocol.Overloaded)
		if streams := len(ben.headers); streams > 50 || refused < 150 {
			t.Errorf("%d streams, %d refused", streams, refused)
		}
		ann.draw(30, 1, true)
		if ben.closed != nil || ben.hash() != ann.hash() {
			t.Errorf("closed with %v", ben.closed)
		}
		at := roomNow() - 2_000_000
		if again := f.join("ben", as(at)); again.board().start.GetReleaseAtUs() <= at || again.hash() != ann.hash() {
			t.Error("on another connection it is more")
		}
		cat := f.join("cat", as(roomNow()-2_000_000))
		wantAsOf(t, cat, ann, roomNow()-2_000_000)
	})
}

// unopened counts those of openings with a code.
func (p *peer) unopened(code protocol.Code) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.control {
		if r := m.GetRefused(); r != nil && r.GetN() == 0 && protocol.Code(r.GetError().GetCode()) == code {
			n++
		}
	}
	return n
}

func TestALN5ATimeThatCannotBeReadIsNotTheEnd(t *testing.T) {
	simulated(t, func(t *testing.T) {
		l := &watched{}
		f := newRoom(t, watch(l))
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		for c := range uint32(10) {
			ann.draw(c+1, 1, true)
		}
		l.fail.Store(true)
		cat := f.join("cat", as(roomNow()-1_000_000))
		ben.seek(roomNow() - 1_000_000)
		ann.draw(30, 1, true)
		if cat.hash() != ann.hash() || ben.hash() != ann.hash() {
			t.Error("who opens has not the board of now, or who seeks has lost it")
		}
		if ben.unopened(protocol.StoreUnavailable) != 1 || cat.unopened(protocol.StoreUnavailable) != 0 {
			t.Error("who seeks is to be told, who opens is not")
		}
		l.fail.Store(false)
		at := roomNow() - 1_500_000
		ben.seek(at)
		settle()
		wantAsOf(t, ben, ann, at)
	})
}

func TestALN5WhoOpensAsOfATimeMayWriteAtOnce(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, read: 300 * time.Millisecond} })
		defer f.stop()
		ann := f.join("ann")
		later(time.Second)
		for c := range uint32(10) {
			ann.draw(c+1, 1, true)
		}
		at := roomNow() - 1_000_000
		ben := f.enter("ben", as(at))
		later(100 * time.Millisecond)
		ben.draw(1, 2, true) // durable before its stream begins
		f.room.Post(room.HeartTick{Peer: ben})
		later(time.Second)
		wantAsOf(t, ben, ann, at)
		if ben.board().board.Len(ot.ID{Replica: ben.replica(), Counter: 1}) != 16 {
			t.Error("its own stroke is not there")
		}
		gone := f.enter("gone", as(at-6_000_000)) // shared with nobody
		later(100 * time.Millisecond)
		f.room.Post(room.CloseDocument{Peer: gone, Handle: 2})
		f.room.Post(room.Leave{Peer: gone})
		later(time.Second)
		if gone.streams[2] != nil {
			t.Error("a stream was opened for somebody who had closed it")
		}
	})
}

func TestALN5TheAuthorityAndTimesThatNeverWere(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		later(time.Second)
		at := roomNow()
		later(time.Second)
		ann.addPage("p2")
		ann.draw(1, 1, true)
		f.room.Post(room.SyncState{Peer: ben, Handle: 1, At: at})
		f.room.Post(room.SyncState{Peer: ben, Handle: 2, At: -1 << 63})
		f.room.Post(room.SyncState{Peer: ben, Handle: 99, At: at}) // not open
		later(time.Second)
		if r := ben.streams[1]; r.start.GetRevision() != 2 || r.at.Revision != 3 {
			t.Errorf("authority: a snapshot of revision %d, and then up to %d", r.start.GetRevision(), r.at.Revision)
		}
		if r := ben.board(); r.start.GetRevision() != 0 || r.at.Revision != 1 || ben.hash() != ann.hash() {
			t.Errorf("board: a snapshot of revision %d, and then up to %d", r.start.GetRevision(), r.at.Revision)
		}
	})
}

func TestALN5TheStageAsOfATime(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		tea := f.join("tea", teacher, withStage)
		tea.addPage("p2")
		tea.direct(pageTurned("p1"))
		later(3 * time.Second)
		at := roomNow()
		later(time.Second)
		tea.direct(pageTurned("p2"))
		ben := f.join("ben", withStage, func(j *room.Join) { j.Open[2].AtUs = at })
		if got := ben.stageAt(at); got.Page != "p1" {
			t.Errorf("the stage was %+v", got)
		}
		if got := ben.stageAt(roomNow()); got.Page != "p2" {
			t.Errorf("the stage is %+v", got)
		}
	})
}

func teacher(j *room.Join) { j.Who.Role = classroom.Teacher }

// withStage opens the stage with handle 3.
func withStage(j *room.Join) {
	j.Open = append(j.Open, &chalklinev1.OpenDocument{Handle: 3, Document: classroom.StageDocument})
}

// stageAt returns the stage as it has it, what was released by then.
func (p *peer) stageAt(at int64) classroom.Stage {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, table := p.streams[3], &chalklinev1.StageState{}
	if err := proto.Unmarshal(r.table, table); err != nil {
		p.t.Error(err)
	}
	s, release := classroom.StageOf(table), r.start.GetReleaseAtUs()
	if release > at {
		p.t.Errorf("the stage's snapshot was released %v after the time", time.Duration(release-at)*time.Microsecond)
	}
	for _, record := range r.records {
		if release = replay.Release(release, record.CapturedAt, record.SequencedAt); release > at {
			break
		}
		e := &chalklinev1.StageEvent{}
		if err := proto.Unmarshal(record.Payload, e); err != nil {
			p.t.Error(err)
		}
		s.Apply(e)
	}
	return s
}

func TestREC4WhoIsSlowAndBehindStartsAgainFromWhatItShows(t *testing.T) {
	for name, c := range map[string]struct {
		behind time.Duration
		change func(*room.Config)
		past   bool
	}{
		"behind":           {5 * time.Second, func(*room.Config) {}, true},
		"a slow log":       {5 * time.Second, func(c *room.Config) { c.TailBytes, c.Log = 400, &slowLog{Log: c.Log, read: 300 * time.Millisecond} }, true},
		"hardly behind":    {200 * time.Millisecond, func(*room.Config) {}, false},
		"no media":         {0, func(*room.Config) {}, false},
		"cannot be read":   {5 * time.Second, func(c *room.Config) { l := &watched{}; l.fail.Store(true); watch(l)(c) }, false},
		"before all times": {time.Hour, func(*room.Config) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			simulated(t, func(t *testing.T) {
				f := newRoom(t, c.change)
				defer f.stop()
				ann, slow := f.join("ann"), f.join("slow")
				later(time.Second)
				drawn := uint32(0)
				draw := func(n int) {
					for range n {
						drawn++
						ann.draw(drawn, 2, true)
					}
				}
				draw(40)
				f.room.Post(room.HeartTick{Peer: slow, MediaDelay: c.behind})
				settle()
				slow.mu.Lock()
				slow.refuse = true
				slow.mu.Unlock()
				draw(3)
				slow.mu.Lock()
				slow.refuse = false
				slow.mu.Unlock()
				at := roomNow() - c.behind.Microseconds()
				f.room.Post(room.Drained{Peer: slow})
				draw(10) // while it is built, maybe
				later(2 * time.Second)
				if !c.past {
					if slow.board().start.GetReleaseAtUs() <= roomNow()-15_000_000 || slow.hash() != ann.hash() {
						t.Error("not the board of now")
					}
					return
				}
				wantAsOf(t, slow, ann, at)
			})
		})
	}
}
