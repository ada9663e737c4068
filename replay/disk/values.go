package disk

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"chalkline/replay"
)

// Every value begins with a CRC-32C (4 bytes, big endian) of its key and what
// follows, so that a value that was changed, or came under another key, is
// found wherever it happened. Then, varints being unsigned LEB128 in the
// shortest form and times µs since 1970 in two's complement:
//
//	epoch     byte 1 (version), epoch 8
//	head      digest 8, varint revision, varint sequenced_at, varint release_at
//	last n    varint n
//	record    digest 8, varint replica, varint n, varint captured_at,
//	          varint sequenced_at, varint release_at, payload
//	snapshot  varint release_at, data
//	table     the value
const (
	sumLen       = 4
	epochVersion = 1
)

// What a decoder found wrong. The caller says where and wraps replay.ErrCorrupt.
var (
	errSum  = errors.New("checksum does not fit")
	errForm = errors.New("not in the form of the store")
)

// seal writes the checksum into the first bytes of value, which the caller left free.
func seal(key, value []byte) {
	binary.BigEndian.PutUint32(value, sum(key, value[sumLen:]))
}

func sum(key, body []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // kept by the standard library
	return crc32.Update(crc32.Checksum(key, table), table, body)
}

// open checks a value's checksum and returns its body.
func open(key, value []byte) (fields, error) {
	if len(value) < sumLen {
		return nil, errForm
	}
	body := value[sumLen:]
	if binary.BigEndian.Uint32(value) != sum(key, body) {
		return nil, errSum
	}
	return body, nil
}

// fields is what of a body has not been read.
type fields []byte

func (f *fields) uint64() (uint64, error) {
	if len(*f) < 8 {
		return 0, errForm
	}
	v := binary.BigEndian.Uint64(*f)
	*f = (*f)[8:]
	return v, nil
}

// varint reads a varint in its shortest form, at most limit.
func (f *fields) varint(limit uint64) (uint64, error) {
	v, n := binary.Uvarint(*f)
	if n <= 0 || v > limit || n > 1 && (*f)[n-1] == 0 {
		return 0, errForm
	}
	*f = (*f)[n:]
	return v, nil
}

// times reads as many times.
func (f *fields) times(into ...*int64) error {
	for _, t := range into {
		v, err := f.varint(1<<64 - 1)
		if err != nil {
			return err
		}
		*t = int64(v)
	}
	return nil
}

// end is an error if something is left over.
func (f *fields) end() error {
	if len(*f) != 0 {
		return errForm
	}
	return nil
}

func unsealed(b []byte) []byte { return append(b, 0, 0, 0, 0) }

func appendTimes(b []byte, times ...int64) []byte {
	for _, t := range times {
		b = binary.AppendUvarint(b, uint64(t))
	}
	return b
}

func encodeEpoch(b, key []byte, epoch uint64) []byte {
	b = append(unsealed(b), epochVersion)
	b = binary.BigEndian.AppendUint64(b, epoch)
	seal(key, b)
	return b
}

func decodeEpoch(key, value []byte) (uint64, error) {
	f, err := open(key, value)
	if err != nil {
		return 0, err
	}
	if len(f) == 0 || f[0] != epochVersion {
		return 0, errForm
	}
	f = f[1:]
	epoch, err := f.uint64()
	if err != nil || epoch == 0 {
		return 0, errForm
	}
	return epoch, f.end()
}

func encodeHead(b, key []byte, h replay.Head) []byte {
	b = binary.BigEndian.AppendUint64(unsealed(b), uint64(h.Digest))
	b = binary.AppendUvarint(b, h.Revision)
	b = appendTimes(b, h.SequencedAt, h.ReleaseAt)
	seal(key, b)
	return b
}

func decodeHead(key, value []byte) (replay.Head, error) {
	f, err := open(key, value)
	if err != nil {
		return replay.Head{}, err
	}
	digest, err := f.uint64()
	if err != nil {
		return replay.Head{}, err
	}
	h := replay.Head{Position: replay.Position{Digest: replay.Digest(digest)}}
	if h.Revision, err = f.varint(1<<64 - 1); err != nil {
		return replay.Head{}, err
	}
	if err := f.times(&h.SequencedAt, &h.ReleaseAt); err != nil {
		return replay.Head{}, err
	}
	return h, f.end()
}

func encodeLast(b, key []byte, n uint64) []byte {
	b = binary.AppendUvarint(unsealed(b), n)
	seal(key, b)
	return b
}

func decodeLast(key, value []byte) (uint64, error) {
	f, err := open(key, value)
	if err != nil {
		return 0, err
	}
	n, err := f.varint(1<<64 - 1)
	if err != nil {
		return 0, err
	}
	return n, f.end()
}

func encodeRecord(b, key []byte, r *replay.Record) []byte {
	b = binary.BigEndian.AppendUint64(unsealed(b), uint64(r.Digest))
	b = binary.AppendUvarint(b, uint64(r.Replica))
	b = binary.AppendUvarint(b, r.N)
	b = appendTimes(b, r.CapturedAt, r.SequencedAt, r.ReleaseAt)
	b = append(b, r.Payload...)
	seal(key, b)
	return b
}

// decodeRecord returns a record without document and revision, which are the
// key's. The payload is part of value.
func decodeRecord(key, value []byte) (replay.Record, error) {
	f, err := open(key, value)
	if err != nil {
		return replay.Record{}, err
	}
	digest, err := f.uint64()
	if err != nil {
		return replay.Record{}, err
	}
	replica, err := f.varint(1<<32 - 1)
	if err != nil {
		return replay.Record{}, err
	}
	r := replay.Record{Digest: replay.Digest(digest), Replica: uint32(replica)}
	if r.N, err = f.varint(1<<64 - 1); err != nil {
		return replay.Record{}, err
	}
	if err := f.times(&r.CapturedAt, &r.SequencedAt, &r.ReleaseAt); err != nil {
		return replay.Record{}, err
	}
	if len(f) > replay.MaxPayload {
		return replay.Record{}, errForm
	}
	r.Payload = f
	return r, nil
}

func encodeSnapshot(b, key []byte, s *replay.Snapshot) []byte {
	b = appendTimes(unsealed(b), s.ReleaseAt)
	b = append(b, s.Data...)
	seal(key, b)
	return b
}

// decodeSnapshot returns a snapshot without document and revision, which are
// the key's. The data is part of value.
func decodeSnapshot(key, value []byte) (replay.Snapshot, error) {
	f, err := open(key, value)
	if err != nil {
		return replay.Snapshot{}, err
	}
	var s replay.Snapshot
	if err := f.times(&s.ReleaseAt); err != nil {
		return replay.Snapshot{}, err
	}
	if len(f) > replay.MaxSnapshot {
		return replay.Snapshot{}, errForm
	}
	s.Data = f
	return s, nil
}

func encodeRow(b, key, value []byte) []byte {
	b = append(unsealed(b), value...)
	seal(key, b)
	return b
}

// decodeRow returns a value of the table; it is part of value.
func decodeRow(key, value []byte) ([]byte, error) {
	f, err := open(key, value)
	if err != nil {
		return nil, err
	}
	if len(f) > replay.MaxValue {
		return nil, errForm
	}
	return f, nil
}
