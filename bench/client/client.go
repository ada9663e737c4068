package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/server/classroom"
	"chalkline/server/transport"
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
	people    map[uint32]*chalklinev1.Presence
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
		room: cfg.Room, authToken: cfg.Token, people: map[uint32]*chalklinev1.Presence{},
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

// session is one connection from dialling to its end. entered tells whether it
// came into the room.
func (c *Client) session(ctx context.Context) (entered bool, err error) {
	l, err := c.connect(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = l.conn.Close(0) }()
	if err := c.enter(ctx, l); err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := closeAtEnd(ctx, l.conn)
	c.attach(ctx, l)
	err = c.readControl(l)
	err = c.detach(l, err)
	stop()
	cancel()
	_ = l.conn.Close(0)
	l.tasks.Wait()
	return true, err
}

// enter creates the room if there is none yet, and joins it (SES5).
func (c *Client) enter(ctx context.Context, l *link) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSilent)
	defer cancel()
	stop := closeAtEnd(ctx, l.conn)
	defer stop()
	if c.RoomID() == 0 {
		if err := c.createRoom(l); err != nil {
			return err
		}
	}
	result, err := c.join(l)
	if err != nil {
		return err
	}
	return c.joined(result)
}

func (c *Client) createRoom(l *link) error {
	m := &chalklinev1.CreateRoom{Name: c.cfg.RoomName}
	if err := writeMessage(l.conn, &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_CreateRoom{CreateRoom: m}}); err != nil {
		return fmt.Errorf("client: create room: %w", err)
	}
	answer, err := awaitResult(l, (*chalklinev1.ServerMessage).GetCreateRoomResult)
	if err != nil {
		return fmt.Errorf("client: create room: %w", err)
	}
	if answer.GetRoomId() <= 0 {
		return fmt.Errorf("client: create room: %w", protocol.NewError(protocol.Code(-answer.GetRoomId())))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room = answer.GetRoomId()
	return nil
}

// awaitResult reads until a message is the result waited for; an Error ends it,
// others are not for a client outside a room.
func awaitResult[T any](l *link, get func(*chalklinev1.ServerMessage) *T) (*T, error) {
	for {
		m, err := readMessage(l.conn)
		if err != nil {
			return nil, err
		}
		if e := m.GetError(); e != nil {
			return nil, protocol.ErrorOf(e)
		}
		if g := m.GetGoingAway(); g != nil {
			return nil, awayError(g)
		}
		if result := get(m); result != nil {
			return result, nil
		}
	}
}

func awayError(g *chalklinev1.GoingAway) error {
	return &goingAway{code: protocol.ErrorOf(g.GetError()), after: time.Duration(g.GetRetryAfterMs()) * time.Millisecond}
}

func (c *Client) join(l *link) (*chalklinev1.JoinRoomResult, error) {
	c.mu.Lock()
	m := &chalklinev1.JoinRoom{RoomId: c.room, DisplayName: c.cfg.Name, Replica: c.claim}
	for _, d := range c.documents {
		d.forgetConnection()
		if d.late = false; d.open {
			m.Open = append(m.Open, d.openMessage())
		}
	}
	c.mu.Unlock()
	if err := writeMessage(l.conn, &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_JoinRoom{JoinRoom: m}}); err != nil {
		return nil, fmt.Errorf("client: join: %w", err)
	}
	result, err := awaitResult(l, (*chalklinev1.ServerMessage).GetJoinRoomResult)
	if err != nil {
		return nil, fmt.Errorf("client: join: %w", err)
	}
	if code := result.GetResult(); code != 0 {
		return nil, fmt.Errorf("client: join: %w", protocol.NewError(protocol.Code(-code)))
	}
	return result, nil
}

func (d *document) forgetConnection() {
	d.generation, d.ready, d.syncing, d.resyncs = 0, false, false, 0
	d.stream, d.reader, d.sent = nil, nil, 0
}

// joined takes the result in, and tells whether the room still has what it had
// acknowledged (ID4).
func (c *Client) joined(m *chalklinev1.JoinRoomResult) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := map[string]uint64{}
	for _, b := range m.GetLast() {
		last[b.GetDocument()] = b.GetN()
	}
	c.roomName, c.claim = m.GetName(), m.GetReplica()
	for _, d := range c.documents {
		if err := d.resume(c.claim.GetReplica(), last[d.name]); err != nil {
			return err
		}
	}
	if !c.cfg.NoRoster {
		clear(c.people)
		c.meet(m.GetPresent())
	}
	c.clock.forget()
	c.clock.add(sample{offset: m.GetRoomTimeUs() - c.cfg.Clock().UnixMicro(), trip: patience})
	return nil
}

// resume brings the outbox to what the room says is durable.
func (d *document) resume(replica uint32, last uint64) error {
	if d.outbox.replica == 0 {
		d.outbox.replica = replica // nothing was ever numbered
	}
	if d.outbox.replica != replica {
		return nil // moves once its state is the server's
	}
	if last < d.acked {
		return fmt.Errorf("client: batch %d of %s is gone, last is %d: %w", d.acked, d.name, last, errHistoryLost)
	}
	d.acknowledge(last)
	return nil
}

// attach makes l the client's connection.
func (c *Client) attach(ctx context.Context, l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = l
	c.stats.Connections++
	c.touch()
	l.ping()
	l.heart = time.AfterFunc(l.heartInterval(), l.beat)
	l.tasks.Go(func() { l.accept(ctx) })
	if c.cfg.OnCursors != nil {
		l.tasks.Go(func() { l.receiveDatagrams(ctx) })
	}
	for _, d := range c.documents {
		if d.open && d.late {
			l.sendOpen(d)
		}
	}
	c.pump()
	c.changes.notify()
}

// detach ends l as the client's connection and returns why it ended.
func (c *Client) detach(l *link, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = nil
	l.stopTimers()
	for _, d := range c.documents {
		d.ready = false
	}
	c.changes.notify()
	if l.cause != nil {
		return l.cause
	}
	return err
}

// token returns the token to say Hello with; URL is asked for it once.
func (c *Client) token(ctx context.Context) (string, error) {
	c.mu.Lock()
	token := c.authToken
	c.mu.Unlock()
	if token != "" {
		return token, nil
	}
	token, err := RequestToken(ctx, c.cfg.HTTP, c.cfg.URL, c.cfg.Name)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.authToken = token
	return token, nil
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

// People returns who is present, by replica.
func (c *Client) People() []*chalklinev1.Presence {
	c.mu.Lock()
	defer c.mu.Unlock()
	people := make([]*chalklinev1.Presence, 0, len(c.people))
	for _, p := range c.people {
		people = append(people, p)
	}
	slices.SortFunc(people, func(a, b *chalklinev1.Presence) int { return int(a.GetReplica()) - int(b.GetReplica()) })
	return people
}

func (c *Client) meet(present []*chalklinev1.Presence) {
	for _, p := range present {
		c.people[p.GetReplica()] = p
	}
}

// authority returns the confirmed authority state; Client.mu is held.
func (c *Client) authority() *classroom.Authority {
	state, _ := c.documents[0].content.(*authorityContent)
	return &state.state
}

func (c *Client) hasPage(page string) bool { return slices.Contains(c.authority().Pages, page) }

// Pages returns the page ids of the room, in order.
func (c *Client) Pages() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.authority().Pages)
}

// newBatch stamps a batch with room time and the authority that it was made
// under (SYN1).
func (c *Client) newBatch(payload []byte, ops []ot.Op) *batch {
	return &batch{capturedAt: c.now(), authority: c.documents[0].position.revision, ops: ops, payload: payload}
}
