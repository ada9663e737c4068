package room

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// Where the table keeps a room's name, and, before a participant's id, the name that
// the participant gave last.
const (
	NameKey           = "name"
	ParticipantPrefix = "participant/"
)

// load reads what a room needs before anybody can be in it.
func load(ctx context.Context, cfg Config, now time.Time) (*state, error) {
	log, err := cfg.Log.State(ctx, cfg.ID)
	if err != nil {
		return nil, fmt.Errorf("room: read state: %w", err)
	}
	s := &state{
		cfg: cfg, epoch: log.Epoch,
		documents: map[replay.Document]*document{},
		heads:     log.Heads,
		durable:   batchNumbers{}, accepted: batchNumbers{},
		members: map[Peer]*member{}, byID: map[uint32]*member{}, allowances: map[string]*allowance{},
		left: map[uint32]time.Time{}, loaded: now, names: map[string]string{},
		waiting:   map[replay.Document][]Command{},
		reads:     map[replay.Document]*member{},
		idleSince: now,
	}
	if err := s.loadTables(ctx); err != nil {
		return nil, err
	}
	if s.heads == nil {
		s.heads = map[replay.Document]replay.Head{}
	}
	for d, by := range log.Batches {
		for replica, n := range by {
			s.durable.set(d, replica, n)
			s.accepted.set(d, replica, n)
		}
	}
	latest := int64(0)
	for _, h := range s.heads {
		latest = max(latest, h.SequencedAt)
	}
	s.clock = newClock(now, latest)
	if s.replicas, s.replica, err = readAttendance(ctx, cfg); err != nil {
		return nil, err
	}
	if cfg.Table != nil {
		if name, err := cfg.Table.Get(ctx, cfg.ID, NameKey); err == nil {
			s.name = string(name)
		}
	}
	s.turnFromRemoved(now) // if the room ended before that was durable
	return s, nil
}

// loadTables reads the documents that are always there.
func (s *state) loadTables(ctx context.Context) error {
	for _, name := range []replay.Document{classroom.AuthorityDocument, classroom.StageDocument} {
		d, err := readDocument(ctx, s.cfg, name)
		if err != nil {
			return err
		}
		s.documents[name] = d
		switch t := d.table.(type) {
		case *authorityTable:
			s.pages, s.authority = t, &t.now
		case *stageTable:
			s.stage = t
		}
	}
	s.stage.authority = s.pages
	if v := s.authority.Semantics; v != protocol.OpSemantics {
		return protocol.NewError(protocol.UnknownSemantics, "version", fmt.Sprint(v))
	}
	return nil
}

// readDocument reads a document from its last snapshot and the log behind it.
func readDocument(ctx context.Context, cfg Config, name replay.Document) (*document, error) {
	d, err := storedDocument(ctx, cfg, name, 1<<63)
	if err != nil {
		return nil, err
	}
	d.savedAt = d.head.Revision
	d.tail.begin(d.head.Position, cfg.TailBytes)
	snapshot := d.head.Revision
	var bad error
	err = cfg.Log.Read(ctx, cfg.ID, name, d.readFrom(), func(r replay.Record) bool {
		if r.Revision <= snapshot {
			bad = d.remember(&r)
		} else {
			bad = d.replay(&r)
		}
		return bad == nil
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, fmt.Errorf("room: read %s after revision %d: %w", name, d.head.Revision, err)
	}
	if d.table != nil {
		d.table.start()
	} else {
		d.ahead.start(d.board, d.head.Revision)
	}
	return d, nil
}

// storedDocument reads the last snapshot of a document up to a revision; the empty
// document if there is none.
func storedDocument(ctx context.Context, cfg Config, name replay.Document, atMost uint64) (*document, error) {
	d := newDocument(name)
	snap, err := cfg.Log.Snapshot(ctx, cfg.ID, name, atMost)
	switch {
	case errors.Is(err, replay.ErrNoSnapshot):
		return d, nil
	case err != nil:
		return nil, fmt.Errorf("room: read %s: %w", name, err)
	}
	if err := d.restore(snap); err != nil {
		cfg.Logger.Warn("snapshot is not used; the log is read from the beginning", "document", name, "error", err)
		return newDocument(name), nil
	}
	return d, nil
}

// readFrom returns the revision from which the log is to be read: behind the
// snapshot, or before it where that holds texts, for the edits that led to it.
func (d *document) readFrom() uint64 {
	from := d.head.Revision + 1
	if d.board == nil || from <= 1 {
		return from
	}
	for e := range d.board.Elements() {
		if e.Kind() == ot.Text {
			from -= min(from-1, keptRecords)
			d.ahead.texts.edits = ot.NewEdits(from - 1)
			break
		}
	}
	return from
}

// remember takes the text edits of a record that the snapshot has.
func (d *document) remember(r *replay.Record) error {
	ops, err := decodePayload(r.Payload)
	if err == nil {
		d.ahead.texts.replayed(r.Revision, ops)
	}
	return err
}

// decodePayload returns the ops of a board's record; none where all were refused.
func decodePayload(payload []byte) ([]ot.Op, error) {
	if len(payload) == 0 {
		return nil, nil
	}
	ops, err := ot.DecodeOps(payload, protocol.MaxOpsPerBatch)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", replay.ErrCorrupt, err)
	}
	return ops, nil
}

// replay applies a record of the log.
func (d *document) replay(r *replay.Record) error {
	d.tail.add(r, d.code(nil, r))
	if err := d.replayPayload(r); err != nil {
		return err
	}
	d.head = headOf(r)
	return nil
}

// replayPayload applies what a record says.
func (d *document) replayPayload(r *replay.Record) error {
	if d.table != nil {
		return d.table.apply(r.Payload)
	}
	ops, err := decodePayload(r.Payload)
	if err != nil {
		return err
	}
	d.ahead.texts.replayed(r.Revision, ops)
	for i := range ops {
		if err := d.replayOp(r, &ops[i]); err != nil {
			return err
		}
	}
	return nil
}

// replayOp applies one op; what the board passes over does not reach its
// stroke's decoder.
func (d *document) replayOp(r *replay.Record, op *ot.Op) error {
	if op.Kind == ot.Extend && d.board.Extends(r.Replica, op) {
		if err := d.ahead.strokes.Decode(op); err != nil {
			return fmt.Errorf("%w: %w", replay.ErrCorrupt, err)
		}
	}
	changed := d.board.Apply(r.Revision, r.Replica, []ot.Op{*op})
	if !closes(op.Kind) {
		return nil
	}
	for _, id := range changed { // the op's own stroke, or the oldest of too many (OT4)
		if e := d.board.Get(id); e == nil || e.Kind() == ot.Ink && !e.Open() {
			d.ahead.strokes.Forget(id)
		}
	}
	return nil
}

// closes says whether an op can close a stroke.
func closes(kind ot.OpKind) bool {
	switch kind {
	case ot.Create, ot.Extend, ot.End, ot.Purge:
		return true
	default:
		return false
	}
}
