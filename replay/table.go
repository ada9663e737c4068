package replay

import "context"

// Limits of what a Table takes; ErrLimit beyond them.
const (
	MaxKey   = 256      // bytes of a key, at least 1
	MaxValue = 64 << 10 // bytes of a value
)

// Table keeps what may have to be erased apart from the log, which keeps
// everything: names of rooms and of participants, tokens' identities (ID5).
// Values of a room are found by key; a key that is put again is replaced. Put
// and Delete return once they are durable. The room need not have a log.
type Table interface {
	// Put sets a key. ErrLimit, ErrFull, ErrFailed as Log.Append.
	Put(ctx context.Context, room Room, key string, value []byte) error

	// Get returns the value of a key, the caller's to keep; ErrNoKey if there is none.
	Get(ctx context.Context, room Room, key string) ([]byte, error)

	// List calls yield for the room's keys that begin with prefix, in the order
	// of their bytes, until the end or until yield returns false. The value is
	// valid only during the call of yield.
	List(ctx context.Context, room Room, prefix string, yield func(key string, value []byte) bool) error

	// Delete erases a key; a key that is not there is no error. It works on a
	// full store too.
	Delete(ctx context.Context, room Room, key string) error
}
