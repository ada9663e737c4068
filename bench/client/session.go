package client

import (
	"context"
	"fmt"
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/protocol"
)

// session is one connection from dialing to its end, phase by phase (SES11):
// connect is dialing, enter joining, and while readControl runs it is catching-up
// or synced. entered tells whether it came into the room.
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
	c.roomName, c.claim, c.sources = m.GetName(), m.GetReplica(), m.GetSources().GetSources()
	for _, d := range c.documents {
		if err := d.resume(c.claim.GetReplica(), last[d.name]); err != nil {
			return err
		}
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
