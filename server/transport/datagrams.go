package transport

import (
	"context"
	"sync"
)

// maxDatagramsHeld is how many datagrams wait to be received: a second's worth
// of the fastest sender (PRE1) with room to spare.
const maxDatagramsHeld = 32

// datagramQueue holds the datagrams that arrived on a WebSocket until they are
// received. When it is full the newest replaces the oldest.
type datagramQueue struct {
	arrived chan struct{} // holds a token while something may be held

	mu   sync.Mutex
	held [][]byte // guarded by mu
}

func newDatagramQueue() *datagramQueue {
	return &datagramQueue{arrived: make(chan struct{}, 1)}
}

// put keeps p, which the caller gives away.
func (q *datagramQueue) put(p []byte) {
	q.mu.Lock()
	if len(q.held) == maxDatagramsHeld {
		q.held = append(q.held[:0], q.held[1:]...)
	}
	q.held = append(q.held, p)
	q.mu.Unlock()
	token(q.arrived)
}

// take waits for a datagram until ctx ends or done is closed.
func (q *datagramQueue) take(ctx context.Context, done <-chan struct{}) ([]byte, error) {
	for {
		if p := q.pop(); p != nil {
			return p, nil
		}
		select {
		case <-q.arrived:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-done:
			return nil, ErrClosed
		}
	}
}

func (q *datagramQueue) pop() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.held) == 0 {
		return nil
	}
	p := q.held[0]
	q.held = q.held[1:]
	if len(q.held) > 0 {
		token(q.arrived)
	}
	return p
}
