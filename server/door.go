package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/room"
	"chalkline/server/session"
)

// lesson is what pictures need of a room.
type lesson interface {
	// Copy returns a board of the caller's own and its revision.
	Copy(ctx context.Context, page string) (*ot.Board, uint64, error)
	// Place returns where the board of a page stands.
	Place(ctx context.Context, page string) (room.Place, error)
	// Pages returns the pages in their order and the room's name.
	Pages(ctx context.Context) (pages []string, name string, err error)
}

// door lets requests into rooms, by the rules of a session: whoever may join a
// room may see its pages and images.
type door struct {
	identify func(token string) (session.Identity, error)
	// room returns a room that runs; who asks, and from where, is for the limits of guesses.
	room func(ctx context.Context, id int64, who session.Identity, address string) (lesson, error)
	// wrong counts a code that can be no room's, as an unknown room would be.
	wrong *tries
}

// visitor is a request that was let in.
type visitor struct {
	session.Identity
	room   replay.Room
	lesson lesson
}

// enter lets a request into the room that its path names: errors are those of visit.
func (d *door) enter(r *http.Request) (visitor, error) { return d.visit(r, r.PathValue("code")) }

// visit checks the bearer token and a room's code. Errors are *protocol.Error:
// TOKEN_INVALID, TOKEN_EXPIRED, NOT_PERMITTED where the token is for another
// room, NO_SUCH_ROOM, TOO_MANY_TRIES, or what the room says.
func (d *door) visit(r *http.Request, code string) (visitor, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(token) > protocol.MaxToken {
		return visitor{}, protocol.NewError(protocol.TokenInvalid)
	}
	identity, err := d.identify(token)
	if err != nil {
		return visitor{}, err
	}
	id, ok := replay.ParseRoom(code)
	if !ok {
		return visitor{}, d.noRoom(identity.Participant.ID, r.RemoteAddr)
	}
	if identity.Room != 0 && identity.Room != int64(id) {
		return visitor{}, protocol.NewError(protocol.NotPermitted)
	}
	found, err := d.room(r.Context(), int64(id), identity, r.RemoteAddr)
	if err != nil {
		return visitor{}, err
	}
	return visitor{identity, id, found}, nil
}

// noRoom refuses what is no code.
func (d *door) noRoom(participant, address string) error {
	now := time.Now()
	if !d.wrong.allowed(participant, address, now) {
		return protocol.NewError(protocol.TooManyTries)
	}
	d.wrong.note(participant, address, now)
	return protocol.NewError(protocol.NoSuchRoom)
}
