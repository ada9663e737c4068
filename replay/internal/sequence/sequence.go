// Package sequence is the pure part of a log that has a room's order in its own
// hands: where the documents of a room stand, and what an append would make of
// it. It reads no clock, does no I/O and knows no lock: the caller plans, makes
// the plan durable, and only then commits it.
package sequence

import (
	"maps"

	"chalkline/replay"
)

// Room is where the documents of one room stand. Plan, Changes, Commit and
// Discard belong to one appender at a time; Head and State may run beside Plan
// but not beside Commit.
type Room struct {
	epoch     uint64
	documents map[replay.Document]*document
	planned   []*document
}

type document struct {
	name replay.Document
	head replay.Head
	last map[uint32]uint64 // n by replica

	// What the plan would change.
	touched  bool
	nextHead replay.Head
	nextLast map[uint32]uint64
}

// New returns a room without documents.
func New(epoch uint64) *Room {
	return &Room{epoch: epoch, documents: make(map[replay.Document]*document)}
}

// RestoreHead sets where a document stands, from what was stored.
func (r *Room) RestoreHead(name replay.Document, head replay.Head) {
	d := newDocument(name)
	d.head = head
	r.documents[name] = d
}

// RestoreLast sets a replica's last n in a document that has been restored; it
// reports whether there is such a document.
func (r *Room) RestoreLast(name replay.Document, replica uint32, n uint64) bool {
	d := r.documents[name]
	if d == nil {
		return false
	}
	d.last[replica] = n
	return true
}

func newDocument(name replay.Document) *document {
	return &document{name: name, last: make(map[uint32]uint64), nextLast: make(map[uint32]uint64)}
}

// Head returns where a document stands; zero if it has no records.
func (r *Room) Head(name replay.Document) replay.Head {
	if d := r.documents[name]; d != nil {
		return d.head
	}
	return replay.Head{}
}

// State returns a copy of it all.
func (r *Room) State() replay.State {
	s := replay.State{
		Epoch:   r.epoch,
		Heads:   make(map[replay.Document]replay.Head, len(r.documents)),
		Batches: make(map[replay.Document]map[uint32]uint64, len(r.documents)),
	}
	for name, d := range r.documents {
		s.Heads[name] = d.head
		if len(d.last) > 0 {
			s.Batches[name] = maps.Clone(d.last)
		}
	}
	return s
}

// Check fails with *replay.ConflictError at the first expectation that does not hold.
func (r *Room) Check(expect []replay.Expect) error {
	for _, e := range expect {
		if at := r.Head(e.Document).Revision; at != e.Revision {
			return &replay.ConflictError{Document: e.Document, Expected: e.Revision, Revision: at}
		}
	}
	return nil
}

// Plan makes records of entries as an append at now would. It fails with
// *replay.DuplicateError; the plan must then be discarded.
func (r *Room) Plan(now int64, entries []replay.Entry) ([]replay.Record, error) {
	records := make([]replay.Record, len(entries))
	for i := range entries {
		if err := r.plan(now, &entries[i], &records[i]); err != nil {
			return nil, err
		}
	}
	return records, nil
}

func (r *Room) plan(now int64, e *replay.Entry, record *replay.Record) error {
	d := r.touch(e.Document)
	last := d.lastOf(e.Replica)
	if e.Replica != 0 && e.N <= last {
		return &replay.DuplicateError{Document: e.Document, Replica: e.Replica, N: e.N, Last: last}
	}
	if e.N > last {
		d.nextLast[e.Replica] = e.N
	}
	before := d.nextHead
	*record = replay.Record{
		Document:    e.Document,
		Revision:    before.Revision + 1,
		Replica:     e.Replica,
		N:           e.N,
		CapturedAt:  e.CapturedAt,
		SequencedAt: max(now, before.SequencedAt),
		Payload:     e.Payload,
	}
	record.Digest = replay.Chain(before.Digest, *record)
	record.ReleaseAt = replay.Release(before.ReleaseAt, record.CapturedAt, record.SequencedAt)
	d.nextHead = HeadOf(record)
	return nil
}

// HeadOf returns where a document stands after a record.
func HeadOf(r *replay.Record) replay.Head {
	return replay.Head{
		Position:    replay.Position{Revision: r.Revision, Digest: r.Digest},
		SequencedAt: r.SequencedAt,
		ReleaseAt:   r.ReleaseAt,
	}
}

func (d *document) lastOf(replica uint32) uint64 {
	if n, ok := d.nextLast[replica]; ok {
		return n
	}
	return d.last[replica]
}

// touch returns a document as part of the plan. One that the room does not have
// yet joins it only with Commit.
func (r *Room) touch(name replay.Document) *document {
	d := r.documents[name]
	if d == nil {
		d = r.newcomer(name)
	}
	if !d.touched {
		d.touched = true
		d.nextHead = d.head
		r.planned = append(r.planned, d)
	}
	return d
}

func (r *Room) newcomer(name replay.Document) *document {
	for _, d := range r.planned {
		if d.name == name {
			return d
		}
	}
	return newDocument(name)
}

// Change is what a plan changes of one document.
type Change struct {
	Document replay.Document
	Head     replay.Head
	Last     map[uint32]uint64 // read only, until Commit or Discard
}

// Changes calls yield for every document that the plan changes.
func (r *Room) Changes(yield func(Change) bool) {
	for _, d := range r.planned {
		if !yield(Change{Document: d.name, Head: d.nextHead, Last: d.nextLast}) {
			return
		}
	}
}

// Commit makes the plan what stands.
func (r *Room) Commit() {
	for _, d := range r.planned {
		r.documents[d.name] = d
		d.head = d.nextHead
		maps.Copy(d.last, d.nextLast)
	}
	r.Discard()
}

// Discard forgets the plan.
func (r *Room) Discard() {
	for _, d := range r.planned {
		d.touched = false
		clear(d.nextLast)
	}
	clear(r.planned)
	r.planned = r.planned[:0]
}
