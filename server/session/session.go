// Package session runs one connection: it reads messages and hands them to the
// room, and writes what the room has for the client.
//
// A session moves messages; it does not judge ops. It has one reader, one
// writer and a queue bounded in bytes between the room and the writer: the room
// never waits for a slow client (REC4). It leaves order and state to
// server/room, bytes on the wire to server/transport.
package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/classroom"
	"chalkline/server/room"
	"chalkline/server/transport"
)

// Identity is what a token says.
type Identity struct {
	classroom.Participant
	// Name is shown to the others where the client gives no display name.
	Name string
	// Room is the only room that the token is good for; 0 is any.
	Room int64
	// Create says whether the token may create rooms.
	Create bool
	// Expires is when the session ends with TOKEN_EXPIRED; zero: never.
	Expires time.Time
}

// Server is what a session asks the server. Errors that a client is to be told
// are *protocol.Error.
type Server interface {
	// Identify checks a token.
	Identify(token string) (Identity, error)
	// CreateRoom makes a room with a name and returns its id. Who asks, and from which
	// address, is for limits.
	CreateRoom(ctx context.Context, name, participant, address string) (int64, error)
	// Room returns a running room. Who asks, and from which address, is for limits of
	// guesses.
	Room(ctx context.Context, id int64, who Identity, address string) (*room.Room, error)
	// NewReplica says whether a new replica may be given, which then counts: there is a
	// limit for participants and for addresses.
	NewReplica(participant, address string) bool
}

// Config is what all sessions share. Server is required.
type Config struct {
	Server  Server
	Logger  *slog.Logger // nil discards
	Metrics *Metrics     // nil counts nowhere

	QueueBytes        int     // waiting for one client before it starts again from a snapshot; 0: 512 kB
	MessagesPerSecond float64 // of up to 1 kB, read from one client; the rest waits; 0: 300
}

// bytesPerMessage is what a message may have before it counts for more than one:
// what one writes, everybody reads.
const bytesPerMessage = 1 << 10

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(nil)
	}
	if c.QueueBytes == 0 {
		c.QueueBytes = 512 << 10
	}
	if c.MessagesPerSecond == 0 {
		c.MessagesPerSecond = 300
	}
	return c
}

// session is one connection. Its fields belong to the reader but for out and
// clock.
type session struct {
	cfg     Config
	conn    transport.Conn
	log     *slog.Logger
	out     *outbox
	limiter *rate.Limiter
	silence *time.Timer
	expiry  *time.Timer // nil: the token does not expire, or is not there yet

	phase    phase
	identity Identity
	room     *room.Room                 // while joined
	clock    atomic.Pointer[room.Clock] // the room's, once in
}

// Serve runs a connection until it ends.
func Serve(ctx context.Context, conn transport.Conn, config Config) {
	cfg := config.withDefaults()
	s := &session{
		cfg: cfg, conn: conn,
		log:     cfg.Logger.With("session", newID(), "route", string(conn.Route())),
		limiter: rate.NewLimiter(rate.Limit(cfg.MessagesPerSecond), max(1, int(2*cfg.MessagesPerSecond))),
	}
	s.out = newOutbox(conn, cfg, s.drained)
	open := cfg.Metrics.sessions.WithLabelValues(string(conn.Route()))
	open.Inc()
	defer open.Dec()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.silence = time.AfterFunc(protocol.SilenceMillis*time.Millisecond, func() {
		s.out.Close(protocol.NewError(protocol.Silent))
	})
	defer s.silence.Stop()
	go func() { // a server that stops ends its sessions
		select {
		case <-ctx.Done():
			s.out.Close(protocol.NewError(protocol.GoingAway))
		case <-conn.Done():
		}
	}()
	pointers := make(chan struct{})
	go func() {
		defer close(pointers)
		s.readDatagrams(ctx)
	}()
	err := s.read(ctx)
	told, counted := ending(err)
	if s.phase == ended && counted == lost { // behind Leave
		counted = left
	}
	s.leave()
	if s.expiry != nil {
		s.expiry.Stop()
	}
	s.out.end(told, counted)
	s.out.wait()
	cancel()
	<-pointers
	s.log.Debug("session ended", "error", err)
}

// Why connections are closed of which no code says it.
const (
	left = "left" // by their clients
	lost = "lost" // they broke
)

// ending says what a client is told when an error ends its session, nil where it hung
// up, and what is counted: the same code, left or lost.
func ending(err error) (told *protocol.Error, counted string) {
	var hungUp *transport.CloseError
	switch {
	case errors.As(err, &told):
	case errors.Is(err, transport.ErrTooLarge):
		told = protocol.NewError(protocol.TooLarge, "limit", "message")
	case errors.Is(err, transport.ErrMalformed):
		told = protocol.NewError(protocol.BadMessage)
	case err == nil, errors.As(err, &hungUp):
		return protocol.NewError(protocol.GoingAway), left
	case errors.Is(err, transport.ErrClosed): // by the listener, which stops
		told = protocol.NewError(protocol.GoingAway)
	default:
		return protocol.NewError(protocol.GoingAway), lost
	}
	return told, told.Code.String()
}

// read hands on messages until the connection ends or the client breaks the rules.
func (s *session) read(ctx context.Context) error {
	for {
		b, err := s.conn.ReadMessage()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		s.silence.Reset(protocol.SilenceMillis * time.Millisecond)
		s.cfg.Metrics.messagesIn.Inc()
		m := &chalklinev1.ClientMessage{} // the room keeps parts of it
		if err := proto.Unmarshal(b, m); err != nil {
			return protocol.NewError(protocol.BadMessage)
		}
		if err := s.limiter.WaitN(ctx, min(weight(m, len(b)), s.limiter.Burst())); err != nil {
			return protocol.NewError(protocol.GoingAway)
		}
		if err := s.dispatch(ctx, m); err != nil {
			return err
		}
	}
}

// weight is what a message of so many bytes counts for in MessagesPerSecond.
func weight(m *chalklinev1.ClientMessage, bytes int) int {
	w := 1 + bytes/bytesPerMessage
	switch m.GetMessage().(type) {
	case *chalklinev1.ClientMessage_CreateRoom:
		w += 300
	case *chalklinev1.ClientMessage_JoinRoom:
		w += 20
	case *chalklinev1.ClientMessage_SyncState, *chalklinev1.ClientMessage_ChangeBoard:
		w += 10
	}
	return w
}

// dispatch hands a message to its handler; an error ends the session.
func (s *session) dispatch(ctx context.Context, m *chalklinev1.ClientMessage) error {
	if !s.phase.takes(m) {
		return protocol.NewError(protocol.OutOfOrder)
	}
	switch m := m.GetMessage().(type) {
	case *chalklinev1.ClientMessage_Hello:
		return s.hello(m.Hello)
	case *chalklinev1.ClientMessage_CreateRoom:
		return s.createRoom(ctx, m.CreateRoom)
	case *chalklinev1.ClientMessage_JoinRoom:
		return s.joinRoom(ctx, m.JoinRoom)
	case *chalklinev1.ClientMessage_Ping:
		s.ping(m.Ping)
		return nil
	case *chalklinev1.ClientMessage_Leave:
		s.leave()
		return nil
	case *chalklinev1.ClientMessage_Submit:
		return s.post(room.Submit{Peer: s.out, Batch: m.Submit})
	case *chalklinev1.ClientMessage_ChangeBoard:
		return s.post(room.Open{Peer: s.out, Open: m.ChangeBoard.GetOpen(), Look: m.ChangeBoard.GetLook()})
	case *chalklinev1.ClientMessage_CloseDocument:
		return s.post(room.CloseDocument{Peer: s.out, Handle: m.CloseDocument.GetHandle()})
	case *chalklinev1.ClientMessage_SyncState:
		return s.post(room.SyncState{
			Peer: s.out, Handle: m.SyncState.GetHandle(), Position: m.SyncState.GetPosition(), Reason: m.SyncState.GetReason(),
			At: m.SyncState.GetAtUs(),
		})
	case *chalklinev1.ClientMessage_Trace:
		return s.post(room.Trace{Peer: s.out, Trace: m.Trace})
	case *chalklinev1.ClientMessage_HeartTick:
		return s.post(room.HeartTick{
			Peer: s.out, MediaDelay: time.Duration(m.HeartTick.GetMediaDelayMs()) * time.Millisecond, Received: m.HeartTick.GetReceived(),
		})
	default: // of a newer client, which knows that we may not know it
		return nil
	}
}

// post hands a command to the room.
func (s *session) post(c room.Command) error {
	if !s.room.Post(c) {
		return s.room.Refusal()
	}
	return nil
}

func (s *session) leave() {
	s.phase = ended
	if s.room != nil {
		s.room.Post(room.Leave{Peer: s.out})
		s.room = nil
	}
}

// drained tells the room that the queue has room again. It waits for the room, which
// the writer must not: the room may be waiting in nothing, but others fill its inbox.
func (s *session) drained(r *room.Room, reached map[room.Stream]uint64) {
	r.Post(room.Drained{Peer: s.out, Reached: reached})
}

func (s *session) ping(m *chalklinev1.Ping) {
	now := time.Now().UnixMicro()
	if c := s.clock.Load(); c != nil {
		now = c.At(time.Now())
	}
	s.out.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Pong{
		Pong: &chalklinev1.Pong{ClientTimeUs: m.GetClientTimeUs(), RoomTimeUs: now},
	}})
}

// readDatagrams hands pointers on (PRE1). They are soft: what does not fit is lost.
func (s *session) readDatagrams(ctx context.Context) {
	limiter := rate.NewLimiter(20, 20)
	for {
		b, err := s.conn.ReceiveDatagram(ctx)
		if err != nil {
			return
		}
		var m chalklinev1.Datagram
		if len(b) > protocol.MaxDatagram || proto.Unmarshal(b, &m) != nil || m.GetCursor() == nil || !limiter.Allow() {
			s.cfg.Metrics.datagramsDropped.Inc()
			continue
		}
		if r := s.out.room.Load(); r != nil {
			r.Post(room.Cursor{Peer: s.out, Cursor: m.GetCursor()})
		}
	}
}

// newID names a session in the log.
func newID() string { return hex.EncodeToString(random(4)) }

// newKey returns the key of a new replica.
func newKey() []byte { return random(16) }

func random(bytes int) []byte {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
