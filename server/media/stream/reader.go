package stream

import (
	"context"
	"errors"
)

// ErrClosed is why a Reader ends: it or its Hub was closed.
var ErrClosed = errors.New("stream: closed")

// Reader reads the units of a Hub. It belongs to one goroutine.
type Reader struct {
	hub   *Hub
	ready chan struct{}

	// Guarded by hub.mu.
	queue   []Unit
	bytes   int
	waiting bool // all is left out up to the next key frame, where video comes
	lost    bool // units were lost, or a beginning: the next is a discontinuity
	dropped uint64
	closed  bool
}

// Next waits for the next unit. The error is ErrClosed or that of ctx.
func (r *Reader) Next(ctx context.Context) (Unit, error) {
	for {
		if u, ok, closed := r.take(); ok {
			return u, nil
		} else if closed {
			return Unit{}, ErrClosed
		}
		select {
		case <-r.ready:
		case <-ctx.Done():
			return Unit{}, ctx.Err()
		}
	}
}

// Dropped returns how many units were lost because the reader was slow.
func (r *Reader) Dropped() uint64 {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	return r.dropped
}

// Close takes the reader off its Hub.
func (r *Reader) Close() {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	r.closed, r.queue, r.bytes = true, nil, 0
	if _, ok := r.hub.readers[r]; !ok {
		return
	}
	delete(r.hub.readers, r)
	if len(r.hub.readers) == 0 && r.hub.demand != nil {
		r.hub.demand(false)
	}
}

func (r *Reader) take() (u Unit, ok, closed bool) {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	if len(r.queue) == 0 {
		return Unit{}, false, r.closed
	}
	u = r.queue[0]
	r.queue[0] = Unit{}
	r.queue = r.queue[1:]
	r.bytes -= len(u.Data)
	return u, true, false
}

// push is called with the Hub's lock held.
func (r *Reader) push(u Unit) {
	if len(r.queue) > 0 && (len(r.queue) >= maxQueuedUnits || r.bytes+len(u.Data) > maxQueuedBytes) {
		r.dropped += uint64(len(r.queue))
		r.queue, r.bytes = nil, 0
		r.waiting, r.lost = true, true
	}
	if r.waiting && !r.begins(u) {
		if r.lost {
			r.dropped++
		}
		// A timeline that begins with what is left out begins with what comes after it.
		r.lost = r.lost || u.Discontinuity
		return
	}
	u.Discontinuity = u.Discontinuity || r.lost
	r.lost = false
	r.queue = append(r.queue, u)
	r.bytes += len(u.Data)
	r.wake()
}

// forget is called with the Hub's lock held.
func (r *Reader) forget() {
	r.lost = r.lost || len(r.queue) > 0
	r.waiting, r.queue, r.bytes = true, nil, 0
}

// begins says whether a reader that waits can take u, and whether it waits on.
func (r *Reader) begins(u Unit) bool {
	if u.Codec.Video() {
		r.waiting = !u.Key
		return u.Key
	}
	return r.hub.video == 0
}

func (r *Reader) wake() {
	select {
	case r.ready <- struct{}{}:
	default:
	}
}
