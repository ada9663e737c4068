package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

// largeChunk is larger than encoders send.
const largeChunk = 64 << 10

// chunk is one of stream 4: a header of some format and bytes.
func chunk(format byte, header []byte, payload string) []byte {
	return append(append([]byte{format<<6 | 4}, header...), payload...)
}

// header0 is a header of format 0.
func header0(timestamp uint32, length int, kind byte) []byte {
	h := []byte{byte(timestamp >> 16), byte(timestamp >> 8), byte(timestamp), 0, byte(length >> 8), byte(length), kind}
	return append(h, 1, 0, 0, 0)
}

func TestMessagesArePutTogetherFromChunks(t *testing.T) {
	extended := func(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }
	long := strings.Repeat("x", 200)
	for name, c := range map[string]struct {
		chunks [][]byte
		want   []uint32 // timestamps
		bodies []string
	}{
		"all formats": {
			[][]byte{
				chunk(0, header0(1000, 2, 9), "ab"),
				chunk(1, []byte{0, 0, 33, 0, 0, 3, 8}, "cde"),
				chunk(2, []byte{0, 0, 34}, "fgh"),
				chunk(3, nil, "ijk"),
			},
			[]uint32{1000, 1033, 1067, 1101},
			[]string{"ab", "cde", "fgh", "ijk"},
		},
		"format 3 after format 0 takes its timestamp as delta": {
			[][]byte{chunk(0, header0(40, 1, 9), "a"), chunk(3, nil, "b")},
			[]uint32{40, 80},
			[]string{"a", "b"},
		},
		"in several chunks": {
			[][]byte{chunk(0, header0(7, 200, 9), long[:128]), chunk(3, nil, long[128:])},
			[]uint32{7},
			[]string{long},
		},
		"extended timestamp, which chunks of format 3 repeat": {
			[][]byte{
				chunk(0, header0(0xffffff, 200, 9), extended(0x01000002)+long[:128]), chunk(3, nil, extended(0x01000002)+long[128:]),
				chunk(1, []byte{0xff, 0xff, 0xff, 0, 0, 1, 9}, extended(0x01000000)+"a"),
			},
			[]uint32{0x01000002, 0x02000002},
			[]string{long, "a"},
		},
		"times wrap": {
			[][]byte{chunk(0, header0(0xffffff, 1, 9), extended(0xffffffff)+"a"), chunk(2, []byte{0, 0, 2}, "b")},
			[]uint32{0xffffffff, 1},
			[]string{"a", "b"},
		},
		"nothing in it": {
			[][]byte{chunk(0, header0(3, 0, 9), "")},
			[]uint32{3},
			[]string{""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newChunkReader(bytes.NewReader(bytes.Join(c.chunks, nil)))
			for i, want := range c.want {
				m, err := r.next()
				if err != nil || m.timestamp != want || string(m.body) != c.bodies[i] {
					t.Fatalf("message %d is %q at %d: %v, want %q at %d", i, m.body, m.timestamp, err, c.bodies[i], want)
				}
			}
			if _, err := r.next(); !errors.Is(err, io.EOF) {
				t.Errorf("after the last: %v", err)
			}
		})
	}
}

func TestChunkStreamsAreInterleavedAndNumberedInOneToThreeBytes(t *testing.T) {
	long := strings.Repeat("v", 130)
	var b []byte
	b = append(append(append(b, 0, 10), header0(5, 130, 9)...), long[:128]...)                 // stream 74
	b = append(append(append(b, 1, 2, 1), header0(6, 1, 8)...), 'a')                           // stream 322
	b = append(append(append(b, 0xc0, 10), long[128:]...), append([]byte{0xc1, 2, 1}, 'b')...) // both go on
	r := newChunkReader(bytes.NewReader(b))
	for _, want := range []string{"a", long, "b"} {
		if m, err := r.next(); err != nil || string(m.body) != want {
			t.Fatalf("message is %q: %v, want %q", m.body, err, want)
		}
	}
}

func TestWhatAHeaderClaimsIsNotAllocated(t *testing.T) {
	r := newChunkReader(bytes.NewReader(chunk(0, []byte{0, 0, 0, 0x3f, 0, 0, 9, 1, 0, 0, 0}, "only this")))
	r.most, r.size = maxMessage, largeChunk
	if _, err := r.next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("next() = %v", err)
	}
	if got := cap(r.streams[4].body); got > 8<<10 {
		t.Errorf("%d bytes are held for 9 that came", got)
	}
}

func TestChunksOverALimitAreRefused(t *testing.T) {
	var many []byte
	for id := byte(3); id < 3+maxStreams+1; id++ {
		many = append(many, id, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0)
	}
	for name, c := range map[string]struct {
		bytes []byte
		want  error
	}{
		"too many streams":        {many, errLimit},
		"too long for a stranger": {chunk(0, []byte{0, 0, 0, 1, 0, 1, 9, 0, 0, 0, 0}, ""), errLimit},
		"no header before":        {chunk(3, nil, ""), errMalformed},
		"header in a message":     {append(chunk(0, header0(0, 200, 9), strings.Repeat("x", 128)), chunk(0, header0(0, 1, 9), "")...), errMalformed},
	} {
		r := newChunkReader(bytes.NewReader(c.bytes))
		var err error
		for err == nil {
			_, err = r.next()
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestMessagesThatAreNotWholeAreBoundedTogether(t *testing.T) {
	var b []byte
	for id := byte(3); id < 6; id++ {
		b = append(append(b, id, 0, 0, 0, 0x40, 0, 0, 9, 1, 0, 0, 0), make([]byte, largeChunk)...)
		for range 60 {
			b = append(append(b, 0xc0|id), make([]byte, largeChunk)...)
		}
	}
	r := newChunkReader(bytes.NewReader(b))
	r.most, r.size = maxMessage, largeChunk
	if _, err := r.next(); !errors.Is(err, errLimit) {
		t.Errorf("next() = %v, want %v", err, errLimit)
	}
}

func TestAnAbortedMessageIsForgotten(t *testing.T) {
	r := newChunkReader(bytes.NewReader(append(chunk(0, header0(1, 130, 9), strings.Repeat("x", 128)), chunk(0, header0(2, 1, 9), "a")...)))
	if s, err := r.chunk(); err != nil || !s.begun {
		t.Fatalf("chunk() = %+v, %v", s, err)
	}
	r.abort(4)
	if m, err := r.next(); err != nil || string(m.body) != "a" || r.held != 0 {
		t.Errorf("next() = %q, %v, %d bytes held", m.body, err, r.held)
	}
}

func FuzzChunks(f *testing.F) {
	f.Add(chunk(0, header0(1000, 2, 9), "ab"))
	f.Add(append(chunk(0, header0(7, 200, 9), strings.Repeat("x", 128)), chunk(3, nil, strings.Repeat("x", 72))...))
	f.Add(chunk(0, header0(0xffffff, 1, 9), "\x01\x00\x00\x00a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newChunkReader(bytes.NewReader(b))
		total := 0
		for {
			m, err := r.next()
			if err != nil {
				break
			}
			if total += len(m.body); total > len(b) {
				t.Fatalf("%d bytes of messages in %d bytes", total, len(b))
			}
		}
		if r.held < 0 || r.held > len(b) || len(r.streams) > maxStreams {
			t.Fatalf("%d bytes held in %d streams", r.held, len(r.streams))
		}
	})
}

func TestLargeMessagesLeaveNoBuffersBehind(t *testing.T) {
	var b []byte
	for id := byte(3); id < 3+maxStreams; id++ { // 1 MB on each chunk stream, whole or given up
		b = append(append(b, id, 0, 0, 0, 0x10, 0, 0, 9, 1, 0, 0, 0), make([]byte, largeChunk)...)
		for range 15 - id%2 {
			b = append(append(b, 0xc0|id), make([]byte, largeChunk)...)
		}
	}
	r := newChunkReader(bytes.NewReader(b))
	r.most, r.size = maxMessage, largeChunk
	for err := error(nil); err == nil; {
		_, err = r.next()
		for id := range r.streams {
			if id%2 == 1 && r.held == 15*largeChunk {
				r.abort(id)
			}
		}
	}
	kept := 0
	for _, s := range r.streams {
		kept += cap(s.body)
	}
	if kept > maxStreams*keptBuffer {
		t.Errorf("%d bytes of buffers are kept", kept)
	}
}
