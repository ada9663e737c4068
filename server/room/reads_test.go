package room_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

// readLog is a log in which reading a document takes a second, and which knows what
// was read.
type readLog struct {
	replay.Log

	mu        sync.Mutex
	read      []replay.Document
	now, most int
}

func (l *readLog) Read(ctx context.Context, id replay.Room, d replay.Document, from uint64, yield func(replay.Record) bool) error {
	l.mu.Lock()
	l.read = append(l.read, d)
	l.now++
	l.most = max(l.most, l.now)
	l.mu.Unlock()
	<-time.After(time.Second) // simulated
	l.mu.Lock()
	l.now--
	l.mu.Unlock()
	return l.Log.Read(ctx, id, d, from, yield)
}

// withManyPages is a room of n pages, cold, that ann has been in and is in again with
// nothing open.
func withManyPages(t *testing.T, n int) (f *fixture, log *readLog, ann *peer) {
	t.Helper()
	f = newRoom(t)
	ann = f.join("ann")
	for i := 2; i <= n; i++ {
		ann.addPage(fmt.Sprint("p", i))
	}
	claim := ann.result().GetReplica()
	f.stop()
	log = &readLog{Log: f.log}
	f.start(withLog(log))
	ann = f.join("ann", func(j *room.Join) { j.Claim, j.Open = claim, nil })
	later(10 * time.Second)
	log.read, log.most = nil, 0
	return f, log, ann
}

func (p *peer) open(handle uint32, page int) {
	p.room.Post(room.Open{Peer: p, Open: &chalklinev1.OpenDocument{
		Handle: handle, Document: classroom.Board{Page: fmt.Sprint("p", page)}.Document(),
	}})
}

// opened returns what was opened, in order.
func (p *peer) opened() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.headers {
		all = append(all, h.GetDocument())
	}
	return all
}

func TestREC1OfManyBoardsThatOneOpensFewAreReadAtATime(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f, log, ann := withManyPages(t, 30)
		defer func() { f.stop() }()
		for i := 1; i <= protocol.MaxOpenDocuments; i++ {
			ann.open(uint32(i), i)
		}
		ann.submit(16, ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}}))
		later(20 * time.Second)
		var want []string
		for i := 1; i <= protocol.MaxOpenDocuments; i++ {
			want = append(want, classroom.Board{Page: fmt.Sprint("p", i)}.Document())
		}
		got := ann.opened()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || ann.closed != nil {
			t.Errorf("opened %v, want each of the 16 once; closed with %v", got, ann.closed)
		}
		if log.most != 2 {
			t.Errorf("%d boards were read at a time, want 2", log.most)
		}
		if at := ann.streams[16].at.Revision; at != 1 {
			t.Errorf("the last board is at revision %d, want 1: the batch waited for its opening", at)
		}
	})
}

func TestREC1NobodyWaitsForTheBoardsOfAnother(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f, _, ann := withManyPages(t, 30)
		defer func() { f.stop() }()
		ben := f.join("ben", func(j *room.Join) { j.Open = nil })
		for i := 1; i <= protocol.MaxOpenDocuments; i++ {
			ann.open(uint32(i), i)
		}
		ben.open(1, 20) // read by nobody
		ben.open(2, 15) // waits among those of ann
		later(1500 * time.Millisecond)
		if got := ben.opened(); len(got) != 2 {
			t.Fatalf("ben has %v after the time of one read, want both of his", got)
		}
		if got := ann.opened(); len(got) != 3 {
			t.Fatalf("ann has %v after the time of one read, want two and the one that was read for ben", got)
		}
		later(20 * time.Second)
		if got := ann.opened(); len(got) != protocol.MaxOpenDocuments {
			t.Fatalf("ann has %v, want 16", got)
		}
	})
}

func TestREC1WhatIsMoreThanMayBeOpenIsNotRead(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f, log, ann := withManyPages(t, 30)
		defer func() { f.stop() }()
		for i := 1; i <= 30; i++ {
			ann.open(uint32(i), i)
		}
		f.room.Post(room.CloseDocument{Peer: ann, Handle: 3})
		f.room.Post(room.CloseDocument{Peer: ann, Handle: 20}) // refused by then, or about to be
		ann.open(3, 30)                                        // behind the others: its place is taken
		later(30 * time.Second)
		if got := ann.opened(); len(got) != protocol.MaxOpenDocuments+1 {
			t.Errorf("opened %d, want 16 and the one in the place of what was closed", len(got))
		}
		if got := ann.unopened(protocol.TooLarge); got != 30-protocol.MaxOpenDocuments {
			t.Errorf("refused %d, want the other 14", got)
		}
		if most := protocol.MaxOpenDocuments + 2; len(log.read) > most { // one was being read when the last place was taken
			t.Errorf("%d boards were read, want %d at most", len(log.read), most)
		}
	})
}

func TestREC1WhoGoesReadsNoMore(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f, log, ann := withManyPages(t, 30)
		defer func() { f.stop() }()
		for i := 1; i <= protocol.MaxOpenDocuments; i++ {
			ann.open(uint32(i), i)
		}
		later(500 * time.Millisecond)
		f.room.Post(room.Leave{Peer: ann})
		later(20 * time.Second)
		if len(log.read) != 2 {
			t.Fatalf("%d boards were read, want the two that were begun", len(log.read))
		}
		ben := f.join("ben", func(j *room.Join) { j.Open = nil })
		ben.open(1, 1)
		ben.open(2, 9)
		later(3 * time.Second)
		if got := ben.opened(); len(got) != 2 {
			t.Fatalf("ben has %v, want both of his", got)
		}
	})
}
