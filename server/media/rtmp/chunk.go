package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// errMalformed says that bytes are not what the protocol wants; errLimit that they
// are more than this server takes.
var (
	errMalformed = errors.New("malformed")
	errLimit     = errors.New("over a limit")
)

const (
	defaultChunk  = 128      // 5.4.1
	maxStreams    = 16       // chunk streams
	maxMessage    = 4 << 20  // bytes
	maxStranger   = 64 << 10 // bytes of a message before something is published
	maxBuffered   = 8 << 20  // bytes of all messages that are not whole
	keptBuffer    = 256 << 10
	extendedField = 0xffffff // in place of a timestamp: it has 4 bytes of its own
)

// message is one RTMP message. Its body is valid until the next is read.
type message struct {
	kind      byte
	timestamp uint32 // ms, wraps
	stream    uint32
	body      []byte
}

// chunkReader puts messages together from chunks (5.3).
type chunkReader struct {
	r       *bufio.Reader
	size    uint32 // of a chunk of the peer
	most    uint32 // bytes of a message
	streams map[uint32]*chunkStream
	held    int          // bytes of messages that are not whole
	given   *chunkStream // whose message was given out last

	received uint32 // bytes, wraps
}

// chunkStream is what is known of a chunk stream since its last header.
type chunkStream struct {
	timestamp uint32
	field     uint32 // timestamp or delta as the last header had it
	extended  bool   // it was in a field of its own
	length    uint32
	kind      byte
	stream    uint32
	begun     bool // a message is not whole
	body      []byte
}

func newChunkReader(r io.Reader) *chunkReader {
	return &chunkReader{
		r: bufio.NewReaderSize(r, 16<<10), size: defaultChunk, most: maxStranger, streams: map[uint32]*chunkStream{},
	}
}

// next reads chunks until a message is whole.
func (c *chunkReader) next() (message, error) {
	if c.given != nil {
		c.given.free()
		c.given = nil
	}
	for {
		s, err := c.chunk()
		if err != nil {
			return message{}, fmt.Errorf("rtmp: chunk: %w", err)
		}
		if !s.begun {
			c.given = s
			return message{kind: s.kind, timestamp: s.timestamp, stream: s.stream, body: s.body}, nil
		}
	}
}

// chunk reads one. The message of its stream is whole if it has not begun any more.
func (c *chunkReader) chunk() (*chunkStream, error) {
	format, id, err := c.basicHeader()
	if err != nil {
		return nil, err
	}
	s := c.streams[id]
	switch {
	case s == nil && format == 3:
		return nil, fmt.Errorf("stream %d begins without a header: %w", id, errMalformed)
	case s == nil && len(c.streams) >= maxStreams:
		return nil, fmt.Errorf("more than %d streams: %w", maxStreams, errLimit)
	case s == nil:
		s = &chunkStream{}
		c.streams[id] = s
	}
	if err := c.messageHeader(s, format); err != nil {
		return nil, err
	}
	return s, c.payload(s)
}

// basicHeader reads format and chunk stream id (5.3.1.1).
func (c *chunkReader) basicHeader() (format byte, id uint32, err error) {
	var b [2]byte
	if err := c.read(b[:1]); err != nil {
		return 0, 0, err
	}
	format, id = b[0]>>6, uint32(b[0]&0x3f)
	switch id {
	case 0:
		err = c.read(b[:1])
		id = 64 + uint32(b[0])
	case 1:
		err = c.read(b[:2])
		id = 64 + uint32(b[0]) + uint32(b[1])<<8
	}
	return format, id, err
}

// messageHeader reads what a chunk says of its message (5.3.1.2), and begins a
// message if none has begun.
func (c *chunkReader) messageHeader(s *chunkStream, format byte) error {
	if s.begun && format != 3 {
		return fmt.Errorf("header inside of a message: %w", errMalformed)
	}
	var b [11]byte
	h := b[:[]int{11, 7, 3, 0}[format]]
	if err := c.read(h); err != nil {
		return err
	}
	if format < 3 {
		s.field = uint24(h)
		s.extended = s.field == extendedField
	}
	if format < 2 {
		s.length, s.kind = uint24(h[3:]), h[6]
	}
	if format == 0 {
		s.stream = binary.LittleEndian.Uint32(h[7:])
	}
	if s.extended { // chunks of format 3 repeat it (5.3.1.3)
		if err := c.read(b[:4]); err != nil {
			return err
		}
		if !s.begun {
			s.field = binary.BigEndian.Uint32(b[:])
		}
	}
	if s.begun {
		return nil
	}
	return c.begin(s, format)
}

func (c *chunkReader) begin(s *chunkStream, format byte) error {
	if s.length > c.most {
		return fmt.Errorf("message of %d bytes: %w", s.length, errLimit)
	}
	if format == 0 {
		s.timestamp = s.field
	} else {
		s.timestamp += s.field // after format 0 the timestamp is the delta too (5.3.1.2.4)
	}
	s.begun = true
	s.body = s.body[:0]
	return nil
}

// payload reads the bytes of a chunk. The buffer grows by those that came.
func (c *chunkReader) payload(s *chunkStream) error {
	n := int(min(s.length-uint32(len(s.body)), c.size))
	if c.held+n > maxBuffered {
		return fmt.Errorf("messages that are not whole: %w", errLimit)
	}
	for n > 0 {
		part := min(n, 4<<10)
		from := len(s.body)
		s.body = append(s.body, make([]byte, part)...)
		if err := c.read(s.body[from:]); err != nil {
			return err
		}
		c.held += part
		n -= part
	}
	if uint32(len(s.body)) == s.length {
		s.begun = false
		c.held -= len(s.body)
	}
	return nil
}

// abort drops what came of a message (5.4.2).
func (c *chunkReader) abort(id uint32) {
	if s := c.streams[id]; s != nil && s.begun {
		s.begun = false
		c.held -= len(s.body)
		s.free()
	}
}

// free drops the bytes of a message that is done with, and a large buffer too: there
// are as many as chunk streams.
func (s *chunkStream) free() {
	if s.body = s.body[:0]; cap(s.body) > keptBuffer {
		s.body = nil
	}
}

func (c *chunkReader) read(b []byte) error {
	n, err := io.ReadFull(c.r, b)
	c.received += uint32(n)
	return err
}

func uint24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }
