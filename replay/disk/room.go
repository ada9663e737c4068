package disk

import (
	"container/list"
	"context"
	"sync"

	"chalkline/replay"
	"chalkline/replay/internal/sequence"
)

// room is what is kept in memory of a room in use: where its documents stand.
type room struct {
	id replay.Room

	// Guarded by the cache's mu.
	users int
	idle  *list.Element

	// turn holds a token when somebody appends. Whoever put it there owns done,
	// key and value, and is the only one to plan and commit order.
	turn       chan struct{}
	done       chan error
	key, value []byte

	snapshots sync.Mutex // one PutSnapshot at a time

	mu     sync.Mutex
	order  *sequence.Room // guarded by mu but for planning; nil until loaded
	broken error          // guarded by mu: the room was being created when the store failed
}

func newRoom(id replay.Room) *room {
	return &room{id: id, turn: make(chan struct{}, 1), done: make(chan error, 1)}
}

// take waits for the turn to append; release gives it back.
func (r *room) take(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *room) release() { <-r.turn }

// head returns where a document stands, in the acknowledged log.
func (r *room) head(document replay.Document) replay.Head {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order.Head(document)
}

// cache holds the rooms in use and the idle ones that were used last.
type cache struct {
	limit int      // of idle rooms
	fixed *failure // a room stays when the store has failed: Pebble may show more than was acknowledged

	mu    sync.Mutex
	rooms map[replay.Room]*room
	idle  list.List // of *room, the one used last in front
}

func newCache(limit int, f *failure) *cache {
	return &cache{limit: limit, fixed: f, rooms: make(map[replay.Room]*room)}
}

// hold returns the room for use until let is called.
func (c *cache) hold(id replay.Room) *room {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rooms[id]
	if r == nil {
		r = newRoom(id)
		c.rooms[id] = r
	}
	if r.idle != nil {
		c.idle.Remove(r.idle)
		r.idle = nil
	}
	r.users++
	return r
}

// let ends the use of a room. A room that could not be loaded is not kept, so
// that asking for rooms that are not there takes no memory.
func (c *cache) let(r *room) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.users--
	if r.users > 0 {
		return
	}
	r.idle = c.idle.PushFront(r)
	if r.unloaded() {
		c.drop(r)
	}
	if c.idle.Len() > c.limit {
		c.drop(c.idle.Back().Value.(*room))
	}
}

func (r *room) unloaded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order == nil && r.broken == nil
}

// drop removes an idle room. c.mu is held.
func (c *cache) drop(r *room) {
	if c.fixed.get() != nil {
		return
	}
	c.idle.Remove(r.idle)
	delete(c.rooms, r.id)
}
