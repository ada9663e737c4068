package server

import (
	"context"
	"sync"

	"chalkline/protocol"
)

// turnstile lets so many in at a time and so many wait; whoever comes then is
// told to come back. Of one visitor only one is in or waits before all the
// others: what he asks for more waits behind that, and a few of those at most.
type turnstile struct {
	inside  chan struct{}
	waiting chan struct{}

	mu     sync.Mutex
	people map[string]*turn // who is here
}

// ownWaiting is what one visitor may ask for at a time: the miniatures of a room.
const ownWaiting = 64

// turn is one visitor's.
type turn struct {
	next chan struct{} // one place: whose turn it is among his own
	here int           // guarded by turnstile.mu
}

func newTurnstile(inside, waiting int) *turnstile {
	return &turnstile{inside: make(chan struct{}, inside), waiting: make(chan struct{}, waiting), people: map[string]*turn{}}
}

// enter waits for a place for a visitor; leave gives it back. OVERLOADED if too
// many wait or ctx ends.
func (t *turnstile) enter(ctx context.Context, who string) (leave func(), err error) {
	own := t.come(who)
	if own == nil {
		return nil, protocol.NewError(protocol.Overloaded)
	}
	out := func() { t.goes(who, own) }
	select {
	case own.next <- struct{}{}:
	case <-ctx.Done():
		out()
		return nil, protocol.NewError(protocol.Overloaded)
	}
	out = func() {
		<-own.next
		t.goes(who, own)
	}
	select {
	case t.waiting <- struct{}{}:
	default:
		out()
		return nil, protocol.NewError(protocol.Overloaded)
	}
	defer func() { <-t.waiting }()
	select {
	case t.inside <- struct{}{}:
		return func() { <-t.inside; out() }, nil
	case <-ctx.Done():
		out()
		return nil, protocol.NewError(protocol.Overloaded)
	}
}

// come counts a visitor in; nil if he asks for too much.
func (t *turnstile) come(who string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.people[who]
	if own == nil {
		own = &turn{next: make(chan struct{}, 1)}
		t.people[who] = own
	}
	if own.here == ownWaiting {
		return nil
	}
	own.here++
	return own
}

func (t *turnstile) goes(who string, own *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if own.here--; own.here == 0 {
		delete(t.people, who)
	}
}
