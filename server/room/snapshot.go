package room

import (
	"bytes"
	"slices"
	"time"

	"chalkline/ot"
	"chalkline/replay"
)

// snapshot is a document at one revision, as framed messages that all joiners
// share.
type snapshot struct {
	at      replay.Position
	release int64 // of the record at that revision (REC5)
	parts   [][]byte
	size    int // bytes of parts
}

func newSnapshot(at *replay.Head, parts [][]byte) *snapshot {
	return &snapshot{at: at.Position, release: at.ReleaseAt, parts: parts, size: sizeOf(parts)}
}

func sizeOf(parts [][]byte) (bytes int) {
	for _, p := range parts {
		bytes += len(p)
	}
	return bytes
}

// snapshot returns the document as it stands. Joiners at one revision share it.
func (d *document) snapshot() (*snapshot, error) {
	if d.cached != nil && d.cached.at == d.head.Position {
		return d.cached, nil
	}
	parts, err := d.makeSnapshot()
	if err != nil {
		return nil, err
	}
	d.cached = newSnapshot(&d.head, parts)
	return d.cached, nil
}

// maxBehind is how many bytes of records may follow a snapshot that was made
// earlier, and half as many as the snapshot has, before a new one is made: that
// costs as much as the board is large, and clients can ask for it as often as
// they like.
const maxBehind = 64 << 10

// fromSnapshot returns what brings a client without a position to where the
// document stands: a snapshot and what was written since.
func (d *document) fromSnapshot() ([][]byte, error) {
	if d.cached != nil {
		if since, ok := d.tail.since(d.cached.at, min(maxBehind, d.cached.size/2)); ok {
			return slices.Concat(d.cached.parts, since), nil
		}
	}
	s, err := d.snapshot()
	if err != nil {
		return nil, err
	}
	return s.parts, nil
}

func (d *document) makeSnapshot() ([][]byte, error) {
	context := d.context.AppendContext(nil)
	if d.table != nil {
		return snapshotMessages(&d.head, context, d.table.marshal(), nil, d.hash()), nil
	}
	ink, err := d.chunks.messages(d.board)
	if err != nil {
		return nil, err
	}
	return snapshotMessages(&d.head, context, ot.AppendTable(nil, d.board), ink, d.hash()), nil
}

// saveIfDue stores a snapshot when enough was written since the last.
func (s *state) saveIfDue(d *document) {
	if d.head.Revision >= d.savedAt+s.cfg.SnapshotEvery && !d.saving {
		s.save(d)
	}
}

func (s *state) save(d *document) {
	start := time.Now()
	snap, err := d.snapshot()
	if err != nil {
		s.cfg.Logger.Error("snapshot cannot be made", "document", d.name, "error", err)
		return
	}
	s.cfg.Metrics.snapshot.Observe(time.Since(start).Seconds())
	d.saving = true
	d.savedAt = d.head.Revision
	s.emit(saveSnapshot{replay.Snapshot{
		Document: d.name, Revision: d.head.Revision, ReleaseAt: d.head.ReleaseAt, Data: bytes.Join(snap.parts, nil),
	}})
}

// saveAll stores what changed since the last snapshots, before the room ends.
func (s *state) saveAll() {
	for _, d := range s.documents {
		if d.head.Revision > d.savedAt && !d.saving {
			s.save(d)
		}
	}
	s.saveAttendance()
}

func (s *state) snapshotSaved(c snapshotSaved) {
	if d := s.documents[c.document]; d != nil {
		d.saving = false
	}
	if c.err != nil {
		s.cfg.Logger.Warn("snapshot not stored; the log has everything", "document", c.document, "error", c.err)
	}
}
