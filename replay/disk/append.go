package disk

import (
	"context"

	"github.com/cockroachdb/pebble/v2"

	"chalkline/replay"
	"chalkline/replay/internal/sequence"
)

// Append makes entries durable, all or none. Appends to one room take turns;
// those of different rooms share syncs.
func (l *Log) Append(ctx context.Context, id replay.Room, now int64, expect []replay.Expect, entries []replay.Entry) (records []replay.Record, err error) {
	err = l.inside(ctx, id, func(r *room) error {
		if err := replay.CheckAppend(expect, entries); err != nil {
			return err
		}
		if err := r.take(ctx); err != nil {
			return err
		}
		defer r.release()
		if err := r.order.Check(expect); err != nil {
			return err
		}
		records, err = l.append(r, now, entries)
		return err
	})
	return records, l.wrap("append to", id, err)
}

// append plans, commits and only then makes the plan what readers see. The
// caller has the turn.
func (l *Log) append(r *room, now int64, entries []replay.Entry) ([]replay.Record, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	if err := l.space.check(); err != nil {
		return nil, err
	}
	defer r.order.Discard()
	records, err := r.order.Plan(now, entries)
	if err != nil {
		return nil, err
	}
	batch, err := l.batch(r, records)
	if err != nil {
		return nil, err
	}
	if err := l.commit(batch, r.done); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.order.Commit()
	r.mu.Unlock()
	l.countRecords(records)
	return records, nil
}

func (l *Log) countRecords(records []replay.Record) {
	n := 0
	for i := range records {
		n += len(records[i].Payload)
	}
	l.metrics.records.Add(float64(len(records)))
	l.metrics.bytes.Add(float64(n))
}

// batch puts the plan in Pebble's form.
func (l *Log) batch(r *room, records []replay.Record) (*pebble.Batch, error) {
	batch := l.db.NewBatch()
	for i := range records {
		rec := &records[i]
		r.key = appendRevision(r.key[:0], r.id, kindRecord, rec.Document, rec.Revision)
		r.value = encodeRecord(r.value[:0], r.key, rec)
		if err := batch.Set(r.key, r.value, nil); err != nil {
			return nil, err
		}
	}
	for change := range r.order.Changes {
		if err := r.putChange(batch, change); err != nil {
			return nil, err
		}
	}
	if cap(r.value) > maxScratch {
		r.value = nil
	}
	return batch, nil
}

// maxScratch is how much, in bytes, a room keeps for the next append.
const maxScratch = 64 << 10

func (r *room) putChange(batch *pebble.Batch, c sequence.Change) error {
	r.key = appendDocument(r.key[:0], r.id, kindHead, c.Document)
	r.value = encodeHead(r.value[:0], r.key, c.Head)
	if err := batch.Set(r.key, r.value, nil); err != nil {
		return err
	}
	for replica, n := range c.Last {
		r.key = appendLast(r.key[:0], r.id, c.Document, replica)
		r.value = encodeLast(r.value[:0], r.key, n)
		if err := batch.Set(r.key, r.value, nil); err != nil {
			return err
		}
	}
	return nil
}
