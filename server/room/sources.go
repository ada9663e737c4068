package room

import (
	"bytes"
	"time"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/classroom"
)

// Sources tells the room what is published in it: all of it, each time (MED2), and
// once it was started. It never waits; a list that the room has not looked at yet
// is replaced, so call it for one change after the other. The list is the room's
// from then on. A room that has ended does not mind.
func (r *Room) Sources(list []*chalklinev1.Source) {
	for {
		select {
		case r.sources <- list:
			return
		default:
		}
		select {
		case <-r.sources:
		default:
		}
	}
}

// sources is what is published in the room, and who was told.
type sources struct {
	now    *chalklinev1.Sources // nil: nothing was ever
	said   *chalklinev1.Sources // what all members had last …
	told   []byte               // … framed
	toldAt time.Time
}

// published takes in what is published. The first change goes out at once, what
// follows is gathered as rosters are: players that come and go are changes too.
func (s *state) published(now time.Time, c published) {
	before := s.publishers(s.sources.now.GetSources())
	s.sources.now = &chalklinev1.Sources{Sources: c.list}
	s.makeLead(now, before, s.publishers(c.list))
	if now.Sub(s.sources.toldAt) < softTick {
		s.schedule(now)
		return
	}
	s.sendSources(now)
}

// sendSources tells everybody what is published if that has changed: one message,
// the same bytes for all.
func (s *state) sendSources(now time.Time) {
	if s.sources.now == s.sources.said {
		return
	}
	s.sources.said = s.sources.now
	framed, _ := protocol.AppendMessage(nil, &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Sources{Sources: s.sources.now}})
	if bytes.Equal(framed, s.sources.told) {
		return
	}
	s.sources.told, s.sources.toldAt = framed, now
	for p := range s.members {
		s.emit(sendControl{p, framed})
	}
}

// publishers returns sources as the rules want them. A participant that is not
// here has no role.
func (s *state) publishers(list []*chalklinev1.Source) []classroom.Published {
	if len(list) == 0 {
		return nil
	}
	roles := map[string]classroom.Role{}
	for _, m := range s.members {
		if roles[m.who.ID] != classroom.Teacher {
			roles[m.who.ID] = m.who.Role
		}
	}
	all := make([]classroom.Published, len(list))
	for i, x := range list {
		all[i] = classroom.Published{
			Number: x.GetNumber(), Who: classroom.Participant{ID: x.GetParticipant(), Role: roles[x.GetParticipant()]},
			Video: x.GetVideo(), Audio: x.GetAudio(),
		}
	}
	return all
}

// makeLead is STG2, by replica 0.
func (s *state) makeLead(now time.Time, before, after []classroom.Published) {
	lead := s.stage.coming.NextLead(before, after)
	if lead == "" || s.stopping {
		return
	}
	s.direct(now, &chalklinev1.StageEvent{Event: &chalklinev1.StageEvent_LeadChanged{
		LeadChanged: &chalklinev1.LeadChanged{Participant: lead},
	}})
}
