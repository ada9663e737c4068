package live

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/media"
)

const (
	grantSize = 8 + len(media.ID{}) + 8
	macSize   = 16
	tokenSize = grantSize + macSize
	// tokenPurpose keeps signatures apart from those that the secret makes elsewhere.
	tokenPurpose = "chalkline live 1\x00"
)

// grant is what a play token says (MED9): whoever has it may play one source for a
// while, also after a restart.
type grant struct {
	room    replay.Room
	source  media.ID
	expires int64 // s since 1970
}

// grantNow returns the grant that all get who ask in the same hour.
func grantNow(room replay.Room, source media.ID, now time.Time) grant {
	return grant{room, source, now.Truncate(time.Hour).Add(2 * time.Hour).Unix()}
}

// token returns a grant as it stands in URLs.
func (g grant) token(secret []byte) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, tokenSize), uint64(g.room))
	b = append(b, g.source[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(g.expires))
	return base64.RawURLEncoding.EncodeToString(append(b, signature(secret, b)...))
}

// readToken returns the grant of a token. The error is TOKEN_INVALID, or
// TOKEN_EXPIRED from its end on.
func readToken(secret []byte, token string, now time.Time) (grant, error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenSize) {
		return grant{}, protocol.NewError(protocol.TokenInvalid)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || !hmac.Equal(b[grantSize:], signature(secret, b[:grantSize])) {
		return grant{}, protocol.NewError(protocol.TokenInvalid)
	}
	g := grant{
		room:    replay.Room(binary.BigEndian.Uint64(b)),
		source:  media.ID(b[8:]),
		expires: int64(binary.BigEndian.Uint64(b[grantSize-8:])),
	}
	if now.Unix() >= g.expires {
		return grant{}, protocol.NewError(protocol.TokenExpired)
	}
	return g, nil
}

func signature(secret, b []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(tokenPurpose))
	m.Write(b)
	return m.Sum(nil)[:macSize]
}
