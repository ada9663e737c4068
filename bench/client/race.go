package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chalkline/server/transport"
)

const (
	// headStart is what the first route has over the second (SES4).
	headStart = 400 * time.Millisecond
	// remembered is how long the choice of a route holds (SES4).
	remembered = 10 * time.Minute
)

// routes remembers which route to try first. Guarded by Client.mu.
type routes struct {
	first transport.Route
	until time.Time
}

func (r *routes) remember(route transport.Route, now time.Time) {
	r.first, r.until = route, now.Add(remembered)
}

// order returns the routes to try, the first with a head start.
func (r *routes) order(now time.Time) []transport.Route {
	if r.first == transport.WebSocket && now.Before(r.until) {
		return []transport.Route{transport.WebSocket, transport.WebTransport}
	}
	return []transport.Route{transport.WebTransport, transport.WebSocket}
}

func other(route transport.Route) transport.Route {
	if route == transport.WebTransport {
		return transport.WebSocket
	}
	return transport.WebTransport
}

// preferOther makes the other route the first, after route fell silent;
// Client.mu is held.
func (c *Client) preferOther(route transport.Route) {
	c.routes.remember(other(route), c.cfg.Clock())
}

// connect opens a connection and greets the server.
func (c *Client) connect(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSilent)
	defer cancel()
	token, err := c.token(ctx)
	if err != nil {
		return nil, err
	}
	if c.cfg.Route != "" {
		return c.open(ctx, c.cfg.Route, token)
	}
	c.mu.Lock()
	order := c.routes.order(c.cfg.Clock())
	c.mu.Unlock()
	l, err := c.race(ctx, order, token)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.routes.remember(l.conn.Route(), c.cfg.Clock())
	c.mu.Unlock()
	return l, nil
}

// open dials one route and greets; the caller owns the link.
func (c *Client) open(ctx context.Context, route transport.Route, token string) (*link, error) {
	conn, err := c.dial(ctx, route)
	if err != nil {
		return nil, fmt.Errorf("client: %s: %w", route, err)
	}
	welcome, err := greet(ctx, conn, token)
	if err != nil {
		_ = conn.Close(0)
		return nil, err
	}
	return &link{client: c, conn: conn, welcome: welcome}, nil
}

type opened struct {
	link *link
	err  error
}

// race opens both routes, the second later or when the first has failed. The
// first Welcome wins.
func (c *Client) race(ctx context.Context, order []transport.Route, token string) (*link, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan opened, len(order))
	try := func(route transport.Route) {
		c.tasks.Go(func() {
			l, err := c.open(ctx, route, token)
			results <- opened{l, err}
		})
	}
	try(order[0])
	running := 1
	rest := order[1:]
	late := time.NewTimer(headStart)
	defer late.Stop()
	var errs []error
	for running > 0 || len(rest) > 0 {
		select {
		case <-late.C:
		case r := <-results:
			running--
			if r.err == nil {
				c.tasks.Go(func() { closeLosers(results, running) })
				return r.link, nil
			}
			errs = append(errs, r.err)
		}
		if len(rest) > 0 {
			try(rest[0])
			rest = rest[1:]
			running++
		}
	}
	return nil, errors.Join(errs...)
}

func closeLosers(results <-chan opened, running int) {
	for range running {
		if r := <-results; r.link != nil {
			_ = r.link.conn.Close(0)
		}
	}
}
