package room

import (
	"testing"
	"time"
)

func TestWhatAParticipantMayDoIsKeptUntilItIsWholeAgain(t *testing.T) {
	s := newStepped(t)
	p := s.join(0)
	used := s.state.allowances["p0"]
	used.work.AllowN(s.now, pointsPerSecond/2)
	s.do(Leave{p})
	if s.join(1); s.state.allowances["p0"] != used {
		t.Fatal("who left a moment ago may do all again")
	}
	s.now = s.now.Add(time.Second)
	if s.join(2); len(s.state.allowances) != 2 {
		t.Fatalf("%d are kept of 2 who are here", len(s.state.allowances))
	}
}
