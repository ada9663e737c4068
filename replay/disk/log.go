// Package disk is the replay.Log that a server keeps in a directory of its own,
// with nothing to set up: on Pebble, an embedded ordered store with a
// write-ahead log.
//
// Append returns when its records have been synced to the disk; Pebble makes one
// sync of all rooms that wait for one. What was acknowledged survives kill −9
// and power loss. Damage is found when the store is opened or the record is
// read, as replay.ErrCorrupt, and stops only the rooms that it struck where that
// can be. A full disk stops appending, not reading, until there is space again.
// docs/store.md has the byte tables, and for each kind of damage what survives
// and what the operator is told.
package disk

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"chalkline/replay"
	"chalkline/replay/internal/sequence"
)

// Log is a replay.Log in a directory.
type Log struct {
	// Set once.
	cfg        Config
	fs         vfs.FS // gives up the ballast when the disk is full
	db         *pebble.DB
	lock       io.Closer
	failure    *failure
	metrics    *metrics
	rooms      *cache
	committers *committers
	space      *space

	mu     sync.Mutex // guards closed
	closed bool
	calls  sync.WaitGroup // added to under mu
}

var _ replay.Log = (*Log)(nil)

// Failed is closed when the store has failed (replay.ErrFailed): it can still be
// read, but the server should tell its clients and end, to be started again.
func (l *Log) Failed() <-chan struct{} { return l.failure.done }

// Writable says whether the store takes anything: nil, or an error wrapping
// replay.ErrFull, replay.ErrFailed or replay.ErrClosed.
func (l *Log) Writable() error {
	if err := l.enter(context.Background()); err != nil {
		return err
	}
	defer l.leave()
	if err := l.failure.get(); err != nil {
		return err
	}
	return l.space.check()
}

// enter begins a call; leave ends it.
func (l *Log) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return replay.ErrClosed
	}
	l.calls.Add(1)
	return nil
}

func (l *Log) leave() { l.calls.Done() }

// wrap names the operation and counts what is the store's own error.
func (l *Log) wrap(operation string, id replay.Room, err error) error {
	if err == nil {
		return nil
	}
	l.metrics.count(err)
	return fmt.Errorf("replay/disk: %s room %v: %w", operation, id, err)
}

// inside runs f on a room that exists, within a call.
func (l *Log) inside(ctx context.Context, id replay.Room, f func(r *room) error) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	r := l.rooms.hold(id)
	defer l.rooms.let(r)
	if err := l.load(r); err != nil {
		return err
	}
	return f(r)
}

// Create begins the log of a room.
func (l *Log) Create(ctx context.Context, id replay.Room) error {
	return l.wrap("create", id, l.create(ctx, id))
}

func (l *Log) create(ctx context.Context, id replay.Room) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	if id <= 0 {
		return fmt.Errorf("a room's number is positive: %w", replay.ErrLimit)
	}
	r := l.rooms.hold(id)
	defer l.rooms.let(r)
	if err := r.take(ctx); err != nil {
		return err
	}
	defer r.release()
	switch err := l.load(r); {
	case err == nil:
		return replay.ErrExists
	case !errors.Is(err, replay.ErrNoRoom):
		return err
	}
	return l.begun(r)
}

// begun writes the epoch of a room that is not there. The caller has the turn.
// Others wait for the room until it is durable: Pebble would show it before.
func (l *Log) begun(r *room) error {
	if err := l.space.check(); err != nil {
		return err
	}
	epoch := newEpoch()
	key := appendKind(nil, r.id, kindEpoch)
	batch := l.db.NewBatch()
	if err := batch.Set(key, encodeEpoch(nil, key, epoch), nil); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := l.commit(batch, r.done); err != nil {
		r.broken = err
		return err
	}
	r.order = sequence.New(epoch)
	return nil
}

// newEpoch returns a number that no room has had.
func newEpoch() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return max(1, binary.BigEndian.Uint64(b[:]))
}

// State returns what a room's log holds.
func (l *Log) State(ctx context.Context, id replay.Room) (state replay.State, err error) {
	err = l.inside(ctx, id, func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		state = r.order.State()
		return nil
	})
	return state, l.wrap("state of", id, err)
}

// Close waits for running calls and closes the store. Of a store that has
// failed the directory stays locked until the process ends.
func (l *Log) Close() error {
	l.mu.Lock()
	closed := l.closed
	l.closed = true
	l.mu.Unlock()
	if closed {
		return fmt.Errorf("replay/disk: close: %w", replay.ErrClosed)
	}
	l.calls.Wait()
	l.committers.stop()
	l.metrics.unregister(l.cfg.Registerer)
	err := l.failure.get()
	if err == nil {
		err = try(l.failure, l.db.Close)
	}
	if err := errors.Join(err, l.unlock()); err != nil {
		return fmt.Errorf("replay/disk: close %s: %w", l.cfg.Dir, err)
	}
	return nil
}
