package server

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

// rooms are the rooms that run.
type rooms struct {
	config room.Config // of every room, without ID
	most   int
	ctx    context.Context
	// started is told of each room that begins to run, beside it; nil: nobody is. It
	// returns when the room ends, at the latest.
	started func(replay.Room, *room.Room)

	mu      sync.Mutex
	running map[replay.Room]*room.Room
	stopped bool
	ends    sync.WaitGroup
}

func newRooms(ctx context.Context, config room.Config, most int) *rooms {
	if config.Builds == nil {
		config.Builds = make(chan struct{}, runtime.GOMAXPROCS(0))
	}
	return &rooms{config: config, most: most, ctx: ctx, running: map[replay.Room]*room.Room{}}
}

// idleGrace is how long nobody has been in a room before it gives way: who was let in
// has joined by then.
const idleGrace = 10 * time.Second

// get returns a running room and starts it if need be. Where as many run as may, the one
// that nobody has been in for longest ends for it: it is in the log, as it would be in
// a few minutes; FULL if there is none. Whether there is such a room shows when it reads
// its log: exists asks before.
func (r *rooms) get(ctx context.Context, id replay.Room) (*room.Room, error) {
	for {
		found, before, err := r.start(id)
		if before.room == nil {
			return found, err
		}
		before.room.Stop()
		select {
		case <-before.room.Done():
			r.forget(before)
		case <-ctx.Done():
			return nil, r.full()
		}
	}
}

// numbered is a room that runs.
type numbered struct {
	id   replay.Room
	room *room.Room
}

// start returns a running room and starts it if there is a place; else the room whose
// place it can have.
func (r *rooms) start(id replay.Room) (found *room.Room, before numbered, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return nil, numbered{}, protocol.NewError(protocol.GoingAway)
	}
	if running := r.current(id); running != nil {
		return running, numbered{}, nil
	}
	if len(r.running) >= r.most {
		return nil, r.idlest(time.Now()), r.full()
	}
	config := r.config
	config.ID = id
	config.Logger = config.Logger.With("room", id)
	started := room.Start(r.ctx, config)
	r.running[id] = started
	r.ends.Add(1)
	go r.await(numbered{id, started})
	return started, numbered{}, nil
}

func (r *rooms) full() error {
	return protocol.NewError(protocol.Full, "limit", "rooms", "max", fmt.Sprint(r.most))
}

// idlest returns the room that nobody has been in for longest; none if everybody's has
// somebody in it, or had a moment ago. The lock is held.
func (r *rooms) idlest(now time.Time) (found numbered) {
	longest := now.Add(-idleGrace)
	for id, running := range r.running {
		if since := running.IdleSince(); !since.IsZero() && !since.After(longest) {
			longest, found = since, numbered{id, running}
		}
	}
	return found
}

// runs returns a room that runs, nil if it does not.
func (r *rooms) runs(id replay.Room) *room.Room {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current(id)
}

// current is a room that has not ended; the lock is held.
func (r *rooms) current(id replay.Room) *room.Room {
	running := r.running[id]
	if running == nil {
		return nil
	}
	select {
	case <-running.Done():
		return nil
	default:
		return running
	}
}

// await forgets a room when it has ended.
func (r *rooms) await(started numbered) {
	defer r.ends.Done()
	if r.started != nil {
		r.started(started.id, started.room)
	}
	<-started.room.Done()
	r.forget(started)
}

// forget frees the place of a room that has ended.
func (r *rooms) forget(ended numbered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running[ended.id] == ended.room {
		delete(r.running, ended.id)
	}
}

// stop ends all rooms: what they took in is durable, snapshots are stored.
func (r *rooms) stop() {
	r.mu.Lock()
	if !r.stopped {
		r.stopped = true
		for _, running := range r.running {
			running.Stop()
		}
	}
	r.mu.Unlock()
	r.ends.Wait()
}

// exists asks the log for a room.
func (r *rooms) exists(ctx context.Context, id replay.Room) error {
	r.mu.Lock()
	_, running := r.running[id]
	r.mu.Unlock()
	if running {
		return nil
	}
	if id <= 0 {
		return protocol.NewError(protocol.NoSuchRoom)
	}
	_, err := r.config.Log.State(ctx, id)
	if errors.Is(err, replay.ErrNoRoom) {
		return protocol.NewError(protocol.NoSuchRoom)
	}
	return err
}

// create makes a room with one page.
func (r *rooms) create(ctx context.Context, name string) (replay.Room, error) {
	id := newRoomID()
	log := r.config.Log
	if err := log.Create(ctx, id); err != nil {
		return 0, fmt.Errorf("server: create room: %w", err)
	}
	if err := r.config.Table.Put(ctx, id, room.NameKey, []byte(name)); err != nil {
		return 0, fmt.Errorf("server: name room: %w", err)
	}
	now := time.Now().UnixMilli() * 1000
	var entries []replay.Entry
	for _, e := range []*chalklinev1.AuthorityEvent{
		{Event: &chalklinev1.AuthorityEvent_RoomCreated{RoomCreated: &chalklinev1.RoomCreated{
			OpSemantics: protocol.OpSemantics, CreatedAtUs: now,
		}}},
		{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: newPageID()}}},
	} {
		payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
		if err != nil {
			return 0, fmt.Errorf("server: create room: %w", err)
		}
		entries = append(entries, replay.Entry{Document: classroom.AuthorityDocument, CapturedAt: now, Payload: payload})
	}
	if _, err := log.Append(ctx, id, now, nil, entries); err != nil {
		return 0, fmt.Errorf("server: create room: %w", err)
	}
	return id, nil
}

// newRoomID returns a random id, 1 to 2^replay.RoomBits − 1.
func newRoomID() replay.Room {
	var b [8]byte
	for {
		_, _ = rand.Read(b[:]) // never fails
		if id := binary.BigEndian.Uint64(b[:]) >> (64 - replay.RoomBits); id != 0 {
			return replay.Room(id)
		}
	}
}

// newPageID returns an opaque page id.
func newPageID() string { return rand.Text()[:12] }
