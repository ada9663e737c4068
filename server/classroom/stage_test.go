package classroom_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/classroom"
)

func turned(page string) *chalklinev1.StageEvent {
	return &chalklinev1.StageEvent{Event: &chalklinev1.StageEvent_PageTurned{PageTurned: &chalklinev1.PageTurned{Page: page}}}
}

func led(participant string) *chalklinev1.StageEvent {
	return &chalklinev1.StageEvent{Event: &chalklinev1.StageEvent_LeadChanged{LeadChanged: &chalklinev1.LeadChanged{Participant: participant}}}
}

func TestSTG1WhoMayTurnPagesAndMakeTheLead(t *testing.T) {
	a := &classroom.Authority{Order: []string{"p1", "p2"}}
	const no, none, bad = protocol.NotPermitted, protocol.NoSuchDocument, protocol.BadMessage
	long := strings.Repeat("x", protocol.MaxParticipant+1)
	for name, c := range map[string]struct {
		stage                                 classroom.Stage
		event                                 *chalklinev1.StageEvent
		teacher, assistant, student, observer protocol.Code
	}{
		"a page":                     {classroom.Stage{Page: "p1", Lead: "ann"}, turned("p2"), 0, 0, no, no},
		"a page, as the lead":        {classroom.Stage{Page: "p1", Lead: "someone"}, turned("p2"), 0, 0, 0, 0},
		"the same page":              {classroom.Stage{Page: "p1", Lead: "someone"}, turned("p1"), 0, 0, 0, 0},
		"a page that there is not":   {classroom.Stage{Lead: "someone"}, turned("p9"), none, none, none, none},
		"no page":                    {classroom.Stage{Page: "p1", Lead: "someone"}, turned(""), none, none, none, none},
		"oneself, and nobody leads":  {classroom.Stage{}, led("someone"), 0, 0, 0, no},
		"another, and nobody leads":  {classroom.Stage{}, led("ann"), 0, 0, no, no},
		"oneself, and another leads": {classroom.Stage{Lead: "ann"}, led("someone"), 0, 0, no, no},
		"nobody":                     {classroom.Stage{Lead: "ann"}, led(""), 0, 0, no, no},
		"who leads already":          {classroom.Stage{Lead: "ann"}, led("ann"), 0, 0, no, no},
		"oneself, and leads already": {classroom.Stage{Lead: "someone"}, led("someone"), 0, 0, 0, no},
		"nobody, and nobody leads":   {classroom.Stage{}, led(""), 0, 0, no, no},
		"a long name":                {classroom.Stage{}, led(long), bad, bad, no, no},
		"nothing":                    {classroom.Stage{}, &chalklinev1.StageEvent{}, no, no, no, no},
	} {
		for role, want := range map[classroom.Role]protocol.Code{
			classroom.Teacher: c.teacher, classroom.Assistant: c.assistant, classroom.Student: c.student, classroom.Observer: c.observer,
		} {
			if got := code(t, c.stage.Check(who(role), c.event, a)); got != want {
				t.Errorf("%s, by a %s: %v, want %v", name, role, got, want)
			}
		}
	}
}

func TestOT1TheStageIsWhatItsEventsSay(t *testing.T) {
	var s classroom.Stage
	for _, e := range []*chalklinev1.StageEvent{turned("p1"), led("ann"), turned("p2"), {}, nil} {
		s.Apply(e)
	}
	if s != (classroom.Stage{Page: "p2", Lead: "ann"}) {
		t.Fatalf("stage %+v", s)
	}
	if back := classroom.StageOf(s.State()); back != s {
		t.Fatalf("its snapshot is %+v", back)
	}
	s.Apply(led(""))
	if s.Lead != "" {
		t.Fatal("there is still a lead")
	}
}

// TestTheHashOfTheStageIsThatOfItsStrings has the vectors for other
// implementations.
func TestTheHashOfTheStageIsThatOfItsStrings(t *testing.T) {
	for want, s := range map[string]classroom.Stage{
		"0880945b4fab1be95aa0733055273845": {},
		"e7d2fcfc6d4ff78c1a708665d135cf3a": {Page: "p1", Lead: "ann"},
		"900166beb14ff78c17e8399acf68f486": {Page: "p1a", Lead: "nn"},
	} {
		if hash := s.Hash(); hex.EncodeToString(hash[:]) != want {
			t.Errorf("%+v: %x, want %s", s, hash, want)
		}
	}
}

func TestSTG2WhoBeginsToPublishBecomesTheLead(t *testing.T) {
	source := func(number uint32, id string, role classroom.Role, tracks string) classroom.Published {
		return classroom.Published{
			Number: number, Who: classroom.Participant{ID: id, Role: role},
			Video: strings.Contains(tracks, "v"), Audio: strings.Contains(tracks, "a"),
		}
	}
	list := func(all ...classroom.Published) []classroom.Published { return all }
	ann, ben := source(1, "ann", classroom.Student, "av"), source(2, "ben", classroom.Teacher, "av")
	for name, c := range map[string]struct {
		lead          string
		before, after []classroom.Published
		want          string
	}{
		"the first":                       {"", nil, list(ann), "ann"},
		"a teacher before others":         {"", nil, list(ann, ben), "ben"},
		"the lowest of equals":            {"", nil, list(source(5, "eve", "", "v"), source(3, "cat", "", "v")), "cat"},
		"not for a student's sound":       {"", nil, list(source(1, "ann", classroom.Student, "a")), ""},
		"for a teacher's sound":           {"", nil, list(source(1, "ann", classroom.Student, "a"), source(2, "ben", classroom.Teacher, "a")), "ben"},
		"not for video that comes to it":  {"cat", list(source(2, "ben", classroom.Teacher, "a")), list(ben), ""},
		"not for who goes on":             {"", list(ann), list(ann), ""},
		"not for a second source":         {"", list(ann), list(ann, source(4, "ann", classroom.Student, "v")), ""},
		"when video comes to sound":       {"", list(source(1, "ann", "", "a")), list(ann), "ann"},
		"not while the lead is seen":      {"ben", list(ben), list(ann, ben), ""},
		"not while the lead is heard":     {"ben", nil, list(ann, source(2, "ben", classroom.Teacher, "a")), ""},
		"when the lead publishes nothing": {"ben", list(source(2, "ben", classroom.Teacher, "")), list(ann, source(2, "ben", classroom.Teacher, "")), "ann"},
		"not the lead that comes back":    {"ben", nil, list(ben), ""},
		"when a lead is not there":        {"gone", nil, list(ann), "ann"},
		"nobody publishes any more":       {"ben", list(ben), nil, ""},
	} {
		s := classroom.Stage{Lead: c.lead}
		if got := s.NextLead(c.before, c.after); got != c.want {
			t.Errorf("%s: %q becomes the lead, want %q", name, got, c.want)
		}
	}
}
