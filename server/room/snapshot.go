package room

import (
	"bytes"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// snapshot is a document at one revision, as framed messages that all joiners
// share.
type snapshot struct {
	revision uint64
	parts    [][]byte
}

// snapshot returns the document as it stands. Joiners at one revision share it.
func (d *document) snapshot() *snapshot {
	if d.cached == nil || d.cached.revision != d.head.Revision {
		d.cached = &snapshot{d.head.Revision, d.makeSnapshot()}
	}
	return d.cached
}

func (d *document) makeSnapshot() [][]byte {
	context := d.context.AppendContext(nil)
	if d.board == nil {
		table, _ := proto.MarshalOptions{Deterministic: true}.Marshal(d.authority.State())
		return snapshotMessages(d.head.Position, context, table, nil, d.hash())
	}
	return snapshotMessages(d.head.Position, context, ot.AppendTable(nil, d.board), d.chunks.messages(d.board), d.hash())
}

// Chunks are sealed at this many strokes or points: large enough that the ink
// coder has learnt, small enough that the rest is cheap to code again.
const (
	chunkStrokes = 64
	chunkPoints  = 8192
)

// chunks keeps the coded ink of a board. A closed stroke never changes, so runs
// of closed strokes, cut where an open one stands between, are coded once.
type chunks struct {
	sealed []sealedChunk // by rising from
}

// sealedChunk is the coded ink of the elements with index from to to-1.
type sealedChunk struct {
	from, to int
	message  []byte // framed
}

// run gathers the closed strokes between two sealed chunks or open strokes.
type run struct {
	from    int
	strokes [][]ot.Point
	points  int
}

// messages returns the ink of a board as framed messages, in table order, and
// seals what has become long enough.
func (c *chunks) messages(b *ot.Board) [][]byte {
	w := chunkWalk{old: c.sealed}
	index := 0
	for e := range b.Elements() {
		w.element(index, e)
		index++
	}
	w.cut(index, false)
	c.sealed = w.sealed
	return w.messages
}

type chunkWalk struct {
	old      []sealedChunk
	sealed   []sealedChunk
	messages [][]byte
	run      run
}

func (w *chunkWalk) element(index int, e *ot.Element) {
	if len(w.old) > 0 && index == w.old[0].from {
		w.cut(index, true) // between chunks nothing can be added any more
		w.keep(w.old[0])
	}
	if len(w.sealed) > 0 && index < w.sealed[len(w.sealed)-1].to {
		if len(w.old) > 0 && index == w.old[0].to-1 {
			w.old = w.old[1:]
		}
		return
	}
	switch {
	case e.Kind() != ot.Ink:
	case e.Open():
		w.cut(index, false)
	case len(e.Points()) > 0:
		if len(w.run.strokes) == 0 {
			w.run.from = index
		}
		w.run.strokes = append(w.run.strokes, e.Points())
		w.run.points += len(e.Points())
		if len(w.run.strokes) >= chunkStrokes || w.run.points >= chunkPoints {
			w.cut(index+1, true)
		}
	}
}

// cut codes the run that ends before index to; seal keeps it.
func (w *chunkWalk) cut(to int, seal bool) {
	if len(w.run.strokes) == 0 {
		return
	}
	chunk, err := ink.AppendChunk(nil, w.run.strokes)
	if err != nil { // the points came out of the codec
		panic("room: points that were decoded cannot be coded: " + err.Error())
	}
	c := sealedChunk{w.run.from, to, frameInk(chunk)}
	w.run = run{}
	if seal {
		w.keep(c)
		return
	}
	w.messages = append(w.messages, c.message)
}

func (w *chunkWalk) keep(c sealedChunk) {
	w.sealed = append(w.sealed, c)
	w.messages = append(w.messages, c.message)
}

func frameInk(chunk []byte) []byte {
	return frameDocument(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_SnapshotInk{SnapshotInk: chunk}})
}

// saveIfDue stores a snapshot when enough was written since the last.
func (s *state) saveIfDue(d *document) {
	if d.head.Revision >= d.savedAt+s.cfg.SnapshotEvery && !d.saving {
		s.save(d)
	}
}

func (s *state) save(d *document) {
	start := time.Now()
	parts := d.snapshot().parts
	s.cfg.Metrics.snapshot.Observe(time.Since(start).Seconds())
	d.saving = true
	d.savedAt = d.head.Revision
	s.emit(saveSnapshot{replay.Snapshot{
		Document: d.name, Revision: d.head.Revision, ReleaseAt: d.head.ReleaseAt, Data: bytes.Join(parts, nil),
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

// saveAttendance stores who holds which replica.
func (s *state) saveAttendance() {
	head := s.heads[classroom.AttendanceDocument]
	if head.Revision == 0 {
		return
	}
	table := &chalklinev1.AttendanceState{}
	for replica := uint32(1); replica <= s.replica; replica++ {
		if given := s.replicas[replica]; given != nil {
			table.Replicas = append(table.Replicas, given)
		}
	}
	data, _ := proto.Marshal(table)
	s.emit(saveSnapshot{replay.Snapshot{
		Document: classroom.AttendanceDocument, Revision: head.Revision, ReleaseAt: head.ReleaseAt, Data: data,
	}})
}

func (s *state) snapshotSaved(c snapshotSaved) {
	if d := s.documents[c.document]; d != nil {
		d.saving = false
	}
	if c.err != nil {
		s.cfg.Logger.Warn("snapshot not stored; the log has everything", "document", c.document, "error", c.err)
	}
}
