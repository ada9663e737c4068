package replaytest

import (
	"context"
	"testing"

	"chalkline/replay"
)

func create(t *testing.T, f *fixture) {
	f.create(room)
	wantError(t, "Create again", f.store.Create(f.ctx(), room), replay.ErrExists)
	epoch := f.state().Epoch
	if epoch == 0 {
		t.Error("the epoch is 0")
	}
	f.reopen()
	wantError(t, "Create after reopening", f.store.Create(f.ctx(), room), replay.ErrExists)
	if got := f.state().Epoch; got != epoch {
		t.Errorf("epoch %x after reopening, want %x", got, epoch)
	}
	for _, bad := range []replay.Room{0, -1} {
		wantError(t, "Create of a number that is not positive", f.store.Create(f.ctx(), bad), replay.ErrLimit)
	}
}

func noRoom(t *testing.T, f *fixture) {
	f.create(room + 1)
	for name, err := range every(f.ctx(), f.store) {
		if name != "Create" {
			wantError(t, name, err, replay.ErrNoRoom)
		}
	}
}

// every makes each call of a log once.
func every(ctx context.Context, log replay.Log) map[string]error {
	errs := make(map[string]error)
	_, errs["State"] = log.State(ctx, room)
	_, errs["Append"] = log.Append(ctx, room, 1, nil, []replay.Entry{on(board, "x")})
	errs["Read"] = log.Read(ctx, room, board, 1, func(replay.Record) bool { return true })
	_, errs["RevisionAt"] = log.RevisionAt(ctx, room, board, 1)
	errs["PutSnapshot"] = log.PutSnapshot(ctx, room, replay.Snapshot{Document: board})
	_, errs["Snapshot"] = log.Snapshot(ctx, room, board, 1)
	errs["Create"] = log.Create(ctx, room)
	return errs
}

func closed(t *testing.T, f *fixture) {
	f.create(room)
	f.close()
	for name, err := range every(f.ctx(), f.store) {
		wantError(t, name, err, replay.ErrClosed)
	}
	_, err := f.store.Table().Get(f.ctx(), room, "k")
	wantError(t, "Get", err, replay.ErrClosed)
	wantError(t, "Put", f.store.Table().Put(f.ctx(), room, "k", nil), replay.ErrClosed)
	wantError(t, "Close", f.store.Close(), replay.ErrClosed)
}

func cancelled(t *testing.T, f *fixture) {
	f.create(room)
	f.append(1, on(board, "a"))
	ctx, cancel := context.WithCancel(f.ctx())
	cancel()
	for name, err := range every(ctx, f.store) {
		wantError(t, name, err, context.Canceled)
	}
	wantPayloads(t, f.read(board, 1), "1a ")
}

func limits(t *testing.T, f *fixture) {
	f.create(room)
	long := replay.Document(make([]byte, replay.MaxDocument+1))
	big := make([]byte, replay.MaxPayload)
	sum := make([]replay.Entry, replay.MaxAppend/replay.MaxPayload+1)
	for i := range sum {
		sum[i] = replay.Entry{Document: board, Payload: big}
	}
	many := make([]replay.Entry, replay.MaxEntries+1)
	for i := range many {
		many[i] = on(board, "")
	}
	for name, entries := range map[string][]replay.Entry{
		"a name too long":          {on(board, "a"), on(long, "x")},
		"no name":                  {on(board, "a"), on("", "x")},
		"a payload too long":       {on(board, "a"), {Document: board, Payload: append(big, 1)}},
		"too many entries":         many,
		"payloads too long in all": sum,
	} {
		_, err := f.store.Append(f.ctx(), room, 1, nil, entries)
		wantError(t, "Append with "+name, err, replay.ErrLimit)
	}
	_, err := f.store.Append(f.ctx(), room, 1, []replay.Expect{{Document: long}}, []replay.Entry{on(board, "x")})
	wantError(t, "Append expecting a name too long", err, replay.ErrLimit)
	if s := f.state(); len(s.Heads) != 0 {
		t.Errorf("something was appended: %+v", s)
	}
}

func atLimits(t *testing.T, f *fixture) {
	f.create(room)
	name := replay.Document(make([]byte, replay.MaxDocument))
	f.append(1, replay.Entry{Document: name, Payload: make([]byte, replay.MaxPayload)})
	entries := make([]replay.Entry, replay.MaxEntries)
	for i := range entries {
		entries[i] = entry(uint32(i%5)+1, uint64(i)+1, "")
	}
	f.append(2, entries...)
	big := make([]replay.Entry, replay.MaxAppend/replay.MaxPayload)
	for i := range big {
		big[i] = replay.Entry{Document: stage, Payload: make([]byte, replay.MaxPayload)}
	}
	f.append(3, big...)
	f.reopen()
	if got := f.read(name, 1); len(got) != 1 || len(got[0].Payload) != replay.MaxPayload {
		t.Errorf("%d records of the longest name", len(got))
	}
	if got := f.read(board, 1); len(got) != replay.MaxEntries {
		t.Errorf("%d records of the largest append", len(got))
	}
	if got := f.read(stage, 1); len(got) != len(big) {
		t.Errorf("%d records of the longest append", len(got))
	}
}
