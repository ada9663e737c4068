package room_test

import (
	"context"
	"sync/atomic"
	"time"

	"chalkline/replay"
)

// slowLog is a log whose calls take their time, and that notes how large an
// append was.
type slowLog struct {
	replay.Log
	append, read time.Duration
	largest      atomic.Int64 // bytes
}

func (l *slowLog) Append(ctx context.Context, id replay.Room, now int64, expect []replay.Expect, entries []replay.Entry) ([]replay.Record, error) {
	bytes := 0
	for i := range entries {
		bytes += len(entries[i].Payload)
	}
	l.largest.Store(max(l.largest.Load(), int64(bytes)))
	<-time.After(l.append) // simulated
	return l.Log.Append(ctx, id, now, expect, entries)
}

func (l *slowLog) Read(ctx context.Context, id replay.Room, d replay.Document, from uint64, yield func(replay.Record) bool) error {
	<-time.After(l.read) // simulated
	return l.Log.Read(ctx, id, d, from, yield)
}

// forgetful is a log without snapshots: what a room finds whose server was killed.
type forgetful struct{ replay.Log }

func (forgetful) PutSnapshot(context.Context, replay.Room, replay.Snapshot) error { return nil }

func (forgetful) Snapshot(context.Context, replay.Room, replay.Document, uint64) (replay.Snapshot, error) {
	return replay.Snapshot{}, replay.ErrNoSnapshot
}

// damaged is a log in which one document cannot be read.
type damaged struct {
	replay.Log
	document replay.Document
}

func (l damaged) Read(ctx context.Context, id replay.Room, d replay.Document, from uint64, yield func(replay.Record) bool) error {
	if d == l.document {
		return replay.ErrCorrupt
	}
	return l.Log.Read(ctx, id, d, from, yield)
}

// sink is a log that keeps nothing of boards but where they stand.
type sink struct {
	replay.Log
	heads map[replay.Document]replay.Head
}

func (l *sink) Append(ctx context.Context, id replay.Room, now int64, expect []replay.Expect, entries []replay.Entry) ([]replay.Record, error) {
	records := make([]replay.Record, len(entries))
	for i, e := range entries {
		if e.Document != boardName {
			got, err := l.Log.Append(ctx, id, now, nil, entries[i:i+1])
			if err != nil {
				return nil, err
			}
			records[i] = got[0]
			continue
		}
		before := l.heads[e.Document]
		r := replay.Record{
			Document: e.Document, Revision: before.Revision + 1, Replica: e.Replica, N: e.N, CapturedAt: e.CapturedAt,
			SequencedAt: now, Payload: e.Payload,
		}
		r.Digest = replay.Chain(before.Digest, r)
		r.ReleaseAt = replay.Release(before.ReleaseAt, r.CapturedAt, r.SequencedAt)
		if l.heads == nil {
			l.heads = map[replay.Document]replay.Head{}
		}
		l.heads[e.Document] = replay.Head{
			Position: replay.Position{Revision: r.Revision, Digest: r.Digest}, SequencedAt: now, ReleaseAt: r.ReleaseAt,
		}
		records[i] = r
	}
	return records, nil
}

func (*sink) PutSnapshot(context.Context, replay.Room, replay.Snapshot) error { return nil }
