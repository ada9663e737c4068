package replaytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"chalkline/replay"
)

func reentrant(t *testing.T, f *fixture) {
	f.create(room)
	f.append(1, on(board, "a"), on(board, "b"))
	seen := 0
	err := f.store.Read(f.ctx(), room, board, 1, func(r replay.Record) bool {
		seen++
		f.append(2, on(board, "more"))
		return true
	})
	if err != nil || seen != 2 {
		t.Errorf("Read showed %d records, %v; want the 2 there were", seen, err)
	}
	if got := f.state().Heads[board].Revision; got != 4 {
		t.Errorf("the document stands at %d, want 4", got)
	}
}

func concurrent(t *testing.T, f *fixture) {
	const writers, each = 8, 25
	f.create(room, room+1)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			in := room + replay.Room(w%2)
			for n := range uint64(each) {
				entries := []replay.Entry{entry(uint32(w+1), n+1, fmt.Sprint(w, n)), on(stage, "")}
				records, err := f.store.Append(context.Background(), in, int64(n), nil, entries)
				if err != nil || len(records) != 2 {
					t.Errorf("Append = %v", err)
					return
				}
				f.look(in, records[0])
			}
		})
	}
	wg.Wait()
	for _, in := range []replay.Room{room, room + 1} {
		if got := Read(t, f.store, in, board, 1); len(got) != writers/2*each {
			t.Errorf("room %d has %d records, want %d", in, len(got), writers/2*each)
		}
	}
}

// look finds a record that has just been appended, by every way there is.
func (f *fixture) look(in replay.Room, want replay.Record) {
	f.t.Helper()
	var found replay.Record
	err := f.store.Read(context.Background(), in, board, want.Revision, func(r replay.Record) bool { found = r; return false })
	if err != nil || found.Digest != want.Digest {
		f.t.Errorf("Read after Append = %+v, %v; want %+v", found, err, want)
	}
	s, err := f.store.State(context.Background(), in)
	if err != nil || s.Heads[board].Revision < want.Revision || s.Batches[board][want.Replica] < want.N {
		f.t.Errorf("State after Append = %+v, %v", s, err)
	}
}

func race(t *testing.T, f *fixture) {
	f.create(room)
	for at := range uint64(10) {
		var wg sync.WaitGroup
		wins := make(chan struct{}, 5)
		for w := range 5 {
			wg.Go(func() {
				_, err := f.store.Append(context.Background(), room, 1, []replay.Expect{{Document: board, Revision: at}}, []replay.Entry{on(board, fmt.Sprint(w))})
				var conflict *replay.ConflictError
				switch {
				case err == nil:
					wins <- struct{}{}
				case !errors.As(err, &conflict):
					t.Errorf("Append = %v", err)
				}
			})
		}
		wg.Wait()
		if len(wins) != 1 {
			t.Fatalf("%d appends won revision %d", len(wins), at+1)
		}
	}
}

func manyRooms(t *testing.T, f *fixture) {
	const count = 300
	for i := range replay.Room(count) {
		f.create(i + 1)
		for n := range uint64(2) {
			if _, err := f.store.Append(f.ctx(), i+1, 1, nil, []replay.Entry{entry(1, n+1, "x")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range replay.Room(count) {
		s, err := f.store.State(f.ctx(), i+1)
		if err != nil || s.Heads[board].Revision != 2 || s.Batches[board][1] != 2 {
			t.Fatalf("State(%d) = %+v, %v", i+1, s, err)
		}
	}
}
