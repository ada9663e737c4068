package room_test

import (
	"bytes"
	"testing"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// replica is one document as a client holds it.
type replica struct {
	t       *testing.T
	header  *chalklinev1.DocumentHeader
	board   *ot.Board
	context *protocol.Context
	strokes *ink.Strokes
	at      replay.Position
	table   []byte
	chunks  [][]byte
	records []protocol.Record
	start   *chalklinev1.SnapshotStart
	release int64 // of the last record (REC5)
	stood   []stood
	marker  *chalklinev1.Marker
	end     *chalklinev1.SnapshotEnd
}

// stood is where a document stood once: after its snapshot, or after a record.
type stood struct {
	revision uint64
	release  int64
	hash     [16]byte
}

func (r *replica) note() {
	r.stood = append(r.stood, stood{r.at.Revision, r.release, r.board.Hash()})
}

// asOf returns where it stood when all that was released by then was shown.
func (r *replica) asOf(at int64) (last stood) {
	for _, s := range r.stood {
		if s.release <= at {
			last = s
		}
	}
	return last
}

func newReplica(t *testing.T, h *chalklinev1.DocumentHeader) *replica {
	return &replica{t: t, header: h, board: ot.NewBoard(), context: &protocol.Context{}, strokes: ink.NewStrokes(1000)}
}

func (r *replica) message(m *chalklinev1.DocumentMessage) {
	switch m := m.GetMessage().(type) {
	case *chalklinev1.DocumentMessage_SnapshotStart:
		c, err := protocol.ReadContext(m.SnapshotStart.GetContext())
		if err != nil {
			r.t.Errorf("context: %v", err)
			return
		}
		r.context, r.start, r.release = c, m.SnapshotStart, m.SnapshotStart.GetReleaseAtUs()
		r.at = replay.Position{Revision: m.SnapshotStart.GetRevision(), Digest: replay.Digest(m.SnapshotStart.GetDigest())}
	case *chalklinev1.DocumentMessage_SnapshotTable:
		r.table = append(r.table, m.SnapshotTable...)
	case *chalklinev1.DocumentMessage_SnapshotInk:
		r.chunks = append(r.chunks, m.SnapshotInk)
	case *chalklinev1.DocumentMessage_SnapshotEnd:
		r.end = m.SnapshotEnd
		r.load()
	case *chalklinev1.DocumentMessage_Records:
		r.take(m.Records)
	case *chalklinev1.DocumentMessage_Marker:
		r.marker = m.Marker
	}
}

func (r *replica) isBoard() bool {
	_, ok := classroom.ParseBoard(r.header.GetDocument())
	return ok
}

func (r *replica) load() {
	if !r.isBoard() {
		return
	}
	l, err := ot.ReadTable(r.table, ot.BoardLimits())
	if err != nil {
		r.t.Errorf("table: %v", err)
		return
	}
	for _, c := range r.chunks {
		strokes, err := ink.DecodeChunk(c, 1<<20)
		if err != nil {
			r.t.Errorf("chunk: %v", err)
		}
		if err := l.AddStrokes(strokes...); err != nil {
			r.t.Errorf("chunk: %v", err)
		}
	}
	for _, o := range l.OpenStrokes() {
		points, err := r.strokes.Restore(o.ID, o.Frames)
		if err == nil {
			err = l.SetOpen(o.ID, points)
		}
		if err != nil {
			r.t.Errorf("open stroke: %v", err)
		}
	}
	if r.board, err = l.Board(); err != nil {
		r.t.Errorf("board: %v", err)
		return
	}
	if h := r.board.Hash(); !bytes.Equal(h[:], r.end.GetHash()) {
		r.t.Errorf("snapshot's hash %x, board's %x", r.end.GetHash(), h)
	}
	r.note()
}

func (r *replica) take(coded []byte) {
	if coded[0] != byte(r.at.Revision+1) {
		r.t.Errorf("records begin at %d mod 256, want revision %d", coded[0], r.at.Revision+1)
		return
	}
	var board protocol.Lengths
	if r.isBoard() {
		board = r.board
	}
	for coded = coded[1:]; len(coded) > 0; {
		rec, n, err := r.context.ReadRecord(coded, r.at.Revision+1, board)
		if err != nil {
			r.t.Errorf("record: %v", err)
			return
		}
		coded = coded[n:]
		r.records = append(r.records, rec)
		r.at = replay.Position{Revision: rec.Revision, Digest: replay.Chain(r.at.Digest, replay.Record{
			Revision: rec.Revision, Replica: rec.Replica, N: rec.N, CapturedAt: rec.CapturedAt, SequencedAt: rec.SequencedAt, Payload: rec.Payload,
		})}
		r.release = replay.Release(r.release, rec.CapturedAt, rec.SequencedAt)
		if board == nil || len(rec.Payload) == 0 {
			continue
		}
		ops, err := ot.DecodeOps(rec.Payload, protocol.MaxOpsPerBatch)
		if err != nil {
			r.t.Errorf("ops: %v", err)
			return
		}
		for i := range ops {
			if ops[i].Kind == ot.Extend && !r.board.Extends(rec.Replica, &ops[i]) {
				continue
			}
			if err := r.strokes.Decode(&ops[i]); err != nil {
				r.t.Errorf("ink: %v", err)
			}
			r.apply(rec, ops[i:i+1])
		}
		r.note()
	}
}

// apply applies one op and lets go of the decoders of strokes that it closed.
func (r *replica) apply(rec protocol.Record, op []ot.Op) {
	for _, id := range r.board.Apply(rec.Revision, rec.Replica, op) {
		if e := r.board.Get(id); e == nil || e.Kind() == ot.Ink && !e.Open() {
			r.strokes.Forget(id)
		}
	}
}
