// Package token mints and checks the JSON Web Tokens (RFC 7519) that name a
// participant.
//
// Tokens are signed with HMAC-SHA-256 by keys that this server shares with
// those who may mint: a school's own systems, or the server itself for guests.
// The header's kid names the key; no other algorithm is accepted, whatever a
// token says of itself. What a participant may do in a class is not decided
// here.
package token

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"chalkline/protocol"
	"chalkline/server/classroom"
)

// Errors of Verify, wrapped.
var (
	ErrInvalid = errors.New("token invalid") // TOKEN_INVALID
	ErrExpired = errors.New("token expired") // TOKEN_EXPIRED
)

// Limits of a token's claims, in bytes, and of its life.
const (
	MinSecret = 32
	MaxGrants = 16
	MaxGrant  = 32
	Lifetime  = 24 * time.Hour   // of tokens minted here, unless told
	leeway    = 30 * time.Second // that clocks may differ
)

// Key is a secret that both minter and server know.
type Key struct {
	ID     string // the header's kid
	Secret []byte // at least MinSecret bytes
}

// Claims are what a token says.
type Claims struct {
	Participant string         // who, at most protocol.MaxParticipant bytes; the claim sub
	Name        string         // shown to the others where the client gives no other, at most protocol.MaxDisplayName bytes; may be empty
	Room        int64          // the only room that the token is for; 0 is any
	Role        classroom.Role // empty is Student
	Grants      []string       // what is allowed beyond the role, such as "create"
	Expires     time.Time
}

// claims is Claims as it travels.
type claims struct {
	jwt.RegisteredClaims
	Name   string         `json:"name,omitempty"`
	Room   int64          `json:"room,omitempty"`
	Role   classroom.Role `json:"role,omitempty"`
	Grants []string       `json:"grants,omitempty"`
}

// Keys mints and verifies. It may be used by many goroutines at once.
type Keys struct {
	minting Key
	secrets map[string][]byte
	now     func() time.Time
	parser  *jwt.Parser
}

// NewKeys returns Keys that mint with the first key and verify with all. now is
// the clock, nil for time.Now.
func NewKeys(keys []Key, now func() time.Time) (*Keys, error) {
	if len(keys) == 0 {
		return nil, errors.New("token: no key")
	}
	if now == nil {
		now = time.Now
	}
	k := &Keys{minting: keys[0], secrets: make(map[string][]byte, len(keys)), now: now}
	for _, key := range keys {
		if err := k.add(key); err != nil {
			return nil, err
		}
	}
	k.parser = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(), // one token has one spelling
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(now),
	)
	return k, nil
}

func (k *Keys) add(key Key) error {
	if key.ID == "" {
		return errors.New("token: a key has no id")
	}
	if len(key.Secret) < MinSecret {
		return fmt.Errorf("token: secret of key %q has %d bytes, at least %d are needed", key.ID, len(key.Secret), MinSecret)
	}
	if _, twice := k.secrets[key.ID]; twice {
		return fmt.Errorf("token: two keys have the id %q", key.ID)
	}
	k.secrets[key.ID] = key.Secret
	return nil
}

// Mint returns a signed token. Without an expiry it lives for Lifetime.
func (k *Keys) Mint(c Claims) (string, error) {
	if c.Expires.IsZero() {
		c.Expires = k.now().Add(Lifetime)
	}
	if err := c.check(); err != nil {
		return "", fmt.Errorf("token: mint: %w", err)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: c.Participant, ExpiresAt: jwt.NewNumericDate(c.Expires)},
		Name:             c.Name, Room: c.Room, Role: c.Role, Grants: c.Grants,
	})
	t.Header["kid"] = k.minting.ID
	signed, err := t.SignedString(k.minting.Secret)
	if err != nil {
		return "", fmt.Errorf("token: mint: %w", err)
	}
	return signed, nil
}

// Verify returns what a token says, or an error that wraps ErrInvalid or
// ErrExpired. Signatures are compared in constant time.
func (k *Keys) Verify(token string) (Claims, error) {
	if len(token) > protocol.MaxToken {
		return Claims{}, fmt.Errorf("token: %d bytes, at most %d: %w", len(token), protocol.MaxToken, ErrInvalid)
	}
	var said claims
	_, err := k.parser.ParseWithClaims(token, &said, k.secret)
	if errors.Is(err, jwt.ErrTokenExpired) {
		return Claims{}, fmt.Errorf("token: %w", ErrExpired)
	}
	if err != nil {
		return Claims{}, fmt.Errorf("token: %w: %w", ErrInvalid, err)
	}
	c := Claims{
		Participant: said.Subject, Name: said.Name, Room: said.Room, Role: said.Role, Grants: said.Grants,
		Expires: said.ExpiresAt.Time,
	}
	if c.Role == "" {
		c.Role = classroom.Student
	}
	if err := c.check(); err != nil {
		return Claims{}, fmt.Errorf("token: %w: %w", ErrInvalid, err)
	}
	return c, nil
}

// secret finds the key that a token names.
func (k *Keys) secret(t *jwt.Token) (any, error) {
	id, _ := t.Header["kid"].(string)
	secret, ok := k.secrets[id]
	if !ok {
		return nil, errors.New("signed by an unknown key")
	}
	return secret, nil
}

// check says what is wrong with the claims themselves.
func (c Claims) check() error {
	switch {
	case c.Participant == "" || len(c.Participant) > protocol.MaxParticipant || !utf8.ValidString(c.Participant):
		return fmt.Errorf("sub must be 1 to %d bytes of UTF-8", protocol.MaxParticipant)
	case len(c.Name) > protocol.MaxDisplayName || !utf8.ValidString(c.Name):
		return fmt.Errorf("name must be at most %d bytes of UTF-8", protocol.MaxDisplayName)
	case c.Room < 0:
		return errors.New("room must not be negative")
	case c.Role != "" && !c.Role.Known():
		return errors.New("role is unknown")
	case len(c.Grants) > MaxGrants:
		return fmt.Errorf("more than %d grants", MaxGrants)
	}
	for _, grant := range c.Grants {
		if grant == "" || len(grant) > MaxGrant || !utf8.ValidString(grant) {
			return fmt.Errorf("a grant must be 1 to %d bytes of UTF-8", MaxGrant)
		}
	}
	return nil
}
