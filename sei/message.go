package sei

import (
	"bytes"
	"fmt"
	"iter"
)

// UserData is the payload type of messages that begin with a UUID:
// user_data_unregistered (H.264, D.1.7).
const UserData = 5

// Message is one SEI message (H.264, 7.3.2.3.1).
type Message struct {
	Type    int // payloadType, not negative
	Payload []byte
}

// Messages walks the messages of an SEI NAL unit, in order. It ends with an
// error that wraps ErrMalformed where a message is cut off or nal is no SEI,
// and ErrTooLong for a unit of more than MaxNAL bytes. The payloads alias nal
// unless that has emulation prevention bytes.
func Messages(nal []byte) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		if TypeOf(nal) != TypeSEI {
			yield(Message{}, fmt.Errorf("sei: NAL unit of type %d: %w", TypeOf(nal), ErrMalformed))
			return
		}
		if len(nal) > MaxNAL {
			yield(Message{}, fmt.Errorf("sei: NAL unit of %d bytes: %w", len(nal), ErrTooLong))
			return
		}
		rest := bytes.TrimRight(unescape(nal[1:]), "\x00")
		// The stop bit stands alone in its byte: messages are whole bytes.
		for len(rest) > 0 && (len(rest) > 1 || rest[0] != 0x80) {
			m, left, ok := cutMessage(rest)
			if !ok {
				yield(Message{}, fmt.Errorf("sei: message cut off, %d bytes left: %w", len(rest), ErrMalformed))
				return
			}
			if !yield(m, nil) {
				return
			}
			rest = left
		}
	}
}

func cutMessage(b []byte) (m Message, rest []byte, ok bool) {
	kind, b, ok := cutNumber(b)
	if !ok {
		return m, nil, false
	}
	size, b, ok := cutNumber(b)
	if !ok || size > len(b) {
		return m, nil, false
	}
	return Message{Type: kind, Payload: b[:size:size]}, b[size:], true
}

// cutNumber reads a number as the sum of bytes up to the first that is not 0xff.
func cutNumber(b []byte) (n int, rest []byte, ok bool) {
	for i, c := range b {
		n += int(c)
		if c != 0xff {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}

func appendNumber(dst []byte, n int) []byte {
	for ; n >= 0xff; n -= 0xff {
		dst = append(dst, 0xff)
	}
	return append(dst, byte(n))
}

// AppendNAL appends an SEI NAL unit of these messages, without a start code.
func AppendNAL(dst []byte, messages ...Message) []byte {
	var rbsp []byte
	for _, m := range messages {
		rbsp = appendNumber(rbsp, m.Type)
		rbsp = appendNumber(rbsp, len(m.Payload))
		rbsp = append(rbsp, m.Payload...)
	}
	return escape(append(dst, byte(TypeSEI)), append(rbsp, 0x80))
}
