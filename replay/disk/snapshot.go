package disk

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"chalkline/replay"
)

// keptSnapshots is how many snapshots of a document are kept: the latest, and
// one to fall back on.
const keptSnapshots = 2

// PutSnapshot keeps a snapshot beside the log, and drops those of a document
// that are older than its two latest.
func (l *Log) PutSnapshot(ctx context.Context, id replay.Room, s replay.Snapshot) error {
	err := l.inside(ctx, id, func(r *room) error {
		if err := replay.CheckSnapshot(&s, r.head(s.Document).Revision); err != nil {
			return err
		}
		if err := l.space.check(); err != nil {
			return err
		}
		r.snapshots.Lock()
		defer r.snapshots.Unlock()
		return l.putSnapshot(id, &s)
	})
	return l.wrap("put snapshot of", id, err)
}

func (l *Log) putSnapshot(id replay.Room, s *replay.Snapshot) error {
	batch := l.db.NewBatch()
	kept, err := l.makeRoom(batch, id, s)
	if err != nil || !kept {
		return errors.Join(err, batch.Close())
	}
	key := appendRevision(nil, id, kindSnapshot, s.Document, s.Revision)
	value := encodeSnapshot(make([]byte, 0, len(s.Data)+32), key, s)
	if err := batch.Set(key, value, nil); err != nil {
		return errors.Join(err, batch.Close())
	}
	return l.commit(batch, make(chan error, 1))
}

// makeRoom drops snapshots so that with s the two latest remain. It reports
// whether s is one of them. If they cannot be read, all make room.
func (l *Log) makeRoom(batch *pebble.Batch, id replay.Room, s *replay.Snapshot) (kept bool, err error) {
	lower := appendDocument(nil, id, kindSnapshot, s.Document)
	revisions, err := l.snapshotRevisions(id, s.Document)
	if errors.Is(err, replay.ErrCorrupt) {
		l.cfg.Logger.Warn("snapshots are damaged and replaced", "room", id, "document", s.Document, "error", err)
		return true, batch.DeleteRange(lower, after(lower), nil)
	}
	if err != nil {
		return false, err
	}
	revisions = append(slices.DeleteFunc(revisions, func(r uint64) bool { return r == s.Revision }), s.Revision)
	slices.Sort(revisions)
	for ; len(revisions) > keptSnapshots; revisions = revisions[1:] {
		if revisions[0] == s.Revision {
			return false, nil
		}
		if err := batch.Delete(appendRevision(nil, id, kindSnapshot, s.Document, revisions[0]), nil); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (l *Log) snapshotRevisions(id replay.Room, document replay.Document) (revisions []uint64, err error) {
	lower := appendDocument(nil, id, kindSnapshot, document)
	err = l.scan(lower, after(lower), func(it *pebble.Iterator) (bool, error) {
		if _, tail, ok := parseDocument(it.Key(), 8); ok {
			revisions = append(revisions, binary.BigEndian.Uint64(tail))
		}
		return true, nil
	})
	return revisions, err
}

// Snapshot returns the latest intact snapshot of a document at or before atMost.
func (l *Log) Snapshot(ctx context.Context, id replay.Room, document replay.Document, atMost uint64) (s replay.Snapshot, err error) {
	err = l.inside(ctx, id, func(r *room) error {
		if err := replay.CheckDocument(document); err != nil {
			return err
		}
		s, err = l.latest(id, document, min(atMost, r.head(document).Revision))
		return err
	})
	return s, l.wrap("snapshot of", id, err)
}

// latest passes over what is damaged: the records can stand in for it.
func (l *Log) latest(id replay.Room, document replay.Document, atMost uint64) (replay.Snapshot, error) {
	lower := appendDocument(nil, id, kindSnapshot, document)
	upper := after(appendRevision(nil, id, kindSnapshot, document, atMost))
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return replay.Snapshot{}, l.readError(err)
	}
	s, err := l.firstIntact(it, id, document)
	if closeErr := it.Close(); err != nil && closeErr != nil && !pebble.IsCorruptionError(closeErr) {
		return replay.Snapshot{}, closeErr
	}
	return s, err
}

func (l *Log) firstIntact(it *pebble.Iterator, id replay.Room, document replay.Document) (replay.Snapshot, error) {
	for more := it.Last(); more; more = it.Prev() {
		s, err := snapshotAt(it, document)
		if err == nil {
			return s, nil
		}
		l.metrics.count(replay.ErrCorrupt)
		l.cfg.Logger.Warn("a snapshot is damaged and passed over", "room", id, "document", document, "revision", s.Revision, "error", err)
	}
	if err := it.Error(); err != nil {
		l.metrics.count(l.readError(err))
		l.cfg.Logger.Warn("snapshots are damaged and passed over", "room", id, "document", document, "error", err)
	}
	return replay.Snapshot{}, replay.ErrNoSnapshot
}

// snapshotAt returns the snapshot at it in its own memory; with an error only
// its revision counts.
func snapshotAt(it *pebble.Iterator, document replay.Document) (replay.Snapshot, error) {
	_, tail, ok := parseDocument(it.Key(), 8)
	if !ok {
		return replay.Snapshot{}, errForm
	}
	revision := binary.BigEndian.Uint64(tail)
	value, err := it.ValueAndErr()
	if err != nil {
		return replay.Snapshot{Revision: revision}, err
	}
	s, err := decodeSnapshot(it.Key(), value)
	s.Document, s.Revision = document, revision
	s.Data = slices.Clone(s.Data)
	return s, err
}
