package client

import "context"

// changes wakes who waits for the state of a client. It costs nothing while
// nobody does. Guarded by Client.mu.
type changes struct{ next chan struct{} }

func (c *changes) notify() {
	if c.next != nil {
		close(c.next)
		c.next = nil
	}
}

func (c *changes) wait() <-chan struct{} {
	if c.next == nil {
		c.next = make(chan struct{})
	}
	return c.next
}

// await waits until cond, which is called with Client.mu held, is true. It
// returns why the client ended, or the context.
func (c *Client) await(ctx context.Context, cond func() bool) error {
	for {
		c.mu.Lock()
		if cond() {
			c.mu.Unlock()
			return nil
		}
		changed := c.changes.wait()
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.done:
			return c.Err()
		}
	}
}

// WaitRevision waits until the confirmed state has at least the revision.
func (b *Board) WaitRevision(ctx context.Context, revision uint64) error {
	return b.doc.client.await(ctx, func() bool { return b.doc.ready && b.doc.position.revision >= revision })
}

// WaitReady waits until the confirmed state is the server's. It returns a
// *protocol.Error if the server does not open the board.
func (b *Board) WaitReady(ctx context.Context) error {
	var refused error
	err := b.doc.client.await(ctx, func() bool {
		refused = b.doc.unopened
		return b.doc.ready || refused != nil
	})
	if err != nil {
		return err
	}
	return refused
}

// WaitSynced waits until the state is the server's and nothing of one's own is
// waiting to be durable.
func (b *Board) WaitSynced(ctx context.Context) error {
	return b.doc.client.await(ctx, func() bool { return b.doc.ready && len(b.doc.unsent) == 0 && !b.doc.writing() })
}

// WaitAuthority waits until the pages are those of the server.
func (c *Client) WaitAuthority(ctx context.Context) error {
	return c.await(ctx, func() bool { return c.documents[0].ready })
}

// WaitPage waits until the room has a page.
func (c *Client) WaitPage(ctx context.Context, page string) error {
	return c.await(ctx, func() bool { return c.hasPage(page) })
}

// WaitPages waits until the room has at least n pages and returns them.
func (c *Client) WaitPages(ctx context.Context, n int) ([]string, error) {
	err := c.await(ctx, func() bool { return len(c.authority().Pages()) >= n })
	return c.Pages(), err
}

// WaitConnected waits until the client is in the room.
func (c *Client) WaitConnected(ctx context.Context) error {
	return c.await(ctx, func() bool { return c.link != nil })
}

// WaitAway waits until the client has no connection.
func (c *Client) WaitAway(ctx context.Context) error {
	return c.await(ctx, func() bool { return c.link == nil })
}
