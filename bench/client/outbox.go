package client

import (
	"slices"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink"
)

// batch is one batch of own work that is not known to be durable.
type batch struct {
	n          uint64
	capturedAt int64 // µs room time
	authority  uint64
	ops        []ot.Op // of a board, with points
	payload    []byte  // as it travels
	told       bool    // its Refused came
}

// outbox is the own work of one document, in order: what is not durable yet and
// what the numbers go on from (ID3). It does no I/O.
type outbox struct {
	replica uint32 // that the numbers are of
	n       uint64 // last batch number given
	acked   uint64 // last batch known to be durable
	counter uint32 // last element counter given

	unsent []*batch
	sent   int // of unsent, how many were submitted on this connection

	cut []*batch // came back with fewer ops, Refused is still to come

	strokes []*Stroke // being drawn
}

func (o *outbox) nextID() ot.ID {
	o.counter++
	return ot.ID{Replica: o.replica, Counter: o.counter}
}

func (o *outbox) add(b *batch) {
	o.n++
	b.n = o.n
	o.unsent = append(o.unsent, b)
}

// acknowledge drops the batches up to n, which are durable, and returns how many
// and how large those of them were that were submitted on this connection.
func (o *outbox) acknowledge(n uint64) (batches, bytes int) {
	o.acked = max(o.acked, n)
	o.n = max(o.n, n)
	done := 0
	for done < len(o.unsent) && o.unsent[done].n <= n {
		if done < o.sent {
			batches++
			bytes += len(o.unsent[done].payload)
		}
		done++
	}
	o.sent = max(0, o.sent-done)
	o.unsent = slices.Delete(o.unsent, 0, done)
	return batches, bytes
}

// maxCut bounds how many batches wait for their Refused.
const maxCut = protocol.MaxUnackedBatches

// noteCut keeps a batch that came back with fewer ops than it had, so that what
// was refused can be told: Refused comes on another stream, maybe later.
func (o *outbox) noteCut(n uint64, ops int) {
	i := slices.IndexFunc(o.unsent, func(b *batch) bool { return b.n == n })
	if i < 0 || ops >= len(o.unsent[i].ops) || o.unsent[i].told {
		return
	}
	if len(o.cut) == maxCut { // of a text edit of which nothing was left nobody tells
		o.cut = slices.Delete(o.cut, 0, 1)
	}
	o.cut = append(o.cut, o.unsent[i])
}

// refused returns the ops of a batch with these indexes, all of them if there
// are none.
func (o *outbox) refused(n uint64, indexes []uint32) []ot.Op {
	is := func(b *batch) bool { return b.n == n }
	i := slices.IndexFunc(o.cut, is)
	var b *batch
	if i >= 0 {
		b = o.cut[i]
		o.cut = slices.Delete(o.cut, i, i+1)
	} else if i = slices.IndexFunc(o.unsent, is); i >= 0 {
		b = o.unsent[i]
		b.told = true
	} else {
		return nil
	}
	if len(indexes) == 0 {
		return b.ops
	}
	var ops []ot.Op
	for _, i := range indexes {
		if int(i) < len(b.ops) {
			ops = append(ops, b.ops[i])
		}
	}
	return ops
}

// moveTo gives what is not durable new numbers under another replica (ID4,
// SES10). confirmed is the server's state: what it holds already was durable
// after all and is not sent twice. edits are the edits of texts on their way as
// they are on that state. It returns which elements have other ids now.
func (o *outbox) moveTo(replica uint32, confirmed content, edits map[ot.ID]ot.Op) (renamed map[ot.ID]ot.ID) {
	if board, ok := confirmed.(*boardContent); ok {
		renamed = o.moveOps(replica, board.board, edits)
	} else {
		o.moveEvents(replica, confirmed)
	}
	o.sent, o.acked, o.cut = 0, 0, nil
	return renamed
}

// moveEvents leaves out what is done to pages already. Of the stage all goes again: what is
// done already is refused.
func (o *outbox) moveEvents(replica uint32, confirmed content) {
	unsent := o.unsent
	o.unsent, o.replica, o.n = nil, replica, 0
	pages, ofPages := confirmed.(*authorityContent)
	for _, b := range unsent {
		if !ofPages || !pages.has(b.payload) {
			o.add(b)
		}
	}
}

func (o *outbox) moveOps(replica uint32, board *ot.Board, edits map[ot.ID]ot.Op) (renamed map[ot.ID]ot.ID) {
	m := mover{old: o.replica, board: board, edits: edits, outbox: o, moved: map[ot.ID]*moved{}}
	unsent := o.unsent
	o.unsent, o.replica, o.n, o.counter = nil, replica, 0, 0
	for _, b := range unsent {
		var ops []ot.Op
		for i := range b.ops {
			ops = append(ops, m.move(b.ops[i])...)
		}
		for part := range slices.Chunk(ops, protocol.MaxOpsPerBatch) {
			o.add(&batch{capturedAt: b.capturedAt, authority: b.authority, ops: part, payload: ot.AppendOps(nil, part)})
		}
	}
	for _, s := range slices.Clone(o.strokes) {
		s.moveTo(m.moved[s.id])
	}
	renamed = make(map[ot.ID]ot.ID, len(m.moved))
	for old, to := range m.moved {
		renamed[old] = to.id
	}
	return renamed
}

// mover gives ops new element ids.
type mover struct {
	old    uint32
	board  *ot.Board
	edits  map[ot.ID]ot.Op // see moveTo
	outbox *outbox
	moved  map[ot.ID]*moved
}

// moved is an element under its new id, and its ink coded anew: frames of a
// stroke mean nothing without those before them.
type moved struct {
	id      ot.ID
	encoder *ink.Encoder
	count   int
	start   int32 // time of its first point in the old element, ms
}

// move returns what an op becomes: nothing if it is done already.
func (m *mover) move(op ot.Op) []ot.Op {
	switch op.Kind {
	case ot.Create:
		if op.ID.Replica == m.old && m.board.Get(op.ID) == nil {
			op.ID = m.begin(op.ID).id
			return []ot.Op{op}
		}
		return nil
	case ot.Extend:
		return m.extend(op)
	case ot.End:
		to := m.moved[op.ID]
		if to == nil {
			return nil
		}
		op.ID = to.id
	case ot.TextEdit:
		if edit, ok := m.edits[op.ID]; ok {
			if op = edit; len(op.Edit) == 0 {
				return nil
			}
		}
		op.ID = m.idOf(op.ID)
	case ot.Set, ot.EraseSpans:
		op.ID = m.idOf(op.ID)
	case ot.Undo:
		op.Items = slices.Clone(op.Items)
		for i := range op.Items {
			op.Items[i].ID = m.idOf(op.Items[i].ID)
		}
	}
	return []ot.Op{op}
}

// idOf returns the id that an element has now.
func (m *mover) idOf(old ot.ID) ot.ID {
	if to := m.moved[old]; to != nil {
		return to.id
	}
	return old
}

func (m *mover) begin(old ot.ID) *moved {
	to := &moved{id: m.outbox.nextID(), encoder: ink.NewEncoder()}
	m.moved[old] = to
	return to
}

// extend goes on with the moved stroke. Where the stroke itself stays behind,
// as another replica's, the rest becomes a stroke that looks the same.
func (m *mover) extend(op ot.Op) []ot.Op {
	if len(op.Points) == 0 {
		return nil
	}
	to := m.moved[op.ID]
	var ops []ot.Op
	if to == nil {
		if m.board.Len(op.ID) >= int(op.First)+len(op.Points) {
			return nil
		}
		settings := m.settings(op.ID)
		to = m.begin(op.ID)
		ops = append(ops, ot.Op{Kind: ot.Create, ID: to.id, Element: ot.Ink, Settings: settings})
	}
	if to.count == 0 {
		to.start = op.Points[0].T
	}
	points := earlier(op.Points, to.start)
	frame, err := to.encoder.AppendFrame(nil, points)
	if err != nil {
		return nil // was coded before: cannot be
	}
	op.ID, op.First, op.Frame, op.Points = to.id, uint32(to.count), frame, points
	to.count += len(points)
	return append(ops, op)
}

// settings returns how a stroke looks.
func (m *mover) settings(id ot.ID) []ot.Setting {
	var settings []ot.Setting
	if e := m.board.Get(id); e != nil {
		for _, s := range e.Registers() {
			settings = append(settings, s.Setting)
		}
		return settings
	}
	for _, s := range m.outbox.strokes {
		if s.id == id {
			return s.settings
		}
	}
	return nil
}

// earlier returns a copy of the points with their times less by start.
func earlier(points []ot.Point, start int32) []ot.Point {
	out := slices.Clone(points)
	for i := range out {
		out[i].T -= start
	}
	return out
}

// adopt takes over what a Store kept.
func (o *outbox) adopt(s SavedDocument) {
	o.replica, o.n, o.acked, o.counter = s.Replica, s.N, s.Acked, s.Counter
	for _, saved := range s.Unsent {
		b := &batch{n: saved.N, capturedAt: saved.CapturedAt, authority: saved.Authority, ops: saved.Ops, payload: saved.Event}
		if len(saved.Ops) > 0 {
			b.payload = ot.AppendOps(nil, saved.Ops)
		}
		o.unsent = append(o.unsent, b)
	}
}
