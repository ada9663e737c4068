package client

import (
	"slices"
	"time"

	"chalkline/ot"
	"chalkline/server/classroom"
	"chalkline/server/transport"
)

// Done is closed when the client has ended; Err says why.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why the client ended: ErrClosed, or an error that wraps a
// *protocol.Error; nil while it goes on.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// RoomID returns the room; 0 before it is created.
func (c *Client) RoomID() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.room
}

// RoomName returns the room's name.
func (c *Client) RoomName() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.roomName
}

// Replica returns the replica that the client has now, 0 if none.
func (c *Client) Replica() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.claim.GetReplica()
}

// Route returns how the client is connected; empty if it is not.
func (c *Client) Route() transport.Route {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == nil {
		return ""
	}
	return c.link.conn.Route()
}

// RoundTrip returns the shortest of the last pings; 0 before the first.
func (c *Client) RoundTrip() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock.best().trip
}

// RoomTime returns the estimate of room time, µs since 1970.
func (c *Client) RoomTime() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Client) now() int64 { return c.clock.now(c.cfg.Clock()) }

// Stats returns the counts so far.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// authority returns the confirmed authority state; Client.mu is held.
func (c *Client) authority() *classroom.Authority {
	state, _ := c.documents[0].content.(*authorityContent)
	return &state.state
}

func (c *Client) hasPage(page string) bool { return slices.Contains(c.authority().Pages(), page) }

// Pages returns the page ids of the room, in order.
func (c *Client) Pages() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.authority().Pages()
}

// newBatch stamps a batch with room time and the authority that it was made
// under (SYN1).
func (c *Client) newBatch(payload []byte, ops []ot.Op) *batch {
	return &batch{capturedAt: c.now(), authority: c.documents[0].position.revision, ops: ops, payload: payload}
}
