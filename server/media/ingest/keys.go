package ingest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/media"
)

// errKey says that nobody has a stream key, any more or ever.
var errKey = errors.New("unknown stream key")

const (
	roomSize   = 8
	secretSize = 16
	hashSize   = sha256.Size
)

// KeyPrefix stands in a room's table before the id of each participant that has a
// stream key; the row holds the key's hash and the role.
const KeyPrefix = "media/key/"

// keyText writes keys without letters that are easily taken for others, in lower case.
func keyText() *base32.Encoding {
	return base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
}

// keys are the stream keys of all rooms. A key is its room's number and a secret, of
// which a hash is kept (MED9).
type keys struct {
	table replay.Table
}

// make returns a new key of a participant in a room. The one before ends.
func (k keys) make(ctx context.Context, v media.Visitor) (string, error) {
	b := make([]byte, roomSize+secretSize)
	binary.BigEndian.PutUint64(b, uint64(v.Room))
	_, _ = rand.Read(b[roomSize:]) // never fails
	hash := sha256.Sum256(b)
	value := append(hash[:], v.Role...)
	if err := k.table.Put(ctx, v.Room, KeyPrefix+v.ID, value); err != nil {
		return "", fmt.Errorf("ingest: keep stream key: %w", err)
	}
	return keyText().EncodeToString(b), nil
}

// check returns whose key it is, if it is among so many that its room has. The error
// wraps errKey or is the store's.
func (k keys) check(ctx context.Context, key string, most int) (media.Visitor, error) {
	b, err := keyText().DecodeString(strings.ToLower(key))
	if err != nil || len(b) != roomSize+secretSize {
		return media.Visitor{}, errKey
	}
	room := replay.Room(binary.BigEndian.Uint64(b))
	hash := sha256.Sum256(b)
	found := media.Visitor{}
	err = k.table.List(ctx, room, KeyPrefix, func(name string, value []byte) bool {
		if len(value) > hashSize && subtle.ConstantTimeCompare(hash[:], value[:hashSize]) == 1 {
			found.ID, found.Role = strings.TrimPrefix(name, KeyPrefix), classroom.Role(value[hashSize:])
		}
		most--
		return most > 0
	})
	if err != nil {
		return media.Visitor{}, fmt.Errorf("ingest: read stream keys: %w", err)
	}
	if found.ID == "" {
		return media.Visitor{}, errKey
	}
	found.Room = room
	return found, nil
}
