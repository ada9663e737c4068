package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"
)

// ErrFrame is wrapped by errors about the framing of a stream.
var ErrFrame = errors.New("bad frame")

// AppendFrame appends message behind its varint length.
func AppendFrame(dst, message []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(message)))
	return append(dst, message...)
}

// AppendMessage appends a message behind its varint length.
func AppendMessage(dst []byte, m proto.Message) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(proto.Size(m)))
	dst, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(dst, m)
	if err != nil {
		return dst, fmt.Errorf("protocol: encode: %w", err)
	}
	return dst, nil
}

// ByteReader is what ReadFrame reads from.
type ByteReader interface {
	io.Reader
	io.ByteReader
}

// ReadFrame reads one message of at most limit bytes into buf, which grows as
// needed, and returns it. io.EOF means that the stream ended between messages;
// errors that wrap ErrFrame that the peer broke the framing.
func ReadFrame(r ByteReader, buf []byte, limit int) ([]byte, error) {
	n, err := readLength(r)
	if err != nil {
		return nil, err
	}
	if n > uint64(limit) {
		return nil, fmt.Errorf("protocol: message of %d bytes, limit %d: %w", n, limit, ErrFrame)
	}
	if uint64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return buf, nil
}

// readLength reads a varint of at most 5 bytes in its shortest form.
func readLength(r io.ByteReader) (uint64, error) {
	var n uint64
	for i := range 5 {
		b, err := r.ReadByte()
		if err != nil {
			if i > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if b == 0 && i > 0 {
				break
			}
			return n, nil
		}
	}
	return 0, fmt.Errorf("protocol: length is no varint of up to 5 bytes: %w", ErrFrame)
}
