package memory

import (
	"context"
	"slices"
	"strings"

	"chalkline/replay"
)

// table is the log's erasable table: replay.Table.
type table struct{ l *Log }

func (t table) Put(ctx context.Context, id replay.Room, key string, value []byte) error {
	end, err := t.l.begin(ctx)
	if err != nil {
		return wrap("put", err)
	}
	defer end()
	if err := replay.CheckPut(key, value); err != nil {
		return wrap("put", err)
	}
	if t.l.store.table[id] == nil {
		t.l.store.table[id] = make(map[string][]byte)
	}
	t.l.store.table[id][key] = slices.Clone(value)
	return nil
}

func (t table) Get(ctx context.Context, id replay.Room, key string) ([]byte, error) {
	end, err := t.l.begin(ctx)
	if err != nil {
		return nil, wrap("get", err)
	}
	defer end()
	value, ok := t.l.store.table[id][key]
	if !ok {
		return nil, wrap("get", replay.ErrNoKey)
	}
	return slices.Clone(value), nil
}

func (t table) List(ctx context.Context, id replay.Room, prefix string, yield func(string, []byte) bool) error {
	end, err := t.l.begin(ctx)
	if err != nil {
		return wrap("list", err)
	}
	keys, values := matching(t.l.store.table[id], prefix)
	t.l.calls.Add(1)
	end()
	defer t.l.calls.Done()
	for i, key := range keys {
		if !yield(key, values[i]) {
			return nil
		}
	}
	return nil
}

func matching(rows map[string][]byte, prefix string) (keys []string, values [][]byte) {
	for key := range rows {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		values = append(values, rows[key]) // replaced by Put, never written into
	}
	return keys, values
}

func (t table) Delete(ctx context.Context, id replay.Room, key string) error {
	end, err := t.l.begin(ctx)
	if err != nil {
		return wrap("delete", err)
	}
	defer end()
	delete(t.l.store.table[id], key)
	return nil
}
