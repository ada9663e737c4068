package disk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"chalkline/replay"
	"chalkline/replay/internal/sequence"
)

// Read calls yield for the records of a document from revision from on.
func (l *Log) Read(ctx context.Context, id replay.Room, document replay.Document, from uint64, yield func(replay.Record) bool) error {
	err := l.inside(ctx, id, func(r *room) error {
		if err := replay.CheckDocument(document); err != nil {
			return err
		}
		return l.readRecords(id, document, max(from, 1), r.head(document).Revision, yield)
	})
	return l.wrap("read", id, err)
}

// readRecords yields the records from … to, their chain checked from the one before on.
func (l *Log) readRecords(id replay.Room, document replay.Document, from, to uint64, yield func(replay.Record) bool) error {
	if from > to {
		return nil
	}
	c := chain{document: document, from: from, next: max(1, from-1)}
	lower := appendRevision(nil, id, kindRecord, document, c.next)
	upper := after(appendRevision(nil, id, kindRecord, document, to))
	err := l.scan(lower, upper, func(it *pebble.Iterator) (bool, error) {
		value, err := it.ValueAndErr()
		if err != nil {
			return false, l.readError(err)
		}
		return c.step(it.Key(), value, yield)
	})
	if err == nil && !c.stopped && c.next <= to {
		err = damaged(c.what(), errMissing)
	}
	return err
}

// chain follows the records of a document.
type chain struct {
	document replay.Document
	from     uint64 // the first that is wanted
	next     uint64 // the one that must come
	head     replay.Head
	known    bool // head is that of next − 1
	stopped  bool
}

func (c *chain) what() string { return fmt.Sprintf("revision %d of %q", c.next, c.document) }

// step takes the next record, and passes it on if it is one of those wanted.
func (c *chain) step(key, value []byte, yield func(replay.Record) bool) (more bool, err error) {
	_, tail, ok := parseDocument(key, 8)
	if !ok || binary.BigEndian.Uint64(tail) != c.next {
		return false, damaged(c.what(), errMissing)
	}
	record, err := decodeRecord(key, value)
	if err != nil {
		return false, damaged(c.what(), err)
	}
	record.Document, record.Revision = c.document, c.next
	if c.known || c.next == 1 {
		if err := sequence.Verify(c.head, &record); err != nil {
			return false, damaged(c.what(), err)
		}
	}
	c.head, c.known = sequence.HeadOf(&record), true
	c.next++
	if record.Revision < c.from {
		return true, nil
	}
	c.stopped = !yield(record)
	return !c.stopped, nil
}

// RevisionAt returns the last revision of a document with ReleaseAt ≤ at. The
// records are their own time index: ReleaseAt never falls (REC5), so a dozen or
// two of them tell.
func (l *Log) RevisionAt(ctx context.Context, id replay.Room, document replay.Document, at int64) (revision uint64, err error) {
	err = l.inside(ctx, id, func(r *room) error {
		if err := replay.CheckDocument(document); err != nil {
			return err
		}
		head := r.head(document)
		if head.Revision == 0 || head.ReleaseAt <= at {
			revision = head.Revision
			return nil
		}
		revision, err = l.search(id, document, head.Revision, at)
		return err
	})
	return revision, l.wrap("revision at a time of", id, err)
}

// search returns the last revision below to with ReleaseAt ≤ at.
func (l *Log) search(id replay.Room, document replay.Document, to uint64, at int64) (uint64, error) {
	low, high := uint64(0), to // low is released by then, high is not
	for high-low > 1 {
		middle := low + (high-low)/2
		release, err := l.releaseAt(id, document, middle)
		if err != nil {
			return 0, err
		}
		if release <= at {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}

func (l *Log) releaseAt(id replay.Room, document replay.Document, revision uint64) (at int64, err error) {
	key := appendRevision(nil, id, kindRecord, document, revision)
	what := fmt.Sprintf("revision %d of %q", revision, document)
	err = l.get(key, func(value []byte) error {
		record, err := decodeRecord(key, value)
		at = record.ReleaseAt
		return damaged(what, err)
	})
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, damaged(what, errMissing)
	}
	return at, err
}
