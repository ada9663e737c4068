package room

import (
	"errors"
	"fmt"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// document is one loaded document that clients may open: a board, or a table.
type document struct {
	name    replay.Document
	page    classroom.Board // zero for tables
	head    replay.Head
	board   *ot.Board // nil for tables
	table   table     // nil for boards
	context protocol.Context

	ahead     *ahead // nil for tables
	deletions deletions

	// What is to be sent, and what was.
	out       []byte // coded records since the last flush
	outFirst  uint64 // revision of the first of them
	oldest    time.Time
	tail      tail
	viewers   []*view
	quietFrom time.Time // since when nobody has it open; zero: somebody has

	chunks  chunks
	cached  *snapshot  // the last one made
	hashed  *tableHash // of tables; nil: nobody has asked
	past    []*past    // built for those who see it later, the newest first
	savedAt uint64     // revision of the last stored snapshot
	saving  bool
}

func newDocument(name replay.Document) *document {
	d := &document{name: name, table: newTable(name)}
	if d.table != nil {
		return d
	}
	d.page, _ = classroom.ParseBoard(string(name))
	d.board = ot.NewBoard()
	d.ahead = newAhead()
	return d
}

// lengths returns the board as the record coder wants it.
func (d *document) lengths() protocol.Lengths {
	if d.board == nil {
		return nil
	}
	return d.board
}

// tableHash is the state hash of a table as of a revision.
type tableHash struct {
	revision uint64
	sum      [16]byte
}

// hash returns the state hash. A table is gone through once a revision, however many
// ask; a board knows its own.
func (d *document) hash() [16]byte {
	if d.table == nil {
		return d.board.Hash()
	}
	if d.hashed == nil || d.hashed.revision != d.head.Revision {
		d.hashed = &tableHash{d.head.Revision, d.table.hash()}
	}
	return d.hashed.sum
}

// open is CHANGE_BOARD, and the documents that JOIN_ROOM opens.
func (s *state) open(now time.Time, c Open) {
	m := s.member(c.Peer)
	if m == nil {
		return
	}
	handle := c.Open.GetHandle()
	if m.isOpening(handle) { // in order: a CloseDocument may be waiting between the two
		s.wait(m, handle, c)
		return
	}
	name := replay.Document(c.Open.GetDocument())
	if v := m.views[handle]; v != nil && v.document.name == name { // a second look
		s.look(now, m, c, name)
		return
	}
	switch {
	case handle == 0 || handle > 1<<16-1 || m.views[handle] != nil:
		s.emit(closePeer{m.peer, protocol.NewError(protocol.OutOfOrder)})
		return
	case len(m.views) >= protocol.MaxOpenDocuments:
		s.refuseOpen(m, handle, protocol.NewError(protocol.TooLarge, "limit", "documents", "max", fmt.Sprint(protocol.MaxOpenDocuments)))
		return
	}
	if d := s.documents[name]; d != nil && d.table != nil {
		s.attach(now, m, c, d)
		return
	}
	board, ok := classroom.ParseBoard(string(name))
	if !ok {
		s.refuseOpen(m, handle, protocol.NewError(protocol.NoSuchDocument))
		return
	}
	if err := s.authority.Authorise(m.who, board, classroom.Read); err != nil {
		if s.pageOnItsWay(board.Page) {
			s.park(m, classroom.AuthorityDocument, c)
			return
		}
		s.refuseOpen(m, handle, refusalFor(err))
		return
	}
	if d := s.documents[name]; d != nil {
		s.attach(now, m, c, d)
		return
	}
	if s.reads[name] == nil && !s.read(m, name) {
		name = itsTurn
	}
	s.park(m, name, c)
}

// maxReads is how many boards are read for one member at a time: who opens many waits
// for its own, in order, and nobody else does.
const maxReads = 2

// itsTurn is what an opening waits for whose member has as many boards read as it may.
const itsTurn = replay.Document("")

// read has a board read for a member, unless as many are as may be.
func (s *state) read(m *member, name replay.Document) bool {
	if m.reads == maxReads {
		return false
	}
	m.reads++
	s.reads[name] = m
	s.emit(loadBoard{name})
	return true
}

// park lets an opening wait for a document, or for its turn.
func (s *state) park(m *member, name replay.Document, c Open) {
	m.opening[c.Open.GetHandle()] = name
	s.wait(m, c.Open.GetHandle(), c)
}

// wait keeps what a member wants of a handle that is opening until the document is
// loaded or, for the authority, until its next append is durable.
func (s *state) wait(m *member, handle uint32, c Command) {
	if name := m.opening[handle]; name == itsTurn {
		m.unread = append(m.unread, c)
	} else {
		s.waiting[name] = append(s.waiting[name], c)
	}
}

// resume goes on with what waited for a document. A document that is damaged is not
// opened, which why says: the room's others are not.
func (s *state) resume(now time.Time, name replay.Document, why *protocol.Error) {
	parked := s.waiting[name]
	delete(s.waiting, name)
	s.resumeAll(now, parked, name, why)
}

// resumeAll goes on with what waited for a document or for its turn, in order.
func (s *state) resumeAll(now time.Time, parked []Command, name replay.Document, why *protocol.Error) {
	for _, c := range parked {
		switch c := c.(type) {
		case Open:
			if m := s.members[c.Peer]; m != nil {
				delete(m.opening, c.Open.GetHandle())
				s.openRead(now, m, c, name, why)
			}
		case Submit:
			if m := s.members[c.Peer]; m != nil {
				m.window.sub(len(c.Batch.GetOps()))
				s.submitBehind(now, m, c, why)
			}
		case SyncState:
			s.syncState(now, c)
		case CloseDocument:
			s.closeDocument(now, c)
		}
	}
}

// openRead opens what waited for a document: that one, or another on a handle that
// it had.
func (s *state) openRead(now time.Time, m *member, c Open, name replay.Document, why *protocol.Error) {
	if why != nil && replay.Document(c.Open.GetDocument()) == name {
		s.refuseOpen(m, c.Open.GetHandle(), why)
		return
	}
	s.open(now, c)
}

// submitBehind takes a batch in that waited behind an opening. If that was refused
// for damage it is not answered: its author keeps it.
func (s *state) submitBehind(now time.Time, m *member, c Submit, why *protocol.Error) {
	if handle := c.Batch.GetHandle(); why == nil || m.views[handle] != nil || m.isOpening(handle) {
		s.submit(now, c)
	}
}

func (s *state) boardLoaded(now time.Time, c boardLoaded) {
	m := s.reads[c.name]
	delete(s.reads, c.name)
	m.reads--
	switch {
	case errors.Is(c.err, replay.ErrCorrupt):
		s.cfg.Logger.Error("board is damaged", "document", c.name, "error", c.err)
		s.cfg.Metrics.damaged.Inc()
		s.resume(now, c.name, refusalFor(c.err))
	case c.err != nil:
		s.cfg.Logger.Error("board cannot be read", "document", c.name, "error", c.err)
		s.fail(c.err)
		return
	default:
		c.document.quietFrom = now
		c.document.watchDeletions(s.clock.At(now))
		s.documents[c.name] = c.document
		s.resume(now, c.name, nil)
	}
	unread := m.unread
	m.unread = nil
	s.resumeAll(now, unread, itsTurn, nil)
}

// refuseOpen says that a document was not opened: Refused with n = 0.
func (s *state) refuseOpen(m *member, handle uint32, err *protocol.Error) {
	s.control(m.peer, refused(handle, 0, nil, err))
}

func refused(handle uint32, n uint64, ops []uint32, err *protocol.Error) *chalklinev1.ServerMessage {
	return &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Refused{
		Refused: &chalklinev1.Refused{Handle: handle, N: n, Ops: ops, Error: err.Message()},
	}}
}

// attach makes a member a viewer: registering and choosing the revision are one
// step (REC1).
func (s *state) attach(now time.Time, m *member, c Open, d *document) {
	v := &view{member: m, document: d, handle: c.Open.GetHandle()}
	m.views[v.handle] = v
	s.look(now, m, c, d.name)
	s.flush(now, d)
	d.viewers = append(d.viewers[:len(d.viewers):len(d.viewers)], v)
	d.quietFrom = time.Time{}
	switch at := c.Open.GetAtUs(); {
	case at == 0:
		s.begin(v, c.Open.GetPosition())
	case !s.beginAt(now, v, at): // asked too often: it is open all the same
		s.begin(v, nil)
	}
}

func (s *state) look(now time.Time, m *member, c Open, name replay.Document) {
	if c.Look && m.looks != name {
		m.looks = name
		s.changed(now, m)
	}
}

func headerMessage(h *chalklinev1.DocumentHeader) *chalklinev1.DocumentMessage {
	return &chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_Header{Header: h}}
}

func frameDocument(m *chalklinev1.DocumentMessage) []byte {
	framed, _ := protocol.AppendMessage(nil, m)
	return framed
}

func (s *state) closeDocument(now time.Time, c CloseDocument) {
	m := s.members[c.Peer]
	if m == nil {
		return
	}
	if m.isOpening(c.Handle) {
		s.wait(m, c.Handle, c)
		return
	}
	if m.views[c.Handle] != nil {
		s.drop(now, m, c.Handle)
		s.emit(closeStream{m.peer, c.Handle})
	}
}

// quietAfter is how long a board that nobody has open stays in memory.
const quietAfter = time.Minute

// unload lets go of boards that nobody has had open for a while, once a
// snapshot of them is stored.
func (s *state) unload(now time.Time) {
	for name, d := range s.documents {
		if d.board == nil || d.quietFrom.IsZero() || now.Sub(d.quietFrom) < quietAfter {
			continue
		}
		switch {
		case d.saving || len(d.out) > 0 || s.onItsWay(name), len(d.deletions.queue) > 0: // read again, it would not know since when
			d.quietFrom = now
		case d.head.Revision > d.savedAt:
			s.save(d)
			d.quietFrom = now
		default:
			s.heads[name] = d.head
			delete(s.documents, name)
		}
	}
}

// Sizes of a DocumentMessage of records.
const (
	maxOutBytes   = 64 << 10
	recordsField  = 6<<3 | 2 // DocumentMessage.records
	sequenceBytes = 1
)

// flush sends the records that wait to all viewers: one buffer, made once.
func (s *state) flush(now time.Time, d *document) {
	if len(d.out) == 0 {
		return
	}
	if len(d.viewers) > 0 {
		framed := frameRecords(d.outFirst, d.out)
		s.cfg.Metrics.fanoutBytes.Add(float64(len(framed) * len(d.viewers)))
		s.cfg.Metrics.flushes.Inc()
		s.cfg.Metrics.latency.Observe(now.Sub(d.oldest).Seconds())
		s.emit(broadcast{d.viewers, [][]byte{framed}, d.head.Revision})
	}
	d.out = d.out[:0]
}

// frameRecords returns coded records as a framed DocumentMessage.
func frameRecords(first uint64, coded []byte) []byte {
	size := sequenceBytes + len(coded)
	body := 1 + uvarintLen(size) + size
	framed := make([]byte, 0, uvarintLen(body)+body)
	framed = appendUvarint(framed, body)
	framed = append(framed, recordsField)
	framed = appendUvarint(framed, size)
	framed = append(framed, byte(first))
	return append(framed, coded...)
}
