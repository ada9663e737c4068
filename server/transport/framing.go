package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"chalkline/protocol"
)

// Sizes of a messageReader's buffer, in bytes. It starts small, since most
// connections only ever send small messages, and is given back after a large one.
const (
	startBuffer = 512
	keepBuffer  = 16 << 10
)

// messageReader cuts a stream into messages, each behind its varint length
// (SES2). The buffer grows with what has arrived, never with what was announced.
type messageReader struct {
	from  io.Reader
	max   int // bytes of one message
	later int // as max, from the second message on

	buffer     []byte
	start, end int // buffer[start:end] has been read and not been returned
	err        error
}

func newMessageReader(from io.Reader, max int) *messageReader {
	return &messageReader{from: from, max: max, later: max}
}

// newClientReader reads the control stream of a client, of whom nothing is known before
// its first message: until then it may have little held.
func newClientReader(from io.Reader) *messageReader {
	return &messageReader{from: from, max: protocol.MaxHello, later: protocol.MaxMessage}
}

// next returns the next message, valid until the next call. It returns io.EOF
// at the end of the stream, io.ErrUnexpectedEOF if that is within a message,
// ErrTooLarge or ErrMalformed, wrapped, or the error of the stream. Errors stay.
func (r *messageReader) next() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	r.release()
	for {
		message, need, err := r.cut()
		if message != nil || err != nil {
			r.err = err
			return message, err
		}
		if err := r.fill(need); err != nil {
			r.err = r.ended(err)
			return nil, r.err
		}
	}
}

// cut returns the message at the start of the buffer, or how many bytes the
// buffer must be able to hold to make progress.
func (r *messageReader) cut() (message []byte, need int, err error) {
	held := r.buffer[r.start:r.end]
	length, n, err := lengthPrefix(held)
	if err != nil {
		return nil, 0, err
	}
	if n == 0 {
		return nil, len(held) + 1, nil
	}
	if length > uint64(r.max) {
		return nil, 0, fmt.Errorf("transport: message of %d bytes, at most %d: %w", length, r.max, ErrTooLarge)
	}
	if total := n + int(length); len(held) < total {
		return nil, total, nil
	}
	message = held[n : n+int(length) : n+int(length)]
	r.start += n + int(length)
	r.max = r.later
	return message, 0, nil
}

// fill reads more, making room for it first: twice what is held at most.
func (r *messageReader) fill(need int) error {
	if r.start > 0 {
		copy(r.buffer, r.buffer[r.start:r.end])
		r.start, r.end = 0, r.end-r.start
	}
	if r.end == len(r.buffer) {
		grown := make([]byte, max(startBuffer, min(2*len(r.buffer), need)))
		copy(grown, r.buffer[:r.end])
		r.buffer = grown
	}
	for range 100 {
		n, err := r.from.Read(r.buffer[r.end:])
		r.end += n
		if n > 0 {
			return nil // an error that came with bytes comes again
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// release gives a large buffer back once nothing is left in it.
func (r *messageReader) release() {
	if r.start == r.end && len(r.buffer) > keepBuffer {
		r.buffer, r.start, r.end = nil, 0, 0
	}
}

func (r *messageReader) ended(err error) error {
	if errors.Is(err, io.EOF) && r.end > r.start {
		return io.ErrUnexpectedEOF
	}
	return err
}

// lengthPrefix decodes the varint at the start of p: n is 0 if p ends within it.
// Only the shortest form of a varint is accepted.
func lengthPrefix(p []byte) (value uint64, n int, err error) {
	value, n = binary.Uvarint(p)
	if n < 0 || n > 1 && p[n-1] == 0 {
		return 0, 0, fmt.Errorf("transport: varint: %w", ErrMalformed)
	}
	return value, n, nil
}
