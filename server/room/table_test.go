package room

import (
	"testing"
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/classroom"
)

// countedTable counts how often it is gone through.
type countedTable struct {
	table
	hashes int
}

func (c *countedTable) hash() [16]byte { c.hashes++; return c.table.hash() }

func TestATableIsHashedOnceARevisionHoweverManyAsk(t *testing.T) {
	s := newStepped(t)
	people := []*sink{s.join(0), s.join(1), s.join(2)}
	d := s.state.documents[classroom.AuthorityDocument]
	counted := &countedTable{table: d.table}
	d.table, d.hashed = counted, nil
	for n := range uint64(3) {
		for range 5 {
			for _, p := range people {
				s.do(HeartTick{Peer: p})
			}
			s.now = s.now.Add(time.Second)
		}
		if counted.hashes != int(n)+1 || d.hash() != s.state.authority.Hash() {
			t.Fatalf("after %d changes it was hashed %d times, want %d; right: %v", n, counted.hashes, n+1, d.hash() == s.state.authority.Hash())
		}
		e := &chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: "q" + string('0'+rune(n))}}}
		s.do(Submit{Peer: people[0], Batch: &chalklinev1.Submit{Handle: 1, N: n + 1, Ops: encodeEvent(e)}})
		s.beat()
	}
}
