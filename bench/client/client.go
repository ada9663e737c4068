package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/protocol"
	"chalkline/server/classroom"
)

// ErrClosed is why a client ended that was closed.
var ErrClosed = errors.New("client: closed")

// Client is one participant's presence in one room. Its methods may be called by
// many goroutines.
type Client struct {
	cfg    Config
	dial   DialFunc
	cancel context.CancelFunc
	tasks  sync.WaitGroup // run, flush and losers of races
	done   chan struct{}  // closed when run has ended

	mu sync.Mutex
	// guarded by mu
	link      *link // nil while there is none; in the room when set
	room      int64
	roomName  string
	claim     *chalklinev1.ReplicaClaim // nil: none given, or given up
	authToken string
	clock     clock
	routes    routes
	documents []*document // by handle − 1; the first is the authority
	sources   []*chalklinev1.Source
	cursors   uint32 // cursors sent
	flushing  bool   // a goroutine is in flush
	unsaved   bool   // the Store has an older state
	changes   changes
	stats     Stats
	err       error // why the client ended
}

// Stats counts since Dial.
type Stats struct {
	// DocumentBytes is what came on documents' streams, with the length before
	// every message.
	DocumentBytes uint64
	Records       uint64
	Snapshots     uint64
	Resyncs       uint64 // SYNC_STATE sent
	Differing     uint64 // of them, because nothing was missing and yet the state was not the server's
	Connections   uint64
	Submitted     uint64 // batches, those sent again too
	Refused       uint64 // ops
}

// Dial brings a client into a room; ctx bounds only that. It returns when the
// client is in, or why it cannot be.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	c := &Client{
		cfg: cfg, dial: cfg.Dial, done: make(chan struct{}),
		room: cfg.Room, authToken: cfg.Token,
	}
	if c.dial == nil {
		c.dial = NewNetwork(cfg.URL, cfg.HTTP).Dial
	}
	if err := c.restore(); err != nil {
		return nil, err
	}
	lifetime, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	go c.run(lifetime)
	if err := c.await(ctx, func() bool { return c.link != nil }); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// restore opens the documents that Config and Store name.
func (c *Client) restore() error {
	c.newDocument(classroom.AuthorityDocument)
	if c.cfg.Stage {
		c.newDocument(classroom.StageDocument)
	}
	for _, page := range c.cfg.Pages {
		c.document(boardName(page))
	}
	if c.cfg.Store == nil {
		return nil
	}
	saved, err := c.cfg.Store.Load()
	if err != nil {
		return err
	}
	if saved.Room != 0 && saved.Room == c.cfg.Room {
		c.adopt(saved)
	}
	return nil
}

// run keeps the client connected until it is closed or may not come back.
func (c *Client) run(ctx context.Context) {
	defer close(c.done)
	for attempt := 0; ; attempt++ {
		entered, err := c.session(ctx)
		if entered {
			attempt = 0
		}
		wait, end := c.comeBack(ctx, err, attempt)
		if end != nil {
			c.end(end)
			return
		}
		c.cfg.Log.Info("connection ended", "cause", err, "wait", wait)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// comeBack decides what follows the end of a connection.
func (c *Client) comeBack(ctx context.Context, err error, attempt int) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, ErrClosed
	}
	if c.cfg.Once {
		return 0, fmt.Errorf("client: connection ended: %w", err)
	}
	wait, end := retry(err, attempt)
	if end != nil {
		return 0, end
	}
	if coded, ok := reason(err); errors.Is(err, errHistoryLost) || ok && coded.Code == protocol.TakenOver {
		c.mu.Lock()
		c.claim = nil // ID4, SES10: a new replica is taken
		for _, d := range c.documents {
			if errors.Is(err, errHistoryLost) {
				d.lostHistory()
			}
		}
		c.mu.Unlock()
	}
	return wait, nil
}

func (c *Client) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	c.changes.notify()
}

// farewell is how long Close waits for Leave to be written.
const farewell = 200 * time.Millisecond

// Close leaves the room and waits until everything has ended. What is not
// durable stays in the Store.
func (c *Client) Close() error {
	c.leave()
	c.cancel()
	<-c.done
	c.tasks.Wait()
	return c.saveLast()
}

// leave tells the server, if it can be told soon.
func (c *Client) leave() {
	c.mu.Lock()
	connected := c.link != nil
	if connected {
		c.link.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Leave{Leave: &chalklinev1.Leave{}}})
	}
	c.mu.Unlock()
	if connected {
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		_ = c.await(ctx, func() bool { return !c.flushing }) // the server notices all the same
	}
}

// Break ends the connection as a lost network would; the client comes back by
// itself. For tests.
func (c *Client) Break() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		c.link.drop(errors.New("client: broken on purpose"))
	}
}
