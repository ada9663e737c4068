package client

import (
	"errors"
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/server/classroom"
	"chalkline/server/transport"
)

// maxDocuments is how many documents may be open at once.
const maxDocuments = protocol.MaxOpenDocuments

// maxResyncs is how often in a row a document is asked for again before the
// connection is given up.
const maxResyncs = 4

// document is one document of the room as this client has it. Everything but
// the constants is guarded by Client.mu.
type document struct {
	client *Client
	name   string
	handle uint32
	board  *Board // nil for authority and stage

	confirmed
	outbox
	texts []*Text // being written in

	open     bool  // wanted: opened again with every connection
	look     bool  // the board that the client looks at
	late     bool  // opened after JOIN_ROOM was sent: CHANGE_BOARD is due
	unopened error // why it could not be opened

	// Of the present connection.
	generation uint32
	ready      bool                   // the state is the server's: resumed, or a snapshot
	syncing    bool                   // SYNC_STATE was sent: what comes on this generation is ignored
	resyncs    int                    // in a row
	stream     transport.ServerStream // nil before the first
	reader     chan struct{}          // closed when the goroutine that reads stream has ended
	events     []Record               // for OnRecord, of the message that is being taken
	replacedBy bool                   // that message ended a snapshot
}

func (c *Client) newDocument(name string) *document {
	d := &document{client: c, name: name, handle: uint32(len(c.documents) + 1), open: true}
	switch name {
	case classroom.AuthorityDocument:
		d.content = &authorityContent{}
		d.load = func(table []byte, chunks [][]byte) (content, error) { return loadAuthority(table, chunks) }
	case classroom.StageDocument:
		d.content = &stageContent{}
		d.load = func(table []byte, chunks [][]byte) (content, error) { return loadStage(table, chunks) }
	default:
		d.board = &Board{doc: d}
		d.content = newBoardContent()
		d.load = func(table []byte, chunks [][]byte) (content, error) { return loadBoard(table, chunks) }
	}
	d.taken, d.replaced = d.noteRecord, d.noteSnapshot
	d.outbox.replica = c.claim.GetReplica()
	c.documents = append(c.documents, d)
	return d
}

// openMessage says what is held, as JOIN_ROOM, CHANGE_BOARD and SYNC_STATE want
// it.
func (d *document) openMessage() *chalklinev1.OpenDocument {
	m := &chalklinev1.OpenDocument{Handle: d.handle, Document: d.name}
	if moving := d.client.claim.GetReplica() != d.outbox.replica; d.context != nil && !moving {
		m.Position = d.position.message()
	} else if d.context == nil && d.name != classroom.AuthorityDocument {
		m.AtUs = d.client.cfg.At
	}
	return m
}

// noteRecord is confirmed.taken.
func (d *document) noteRecord(r Record) {
	d.resyncs = 0
	d.client.stats.Records++
	if r.Replica == d.outbox.replica && r.N > d.acked {
		d.outbox.noteCut(r.N, len(r.Ops))
		d.client.acknowledge(d, r.N)
	}
	for _, t := range d.texts {
		t.follow(&r, r.Replica == d.outbox.replica)
	}
	if stage, ok := d.content.(*stageContent); ok {
		r.Event = stage.last
	}
	if d.watcher() != nil {
		d.events = append(d.events, r)
	}
}

// noteSnapshot is confirmed.replaced. What is acknowledged need not be in the
// snapshot: Ack comes on another stream and may be newer. Then the record follows.
func (d *document) noteSnapshot(last func(uint32) (uint64, bool)) {
	d.client.stats.Snapshots++
	d.replacedBy = true
	n, known := last(d.outbox.replica)
	d.client.acknowledge(d, n)
	if !known {
		n = d.outbox.acked // many others wrote since: it is in there
	}
	for _, t := range d.texts {
		t.replaced(n)
	}
	d.becomeReady()
}

// becomeReady: the state is the server's, so own work may be held against it.
func (d *document) becomeReady() {
	d.ready = true
	if replica := d.client.claim.GetReplica(); d.outbox.replica != replica {
		d.moveTexts(d.outbox.moveTo(replica, d.content, d.sentEdits()))
		d.client.touch()
	}
	d.client.pump()
}

// message takes one message of the document's stream; false means that the
// stream is of no more use.
func (d *document) message(l *link, generation uint32, m []byte, arrival time.Time) bool {
	c := d.client
	c.mu.Lock()
	c.count(m)
	if c.link != l || d.generation != generation || d.syncing {
		same := c.link == l && d.generation == generation
		c.mu.Unlock()
		return same
	}
	err := d.take(m, arrival)
	l.heard(arrival)
	if err != nil {
		d.resync(l, err)
	}
	events, replaced := d.events, d.replacedBy
	d.events, d.replacedBy = d.events[:0], false
	c.changes.notify()
	c.mu.Unlock()
	d.report(events, replaced)
	return true
}

// watcher returns who is told of the document's records; nil if nobody is.
func (d *document) watcher() func(*Record) {
	switch {
	case d.board != nil && d.client.cfg.OnRecord != nil:
		return func(r *Record) { d.client.cfg.OnRecord(d.board, r) }
	case d.name == classroom.StageDocument:
		return d.client.cfg.OnStage
	default:
		return nil
	}
}

// report calls back; the events are those of this goroutine until it returns.
func (d *document) report(events []Record, replaced bool) {
	if replaced && d.board != nil && d.client.cfg.OnSnapshot != nil {
		d.client.cfg.OnSnapshot(d.board)
	}
	watcher := d.watcher()
	for i := range events {
		watcher(&events[i])
	}
	clear(events)
}

// resync is SYNC_STATE.
func (d *document) resync(l *link, cause error) {
	d.client.stats.Resyncs++
	if errors.Is(cause, errDiffers) {
		d.client.stats.Differing++
	}
	d.syncing, d.ready, d.incoming = true, false, nil
	var b *broken
	if !errors.As(cause, &b) || !b.stands {
		d.context = nil
	}
	d.client.cfg.Log.Info("resync", "document", d.name, "cause", cause)
	if d.resyncs++; d.resyncs > maxResyncs {
		l.drop(protocol.NewError(protocol.Resync))
		return
	}
	m := &chalklinev1.SyncState{Handle: d.handle, Reason: uint32(protocol.Resync), Position: d.openMessage().GetPosition()}
	l.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_SyncState{SyncState: m}})
	l.ask()
}

// Board is one board of the room, open or not. Its methods may be called by
// many goroutines.
type Board struct {
	doc     *document
	pointer pointer
}

// Page returns the board's page id.
func (b *Board) Page() string {
	board, _ := classroom.ParseBoard(b.doc.name)
	return board.Page
}

// Revision returns where the confirmed state stands.
func (b *Board) Revision() uint64 {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return b.doc.position.revision
}

// Hash returns the state hash of the confirmed state.
func (b *Board) Hash() [16]byte {
	_, hash := b.State()
	return hash
}

// State returns revision and state hash of the confirmed state.
func (b *Board) State() (revision uint64, hash [16]byte) {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return b.doc.position.revision, b.doc.content.hash()
}

// Unsent returns how many own batches are not known to be durable.
func (b *Board) Unsent() int {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(b.doc.outbox.unsent)
}

// View calls f with the confirmed state, which must only be read and only
// during the call; f must not call the client.
func (b *Board) View(f func(*ot.Board)) {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if state, ok := b.doc.content.(*boardContent); ok {
		f(state.board)
	}
}
