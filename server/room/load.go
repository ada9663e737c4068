package room

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// NameKey is where the table keeps a room's name.
const NameKey = "name"

// load reads what a room needs before anybody can be in it.
func load(ctx context.Context, cfg Config, now time.Time) (*state, error) {
	log, err := cfg.Log.State(ctx, cfg.ID)
	if err != nil {
		return nil, fmt.Errorf("room: read state: %w", err)
	}
	authority, err := readDocument(ctx, cfg, classroom.AuthorityDocument)
	if err != nil {
		return nil, err
	}
	if v := authority.authority.Semantics; v != protocol.OpSemantics {
		return nil, protocol.NewError(protocol.UnknownSemantics, "version", fmt.Sprint(v))
	}
	s := &state{
		cfg: cfg, epoch: log.Epoch,
		documents: map[replay.Document]*document{classroom.AuthorityDocument: authority},
		heads:     log.Heads,
		durable:   batchNumbers{}, accepted: batchNumbers{},
		authority: authority.authority,
		members:   map[Peer]*member{}, byID: map[uint32]*member{},
		waiting:   map[replay.Document][]Command{},
		idleSince: now,
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
	return s, nil
}

// readAttendance returns who was given which replica, and the highest number.
func readAttendance(ctx context.Context, cfg Config) (map[uint32]*chalklinev1.ReplicaGiven, uint32, error) {
	given := map[uint32]*chalklinev1.ReplicaGiven{}
	highest := uint32(0)
	take := func(g *chalklinev1.ReplicaGiven) {
		if g.GetReplica() != 0 {
			given[g.GetReplica()] = g
			highest = max(highest, g.GetReplica())
		}
	}
	from := uint64(1)
	snap, err := cfg.Log.Snapshot(ctx, cfg.ID, classroom.AttendanceDocument, 1<<63)
	switch {
	case errors.Is(err, replay.ErrNoSnapshot):
	case err != nil:
		return nil, 0, fmt.Errorf("room: read attendance: %w", err)
	default:
		var table chalklinev1.AttendanceState
		if err := proto.Unmarshal(snap.Data, &table); err != nil {
			return nil, 0, fmt.Errorf("room: read attendance snapshot: %w: %w", replay.ErrCorrupt, err)
		}
		for _, g := range table.GetReplicas() {
			take(g)
		}
		from = snap.Revision + 1
	}
	var bad error
	err = cfg.Log.Read(ctx, cfg.ID, classroom.AttendanceDocument, from, func(r replay.Record) bool {
		var e chalklinev1.AttendanceEvent
		if bad = proto.Unmarshal(r.Payload, &e); bad != nil {
			return false
		}
		take(e.GetReplicaGiven())
		return true
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, 0, fmt.Errorf("room: read attendance: %w", err)
	}
	return given, highest, nil
}

// readDocument reads a document from its last snapshot and the log behind it.
func readDocument(ctx context.Context, cfg Config, name replay.Document) (*document, error) {
	d := newDocument(name)
	snap, err := cfg.Log.Snapshot(ctx, cfg.ID, name, 1<<63)
	switch {
	case errors.Is(err, replay.ErrNoSnapshot):
	case err != nil:
		return nil, fmt.Errorf("room: read %s: %w", name, err)
	default:
		if err := d.restore(snap); err != nil {
			cfg.Logger.Warn("snapshot is not used; the log is read from the beginning", "document", name, "error", err)
			d = newDocument(name)
		}
	}
	d.savedAt = d.head.Revision
	d.tail.begin(d.head.Position, cfg.TailBytes)
	var bad error
	err = cfg.Log.Read(ctx, cfg.ID, name, d.head.Revision+1, func(r replay.Record) bool {
		bad = d.replay(&r)
		return bad == nil
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, fmt.Errorf("room: read %s at revision %d: %w", name, d.head.Revision+1, err)
	}
	if d.board != nil {
		d.ahead.start(d.board)
	}
	return d, nil
}

// replay applies a record of the log.
func (d *document) replay(r *replay.Record) error {
	b := &batch{}
	if d.board == nil {
		b.event = &chalklinev1.AuthorityEvent{}
		if err := proto.Unmarshal(r.Payload, b.event); err != nil {
			return fmt.Errorf("%w: %w", replay.ErrCorrupt, err)
		}
	} else if len(r.Payload) > 0 {
		ops, err := ot.DecodeOps(r.Payload, protocol.MaxOpsPerBatch)
		if err != nil {
			return fmt.Errorf("%w: %w", replay.ErrCorrupt, err)
		}
		b.ops = ops
	}
	coded := d.code(nil, r)
	d.tail.add(r, coded)
	for i := range b.ops {
		if err := d.replayOp(r, &b.ops[i]); err != nil {
			return err
		}
	}
	if b.event != nil {
		d.authority.Apply(b.event)
	}
	d.head = headOf(r)
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
	if op.Kind == ot.Set || op.Kind == ot.Clear {
		return nil
	}
	for _, id := range changed { // the op's own stroke, or the oldest of too many (OT4)
		if e := d.board.Get(id); e.Kind() == ot.Ink && !e.Open() {
			d.ahead.strokes.Forget(id)
		}
	}
	return nil
}

// restore takes a stored snapshot: the messages that a joiner would get.
func (d *document) restore(snap replay.Snapshot) error {
	p := snapshotParts{}
	r := bufio.NewReader(bytes.NewReader(snap.Data))
	for {
		message, err := protocol.ReadFrame(r, nil, protocol.MaxServerMessage)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := p.add(message); err != nil {
			return err
		}
	}
	if p.start == nil || p.end == nil {
		return errors.New("room: snapshot without start or end")
	}
	context, err := protocol.ReadContext(p.start.GetContext())
	if err != nil {
		return err
	}
	d.context = *context
	d.head = replay.Head{
		Position:  replay.Position{Revision: p.start.GetRevision(), Digest: replay.Digest(p.start.GetDigest())},
		ReleaseAt: snap.ReleaseAt,
	}
	if d.board == nil {
		var table chalklinev1.AuthorityState
		if err := proto.Unmarshal(p.table, &table); err != nil {
			return err
		}
		a := classroom.AuthorityOf(&table)
		d.authority = &a
	} else if err := d.restoreBoard(&p); err != nil {
		return err
	}
	if hash := d.hash(); !bytes.Equal(hash[:], p.end.GetHash()) {
		return errors.New("room: state hash of snapshot differs")
	}
	return nil
}

// snapshotParts are the messages of a snapshot.
type snapshotParts struct {
	start *chalklinev1.SnapshotStart
	table []byte
	ink   [][]byte
	end   *chalklinev1.SnapshotEnd
}

func (p *snapshotParts) add(message []byte) error {
	var m chalklinev1.DocumentMessage
	if err := proto.Unmarshal(message, &m); err != nil {
		return err
	}
	switch m := m.GetMessage().(type) {
	case *chalklinev1.DocumentMessage_SnapshotStart:
		p.start = m.SnapshotStart
	case *chalklinev1.DocumentMessage_SnapshotTable:
		p.table = append(p.table, m.SnapshotTable...)
	case *chalklinev1.DocumentMessage_SnapshotInk:
		p.ink = append(p.ink, m.SnapshotInk)
	case *chalklinev1.DocumentMessage_SnapshotEnd:
		p.end = m.SnapshotEnd
	default:
		return errors.New("room: snapshot with a message that is none of its parts")
	}
	return nil
}

func (d *document) restoreBoard(p *snapshotParts) error {
	limits := ot.BoardLimits()
	loader, err := ot.ReadTable(p.table, limits)
	if err != nil {
		return err
	}
	points := limits.Points
	for _, chunk := range p.ink {
		strokes, err := ink.DecodeChunk(chunk, points)
		if err != nil {
			return err
		}
		for _, s := range strokes {
			points -= len(s)
		}
		if err := loader.AddStrokes(strokes...); err != nil {
			return err
		}
	}
	for _, o := range loader.OpenStrokes() {
		points, err := d.ahead.strokes.Restore(o.ID, o.Frames)
		if err != nil {
			return err
		}
		if err := loader.SetOpen(o.ID, points); err != nil {
			return err
		}
	}
	board, err := loader.Board()
	if err == nil {
		d.board = board
	}
	return err
}
