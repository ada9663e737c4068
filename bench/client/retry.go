package client

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"chalkline/protocol"
	"chalkline/server/transport"
)

// Waits before a new connection is tried.
const (
	firstWait    = 50 * time.Millisecond
	longestWait  = 2 * time.Second // after a broken connection or 1xxx
	firstBackOff = 500 * time.Millisecond
	longestOff   = 15 * time.Second // after 2xxx
)

// errHistoryLost: the store no longer has what it had acknowledged (ID4).
var errHistoryLost = errors.New("the room lost acknowledged work")

// errSilent: the peer answered nothing for too long (SES4).
var errSilent = errors.New("no answer")

// goingAway is GOING_AWAY with the time the server asked for.
type goingAway struct {
	code  *protocol.Error
	after time.Duration
}

func (g *goingAway) Error() string { return g.code.Error() }
func (g *goingAway) Unwrap() error { return g.code }

// reason returns the code that a connection ended with, if it had one.
func reason(err error) (*protocol.Error, bool) {
	var coded *protocol.Error
	if errors.As(err, &coded) {
		return coded, true
	}
	var closed *transport.CloseError
	if errors.As(err, &closed) && closed.Code >= 1000 {
		return protocol.NewError(protocol.Code(closed.Code)), true
	}
	return nil, false
}

// retry returns how long to wait after the connection ended with err, the
// attempt-th time in a row without having been in the room. It returns an error
// when there is no coming back. A random part keeps clients apart.
func retry(err error, attempt int) (time.Duration, error) {
	if errors.Is(err, errHistoryLost) && attempt == 0 {
		return 0, nil
	}
	coded, ok := reason(err)
	if !ok {
		return spread(grow(firstWait, longestWait, attempt)), nil
	}
	var away *goingAway
	if errors.As(err, &away) && attempt == 0 {
		return away.after + rand.N(firstWait), nil
	}
	switch {
	case coded.Code == protocol.TakenOver && attempt == 0: // SES10: a new replica is taken
		return 0, nil
	case coded.Code.Retry() == protocol.RetryNever:
		return 0, fmt.Errorf("client: refused: %w", coded)
	case coded.Code.Retry() == protocol.RetryBackOff:
		return spread(grow(firstBackOff, longestOff, attempt)), nil
	default:
		return spread(grow(firstWait, longestWait, attempt)), nil
	}
}

func grow(first, longest time.Duration, attempt int) time.Duration {
	return min(longest, first<<min(attempt, 16))
}

// spread returns between three quarters and all of d.
func spread(d time.Duration) time.Duration { return d - rand.N(d/4+1) }
