package room_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

func pageAdded(page, after string) *chalklinev1.AuthorityEvent {
	return &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: page, After: after}}}
}

func pageRemoved(page string) *chalklinev1.AuthorityEvent {
	return &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageRemoved{PageRemoved: &chalklinev1.PageRemoved{Page: page}}}
}

func pageRestored(page string) *chalklinev1.AuthorityEvent {
	return &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageRestored{PageRestored: &chalklinev1.PageRestored{Page: page}}}
}

func pageMoved(page, after string) *chalklinev1.AuthorityEvent {
	return &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageMoved{PageMoved: &chalklinev1.PageMoved{Page: page, After: after}}}
}

// arrange sends events of the authority without waiting.
func (p *peer) arrange(events ...*chalklinev1.AuthorityEvent) {
	p.t.Helper()
	for _, e := range events {
		p.event(1, e)
	}
}

// withThreePages is a room with p1, p2 and p3.
func withThreePages(t *testing.T, change ...func(*room.Config)) *fixture {
	t.Helper()
	f := newRoom(t, change...)
	p := f.join("setter")
	p.arrange(pageAdded("p2", "p1"), pageAdded("p3", "p2"))
	settle()
	f.room.Post(room.Leave{Peer: p})
	return f
}

// wantPages checks what the log, the room and somebody who comes now has of the pages.
func (f *fixture) wantPages(want ...string) {
	f.t.Helper()
	a := classroom.Authority{}
	err := f.log.Read(f.t.Context(), roomID, classroom.AuthorityDocument, 1, func(r replay.Record) bool {
		e := &chalklinev1.AuthorityEvent{}
		if err := proto.Unmarshal(r.Payload, e); err != nil {
			f.t.Error(err)
		}
		a.Apply(e)
		return true
	})
	if err != nil {
		f.t.Fatal(err)
	}
	if fmt.Sprint(a.Pages()) != fmt.Sprint(want) {
		f.t.Errorf("the log has %v, want %v", a.Pages(), want)
	}
	listed, _, err := f.room.Pages(f.t.Context())
	if err != nil || fmt.Sprint(listed) != fmt.Sprint(want) {
		f.t.Errorf("exports have %v, want %v, %v", listed, want, err)
	}
	late := f.join("late")
	f.room.Post(room.HeartTick{Peer: late})
	settle()
	if hash := a.Hash(); string(late.streams[1].marker.GetHash()) != string(hash[:]) {
		f.t.Errorf("the marker has the hash %x, want %x", late.streams[1].marker.GetHash(), hash)
	}
	f.room.Post(room.Leave{Peer: late})
}

func TestPGS2PagesAreRemovedMovedAndRestoredOverARestart(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := withThreePages(t)
		defer func() { f.stop() }()
		ann := f.join("ann")
		ann.draw(1, 3, true)
		before := ann.hash()
		ann.arrange(pageRemoved("p1"), pageMoved("p3", ""))
		settle()
		f.wantPages("p3", "p2")
		f.restart()
		f.wantPages("p3", "p2")
		ben := f.join("ben")
		ben.arrange(pageRestored("p1"))
		settle()
		f.wantPages("p3", "p1", "p2") // behind where p3 was put
		cat := f.join("cat")
		if got := cat.hash(); got != before {
			t.Errorf("the board came back as %s, was %s", got, before)
		}
		f.restart()
		f.wantPages("p3", "p1", "p2")
	})
}

func TestPGS2OfTwoWhoRemoveOnePageAtOnceBothHaveTheirWill(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := withThreePages(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, append: 50 * time.Millisecond} })
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		ann.arrange(pageRemoved("p2"))
		ben.arrange(pageRemoved("p2"), pageMoved("p2", ""))
		settle()
		f.wantPages("p1", "p3")
		if len(ann.refusals())+len(ben.refusals()) != 0 {
			t.Errorf("refused: %v, %v", ann.refusals(), ben.refusals())
		}
		ann.arrange(pageRestored("p2"))
		settle()
		f.wantPages("p2", "p1", "p3") // moved meanwhile
	})
}

func TestSY16OfTwoWhoMoveOnePageAtOnceTheLaterSaysWhere(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := withThreePages(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, append: 50 * time.Millisecond} })
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		ann.arrange(pageMoved("p1", "p3"))
		ben.arrange(pageMoved("p1", "p2"))
		settle()
		f.wantPages("p2", "p1", "p3")
	})
}

func TestPGS1OfTheLastTwoPagesOneStays(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := withThreePages(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, append: 50 * time.Millisecond} })
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		ann.arrange(pageRemoved("p1"), pageRemoved("p2"))
		ben.arrange(pageRemoved("p3")) // the others are on their way to the log
		settle()
		f.wantPages("p3")
		if got := fmt.Sprint(ann.refusals(), ben.refusals()); got != "[] [LAST_PAGE]" {
			t.Errorf("refused: %s", got)
		}
	})
}

func TestPGS1ObserversArrangeNoPages(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := withThreePages(t)
		defer f.stop()
		o := f.join("olga", func(j *room.Join) { j.Who.Role = classroom.Observer })
		o.arrange(pageRemoved("p1"), pageMoved("p1", "p3"), pageRestored("p1"))
		settle()
		f.wantPages("p1", "p2", "p3")
		if got := fmt.Sprint(o.refusals()); got != "[NOT_PERMITTED NOT_PERMITTED NOT_PERMITTED]" {
			t.Errorf("refused: %s", got)
		}
	})
}

func TestPGS3WritesOnARemovedPageAreRefusedFromTheRemovalOn(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := withThreePages(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, append: 50 * time.Millisecond} })
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		ann.draw(1, 2, true)
		before := ann.hash()
		ben.arrange(pageRemoved("p1"))
		ann.draw(2, 2, true) // the removal is not durable yet
		if got := fmt.Sprint(ann.refusals()); got != "[PAGE_REMOVED PAGE_REMOVED]" {
			t.Errorf("refused: %s", got)
		}
		cat := f.join("cat") // reads it all the same
		if cat.hash() != before || ann.hash() != before {
			t.Error("the board changed")
		}
		if _, _, err := f.room.Copy(t.Context(), "p1"); err != nil {
			t.Errorf("a copy of it: %v", err) // an export may have begun before
		}
		ben.arrange(pageRestored("p1"))
		ann.draw(3, 2, true) // nor is the restoring
		if len(ann.refusals()) != 2 || ann.hash() == before || ann.hash() != cat.hash() {
			t.Errorf("refused: %v; the stroke did not come", ann.refusals())
		}
	})
}

func TestPGS4TheStageGoesToTheNeighbourOfARemovedPage(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := withThreePages(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, append: 50 * time.Millisecond} })
		defer func() { f.stop() }()
		tea, ann := f.join("tea", teacher, withStage), f.join("ann")
		tea.direct(pageTurned("p2"))
		ann.arrange(pageRemoved("p1"))
		settle()
		f.wantStage("p2", "")
		ann.arrange(pageRemoved("p2"))
		tea.event(3, pageTurned("p2")) // too late
		settle()
		f.wantStage("p3", "")
		if got := fmt.Sprint(tea.refusals()); got != "[PAGE_REMOVED]" {
			t.Errorf("refused: %s", got)
		}
		ann.arrange(pageRestored("p2"))
		settle()
		f.wantStage("p3", "") // nobody is torn away
		f.restart()
		f.wantStage("p3", "")
	})
}

// TestPGS4ARoomThatEndedBeforeTheTurnMakesIt: the removal was durable, the turn not.
func TestPGS4ARoomThatEndedBeforeTheTurnMakesIt(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := withThreePages(t)
		defer func() { f.stop() }()
		tea := f.join("tea", teacher, withStage)
		tea.direct(pageTurned("p2"))
		f.stop()
		e, err := proto.Marshal(pageRemoved("p2"))
		if err != nil {
			t.Fatal(err)
		}
		entries := []replay.Entry{{Document: classroom.AuthorityDocument, Payload: e}}
		if _, err := f.log.Append(t.Context(), roomID, roomNow(), nil, entries); err != nil {
			t.Fatal(err)
		}
		f.start()
		f.join("ann")
		f.wantStage("p3", "")
	})
}
