package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"

	"chalkline/ot"
)

// Record is one record of a document as it travels on its stream: a replica's
// batch of ops with the revision it took. Times are µs of room time, whole
// milliseconds.
type Record struct {
	Revision    uint64
	Replica     uint32
	N           uint64
	CapturedAt  int64
	SequencedAt int64
	// Payload is the batch in whole form (docs/format.md, Ops); for other
	// documents than boards, whatever they log.
	Payload []byte
}

// Lengths tells how many points an ink element has, 0 if it is not there:
// *ot.Board.
type Lengths interface {
	Len(id ot.ID) int
}

// ErrRecord is wrapped by errors about coded records.
var ErrRecord = errors.New("bad record")

// maxWriters is how many replicas a Context remembers.
const maxWriters = 256

// frameMillis is how far apart in time a replica's frames are expected.
const frameMillis = 33

// Forms of a coded record (docs/format.md, Records).
const (
	formWhole = iota
	formContinue
	formContinueEnd
	formStart
	formStartEnd
	formMask = 7

	sameReplica   = 1 << 3
	nextN         = 1 << 4
	sameSequenced = 1 << 5
	unknownBits   = 0xff &^ (formMask | sameReplica | nextN | sameSequenced)
)

// Context is what coded records of one document lean on: a pure function of the
// records before. The zero Context is that of an empty document.
type Context struct {
	sequenced int64 // ms, of the last record
	replica   uint32
	writers   map[uint32]*writer
	clock     uint64 // counts records, orders writers
}

// writer is what the context knows of one replica.
type writer struct {
	used      uint64 // clock at its last record
	n         uint64
	captured  int64  // ms
	counter   uint32 // its last element, 0: none
	registers []byte // of its last ink element, as in ops; empty: none
}

// AppendRecord appends the coded form of r, which must be the next record of the
// document, and takes it into the context. board is the board before r; nil for
// documents that are not boards.
func (c *Context) AppendRecord(dst []byte, r *Record, board Lengths) []byte {
	w := c.writer(r.Replica)
	form, body := c.tightest(r, w, board)
	head := byte(form)
	if r.Replica == c.replica {
		head |= sameReplica
	}
	if r.N == w.n+1 {
		head |= nextN
	}
	sequenced := r.SequencedAt / 1000
	if sequenced == c.sequenced {
		head |= sameSequenced
	}
	dst = append(dst, head)
	if head&sameReplica == 0 {
		dst = binary.AppendUvarint(dst, uint64(r.Replica))
	}
	if head&nextN == 0 {
		dst = binary.AppendUvarint(dst, r.N)
	}
	if head&sameSequenced == 0 {
		dst = binary.AppendUvarint(dst, uint64(sequenced-c.sequenced))
	}
	captured := r.CapturedAt / 1000
	dst = binary.AppendVarint(dst, captured-w.captured-frameMillis)
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	dst = append(dst, body...)
	c.take(r, w, captured, sequenced, board != nil)
	return dst
}

// ReadRecord decodes the record at the start of src and takes it into the
// context; it returns how many bytes it took. revision is the record's. The
// payload is a new slice. Errors wrap ErrRecord; the context is then unusable.
func (c *Context) ReadRecord(src []byte, revision uint64, board Lengths) (Record, int, error) {
	d := decoder{src: src}
	head := d.byte()
	r := Record{Revision: revision, Replica: c.replica}
	if head&unknownBits != 0 || head&formMask > formStartEnd {
		return r, 0, fmt.Errorf("protocol: record head %#02x: %w", head, ErrRecord)
	}
	if head&sameReplica == 0 {
		v := d.uvarint()
		if v > 1<<32-1 || uint32(v) == c.replica {
			d.bad = true
		}
		r.Replica = uint32(v)
	}
	w := c.writer(r.Replica)
	r.N = w.n + 1
	if head&nextN == 0 {
		if r.N = d.uvarint(); r.N == w.n+1 {
			d.bad = true
		}
	}
	sequenced := c.sequenced
	if head&sameSequenced == 0 {
		delta := d.uvarint()
		if delta == 0 || delta > maxMillis {
			d.bad = true
		}
		sequenced += int64(delta)
	}
	captured := w.captured + frameMillis + d.varint()
	if sequenced < 0 || sequenced > maxMillis || captured < 0 || captured > maxMillis {
		d.bad = true
	}
	r.SequencedAt, r.CapturedAt = sequenced*1000, captured*1000
	body := d.bytes()
	if d.bad {
		return r, 0, fmt.Errorf("protocol: record at revision %d: %w", revision, ErrRecord)
	}
	if err := c.expand(&r, w, int(head&formMask), body, board); err != nil {
		return r, 0, err
	}
	c.take(&r, w, captured, sequenced, board != nil)
	return r, len(src) - len(d.src), nil
}

// maxMillis bounds times so that they stay exact in a page's numbers as µs.
const maxMillis = 1 << 43

// writer returns what is known of a replica; a replica that is not known gets
// the defaults of docs/format.md, without being taken into the context.
func (c *Context) writer(replica uint32) *writer {
	if w := c.writers[replica]; w != nil {
		return w
	}
	return &writer{captured: c.sequenced - frameMillis}
}

// Last returns the last batch number of a replica, 0 if it wrote nothing. known
// is false if it may have written and was forgotten over maxWriters others.
func (c *Context) Last(replica uint32) (n uint64, known bool) {
	if w := c.writers[replica]; w != nil {
		return w.n, true
	}
	return 0, len(c.writers) < maxWriters
}

// take makes r the last record; the elements it names count only on boards.
func (c *Context) take(r *Record, w *writer, captured, sequenced int64, board bool) {
	c.clock++
	if c.writers == nil {
		c.writers = map[uint32]*writer{}
	}
	if _, ok := c.writers[r.Replica]; !ok {
		if len(c.writers) >= maxWriters {
			c.evict()
		}
		c.writers[r.Replica] = w
	}
	w.used, w.n, w.captured = c.clock, r.N, captured
	c.replica, c.sequenced = r.Replica, sequenced
	if board {
		w.learn(r)
	}
}

// evict forgets the writer that wrote longest ago.
func (c *Context) evict() {
	oldest := uint64(1<<64 - 1)
	var who uint32
	for replica, w := range c.writers {
		if w.used < oldest {
			oldest, who = w.used, replica
		}
	}
	delete(c.writers, who)
}

// AppendContext appends the context as it stands in a snapshot.
func (c *Context) AppendContext(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(c.sequenced))
	dst = binary.AppendUvarint(dst, uint64(c.replica))
	dst = binary.AppendUvarint(dst, uint64(len(c.writers)))
	for _, replica := range c.byAge() {
		w := c.writers[replica]
		dst = binary.AppendUvarint(dst, uint64(replica))
		dst = binary.AppendUvarint(dst, w.n)
		dst = binary.AppendUvarint(dst, uint64(w.captured))
		dst = binary.AppendUvarint(dst, uint64(w.counter))
		if len(w.registers) == 0 {
			dst = append(dst, 0)
		}
		dst = append(dst, w.registers...)
	}
	return dst
}
