package disk

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"chalkline/replay"
)

// Row is a row of a room's table.
type Row struct {
	Room  replay.Room
	Key   string
	Value []byte // valid only during the call of yield
}

// Rows calls yield for the rows of all rooms' tables, room by room, until yield
// returns false.
func (l *Log) Rows(ctx context.Context, yield func(Row) bool) error {
	if err := l.enter(ctx); err != nil {
		return fmt.Errorf("replay/disk: rows: %w", err)
	}
	defer l.leave()
	lower := []byte{spaceTable}
	err := l.scan(lower, after(lower), func(it *pebble.Iterator) (bool, error) {
		value, err := it.ValueAndErr()
		if err != nil {
			return false, l.readError(err)
		}
		row, err := decodeRow(it.Key(), value)
		if err != nil {
			return false, damaged("a name", err)
		}
		room := roomOf(it.Key())
		return yield(Row{room, string(it.Key()[len(appendTable(nil, room, "")):]), row}), nil
	})
	if err != nil {
		l.metrics.count(err)
		return fmt.Errorf("replay/disk: rows: %w", err)
	}
	return nil
}

// Shred takes out of the files what was deleted from the tables, at once. It
// writes all that is near to it anew, and what writes meanwhile is slower.
func (l *Log) Shred(ctx context.Context) error {
	if err := l.enter(ctx); err != nil {
		return fmt.Errorf("replay/disk: shred: %w", err)
	}
	defer l.leave()
	lower := []byte{spaceTable}
	err := try(l.failure, func() error {
		return errors.Join(l.db.Flush(), l.db.Compact(ctx, lower, after(lower), false))
	})
	if err != nil {
		return fmt.Errorf("replay/disk: shred: %w", err)
	}
	return nil
}
