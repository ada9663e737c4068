package client

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/protocol"
	"chalkline/replay"
)

// maxSnapshot bounds what a snapshot's table and chunks take, in bytes.
const maxSnapshot = 64 << 20

// position is where the confirmed state of a document stands.
type position struct {
	epoch    uint64
	revision uint64
	digest   replay.Digest
}

func (p position) message() *chalklinev1.Position {
	return &chalklinev1.Position{Epoch: p.epoch, Revision: p.revision, Digest: uint64(p.digest)}
}

// broken says why a document's stream cannot go on, and whether the confirmed
// state before it still stands (REC3).
type broken struct {
	stands bool
	err    error
}

func (b *broken) Error() string { return b.err.Error() }
func (b *broken) Unwrap() error { return b.err }

func brokenf(stands bool, format string, args ...any) error {
	return &broken{stands: stands, err: fmt.Errorf("client: "+format, args...)}
}

// confirmed is the confirmed state of a document and how the messages of its
// stream change it. It does no I/O and knows no clock.
type confirmed struct {
	content  content
	position position
	release  int64 // of the record at position (REC5), µs room time
	context  *protocol.Context
	load     func(table []byte, chunks [][]byte) (content, error)
	incoming *snapshot // between SnapshotStart and SnapshotEnd

	// taken is called for every record after it was applied.
	taken func(r Record)
	// replaced is called when a snapshot took the place of the state; last tells the
	// last batch of a replica that it holds, and whether that is known.
	replaced func(last func(replica uint32) (n uint64, known bool))
}

// snapshot collects the parts of a snapshot.
type snapshot struct {
	position position
	release  int64
	context  *protocol.Context
	table    []byte
	chunks   [][]byte
	size     int
}

// errDiffers: nothing is missing, and yet the state is not the server's. A
// snapshot mends it, but it should never be.
var errDiffers = errors.New("differs from the server")

// take applies one message of the stream. Errors are *broken.
func (c *confirmed) take(message []byte, arrival time.Time) error {
	if records, ok := recordsIn(message); ok {
		return c.takeRecords(records, arrival)
	}
	var m chalklinev1.DocumentMessage
	if err := proto.Unmarshal(message, &m); err != nil {
		return brokenf(true, "document message: %w", err)
	}
	switch m := m.GetMessage().(type) {
	case *chalklinev1.DocumentMessage_Records:
		return c.takeRecords(m.Records, arrival)
	case *chalklinev1.DocumentMessage_Marker:
		return c.check(m.Marker)
	case *chalklinev1.DocumentMessage_SnapshotStart:
		return c.startSnapshot(m.SnapshotStart)
	case *chalklinev1.DocumentMessage_SnapshotTable:
		return c.addTable(m.SnapshotTable)
	case *chalklinev1.DocumentMessage_SnapshotInk:
		return c.addChunk(m.SnapshotInk)
	case *chalklinev1.DocumentMessage_SnapshotEnd:
		return c.endSnapshot(m.SnapshotEnd)
	default:
		return brokenf(true, "unexpected document message %T", m)
	}
}

// recordsIn returns the field records of a DocumentMessage that holds nothing
// else, as every message on a busy board does, without decoding it as a whole.
func recordsIn(message []byte) (records []byte, ok bool) {
	const tag = 6<<3 | 2 // field 6, length-delimited
	if len(message) < 2 || message[0] != tag {
		return nil, false
	}
	n, k := binary.Uvarint(message[1:])
	if k <= 0 || n != uint64(len(message)-1-k) {
		return nil, false
	}
	return message[1+k:], true
}

func (c *confirmed) takeRecords(src []byte, arrival time.Time) error {
	if c.incoming != nil || c.context == nil {
		return brokenf(false, "records before a state")
	}
	if len(src) == 0 || src[0] != byte(c.position.revision+1) {
		return brokenf(true, "records missing after revision %d", c.position.revision)
	}
	src = src[1:]
	for len(src) > 0 {
		n, err := c.takeRecord(src, arrival)
		if err != nil {
			return brokenf(false, "revision %d: %w: %w", c.position.revision+1, errDiffers, err)
		}
		src = src[n:]
	}
	return nil
}

func (c *confirmed) takeRecord(src []byte, arrival time.Time) (int, error) {
	r, n, err := c.context.ReadRecord(src, c.position.revision+1, c.content.lengths())
	if err != nil {
		return 0, err
	}
	ops, err := c.content.apply(&r)
	if err != nil {
		return 0, err
	}
	c.position.revision = r.Revision
	c.position.digest = replay.Chain(c.position.digest, replay.Record{
		Revision: r.Revision, Replica: r.Replica, N: r.N,
		CapturedAt: r.CapturedAt, SequencedAt: r.SequencedAt, Payload: r.Payload,
	})
	c.release = replay.Release(c.release, r.CapturedAt, r.SequencedAt)
	c.taken(Record{
		Revision: r.Revision, Replica: r.Replica, N: r.N,
		CapturedAt: r.CapturedAt, SequencedAt: r.SequencedAt, ReleaseAt: c.release, Ops: ops, Arrival: arrival,
	})
	return n, nil
}

// check compares a Marker (REC3).
func (c *confirmed) check(m *chalklinev1.Marker) error {
	if c.incoming != nil || c.context == nil {
		return brokenf(false, "marker before a state")
	}
	switch {
	case m.GetRevision() > c.position.revision:
		return brokenf(true, "at revision %d, marker says %d", c.position.revision, m.GetRevision())
	case m.GetRevision() < c.position.revision || m.GetDigest() != uint64(c.position.digest):
		return brokenf(false, "%w: revision %d is another history than the marker's %d", errDiffers, c.position.revision, m.GetRevision())
	}
	if h := c.content.hash(); string(h[:]) != string(m.GetHash()) {
		return brokenf(false, "%w: state hash at revision %d", errDiffers, c.position.revision)
	}
	return nil
}

func (c *confirmed) startSnapshot(m *chalklinev1.SnapshotStart) error {
	context, err := protocol.ReadContext(m.GetContext())
	if err != nil {
		return brokenf(false, "snapshot: %w", err)
	}
	c.incoming = &snapshot{
		position: position{epoch: c.position.epoch, revision: m.GetRevision(), digest: replay.Digest(m.GetDigest())},
		release:  m.GetReleaseAtUs(),
		context:  context,
	}
	return nil
}

var errSnapshotParts = errors.New("parts out of order or too large")

func (s *snapshot) grow(n int) error {
	if s == nil {
		return brokenf(true, "snapshot: %w", errSnapshotParts)
	}
	if s.size += n; s.size > maxSnapshot {
		return brokenf(false, "snapshot: %w", errSnapshotParts)
	}
	return nil
}

func (c *confirmed) addTable(part []byte) error {
	if err := c.incoming.grow(len(part)); err != nil {
		return err
	}
	c.incoming.table = append(c.incoming.table, part...)
	return nil
}

func (c *confirmed) addChunk(chunk []byte) error {
	if err := c.incoming.grow(len(chunk)); err != nil {
		return err
	}
	c.incoming.chunks = append(c.incoming.chunks, chunk) // proto.Unmarshal copied it
	return nil
}

func (c *confirmed) endSnapshot(m *chalklinev1.SnapshotEnd) error {
	s := c.incoming
	if s == nil {
		return brokenf(true, "snapshot: %w", errSnapshotParts)
	}
	state, err := c.load(s.table, s.chunks)
	if err != nil {
		return brokenf(false, "snapshot: %w", err)
	}
	if h := state.hash(); string(h[:]) != string(m.GetHash()) {
		return brokenf(false, "snapshot at revision %d: state hash differs", s.position.revision)
	}
	c.content, c.position, c.release, c.context, c.incoming = state, s.position, s.release, s.context, nil
	c.replaced(s.context.Last)
	return nil
}

// begin takes the header of a new stream: what a broken-off one brought of a
// snapshot is dropped.
func (c *confirmed) begin(h *chalklinev1.DocumentHeader) error {
	c.incoming = nil
	if !h.GetResumed() {
		c.position.epoch = h.GetEpoch()
		c.context = nil
		return nil
	}
	if c.context == nil || c.position.epoch != 0 && c.position.epoch != h.GetEpoch() {
		return brokenf(false, "resumed where nothing is held")
	}
	c.position.epoch = h.GetEpoch()
	return nil
}
