package client

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/protocol"
	"chalkline/server/transport"
)

// patience is how long a connection may answer nothing while something was
// asked (SES4).
const patience = 4 * time.Second

// link is one connection, from its Welcome on.
type link struct {
	client  *Client
	conn    transport.ClientConn
	welcome *chalklinev1.Welcome
	tasks   sync.WaitGroup // streams, acceptor, datagrams

	// guarded by Client.mu
	out            []byte   // framed messages to be written
	datagrams      [][]byte // to be sent: a connection has one writer
	unackedBatches int
	unackedBytes   int
	heart          *time.Timer
	watch          *time.Timer // nil: nothing was asked for a while
	awaiting       bool        // an answer is due
	since          time.Time   // the later of when it was asked for and when anything was heard
	cause          error       // why this side gave it up
}

// greet says Hello and reads Welcome.
func greet(ctx context.Context, conn transport.ClientConn, token string) (*chalklinev1.Welcome, error) {
	stop := closeAtEnd(ctx, conn)
	defer stop()
	hello := &chalklinev1.Hello{Versions: []uint32{protocol.Version}, Token: token, Agent: "chalkline-go"}
	if err := writeMessage(conn, &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Hello{Hello: hello}}); err != nil {
		return nil, fmt.Errorf("client: hello: %w", err)
	}
	m, err := readMessage(conn)
	if err != nil {
		return nil, fmt.Errorf("client: hello: %w", err)
	}
	switch m := m.GetMessage().(type) {
	case *chalklinev1.ServerMessage_Welcome:
		if v := m.Welcome.GetVersion(); v != protocol.Version {
			return nil, fmt.Errorf("client: hello: version %d: %w", v, protocol.NewError(protocol.NoCommonVersion))
		}
		return m.Welcome, nil
	case *chalklinev1.ServerMessage_Error:
		return nil, fmt.Errorf("client: hello: %w", protocol.ErrorOf(m.Error))
	default:
		return nil, fmt.Errorf("client: hello: answered by %T", m)
	}
}

// closeAtEnd frees who reads from conn when ctx ends; stop undoes it.
func closeAtEnd(ctx context.Context, conn transport.ClientConn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = conn.Close(0) })
}

func writeMessage(conn transport.ClientConn, m *chalklinev1.ClientMessage) error {
	framed, err := protocol.AppendMessage(nil, m)
	if err != nil {
		return err
	}
	return conn.WriteControl(framed)
}

func readMessage(conn transport.ClientConn) (*chalklinev1.ServerMessage, error) {
	b, err := conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	m := &chalklinev1.ServerMessage{}
	if err := proto.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	return m, nil
}

// send queues a message for the control stream; Client.mu is held.
func (l *link) send(m *chalklinev1.ClientMessage) {
	l.out, _ = protocol.AppendMessage(l.out, m) // messages made here can be encoded
	l.client.flushSoon()
}

// drop gives the connection up; Client.mu is held.
func (l *link) drop(cause error) {
	if l.cause == nil {
		l.cause = cause
		_ = l.conn.Close(0)
	}
}

// ask notes that an answer is due (SES4); Client.mu is held.
func (l *link) ask() {
	if l.awaiting {
		return
	}
	l.awaiting, l.since = true, l.client.cfg.Clock()
	if l.watch == nil {
		l.watch = time.AfterFunc(patience, l.look)
	}
}

// heard notes that something came, after it was handled; Client.mu is held.
func (l *link) heard(now time.Time) {
	l.awaiting, l.since = l.unackedBatches > 0, now
}

// look is called when patience may have passed since something was asked.
func (l *link) look() {
	c := l.client
	c.mu.Lock()
	defer c.mu.Unlock()
	l.watch = nil
	if c.link != l || !l.awaiting {
		return
	}
	left := patience - c.cfg.Clock().Sub(l.since)
	if left > 0 {
		l.watch = time.AfterFunc(left, l.look)
		return
	}
	c.preferOther(l.conn.Route())
	l.drop(errSilent)
}

// stopTimers is called when the link is no longer the client's; Client.mu is held.
func (l *link) stopTimers() {
	if l.heart != nil {
		l.heart.Stop()
	}
	if l.watch != nil {
		l.watch.Stop()
	}
}

// beat sends HEART_TICK and a Ping and comes again.
func (l *link) beat() {
	c := l.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != l {
		return
	}
	tick := &chalklinev1.HeartTick{}
	if c.cfg.MediaDelay != nil {
		tick.MediaDelayMs = uint32(max(c.cfg.MediaDelay().Milliseconds(), 0))
	}
	for _, d := range c.documents {
		if d.open {
			tick.Received = append(tick.Received, &chalklinev1.Received{Handle: d.handle, Revision: d.position.revision})
		}
	}
	l.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_HeartTick{HeartTick: tick}})
	l.ping()
	l.heart = time.AfterFunc(l.heartInterval(), l.beat)
}

func (l *link) ping() {
	ping := &chalklinev1.Ping{ClientTimeUs: l.client.cfg.Clock().UnixMicro()}
	l.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Ping{Ping: ping}})
	l.ask()
}

func (l *link) heartInterval() time.Duration {
	ms := l.welcome.GetHeartTickMs()
	if ms == 0 {
		ms = protocol.HeartTickMillis
	}
	return time.Duration(ms) * time.Millisecond
}

// windowOpen tells whether a batch of n bytes may be submitted (SYN4).
func (l *link) windowOpen(n int) bool {
	batches, bytes := int(l.welcome.GetMaxUnacknowledgedBatches()), int(l.welcome.GetMaxUnacknowledgedBytes())
	if batches <= 0 || batches > protocol.MaxUnackedBatches {
		batches = protocol.MaxUnackedBatches
	}
	if bytes <= 0 || bytes > protocol.MaxUnackedBytes {
		bytes = protocol.MaxUnackedBytes
	}
	return l.unackedBatches < batches && (l.unackedBatches == 0 || l.unackedBytes+n <= bytes)
}
