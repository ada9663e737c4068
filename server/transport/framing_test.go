package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"chalkline/protocol"
)

func TestSES2MessagesMayBeCutAnywhere(t *testing.T) {
	stream := framed("", "a", string(make([]byte, 300)), "end")
	for _, from := range []io.Reader{
		bytes.NewReader(stream), iotest.OneByteReader(bytes.NewReader(stream)),
		iotest.HalfReader(bytes.NewReader(stream)), iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		r := newMessageReader(from, 300)
		for _, want := range []int{0, 1, 300, 3} {
			got, err := r.next()
			if err != nil || len(got) != want {
				t.Fatalf("next() = %d bytes, %v, want %d", len(got), err, want)
			}
		}
		if _, err := r.next(); !errors.Is(err, io.EOF) {
			t.Errorf("at the end: %v, want io.EOF", err)
		}
	}
}

func TestEveryTruncationOfAMessageIsAnError(t *testing.T) {
	stream := framed(string(make([]byte, 200)))
	for n := 1; n < len(stream); n++ {
		_, err := newMessageReader(bytes.NewReader(stream[:n]), 1000).next()
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %v, want %v", n, len(stream), err, io.ErrUnexpectedEOF)
		}
	}
}

func TestSES7LengthsAreCheckedBeforeAnythingIsHeld(t *testing.T) {
	for name, c := range map[string]struct {
		prefix []byte
		want   error
	}{
		"over the limit":    {binary.AppendUvarint(nil, 1001), ErrTooLarge},
		"64 bits":           {binary.AppendUvarint(nil, 1<<64-1), ErrTooLarge},
		"longer than 64":    {bytes.Repeat([]byte{0xff}, 11), ErrMalformed},
		"not shortest form": {[]byte{0x81, 0x00}, ErrMalformed},
	} {
		r := newMessageReader(io.MultiReader(bytes.NewReader(c.prefix), zeros{}), 1000)
		for range 2 {
			if _, err := r.next(); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		if cap(r.buffer) > startBuffer {
			t.Errorf("%s: holds %d bytes", name, cap(r.buffer))
		}
	}
}

// Who has not said who it is may have little held.
func TestSES1AHelloIsSmallerThanWhatComesAfterIt(t *testing.T) {
	hello, message := string(make([]byte, protocol.MaxHello)), string(make([]byte, protocol.MaxMessage))
	r := newClientReader(bytes.NewReader(framed(hello, message, message+"a")))
	for _, want := range []int{len(hello), len(message)} {
		if got, err := r.next(); err != nil || len(got) != want {
			t.Fatalf("next() = %d bytes, %v, want %d", len(got), err, want)
		}
	}
	if _, err := r.next(); !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the limit: %v, want %v", err, ErrTooLarge)
	}
	r = newClientReader(bytes.NewReader(framed(hello + "a")))
	if _, err := r.next(); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a Hello over its limit: %v, want %v", err, ErrTooLarge)
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAnAnnouncedMessageCostsNoMoreThanTwiceWhatArrived(t *testing.T) {
	const announced, arrived = 1 << 20, 5000
	stream := append(binary.AppendUvarint(nil, announced), make([]byte, arrived)...)
	r := newMessageReader(bytes.NewReader(stream), announced)
	_, _ = r.next()
	if cap(r.buffer) > 2*len(stream) {
		t.Errorf("%d bytes arrived, %d are held", arrived, cap(r.buffer))
	}
}

func TestALargeBufferIsGivenBack(t *testing.T) {
	stream := framed(string(make([]byte, 100_000)), "a")
	r := newMessageReader(iotest.OneByteReader(bytes.NewReader(stream)), 1<<20)
	for range 2 {
		if _, err := r.next(); err != nil {
			t.Fatal(err)
		}
	}
	if cap(r.buffer) > keepBuffer {
		t.Errorf("%d bytes are held", cap(r.buffer))
	}
}

func FuzzMessageReader(f *testing.F) {
	f.Add(framed("", "a", "abc"), 3)
	f.Add([]byte{0x80, 0x80}, 1)
	f.Fuzz(func(t *testing.T, stream []byte, cut int) {
		const most = 4096
		whole, wholeErr := readAllMessages(bytes.NewReader(stream), most)
		apart, apartErr := readAllMessages(&cutReader{stream, 1 + cut&15}, most)
		if !slices.EqualFunc(whole, apart, bytes.Equal) || wholeErr.Error() != apartErr.Error() {
			t.Fatalf("cut apart: %d messages, %v; whole: %d, %v", len(apart), apartErr, len(whole), wholeErr)
		}
		if errors.Is(wholeErr, io.EOF) && !bytes.Equal(reframed(whole), stream) {
			t.Fatal("messages do not make up the stream")
		}
	})
}

func readAllMessages(from io.Reader, most int) (all [][]byte, err error) {
	r := newMessageReader(from, most)
	for {
		message, err := r.next()
		if err != nil {
			return all, err
		}
		all = append(all, bytes.Clone(message))
	}
}

func reframed(messages [][]byte) []byte {
	b := []byte{}
	for _, m := range messages {
		b = append(b, framed(string(m))...)
	}
	return b
}

// cutReader returns at most n bytes at a time.
type cutReader struct {
	left []byte
	n    int
}

func (r *cutReader) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.left[:min(r.n, len(r.left))])
	r.left = r.left[n:]
	return n, nil
}

func FuzzChannel(f *testing.F) {
	f.Add([]byte{0, 1, 2})
	f.Add([]byte{0x82, 1})
	f.Fuzz(func(t *testing.T, message []byte) {
		r := bytes.NewReader(message)
		channel, err := readChannel(r)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error is %v", err)
			}
			return
		}
		used := len(message) - r.Len()
		if !bytes.Equal(binary.AppendUvarint(nil, channel), message[:used]) {
			t.Fatalf("channel %d from % x", channel, message[:used])
		}
	})
}
