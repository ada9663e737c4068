package disk

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"

	"chalkline/replay"
)

// Where the log cannot be read, it may have ended: a power loss leaves what was
// not synced in any state, later parts before earlier ones too. But an append
// is written only when the one before it in its room has been synced. So an
// append behind the hole whose predecessor is nowhere proves damage: something
// that was acknowledged is gone.

// place is a document of a room.
type place struct {
	room     replay.Room
	document replay.Document
}

// checkHole looks for appends behind the place where the log cannot be read.
func (l *Log) checkHole(name string, b []byte) error {
	form := chunks{header: logHeader, first: logFirst}
	if _, err := fmt.Sscanf(name, "%d.log", &form.log); err != nil {
		return fmt.Errorf("%w: the marker of the write-ahead log names %q", replay.ErrCorrupt, name)
	}
	at := form.intact(b)
	behind := appendsBehind(form, b, at)
	if len(behind) == 0 {
		return nil
	}
	lost, err := l.missing(behind)
	if err != nil || lost == "" {
		return err
	}
	return fmt.Errorf("%w: the write-ahead log %s/%s cannot be read at byte %d, and acknowledged appends stood there: %s; "+
		"to go on without what follows there, cut the file at that byte", replay.ErrCorrupt, databaseName, name, at, lost)
}

// appendsBehind returns, of the appends behind a place of the log, the highest
// revision that one begins with, by document.
func appendsBehind(form chunks, b []byte, at int) map[place]uint64 {
	behind := make(map[place]uint64)
	for at = form.next(b, at); at < len(b); at = form.next(b, at) {
		for p, revision := range firstRevisions(form.whole(b, at)) {
			behind[p] = max(behind[p], revision)
		}
	}
	return behind
}

// firstRevisions returns the revisions that a batch begins with, by document.
// Pebble's reader of batches panics on some bytes that are none; what was read
// until then counts.
func firstRevisions(batch []byte) map[place]uint64 {
	first := make(map[place]uint64)
	_ = recovered(func() error {
		for reader := batchrepr.Read(batch); ; {
			_, key, _, ok, err := reader.Next()
			if !ok || err != nil {
				return err
			}
			if p, revision, isRecord := parseRecord(key); isRecord && (first[p] == 0 || revision < first[p]) {
				first[p] = revision
			}
		}
	})
	return first
}

func parseRecord(key []byte) (place, uint64, bool) {
	if len(key) < roomKeyLen || key[0] != spaceLog || key[roomKeyLen-1] != kindRecord {
		return place{}, 0, false
	}
	document, tail, ok := parseDocument(key, 8)
	if !ok {
		return place{}, 0, false
	}
	return place{roomOf(key), document}, binary.BigEndian.Uint64(tail), true
}

// missing reads the database as Pebble would open it, without changing it, and
// names a document that would lack what came before an append behind the hole.
func (l *Log) missing(behind map[place]uint64) (lost string, err error) {
	err = try(l.failure, func() error {
		db, err := pebble.Open(l.path(databaseName), &pebble.Options{
			FS: l.cfg.FS, Logger: pebbleLogger{l.cfg.Logger, l.failure}, ReadOnly: true,
			EventListener: &pebble.EventListener{DataCorruption: func(pebble.DataCorruptionInfo) {}}, // comes as an error too
		})
		if err != nil {
			return openError(err)
		}
		lost, err = firstLost(db, behind)
		return errors.Join(err, db.Close())
	})
	return lost, err
}

func firstLost(db *pebble.DB, behind map[place]uint64) (string, error) {
	for p, revision := range behind {
		key := appendDocument(nil, p.room, kindHead, p.document)
		head, err := headOf(db, key)
		if err != nil {
			return "", err
		}
		if revision > head+1 {
			return fmt.Sprintf("room %v would lose revision %d of %q", p.room, head+1, p.document), nil
		}
	}
	return "", nil
}

// headOf returns the revision that a document stands at, 0 if there is none or
// it cannot be read: then the records behind the hole say enough.
func headOf(db *pebble.DB, key []byte) (uint64, error) {
	value, closer, err := db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	head, err := decodeHead(key, value)
	if err != nil {
		head.Revision = 0
	}
	return head.Revision, closer.Close()
}
