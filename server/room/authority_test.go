package room

import (
	"testing"

	"chalkline/protocol/ink"
)

func TestSYN6WorkIsJudgedByTheAuthorityBehindWhichItIsAppended(t *testing.T) {
	s := newStepped(t)
	p := s.join(0)
	a := &author{peer: p, replica: s.state.members[p].replica, encoder: ink.NewEncoder()}
	want := func(what string, revision uint64, points int) {
		t.Helper()
		s.beat()
		d := s.state.documents[benchBoard]
		if got := d.board.Load().Points; d.head.Revision != revision || got != points {
			t.Errorf("%s: revision %d with %d points, want %d and %d", what, d.head.Revision, got, revision, points)
		}
	}
	s.do(a.batch(t, s.now))
	want("permitted", 1, 8)
	// As when a removal of the page is in the line before the batch.
	kept := s.state.pages.coming
	s.state.pages.coming.Removed = []string{"p1"}
	s.do(a.batch(t, s.now))
	want("behind what takes the page away", 2, 8) // the batch comes back empty (SYN3)
	s.state.pages.coming = kept
	s.do(a.batch(t, s.now))
	want("the stroke's frame before is missing", 3, 8)
	for a.frame != 0 { // to the end of the stroke
		a.batch(t, s.now)
		a.n--
	}
	s.do(a.batch(t, s.now))
	want("permitted again", 4, 16)
}
