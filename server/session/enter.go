package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/room"
)

// hello is the first message of a connection (SES1).
func (s *session) hello(m *chalklinev1.Hello) error {
	if !slices.Contains(m.GetVersions(), protocol.Version) {
		return protocol.NewError(protocol.NoCommonVersion, "versions", strconv.Itoa(protocol.Version))
	}
	if len(m.GetToken()) > protocol.MaxToken {
		return protocol.NewError(protocol.TooLarge, "limit", "token", "max", strconv.Itoa(protocol.MaxToken))
	}
	identity, err := s.cfg.Server.Identify(m.GetToken())
	if err != nil {
		return err
	}
	s.phase, s.identity = joining, identity
	if !identity.Expires.IsZero() {
		s.expiry = time.AfterFunc(time.Until(identity.Expires), func() {
			s.out.Close(protocol.NewError(protocol.TokenExpired))
		})
	}
	s.log = s.log.With("agent", forLog(m.GetAgent()), "locale", forLog(m.GetLocale()))
	s.out.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Welcome{Welcome: &chalklinev1.Welcome{
		Version:                  protocol.Version,
		Participant:              identity.ID,
		MaxMessageBytes:          protocol.MaxMessage,
		MaxUnacknowledgedBatches: protocol.MaxUnackedBatches,
		MaxUnacknowledgedBytes:   protocol.MaxUnackedBytes,
		HeartTickMs:              protocol.HeartTickMillis,
		RoomTimeUs:               time.Now().UnixMicro(),
	}}})
	return nil
}

// forLog is the text cut to protocol.MaxAgent: nobody is sent away for what only logs say.
func forLog(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), protocol.MaxAgent)], "")
}

// createRoom is CREATE_ROOM; what is refused is answered, not closed.
func (s *session) createRoom(ctx context.Context, m *chalklinev1.CreateRoom) error {
	id, err := s.newRoom(ctx, m.GetName())
	var refused *protocol.Error
	if errors.As(err, &refused) {
		id = -int64(refused.Code)
	} else if err != nil {
		return err
	}
	s.out.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_CreateRoomResult{
		CreateRoomResult: &chalklinev1.CreateRoomResult{RoomId: id},
	}})
	return nil
}

func (s *session) newRoom(ctx context.Context, name string) (int64, error) {
	switch {
	case !s.identity.Create:
		return 0, protocol.NewError(protocol.NotPermitted)
	case len(name) > protocol.MaxRoomName || !utf8.ValidString(name):
		return 0, protocol.NewError(protocol.TooLarge, "limit", "name", "max", strconv.Itoa(protocol.MaxRoomName))
	}
	return s.cfg.Server.CreateRoom(ctx, name, s.identity.ID, s.conn.RemoteAddr())
}

// joinRoom is JOIN_ROOM; what is refused is answered, not closed.
func (s *session) joinRoom(ctx context.Context, m *chalklinev1.JoinRoom) error {
	if len(m.GetOpen()) > protocol.MaxOpenDocuments {
		return protocol.NewError(protocol.TooLarge, "limit", "documents", "max", strconv.Itoa(protocol.MaxOpenDocuments))
	}
	r, err := s.enter(ctx, m)
	var refused *protocol.Error
	if errors.As(err, &refused) {
		s.out.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_JoinRoomResult{
			JoinRoomResult: &chalklinev1.JoinRoomResult{Result: -int32(refused.Code), RoomId: m.GetRoomId()},
		}})
		return nil
	}
	if err != nil {
		return err
	}
	s.phase, s.room = joined, r
	s.log = s.log.With("room", replay.Room(m.GetRoomId()))
	s.out.room.Store(r)
	go s.follow(r)
	return s.post(room.Join{
		Peer: s.out, Who: s.identity.Participant, Name: cmp.Or(m.GetDisplayName(), s.identity.Name),
		Claim: m.GetReplica(), Key: newKey(), Open: m.GetOpen(),
		New:    func() bool { return s.cfg.Server.NewReplica(s.identity.ID, s.conn.RemoteAddr()) },
		Joined: func(c room.Clock) { s.clock.Store(&c) },
	})
}

func (s *session) enter(ctx context.Context, m *chalklinev1.JoinRoom) (*room.Room, error) {
	name := m.GetDisplayName()
	switch {
	case s.identity.Room != 0 && s.identity.Room != m.GetRoomId():
		return nil, protocol.NewError(protocol.NotPermitted)
	case len(name) > protocol.MaxDisplayName || !utf8.ValidString(name):
		return nil, protocol.NewError(protocol.TooLarge, "limit", "display_name", "max", strconv.Itoa(protocol.MaxDisplayName))
	}
	return s.cfg.Server.Room(ctx, m.GetRoomId(), s.identity, s.conn.RemoteAddr())
}

// follow ends the session when its room ends: the client comes back and finds
// the room read again from the log.
func (s *session) follow(r *room.Room) {
	select {
	case <-r.Done():
		s.out.Close(r.Refusal())
	case <-s.conn.Done():
	}
}
