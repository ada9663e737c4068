package classroom

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
)

// Stage is the state of the document "stage": what everybody is shown (STG1). It
// is a pure function of its events; the zero value is that of an empty log.
type Stage struct {
	Page string // empty: no page was turned to
	Lead string // participant whose video boards are held for; empty: nobody's
}

// Apply takes an event in. It is total, and judges nothing: Check has.
func (s *Stage) Apply(e *chalklinev1.StageEvent) {
	switch e := e.GetEvent().(type) {
	case *chalklinev1.StageEvent_PageTurned:
		s.Page = e.PageTurned.GetPage()
	case *chalklinev1.StageEvent_LeadChanged:
		s.Lead = e.LeadChanged.GetParticipant()
	}
}

// Check tells whether a client's event may be appended (STG1), the room having
// these pages; the error is a *protocol.Error.
func (s *Stage) Check(who Participant, e *chalklinev1.StageEvent, a *Authority) error {
	switch e := e.GetEvent().(type) {
	case *chalklinev1.StageEvent_PageTurned:
		return s.checkPage(who, e.PageTurned.GetPage(), a)
	case *chalklinev1.StageEvent_LeadChanged:
		return s.checkLead(who, e.LeadChanged.GetParticipant())
	default:
		return protocol.NewError(protocol.NotPermitted)
	}
}

func (s *Stage) checkPage(who Participant, page string, a *Authority) error {
	switch {
	case !directs(who) && who.ID != s.Lead:
		return protocol.NewError(protocol.NotPermitted)
	case !a.Has(page):
		return protocol.NewError(protocol.NoSuchDocument)
	case a.IsRemoved(page):
		return protocol.NewError(protocol.PageRemoved)
	}
	return nil
}

func (s *Stage) checkLead(who Participant, lead string) error {
	offers := (s.Lead == "" || s.Lead == who.ID) && lead == who.ID && who.Role != Observer
	switch {
	case !directs(who) && !offers:
		return protocol.NewError(protocol.NotPermitted)
	case len(lead) > protocol.MaxParticipant:
		return protocol.NewError(protocol.BadMessage)
	}
	return nil
}

// directs says whether somebody runs the class.
func directs(who Participant) bool { return who.Role == Teacher || who.Role == Assistant }

// Hash returns the state hash (docs/format.md).
func (s *Stage) Hash() (sum [16]byte) {
	var b []byte
	for _, v := range []string{s.Page, s.Lead} {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	h := fnv.New128a()
	h.Write(b)
	h.Sum(sum[:0])
	return sum
}

// State returns the snapshot table of the document.
func (s *Stage) State() *chalklinev1.StageState {
	return &chalklinev1.StageState{Page: s.Page, Lead: s.Lead}
}

// StageOf returns the state that a snapshot table holds.
func StageOf(s *chalklinev1.StageState) Stage {
	return Stage{Page: s.GetPage(), Lead: s.GetLead()}
}

// Published is a source of a room, as far as the lead goes by it.
type Published struct {
	Number       uint32
	Who          Participant // without a role where that is not known
	Video, Audio bool
}

// leads tells whether a class looks, or listens, to it: a student's voice alone is
// a question, a teacher's is the lesson.
func (p Published) leads() bool { return p.Video || p.Audio && p.Who.Role == Teacher }

// NextLead returns who becomes the lead when what is published changes (STG2);
// empty if the lead stays. Of several a teacher goes before others, then the
// lowest source.
func (s *Stage) NextLead(before, after []Published) string {
	publishes := func(p Published) bool { return p.Who.ID == s.Lead && (p.Video || p.Audio) }
	if s.Lead != "" && slices.ContainsFunc(after, publishes) {
		return ""
	}
	var began []Published
	for _, p := range after {
		if p.leads() && p.Who.ID != s.Lead && !slices.ContainsFunc(before, func(b Published) bool { return b.leads() && b.Who.ID == p.Who.ID }) {
			began = append(began, p)
		}
	}
	if len(began) == 0 {
		return ""
	}
	return slices.MinFunc(began, func(a, b Published) int {
		return cmp.Or(cmp.Compare(order(a.Who), order(b.Who)), cmp.Compare(a.Number, b.Number))
	}).Who.ID
}

func order(who Participant) int {
	if who.Role == Teacher {
		return 0
	}
	return 1
}
