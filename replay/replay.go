// Package replay keeps the ordered history of rooms so that a participant who
// was away can catch up.
//
// A room is a set of documents in one log, each with dense revisions 1, 2, 3 ….
// A Log is append-only. Append returns once the records are durable: they
// survive the death of the process and of the machine. Records read back in the
// order appended, without gaps. Payloads are opaque: decoding is the caller's
// business. Implementations: disk, memory.
package replay

import (
	"context"
	"errors"
	"fmt"
)

// Document names one document of a room, at most MaxDocument bytes:
// "authority", "attendance", "stage", "traces" or "board:<owner>:<page>".
type Document string

// Limits of what a Log takes; ErrLimit beyond them.
const (
	MaxDocument = 128      // bytes of a document's name, at least 1
	MaxPayload  = 1 << 20  // bytes of one entry
	MaxEntries  = 4096     // entries, or expectations, of one Append
	MaxAppend   = 16 << 20 // bytes of all payloads of one Append
	MaxSnapshot = 64 << 20 // bytes of one snapshot
)

// Digest is a chain digest: it stands for a record and everything before it in
// its document.
type Digest uint64

// Position is where somebody stands in a document. Revision 0 with digest 0 is
// the empty document.
type Position struct {
	Revision uint64
	Digest   Digest
}

// Record is one durable record. Times are µs of room time since 1970.
type Record struct {
	Document    Document
	Revision    uint64
	Digest      Digest // Chain(digest of the record before, this record)
	Replica     uint32 // who wrote it; 0 is the server
	N           uint64 // the replica's batch number in this document; the server may leave its own 0
	CapturedAt  int64
	SequencedAt int64 // never falls within a document
	ReleaseAt   int64 // Release(release of the record before, this record)
	Payload     []byte
}

// Entry is a record to be appended; the log gives it revision, digest and times.
type Entry struct {
	Document   Document
	Replica    uint32
	N          uint64
	CapturedAt int64
	Payload    []byte
}

// Expect makes an Append conditional: the document stands at Revision. The
// document need not be written by the same Append.
type Expect struct {
	Document Document
	Revision uint64
}

// Head is where a document stands.
type Head struct {
	Position
	SequencedAt int64
	ReleaseAt   int64
}

// State is what a room's log knows without reading records.
type State struct {
	Epoch   uint64 // set at creation, never 0; another epoch is another history
	Heads   map[Document]Head
	Batches map[Document]map[uint32]uint64 // last n by document and replica; the server's too if it counts
}

// Snapshot is the state of a document at a revision, in the caller's form.
type Snapshot struct {
	Document  Document
	Revision  uint64
	ReleaseAt int64
	Data      []byte
}

// Log keeps the histories of many rooms. Its methods may be called from many
// goroutines; appends to one room are atomic and take their order from the log.
type Log interface {
	// Create begins the log of a room. ErrExists if there is one, ErrLimit if
	// the number is not positive.
	Create(ctx context.Context, room Room) error

	// State returns what a room's log holds. ErrNoRoom if there is none.
	State(ctx context.Context, room Room) (State, error)

	// Append makes entries durable, all or none, and returns them as records.
	// now is room time; a record's SequencedAt is now or its predecessor's,
	// whichever is later. The records share the entries' payloads. Without
	// entries it only checks expect. Errors that a caller acts on:
	// *ConflictError when an Expect does not hold, *DuplicateError when an
	// entry's N is not above the replica's last (entries with Replica 0 are not
	// checked), ErrNoRoom, ErrLimit, ErrFull when the store has no space left,
	// ErrCorrupt, ErrFailed. After any error but ErrFailed nothing was
	// appended.
	Append(ctx context.Context, room Room, now int64, expect []Expect, entries []Entry) ([]Record, error)

	// Read calls yield for the records of a document from revision from on, in
	// order, until the end as it was when Read began or until yield returns
	// false. The payload is valid only during the call of yield, which may call
	// the log but not Close. Digests and revisions have been checked: ErrCorrupt
	// at the first record that does not fit, after those before it.
	Read(ctx context.Context, room Room, document Document, from uint64, yield func(Record) bool) error

	// RevisionAt returns the last revision of a document with ReleaseAt ≤ at; 0 if none.
	RevisionAt(ctx context.Context, room Room, document Document, at int64) (uint64, error)

	// PutSnapshot keeps a snapshot beside the log. The log keeps its records, and
	// of a document at least the two snapshots of the highest revisions. ErrLimit
	// if the log has not come to the revision.
	PutSnapshot(ctx context.Context, room Room, s Snapshot) error

	// Snapshot returns the latest intact snapshot of a document at or before a
	// revision; ErrNoSnapshot if there is none. Damaged ones are passed over:
	// the records can replace them.
	Snapshot(ctx context.Context, room Room, document Document, atMost uint64) (Snapshot, error)

	// Close waits for running calls and closes the store.
	Close() error
}

// Errors that implementations wrap.
var (
	ErrExists     = errors.New("room exists")
	ErrNoRoom     = errors.New("no such room")
	ErrNoSnapshot = errors.New("no snapshot")
	ErrNoKey      = errors.New("no such key")
	ErrFull       = errors.New("no space left in the store")
	ErrCorrupt    = errors.New("store is damaged")
	ErrClosed     = errors.New("store is closed")
	ErrLimit      = errors.New("over a limit of the log")

	// ErrFailed: the store could not write. It takes nothing until it is opened
	// again, and only then is known whether the append that met the failure
	// stands. What was acknowledged before stands and can be read.
	ErrFailed = errors.New("store has failed and must be opened again")
)

// ConflictError says that a document was not where an Append expected it.
type ConflictError struct {
	Document Document
	Expected uint64
	Revision uint64 // where the document stands; below Expected if the store lost history
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("document %s stands at revision %d, not at %d", e.Document, e.Revision, e.Expected)
}

// DuplicateError says that a batch was appended before.
type DuplicateError struct {
	Document Document
	Replica  uint32
	N, Last  uint64
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("batch %d of replica %d in %s is not after %d", e.N, e.Replica, e.Document, e.Last)
}
