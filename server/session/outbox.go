package session

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/room"
	"chalkline/server/transport"
)

// Sizes of the queue. Bytes are what bounds it; the slots only have to be enough.
const (
	slots         = 1024
	controlSlots  = 256 // of them, which documents leave free
	datagramSlots = 8
	writeBytes    = 64 << 10 // gathered into one write
	maxOpenings   = 2 * protocol.MaxOpenDocuments
	closeGrace    = time.Second
	retryAfter    = 500 // ms, with GOING_AWAY
)

// Streams of items that are for none; no handle is so high.
var (
	datagrams = room.Stream{Handle: 1<<32 - 1}
	drain     = room.Stream{Handle: 1<<32 - 2} // ends what an overflow drops
)

// item is something to write: to a document's stream, to control where the
// handle is 0, or datagrams. Its bytes are shared with other sessions and not written to.
type item struct {
	stream room.Stream
	parts  [][]byte
	upTo   uint64 // revision that the document has behind it
	size   uint32
	begins bool // a snapshot, or what was missed
	closes bool // ends the handle's stream
}

// outbox is a session's side of room.Peer: a queue and the goroutine that
// writes it. Methods may be called by anyone; they never block.
type outbox struct {
	conn    transport.Conn
	metrics *Metrics
	limit   int64
	drained func(*room.Room, map[room.Stream]uint64)
	room    atomic.Pointer[room.Room]

	queue     chan item
	pointers  atomic.Int64 // datagrams that wait
	bytes     atomic.Int64 // that wait, but for openings
	openings  atomic.Int64 // that wait
	overflown atomic.Bool  // records that wait are thrown away, up to drain

	closing  chan struct{}
	closed   sync.Once
	reason   *protocol.Error // set before closing is closed
	finished chan struct{}

	// Owned by run.
	streams map[uint32]*openStream
	scratch []byte   // parts, joined
	parts   [][]byte // of the run that is gathered
}

type openStream struct {
	generation uint32
	stream     transport.Stream
	reached    uint64 // revision that was written
}

func newOutbox(conn transport.Conn, cfg Config, drained func(*room.Room, map[room.Stream]uint64)) *outbox {
	o := &outbox{
		conn: conn, metrics: cfg.Metrics, limit: int64(cfg.QueueBytes), drained: drained,
		queue: make(chan item, slots), closing: make(chan struct{}), finished: make(chan struct{}),
		streams: map[uint32]*openStream{},
	}
	go o.run()
	return o
}

// send queues a control message made here; encoding it cannot fail.
func (o *outbox) send(m proto.Message) {
	framed, _ := protocol.AppendMessage(nil, m)
	o.Control(framed)
}

// Control queues framed control messages. A client that does not even take
// these is given up.
func (o *outbox) Control(framed []byte) {
	if !o.put(item{parts: [][]byte{framed}, size: uint32(len(framed))}, 2*o.limit) {
		o.Close(protocol.NewError(protocol.Overloaded))
	}
}

// Document is that of room.Peer. What a stream begins with is as large as its
// document, and is memory that others share: it counts by number, not by bytes.
// Else who opens two large boards would never get the second. For the same reason
// it is not thrown away: on a narrow line the queue may overflow while it is written.
func (o *outbox) Document(s room.Stream, parts [][]byte, upTo uint64, begins bool) bool {
	if o.overflown.Load() {
		return false
	}
	it := item{stream: s, parts: parts, upTo: upTo, begins: begins}
	for _, p := range parts {
		it.size += uint32(len(p))
	}
	if o.put(it, o.limit) {
		return true
	}
	o.overflow()
	return false
}

// overflow throws away the records that wait; the room is told once that is done.
func (o *outbox) overflow() {
	o.metrics.overflows.Inc()
	o.overflown.Store(true)
	select {
	case o.queue <- item{stream: drain}:
	default: // full of control
		o.Close(protocol.NewError(protocol.Overloaded))
	}
}

// put queues an item if less than limit bytes wait; one item may go over it.
func (o *outbox) put(it item, limit int64) bool {
	switch {
	case it.begins && o.openings.Load() >= maxOpenings,
		!it.begins && o.bytes.Load() >= limit,
		it.stream.Handle != 0 && len(o.queue) >= slots-controlSlots:
		return false
	}
	o.count(it, 1)
	select {
	case o.queue <- it:
		return true
	default:
		o.count(it, -1)
		return false
	}
}

// count counts an item in (1) or out (-1).
func (o *outbox) count(it item, sign int64) {
	if it.begins {
		o.openings.Add(sign)
	} else {
		o.bytes.Add(sign * int64(it.size))
	}
}

// tellDrained tells the room after an overflow how far each stream came.
func (o *outbox) tellDrained() {
	reached := make(map[room.Stream]uint64, len(o.streams))
	for handle, s := range o.streams {
		reached[room.Stream{Handle: handle, Generation: s.generation}] = s.reached
	}
	o.overflown.Store(false)
	if r := o.room.Load(); r != nil {
		go o.drained(r, reached)
	}
}

// CloseDocument ends the stream of a handle after what is queued for it.
func (o *outbox) CloseDocument(handle uint32) {
	o.put(item{stream: room.Stream{Handle: handle}, closes: true}, 2*o.limit)
}

// Datagram sends a datagram soon or never.
func (o *outbox) Datagram(p []byte) {
	if o.pointers.Add(1) <= datagramSlots && o.put(item{stream: datagrams, parts: [][]byte{p}, size: uint32(len(p))}, o.limit) {
		return
	}
	o.pointers.Add(-1)
	o.metrics.datagramsDropped.Inc()
}

// Close tells the client why and closes the connection. Only the first call counts.
func (o *outbox) Close(reason *protocol.Error) { o.end(reason, reason.Code.String()) }

// end is Close that is counted as something else.
func (o *outbox) end(reason *protocol.Error, counted string) {
	o.closed.Do(func() {
		o.reason = reason
		o.metrics.closes.WithLabelValues(counted).Inc()
		close(o.closing)
		time.AfterFunc(closeGrace, func() { _ = o.conn.Close(uint32(reason.Code)) })
	})
}

// wait waits until the writer has ended.
func (o *outbox) wait() { <-o.finished }

// run is the writer.
func (o *outbox) run() {
	defer close(o.finished)
	for {
		select {
		case it := <-o.queue:
			if err := o.write(it); err != nil {
				o.end(ending(err))
				_ = o.conn.Close(uint32(protocol.GoingAway))
				return
			}
		case <-o.closing: // also when the connection is gone: its reader closes then
			o.sayGoodbye()
			return
		}
	}
}

// write writes an item and, with it, what waits behind it for the same stream:
// one write costs about the same whatever it carries.
func (o *outbox) write(it item) error {
	for {
		next, more, err := o.writeRun(it)
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
		it = next
	}
}

// writeRun writes it and the items behind it for the same stream; next is the
// first of another stream.
func (o *outbox) writeRun(it item) (next item, more bool, err error) {
	size, upTo := o.gather(it), it.upTo
	for size < writeBytes && !it.closes && !more {
		var waits bool
		if next, waits = o.next(); !waits {
			break
		}
		if more = next.stream != it.stream || next.closes; !more {
			size += o.gather(next)
			upTo = next.upTo
		}
	}
	err = o.emit(it, o.parts, size, upTo)
	clear(o.parts)
	o.parts = o.parts[:0]
	return next, more, err
}

// next takes what waits, if anything.
func (o *outbox) next() (it item, ok bool) {
	select {
	case it = <-o.queue:
		return it, true
	default:
		return item{}, false
	}
}

// gather puts an item into the run and returns its size.
func (o *outbox) gather(it item) int {
	o.count(it, -1)
	o.parts = append(o.parts, it.parts...)
	return int(it.size)
}

// emit writes gathered parts, which end with a revision, to the stream of it.
func (o *outbox) emit(it item, parts [][]byte, size int, upTo uint64) error {
	if it.closes {
		if s, ok := o.streams[it.stream.Handle]; ok {
			delete(o.streams, it.stream.Handle)
			return s.stream.Close()
		}
		return nil
	}
	switch {
	case it.stream == datagrams:
		o.sendDatagrams(parts)
		return nil
	case it.stream == drain:
		o.tellDrained()
		return nil
	case it.stream.Handle == 0:
		return o.writeParts(o.conn.WriteControl, parts, size)
	case !it.begins && o.overflown.Load():
		return nil
	}
	s, err := o.stream(it.stream)
	if s == nil || err != nil {
		return err
	}
	err = o.writeParts(s.stream.Write, parts, size)
	s.reached = upTo
	return err
}

func (o *outbox) sendDatagrams(parts [][]byte) {
	for _, p := range parts {
		o.pointers.Add(-1)
		_ = o.conn.SendDatagram(p) // soft
	}
}

// writeParts writes parts, joined up to writeBytes at a time.
func (o *outbox) writeParts(write func([]byte) error, parts [][]byte, size int) error {
	o.metrics.writes.Inc()
	o.metrics.bytesOut.Add(float64(size))
	if len(parts) == 1 {
		return write(parts[0])
	}
	joined := slices.Grow(o.scratch[:0], min(size, writeBytes))
	for _, p := range parts {
		if len(joined) > 0 && len(joined)+len(p) > writeBytes {
			if err := write(joined); err != nil {
				return err
			}
			joined = joined[:0]
		}
		joined = append(joined, p...)
	}
	if cap(joined) <= writeBytes {
		o.scratch = joined
	}
	return write(joined)
}

// stream returns the transport's stream of a generation, opened when first
// written to; nil for a generation that has been overtaken. The one before ends behind
// what was written: its snapshot may be all that the client has for a while.
func (o *outbox) stream(s room.Stream) (*openStream, error) {
	open, ok := o.streams[s.Handle]
	switch {
	case ok && open.generation == s.Generation:
		return open, nil
	case ok && open.generation > s.Generation:
		return nil, nil
	case ok:
		_ = open.stream.Close()
	}
	stream, err := o.conn.OpenStream()
	if err != nil {
		return nil, err
	}
	open = &openStream{generation: s.Generation, stream: stream}
	o.streams[s.Handle] = open
	return open, nil
}

// sayGoodbye writes the control messages that still wait, why the connection
// ends, and closes it.
func (o *outbox) sayGoodbye() {
	for it, ok := o.next(); ok; it, ok = o.next() {
		if it.stream.Handle == 0 {
			_ = o.writeParts(o.conn.WriteControl, it.parts, int(it.size))
		}
	}
	framed, _ := protocol.AppendMessage(nil, o.goodbye())
	_ = o.conn.WriteControl(framed)
	_ = o.conn.Close(uint32(o.reason.Code))
}

func (o *outbox) goodbye() *chalklinev1.ServerMessage {
	if o.reason.Code.Retry() == protocol.RetryNow {
		return &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_GoingAway{
			GoingAway: &chalklinev1.GoingAway{Error: o.reason.Message(), RetryAfterMs: retryAfter},
		}}
	}
	return &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Error{Error: o.reason.Message()}}
}
