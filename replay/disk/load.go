package disk

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"chalkline/replay"
	"chalkline/replay/internal/sequence"
)

// load reads where a room's documents stand, if that is not in memory yet.
func (l *Log) load(r *room) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.order != nil || r.broken != nil {
		return r.broken
	}
	order, err := l.stored(r.id)
	if err != nil {
		return err
	}
	r.order = order
	return nil
}

func (l *Log) stored(id replay.Room) (*sequence.Room, error) {
	epoch, err := l.epoch(id)
	if err != nil {
		return nil, err
	}
	order := sequence.New(epoch)
	if err := l.loadHeads(id, order); err != nil {
		return nil, err
	}
	if err := l.loadLasts(id, order); err != nil {
		return nil, err
	}
	return order, nil
}

func (l *Log) epoch(id replay.Room) (epoch uint64, err error) {
	key := appendKind(nil, id, kindEpoch)
	err = l.get(key, func(value []byte) (err error) {
		epoch, err = decodeEpoch(key, value)
		return damaged("epoch", err)
	})
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, replay.ErrNoRoom
	}
	return epoch, err
}

// get calls use with the value of a key; pebble.ErrNotFound if there is none.
func (l *Log) get(key []byte, use func(value []byte) error) error {
	value, closer, err := l.db.Get(key)
	if err != nil {
		return l.readError(err)
	}
	err = use(value)
	return errors.Join(err, closer.Close())
}

// readError marks what of Pebble's errors is damage.
func (l *Log) readError(err error) error {
	if pebble.IsCorruptionError(err) {
		return damaged("a file of the store", err)
	}
	return err
}

// damaged says what was found wrong and what an operator can do.
func damaged(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %w; %s", replay.ErrCorrupt, what, err, advice)
}

// scan calls use for every key from lower up to upper.
func (l *Log) scan(lower, upper []byte, use func(it *pebble.Iterator) (more bool, err error)) error {
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return l.readError(err)
	}
	for more := it.First(); more && err == nil; {
		if more, err = use(it); more && err == nil {
			more = it.Next()
		}
	}
	if err != nil {
		_ = it.Close() // reports what use has seen already
		return err
	}
	return l.readError(it.Close())
}

// scanKind is scan over the keys of one kind of a room.
func (l *Log) scanKind(id replay.Room, kind byte, use func(key, value []byte) error) error {
	lower := appendKind(nil, id, kind)
	return l.scan(lower, after(lower), func(it *pebble.Iterator) (bool, error) {
		value, err := it.ValueAndErr()
		if err != nil {
			return false, l.readError(err)
		}
		return true, use(it.Key(), value)
	})
}

func (l *Log) loadHeads(id replay.Room, order *sequence.Room) error {
	lower := appendKind(nil, id, kindRecord)
	records, err := l.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: after(lower)})
	if err != nil {
		return l.readError(err)
	}
	err = l.scanKind(id, kindHead, func(key, value []byte) error {
		document, _, ok := parseDocument(key, 0)
		if !ok {
			return damaged("key of a head", errForm)
		}
		head, err := decodeHead(key, value)
		if err != nil {
			return damaged(fmt.Sprintf("head of %q", document), err)
		}
		order.RestoreHead(document, head)
		return l.checkLast(records, id, document, head)
	})
	if err != nil {
		_ = records.Close() // reports what has been returned already
		return err
	}
	return l.readError(records.Close())
}

// checkLast sees that a document's records end where its head says.
func (l *Log) checkLast(records *pebble.Iterator, id replay.Room, document replay.Document, head replay.Head) error {
	what := fmt.Sprintf("last record of %q", document)
	if !records.SeekLT(after(appendDocument(nil, id, kindRecord, document))) {
		if err := records.Error(); err != nil {
			return l.readError(err)
		}
		return damaged(what, errMissing)
	}
	name, tail, ok := parseDocument(records.Key(), 8)
	if !ok || name != document {
		return damaged(what, errMissing)
	}
	value, err := records.ValueAndErr()
	if err != nil {
		return l.readError(err)
	}
	record, err := decodeRecord(records.Key(), value)
	if err != nil {
		return damaged(what, err)
	}
	record.Revision = binary.BigEndian.Uint64(tail)
	if sequence.HeadOf(&record) != head {
		return damaged(what, errHead)
	}
	return nil
}

// What is wrong with records that are each in order.
var (
	errMissing = errors.New("it is missing")
	errHead    = errors.New("it is not the one that the head names")
)

func (l *Log) loadLasts(id replay.Room, order *sequence.Room) error {
	return l.scanKind(id, kindLast, func(key, value []byte) error {
		document, tail, ok := parseDocument(key, 4)
		if !ok {
			return damaged("key of a last n", errForm)
		}
		n, err := decodeLast(key, value)
		if err != nil {
			return damaged(fmt.Sprintf("last n in %q", document), err)
		}
		if !order.RestoreLast(document, binary.BigEndian.Uint32(tail), n) {
			return damaged(fmt.Sprintf("head of %q", document), errMissing)
		}
		return nil
	})
}
