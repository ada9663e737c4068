package room

import (
	"bytes"
	"slices"
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
	at    replay.Position
	parts [][]byte
	size  int // bytes of parts
}

func newSnapshot(at replay.Position, parts [][]byte) *snapshot {
	s := &snapshot{at: at, parts: parts}
	for _, p := range parts {
		s.size += len(p)
	}
	return s
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
	d.cached = newSnapshot(d.head.Position, parts)
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
	if d.board == nil {
		table, _ := proto.MarshalOptions{Deterministic: true}.Marshal(d.authority.State())
		return snapshotMessages(d.head.Position, context, table, nil, d.hash()), nil
	}
	ink, err := d.chunks.messages(d.board)
	if err != nil {
		return nil, err
	}
	return snapshotMessages(d.head.Position, context, ot.AppendTable(nil, d.board), ink, d.hash()), nil
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
	sealed []chunk       // by rising from
	loose  map[int]chunk // by from: of the last snapshot, may still grow
}

// chunk is the coded ink of the elements with index from to to-1.
type chunk struct {
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
// seals what has become long enough. Errors are those of a board whose points
// cannot be coded, which never came out of the codec.
func (c *chunks) messages(b *ot.Board) ([][]byte, error) {
	w := chunkWalk{old: c.sealed, before: c.loose, loose: map[int]chunk{}}
	index := 0
	for e := range b.Elements() {
		w.element(index, e)
		index++
	}
	w.cut(index, false)
	if w.err != nil {
		return nil, w.err
	}
	c.sealed, c.loose = w.sealed, w.loose
	return w.messages, nil
}

type chunkWalk struct {
	old      []chunk
	before   map[int]chunk // loose ones of the last walk
	sealed   []chunk
	loose    map[int]chunk
	messages [][]byte
	run      run
	err      error // the first
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
		w.stroke(index, e.Points())
	}
}

// stroke adds a closed stroke to the run. A long one gets a chunk of its own, so
// that a message is bounded by the longest stroke.
func (w *chunkWalk) stroke(index int, points []ot.Point) {
	if w.run.points+len(points) > chunkPoints {
		w.cut(index, true)
	}
	if len(w.run.strokes) == 0 {
		w.run.from = index
	}
	w.run.strokes = append(w.run.strokes, points)
	w.run.points += len(points)
	if len(w.run.strokes) >= chunkStrokes || w.run.points >= chunkPoints {
		w.cut(index+1, true)
	}
}

// cut codes the run that ends before index to; seal keeps it for good.
func (w *chunkWalk) cut(to int, seal bool) {
	if len(w.run.strokes) == 0 || w.err != nil {
		return
	}
	c, err := w.code(to)
	if w.run = (run{}); err != nil {
		w.err = err
		return
	}
	if seal {
		w.keep(c)
		return
	}
	w.loose[c.from] = c
	w.messages = append(w.messages, c.message)
}

// code returns the run as a chunk: that of the walk before if it is the same.
func (w *chunkWalk) code(to int) (chunk, error) {
	if c, ok := w.before[w.run.from]; ok && c.to == to {
		return c, nil
	}
	coded, err := ink.AppendChunk(nil, w.run.strokes)
	if err != nil {
		return chunk{}, err
	}
	return chunk{w.run.from, to, frameInk(coded)}, nil
}

func (w *chunkWalk) keep(c chunk) {
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
