package disk

import (
	"context"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"chalkline/replay"
)

// table is the erasable table beside the log: replay.Table.
type table struct{ l *Log }

// Table returns the erasable table beside the log. What is deleted from it can
// no longer be read; its bytes leave the files when Pebble next sorts them.
func (l *Log) Table() replay.Table { return table{l} }

func (t table) Put(ctx context.Context, room replay.Room, key string, value []byte) error {
	return t.l.wrap("put a name of", room, t.put(ctx, room, key, value))
}

func (t table) put(ctx context.Context, room replay.Room, key string, value []byte) error {
	if err := t.l.enter(ctx); err != nil {
		return err
	}
	defer t.l.leave()
	if err := replay.CheckPut(key, value); err != nil {
		return err
	}
	if err := t.l.space.check(); err != nil {
		return err
	}
	batch := t.l.db.NewBatch()
	k := appendTable(nil, room, key)
	if err := batch.Set(k, encodeRow(nil, k, value), nil); err != nil {
		return err
	}
	return t.l.commit(batch, make(chan error, 1))
}

func (t table) Get(ctx context.Context, room replay.Room, key string) ([]byte, error) {
	value, err := t.find(ctx, room, key)
	return value, t.l.wrap("get a name of", room, err)
}

func (t table) find(ctx context.Context, room replay.Room, key string) (found []byte, err error) {
	if err := t.l.enter(ctx); err != nil {
		return nil, err
	}
	defer t.l.leave()
	k := appendTable(nil, room, key)
	err = t.l.get(k, func(value []byte) error {
		row, err := decodeRow(k, value)
		found = slices.Clone(row)
		return damaged("a name", err)
	})
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, replay.ErrNoKey
	}
	return found, err
}

func (t table) List(ctx context.Context, room replay.Room, prefix string, yield func(string, []byte) bool) error {
	return t.l.wrap("list names of", room, t.list(ctx, room, prefix, yield))
}

func (t table) list(ctx context.Context, room replay.Room, prefix string, yield func(string, []byte) bool) error {
	if err := t.l.enter(ctx); err != nil {
		return err
	}
	defer t.l.leave()
	lower := appendTable(nil, room, prefix)
	skip := len(lower) - len(prefix)
	return t.l.scan(lower, after(lower), func(it *pebble.Iterator) (bool, error) {
		value, err := it.ValueAndErr()
		if err != nil {
			return false, t.l.readError(err)
		}
		row, err := decodeRow(it.Key(), value)
		if err != nil {
			return false, damaged("a name", err)
		}
		return yield(string(it.Key()[skip:]), row), nil
	})
}

func (t table) Delete(ctx context.Context, room replay.Room, key string) error {
	return t.l.wrap("delete a name of", room, t.remove(ctx, room, key))
}

func (t table) remove(ctx context.Context, room replay.Room, key string) error {
	if err := t.l.enter(ctx); err != nil {
		return err
	}
	defer t.l.leave()
	batch := t.l.db.NewBatch()
	if err := batch.Delete(appendTable(nil, room, key), nil); err != nil {
		return err
	}
	return t.l.commit(batch, make(chan error, 1))
}
