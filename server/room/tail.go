package room

import (
	"encoding/binary"
	"sort"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
)

// tail keeps the last records of a document in their coded form, so that who was
// away for a while gets the very bytes that the others got.
type tail struct {
	limit   int // bytes kept; 0 keeps nothing
	before  replay.Position
	bytes   []byte
	records []tailRecord
	blocks  []block // the first of the records, framed when they were asked for: all share them
}

// tailRecord is one record: where its bytes end and what its digest is.
type tailRecord struct {
	end    int
	digest replay.Digest
}

// block is one message of the records from to to-1.
type block struct {
	from, to int
	framed   []byte
}

// begin makes the tail empty; records follow from position on.
func (t *tail) begin(position replay.Position, limit int) {
	*t = tail{limit: limit, before: position}
}

func (t *tail) add(r *replay.Record, coded []byte) {
	t.bytes = append(t.bytes, coded...)
	t.records = append(t.records, tailRecord{len(t.bytes), r.Digest})
	if len(t.bytes) > t.limit {
		t.halve()
	}
}

// shorten forgets the oldest until no more than so many bytes are kept.
func (t *tail) shorten(most int) {
	for len(t.bytes) > most {
		t.halve()
	}
}

// halve forgets the older half.
func (t *tail) halve() {
	half := len(t.records) / 2
	if half == 0 {
		half = len(t.records)
	}
	cut := t.records[half-1]
	t.before = replay.Position{Revision: t.before.Revision + uint64(half), Digest: cut.digest}
	t.bytes = append([]byte(nil), t.bytes[cut.end:]...)
	kept := make([]tailRecord, 0, len(t.records))
	for _, r := range t.records[half:] {
		kept = append(kept, tailRecord{r.end - cut.end, r.digest})
	}
	t.records, t.blocks = kept, nil
}

// since returns what follows a position, framed, in messages of bounded size.
// False: the position is not in this history, too long ago, or more than limit
// bytes follow.
func (t *tail) since(p replay.Position, limit int) (parts [][]byte, ok bool) {
	if at, known := t.at(p.Revision); !known || at != p {
		return nil, false
	}
	i := int(p.Revision - t.before.Revision) // index of the first record to send
	if len(t.bytes)-t.start(i) > limit {
		return nil, false
	}
	t.fillBlocks()
	for _, b := range t.blocks[t.blockOf(i):] {
		if i > b.from {
			b.framed = t.frame(i, b.to)
		}
		parts = append(parts, b.framed)
		i = b.to
	}
	if i < len(t.records) {
		parts = append(parts, t.frame(i, len(t.records)))
	}
	return parts, true
}

// at returns the position at a revision. False: that is too long ago, or to come.
func (t *tail) at(revision uint64) (p replay.Position, ok bool) {
	i := revision - t.before.Revision
	if revision < t.before.Revision || i > uint64(len(t.records)) {
		return replay.Position{}, false
	}
	return replay.Position{Revision: revision, Digest: t.digest(int(i))}, true
}

// fillBlocks frames the records that fill whole messages. Those behind them fit one.
func (t *tail) fillBlocks() {
	from := 0
	if n := len(t.blocks); n > 0 {
		from = t.blocks[n-1].to
	}
	for i := from; i < len(t.records); i++ {
		if next := min(i+1, len(t.records)-1); t.records[next].end-t.start(from) > maxOutBytes {
			t.blocks = append(t.blocks, block{from, i + 1, t.frame(from, i+1)})
			from = i + 1
		}
	}
}

// blockOf returns the index of the block that record i is in; that of none if it
// is behind them.
func (t *tail) blockOf(i int) int {
	return sort.Search(len(t.blocks), func(k int) bool { return t.blocks[k].to > i })
}

// frame returns the records from to to-1 as a message.
func (t *tail) frame(from, to int) []byte {
	return frameRecords(t.before.Revision+uint64(from)+1, t.bytes[t.start(from):t.records[to-1].end])
}

// digest returns the digest before record i.
func (t *tail) digest(i int) replay.Digest {
	if i == 0 {
		return t.before.Digest
	}
	return t.records[i-1].digest
}

func (t *tail) start(i int) int {
	if i == 0 {
		return 0
	}
	return t.records[i-1].end
}

func uvarintLen(n int) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

func appendUvarint(dst []byte, n int) []byte { return binary.AppendUvarint(dst, uint64(n)) }

// snapshotMessages returns a snapshot as framed messages: start, table, ink, end.
func snapshotMessages(head *replay.Head, context, table []byte, chunks [][]byte, hash [16]byte) [][]byte {
	total := len(table)
	for _, c := range chunks {
		total += len(c)
	}
	parts := [][]byte{frameDocument(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_SnapshotStart{
		SnapshotStart: &chalklinev1.SnapshotStart{
			Revision: head.Revision, Digest: uint64(head.Digest), Context: context, Bytes: uint64(total), ReleaseAtUs: head.ReleaseAt,
		},
	}})}
	for len(table) > 0 {
		n := min(len(table), maxTablePart)
		parts = append(parts, frameDocument(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_SnapshotTable{SnapshotTable: table[:n]}}))
		table = table[n:]
	}
	parts = append(parts, chunks...)
	return append(parts, frameDocument(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_SnapshotEnd{
		SnapshotEnd: &chalklinev1.SnapshotEnd{Hash: hash[:]},
	}}))
}

// maxTablePart bounds one message of a snapshot.
const maxTablePart = protocol.MaxServerMessage / 8
