package server_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// batchID is who numbered a batch and how.
type batchID struct {
	replica uint32
	n       uint64
}

// place is a revision of a page.
type place struct {
	page     string
	revision uint64
}

// seen is what a person was told to be durable.
type seen struct {
	mu      sync.Mutex
	batches map[place]batchID
}

func (s *seen) note(b *client.Board, r *client.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.batches == nil {
		s.batches = map[place]batchID{}
	}
	s.batches[place{b.Page(), r.Revision}] = batchID{r.Replica, r.N}
}

func (s *seen) all() map[place]batchID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.batches)
}

// rest lets everything arrive and checks that all is well.
func (s *simulation) rest() {
	if s.t.Failed() {
		return
	}
	for _, p := range s.people {
		if p.client == nil { // it was away when the work ended
			s.t.Fatalf("%s is not there", p.name())
		}
	}
	pause(15 * time.Second) // whoever is cut off is back
	late := &person{simulation: s, index: len(s.people), events: map[string]int{}, store: &keptStore{}, dice: s.dice, lost: s.dice, room: s.people[0].room}
	if !late.enter(s.t.Context()) {
		s.t.FailNow()
	}
	late.sitDown()
	s.people = append(s.people, late)
	for i, page := range s.pages {
		s.restOf(i, page)
	}
}

// restOf checks one page.
func (s *simulation) restOf(i int, page string) {
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
	defer cancel()
	for _, p := range s.people {
		if err := p.desks[i].board.WaitSynced(ctx); err != nil {
			s.t.Fatalf("page %s: %s has %d batches unsent: %v", page, p.name(), p.desks[i].board.Unsent(), err)
		}
	}
	l := s.readLog(page)
	for _, p := range s.people {
		b := p.desks[i].board
		if err := b.WaitRevision(ctx, l.revision); err != nil {
			s.t.Fatalf("page %s: %s is at revision %d, the log at %d: %v", page, p.name(), b.Revision(), l.revision, err)
		}
	}
	// What the server does by itself meanwhile is in the log too.
	l = s.readLog(page)
	for _, p := range s.people {
		s.compare(ctx, p, p.desks[i].board, l)
	}
	if i == 0 {
		s.checkStory(l)
	}
	s.events["purges"] += l.purges
	if _, err := s.cfg.Log.Snapshot(ctx, s.roomID(), documentOf(page), math.MaxUint64); err == nil {
		s.events["snapshots"]++
	} else if !errors.Is(err, replay.ErrNoSnapshot) {
		s.t.Error(err)
	}
}

// compare compares a person's board with the log, at the log's revision or, if
// the server went on, at a later one.
func (s *simulation) compare(ctx context.Context, p *person, b *client.Board, l *logged) {
	if err := b.WaitRevision(ctx, l.revision); err != nil {
		s.t.Fatalf("page %s: %s: %v", b.Page(), p.name(), err)
	}
	if b.Revision() != l.revision {
		l = s.readLog(b.Page())
	}
	if revision, hash := b.State(); revision != l.revision || hash != l.board.Hash() {
		s.t.Errorf("page %s: %s has %x at revision %d, the log %x at %d", b.Page(), p.name(), hash, revision, l.board.Hash(), l.revision)
	}
	if s.older {
		return // what was acknowledged may be lost
	}
	for at, batch := range p.seen.all() {
		if at.page == b.Page() && l.batches[at.revision] != batch {
			s.t.Errorf("page %s: %s saw %v at revision %d, the log has %v", at.page, p.name(), batch, at.revision, l.batches[at.revision])
			return
		}
	}
}

// logged is what a log says of a page.
type logged struct {
	revision uint64
	board    *ot.Board
	batches  map[uint64]batchID // by revision
	purges   int                // records of them
}

func documentOf(page string) replay.Document {
	return replay.Document(classroom.Board{Page: page}.Document())
}

// readLog applies the log from its first record on.
func (s *simulation) readLog(page string) *logged {
	l := &logged{board: ot.NewBoard(), batches: map[uint64]batchID{}}
	strokes := ink.NewStrokes(1 << 10)
	twice := map[batchID]uint64{}
	err := s.cfg.Log.Read(s.t.Context(), s.roomID(), documentOf(page), 1, func(r replay.Record) bool {
		batch := batchID{r.Replica, r.N}
		if before, known := twice[batch]; known && r.Replica != 0 {
			s.t.Errorf("page %s: batch %v is there at revisions %d and %d", page, batch, before, r.Revision)
		}
		twice[batch], l.batches[r.Revision], l.revision = r.Revision, batch, r.Revision
		if err := l.apply(strokes, r); err != nil {
			s.t.Errorf("page %s: revision %d: %v", page, r.Revision, err)
		}
		return true
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

func (l *logged) apply(strokes *ink.Strokes, r replay.Record) error {
	if len(r.Payload) == 0 {
		return nil
	}
	ops, err := ot.DecodeOps(r.Payload, protocol.MaxOpsPerBatch)
	if err != nil {
		return err
	}
	if len(ops) > 0 && ops[0].Kind == ot.Purge {
		l.purges++
	}
	for i := range ops {
		if ops[i].Kind == ot.Extend && l.board.Extends(r.Replica, &ops[i]) {
			if err := strokes.Decode(&ops[i]); err != nil {
				return fmt.Errorf("op %d: %w", i, err)
			}
		}
		for _, id := range l.board.Apply(r.Revision, r.Replica, ops[i:i+1]) {
			if e := l.board.Get(id); e == nil || e.Kind() == ot.Ink && !e.Open() {
				strokes.Forget(id)
			}
		}
	}
	return nil
}

// checkStory counts the letters of the story: those typed are there once, and in
// everybody's eyes.
func (s *simulation) checkStory(l *logged) {
	story := l.board.Get(s.story)
	if story == nil {
		s.t.Error("the story is gone")
		return
	}
	times := map[rune]int{}
	for _, letter := range story.Text() {
		times[letter]++
	}
	want := 0
	for _, p := range s.people {
		if seen := p.desks[0].board.Text(s.story).String(); seen != story.Text() {
			s.t.Errorf("%s sees %q, the story is %q", p.name(), seen, story.Text())
		}
		for i, letter := range p.letters {
			n := times[rune(firstStory+p.index*maxLetters+i)]
			here := letter != 0
			if here {
				want++
			}
			if s.older && n <= 1 {
				continue // what was acknowledged may be lost, typed or deleted
			}
			if here && n != 1 || !here && n != 0 {
				s.t.Errorf("letter %d of %s, deleted: %v, is there %d times", i, p.name(), !here, n)
			}
		}
	}
	if n := len([]rune(story.Text())); !s.older && n != want {
		s.t.Errorf("the story has %d letters, want %d", n, want)
	}
}
