package server

import (
	"context"

	"chalkline/protocol"
)

// turnstile lets so many in at a time and so many wait; whoever comes then is
// told to come back.
type turnstile struct {
	inside  chan struct{}
	waiting chan struct{}
}

func newTurnstile(inside, waiting int) *turnstile {
	return &turnstile{inside: make(chan struct{}, inside), waiting: make(chan struct{}, waiting)}
}

// enter waits for a place; leave gives it back. OVERLOADED if too many wait or
// ctx ends.
func (t *turnstile) enter(ctx context.Context) (leave func(), err error) {
	select {
	case t.waiting <- struct{}{}:
	default:
		return nil, protocol.NewError(protocol.Overloaded)
	}
	defer func() { <-t.waiting }()
	select {
	case t.inside <- struct{}{}:
		return func() { <-t.inside }, nil
	case <-ctx.Done():
		return nil, protocol.NewError(protocol.Overloaded)
	}
}
