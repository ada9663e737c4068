// Package memory is a replay.Log that keeps its rooms in memory, for tests and
// for servers that may forget. It promises everything that package replay does,
// except that nothing outlives the process.
package memory

import (
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"

	"chalkline/replay"
	"chalkline/replay/internal/sequence"
)

// Log is a replay.Log in memory.
type Log struct {
	mu     sync.Mutex // guards everything below
	closed bool
	store  *store
	calls  sync.WaitGroup
}

// store is what outlives Close and comes back with Reopen.
type store struct {
	rooms map[replay.Room]*room
	table map[replay.Room]map[string][]byte
}

type room struct {
	order     *sequence.Room
	records   map[replay.Document][]replay.Record
	snapshots map[replay.Document][]snapshot // by rising revision
}

type snapshot struct {
	replay.Snapshot
	sum uint32
}

var _ replay.Log = (*Log)(nil)

// New returns an empty log.
func New() *Log {
	return &Log{store: &store{
		rooms: make(map[replay.Room]*room),
		table: make(map[replay.Room]map[string][]byte),
	}}
}

// Reopen closes l and returns a log that holds what l held, as a server finds
// its store after a restart.
func (l *Log) Reopen() *Log {
	_ = l.Close() // a log in memory closes without error
	return &Log{store: l.store}
}

// Table returns the erasable table beside the log.
func (l *Log) Table() replay.Table { return table{l} }

// begin enters a call: the lock is held until the returned function is called.
func (l *Log) begin(ctx context.Context) (end func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil, replay.ErrClosed
	}
	return l.mu.Unlock, nil
}

// enter is begin with a room that must exist.
func (l *Log) enter(ctx context.Context, id replay.Room) (*room, func(), error) {
	end, err := l.begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	r := l.store.rooms[id]
	if r == nil {
		end()
		return nil, nil, replay.ErrNoRoom
	}
	return r, end, nil
}

// Create begins the log of a room.
func (l *Log) Create(ctx context.Context, id replay.Room) error {
	end, err := l.begin(ctx)
	if err != nil {
		return wrap("create", err)
	}
	defer end()
	if id <= 0 {
		return wrap("create", fmt.Errorf("room %v: %w", id, replay.ErrLimit))
	}
	if l.store.rooms[id] != nil {
		return wrap("create", replay.ErrExists)
	}
	l.store.rooms[id] = &room{
		order:     sequence.New(rand.Uint64() | 1),
		records:   make(map[replay.Document][]replay.Record),
		snapshots: make(map[replay.Document][]snapshot),
	}
	return nil
}

// State returns what a room's log holds.
func (l *Log) State(ctx context.Context, id replay.Room) (replay.State, error) {
	r, end, err := l.enter(ctx, id)
	if err != nil {
		return replay.State{}, wrap("state", err)
	}
	defer end()
	return r.order.State(), nil
}

// Append adds entries, all or none.
func (l *Log) Append(ctx context.Context, id replay.Room, now int64, expect []replay.Expect, entries []replay.Entry) ([]replay.Record, error) {
	r, end, err := l.enter(ctx, id)
	if err != nil {
		return nil, wrap("append", err)
	}
	defer end()
	if err := replay.CheckAppend(expect, entries); err != nil {
		return nil, wrap("append", err)
	}
	if err := r.order.Check(expect); err != nil {
		return nil, wrap("append", err)
	}
	records, err := r.order.Plan(now, entries)
	if err != nil {
		r.order.Discard()
		return nil, wrap("append", err)
	}
	r.order.Commit()
	for _, record := range records {
		record.Payload = slices.Clone(record.Payload)
		r.records[record.Document] = append(r.records[record.Document], record)
	}
	return records, nil
}

// Read calls yield for the records of a document from revision from on.
func (l *Log) Read(ctx context.Context, id replay.Room, document replay.Document, from uint64, yield func(replay.Record) bool) error {
	r, end, err := l.enter(ctx, id)
	if err != nil {
		return wrap("read", err)
	}
	records := r.records[document]
	l.calls.Add(1)
	end()
	defer l.calls.Done()
	for _, record := range records[min(uint64(len(records)), max(from, 1)-1):] {
		if !yield(record) {
			return nil
		}
	}
	return nil
}

// RevisionAt returns the last revision of a document with ReleaseAt ≤ at.
func (l *Log) RevisionAt(ctx context.Context, id replay.Room, document replay.Document, at int64) (uint64, error) {
	r, end, err := l.enter(ctx, id)
	if err != nil {
		return 0, wrap("revision at", err)
	}
	defer end()
	records := r.records[document]
	return uint64(sort.Search(len(records), func(i int) bool { return records[i].ReleaseAt > at })), nil
}

// PutSnapshot keeps a snapshot beside the log.
func (l *Log) PutSnapshot(ctx context.Context, id replay.Room, s replay.Snapshot) error {
	r, end, err := l.enter(ctx, id)
	if err != nil {
		return wrap("put snapshot", err)
	}
	defer end()
	if err := replay.CheckSnapshot(&s, r.order.Head(s.Document).Revision); err != nil {
		return wrap("put snapshot", err)
	}
	s.Data = slices.Clone(s.Data)
	r.snapshots[s.Document] = keep(r.snapshots[s.Document], snapshot{s, crc32.ChecksumIEEE(s.Data)})
	return nil
}

// keep adds s and leaves the two of the highest revisions.
func keep(snapshots []snapshot, s snapshot) []snapshot {
	i, found := slices.BinarySearchFunc(snapshots, s.Revision, func(s snapshot, revision uint64) int {
		return cmp.Compare(s.Revision, revision)
	})
	if found {
		snapshots[i] = s
		return snapshots
	}
	snapshots = slices.Insert(snapshots, i, s)
	return snapshots[max(0, len(snapshots)-2):]
}

// Snapshot returns the latest intact snapshot of a document at or before atMost.
func (l *Log) Snapshot(ctx context.Context, id replay.Room, document replay.Document, atMost uint64) (replay.Snapshot, error) {
	r, end, err := l.enter(ctx, id)
	if err != nil {
		return replay.Snapshot{}, wrap("snapshot", err)
	}
	defer end()
	for _, s := range slices.Backward(r.snapshots[document]) {
		if s.Revision <= atMost && crc32.ChecksumIEEE(s.Data) == s.sum {
			found := s.Snapshot
			found.Data = slices.Clone(s.Data)
			return found, nil
		}
	}
	return replay.Snapshot{}, wrap("snapshot", replay.ErrNoSnapshot)
}

// DamageSnapshot changes a byte of a stored snapshot, for tests of what a
// reader does then. It reports whether there is such a snapshot.
func (l *Log) DamageSnapshot(id replay.Room, document replay.Document, revision uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.store.rooms[id]
	if r == nil {
		return false
	}
	for _, s := range r.snapshots[document] {
		if s.Revision == revision && len(s.Data) > 0 {
			s.Data[0] ^= 1
			return true
		}
	}
	return false
}

// Close waits for running calls.
func (l *Log) Close() error {
	l.mu.Lock()
	closed := l.closed
	l.closed = true
	l.mu.Unlock()
	l.calls.Wait()
	if closed {
		return wrap("close", replay.ErrClosed)
	}
	return nil
}

func wrap(operation string, err error) error {
	return fmt.Errorf("replay/memory: %s: %w", operation, err)
}
