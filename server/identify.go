package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"chalkline/protocol"
	"chalkline/server/classroom"
	"chalkline/server/session"
	"chalkline/server/token"
)

// CreateGrant in a token allows to create rooms.
const CreateGrant = "create"

// guestLifetime is long, because what a guest drew without network is delivered
// under the same participant.
const guestLifetime = 30 * 24 * time.Hour

// Tokens is the Identifier of signed tokens.
type Tokens struct {
	Keys *token.Keys
	// Guests may come with nothing but a room's link, and may create rooms.
	Guests bool
}

// Identify is that of Identifier.
func (t Tokens) Identify(signed string) (session.Identity, error) {
	claims, err := t.Keys.Verify(signed)
	switch {
	case errors.Is(err, token.ErrExpired):
		return session.Identity{}, protocol.NewError(protocol.TokenExpired)
	case err != nil:
		return session.Identity{}, protocol.NewError(protocol.TokenInvalid)
	}
	return session.Identity{
		Participant: classroom.Participant{ID: claims.Participant, Role: claims.Role},
		Name:        claims.Name,
		Room:        claims.Room,
		Create:      slices.Contains(claims.Grants, CreateGrant),
		Expires:     claims.Expires,
	}, nil
}

// Guest is that of Identifier.
func (t Tokens) Guest(name string) (string, error) {
	if !t.Guests {
		return "", protocol.NewError(protocol.NotPermitted)
	}
	signed, err := t.Keys.Mint(token.Claims{
		Participant: "guest-" + rand.Text(), Name: name, Role: classroom.Student, Grants: []string{CreateGrant},
		Expires: time.Now().Add(guestLifetime),
	})
	if err != nil {
		return "", fmt.Errorf("server: guest: %w", err)
	}
	return signed, nil
}
