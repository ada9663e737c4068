package room_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

func pageTurned(page string) *chalklinev1.StageEvent {
	return &chalklinev1.StageEvent{Event: &chalklinev1.StageEvent_PageTurned{PageTurned: &chalklinev1.PageTurned{Page: page}}}
}

func leadChanged(participant string) *chalklinev1.StageEvent {
	return &chalklinev1.StageEvent{Event: &chalklinev1.StageEvent_LeadChanged{LeadChanged: &chalklinev1.LeadChanged{Participant: participant}}}
}

func (p *peer) event(handle uint32, e proto.Message) {
	p.t.Helper()
	payload, err := proto.Marshal(e)
	if err != nil {
		p.t.Fatal(err)
	}
	p.submit(handle, payload)
}

// direct sends an event of the stage and waits.
func (p *peer) direct(e *chalklinev1.StageEvent) {
	p.t.Helper()
	p.event(3, e)
	settle()
}

func (p *peer) addPage(page string) {
	p.t.Helper()
	p.event(1, &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: page}}})
	settle()
}

// stage returns the stage as the log has it.
func (f *fixture) stage() (s classroom.Stage) {
	f.t.Helper()
	err := f.log.Read(f.t.Context(), roomID, classroom.StageDocument, 1, func(r replay.Record) bool {
		e := &chalklinev1.StageEvent{}
		if err := proto.Unmarshal(r.Payload, e); err != nil {
			f.t.Error(err)
		}
		s.Apply(e)
		return true
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// wantStage checks what the log and somebody who comes now has of the stage.
func (f *fixture) wantStage(page, lead string) {
	f.t.Helper()
	want := classroom.Stage{Page: page, Lead: lead}
	if got := f.stage(); got != want {
		f.t.Errorf("the log's stage is %+v, want %+v", got, want)
	}
	late := f.join("late", withStage)
	f.room.Post(room.HeartTick{Peer: late})
	settle()
	if got := late.stageAt(roomNow()); got != want {
		f.t.Errorf("who comes now gets %+v, want %+v", got, want)
	}
	if hash := want.Hash(); string(late.streams[3].marker.GetHash()) != string(hash[:]) {
		f.t.Errorf("the marker has the hash %x, want %x", late.streams[3].marker.GetHash(), hash)
	}
	f.room.Post(room.Leave{Peer: late})
}

func TestSTG1TheStageIsTurnedAndKept(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		tea, ann := f.join("tea", teacher, withStage), f.join("ann", withStage)
		f.wantStage("", "")
		ann.direct(pageTurned(page)) // a student who does not lead
		tea.direct(pageTurned("p9")) // no such page
		f.wantStage("", "")
		tea.direct(leadChanged("ann"))
		ann.direct(pageTurned(page))
		f.wantStage(page, "ann")
		codes := func(p *peer) (all []protocol.Code) {
			for _, m := range p.control {
				if r := m.GetRefused(); r != nil {
					all = append(all, protocol.Code(r.GetError().GetCode()))
				}
			}
			return all
		}
		if got := fmt.Sprint(codes(ann), codes(tea)); got != "[NOT_PERMITTED] [NO_SUCH_DOCUMENT]" {
			t.Errorf("refused: %s", got)
		}
		if n := len(ann.streams[3].records); n != 4 { // refused ones without what they said (SYN3)
			t.Errorf("%d records on the stage's stream, want 4", n)
		}
		f.restart()
		f.wantStage(page, "ann")
	})
}

func TestSTG1ATurnMayFollowItsPageAtOnce(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, append: 50 * time.Millisecond} })
		defer f.stop()
		tea := f.join("tea", teacher, withStage)
		tea.event(1, &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: "p2"}}})
		tea.direct(pageTurned("p2"))
		f.wantStage("p2", "")
	})
}

func TestSTG1TwoWhoTurnToOnePageBothHaveIt(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, append: 50 * time.Millisecond} })
		defer f.stop()
		tea, other := f.join("tea", teacher, withStage), f.join("other", teacher, withStage)
		tea.direct(pageTurned(page))
		other.direct(pageTurned(page)) // the first is on its way
		f.wantStage(page, "")
		for _, p := range []*peer{tea, other} {
			for _, m := range p.control {
				if r := m.GetRefused(); r != nil {
					t.Errorf("refused: %v", r)
				}
			}
		}
	})
}

func TestSTG1OfTwoWhoOfferToLeadTheFirstDoes(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t, func(c *room.Config) { c.Log = &slowLog{Log: c.Log, append: 50 * time.Millisecond} })
		defer f.stop()
		ann, ben := f.join("ann", withStage), f.join("ben", withStage)
		ann.event(3, leadChanged("ann"))
		ben.direct(leadChanged("ben")) // the other is on its way
		f.wantStage("", "ann")
	})
}

func TestSTG1EventsThatCannotBeReadEndTheSession(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann", withStage)
		ann.submit(3, []byte{0xff})
		settle()
		if ann.closed == nil || ann.closed.Code != protocol.BadMessage {
			t.Errorf("closed with %v, want BAD_MESSAGE", ann.closed)
		}
		f.wantStage("", "")
	})
}

func camera(number uint32, participant string, video bool) *chalklinev1.Source {
	return &chalklinev1.Source{
		Number: number, Participant: participant, Kind: chalklinev1.SourceKind_SOURCE_KIND_CAMERA, Video: video, Webrtc: true,
	}
}

// told returns the lists of sources that a peer was sent, as numbers.
func (p *peer) told() (lists []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.control {
		if s := m.GetSources(); s != nil {
			lists = append(lists, numbers(s.GetSources()))
		}
	}
	return lists
}

func numbers(list []*chalklinev1.Source) string {
	all := []uint32{}
	for _, s := range list {
		all = append(all, s.GetNumber())
	}
	return fmt.Sprint(all)
}

func TestMED2EverybodyIsToldWhatIsPublished(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		f.room.Sources(nil)
		f.room.Sources([]*chalklinev1.Source{camera(77, "ann", false)})
		ann := f.join("ann")
		if got := numbers(ann.result().GetSources().GetSources()); got != "[77]" {
			t.Errorf("when the room began: %s", got)
		}
		f.room.Sources([]*chalklinev1.Source{camera(77, "ann", true)})
		settle()
		f.room.Sources([]*chalklinev1.Source{camera(77, "ann", true)}) // nothing new
		settle()
		before := ann.told()
		for n := range uint32(50) { // in one moment
			f.room.Sources([]*chalklinev1.Source{camera(77, "ann", true), camera(n, "ben", true)})
		}
		settle()
		if got := ann.told(); got[0] != "[77]" || got[len(got)-1] != "[77 49]" || len(got) > len(before)+2 {
			t.Errorf("told %v, before the many %v", got, before)
		}
		ben := f.join("ben")
		if got := numbers(ben.result().GetSources().GetSources()); got != "[77 49]" || len(ben.told()) != 0 {
			t.Errorf("who comes later gets %s, and is told %v", got, ben.told())
		}
		f.room.Sources(nil)
		settle()
		if got := ben.told(); len(got) != 1 || got[0] != "[]" {
			t.Errorf("told %v, want that nothing is published", got)
		}
	})
}

func TestMED2WhoComesInTheMiddleOfAChangeIsToldHowItEnds(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		list := func(numbers ...uint32) {
			var all []*chalklinev1.Source
			for _, n := range numbers {
				all = append(all, camera(n, "ann", true))
			}
			f.room.Sources(all)
			synctest.Wait()
		}
		f.join("ann")
		list(1)
		later(50 * time.Millisecond)
		list(1, 2) // gathered
		ben := f.enter("ben")
		later(20 * time.Millisecond)
		if got := numbers(ben.result().GetSources().GetSources()); got != "[1 2]" {
			t.Fatalf("ben comes to %s, not in the middle", got)
		}
		list(1)
		settle()
		if got := ben.told(); len(got) == 0 || got[len(got)-1] != "[1]" {
			t.Errorf("told %v, want [1] at last", got)
		}
	})
}

func TestMED2ToldToARoomThatHasEndedIsToldToNobody(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		for range 3 {
			f.room.Sources(nil)
		}
	})
}

func TestSTG2WhoBeginsToPublishLeads(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		f.join("tea", teacher)
		f.join("ann")
		publish := func(list ...*chalklinev1.Source) {
			f.room.Sources(list)
			settle()
		}
		publish(camera(1, "ann", false))
		f.wantStage("", "")
		publish(camera(1, "ann", true))
		f.wantStage("", "ann")
		publish(camera(1, "ann", true), camera(2, "tea", true))
		f.wantStage("", "ann")
		publish(camera(1, "ann", false), camera(2, "tea", false))
		f.wantStage("", "ann")
		publish(camera(1, "ann", false), camera(2, "ben", true), camera(3, "tea", true))
		f.wantStage("", "tea") // of both the teacher
		f.restart()
		publish(camera(2, "ben", true))
		f.wantStage("", "ben") // it began while the room was not there
	})
}
