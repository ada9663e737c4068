package mpegts

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"chalkline/sei"
)

// Config says how to stamp.
type Config struct {
	// Stamp returns the stamp of an access unit. It replaces the one found;
	// false leaves the unit as it is. It is called once for each, in the order
	// of the stream. nil: none is stamped.
	Stamp func(Frame) (sei.Stamp, bool)
}

// Writer stamps one transport stream. It belongs to one goroutine.
type Writer struct {
	config  Config
	to      io.Writer
	err     error
	in      []byte // less than a packet, between calls
	out     []byte // of one call
	lost    bool   // no packet boundary is known
	tables  tables
	video   uint16
	head    head
	shift   byte // of the video's continuity counters
	skipped int64
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer, c Config) *Writer {
	return &Writer{config: c, to: w, tables: newTables(), video: nullPID}
}

// Write takes the next bytes of the stream, cut anywhere. Bytes that belong to
// no packet are dropped. The error, which is final, is the one of the
// underlying writer.
func (w *Writer) Write(b []byte) (int, error) {
	w.out = w.out[:0]
	for rest := b; w.err == nil && len(rest) > 0; {
		// In pieces, so that the buffers stay small whatever is written.
		n := min(len(rest), 64*packetSize)
		w.in = append(w.in, rest[:n]...)
		rest = rest[n:]
		w.packets()
		w.send("write")
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(b), nil
}

// Flush lets out what waits for the rest of its frame: at the end of the
// stream. A packet that is not whole is dropped.
func (w *Writer) Flush() error {
	w.out = w.out[:0]
	w.give()
	w.in = w.in[:0]
	w.send("flush")
	return w.err
}

// Skipped returns how many bytes of the stream belonged to no packet.
func (w *Writer) Skipped() int64 { return w.skipped }

func (w *Writer) send(what string) {
	if w.err != nil || len(w.out) == 0 {
		return
	}
	if _, err := w.to.Write(w.out); err != nil {
		w.err = fmt.Errorf("sei/mpegts: %s: %w", what, err)
	}
	w.out = w.out[:0]
}

// packets takes the whole packets out of in.
func (w *Writer) packets() {
	b := w.in
	for len(b) >= packetSize {
		if b[0] == syncByte && w.lost {
			if len(b) == packetSize {
				break // the byte after it will tell
			}
			w.lost = b[packetSize] != syncByte
		}
		if b[0] == syncByte && !w.lost {
			w.push(packet(b[:packetSize]))
			b = b[packetSize:]
			continue
		}
		w.lost = true
		n := 1 + bytes.IndexByte(b[1:], syncByte)
		if n == 0 {
			n = len(b)
		}
		w.skipped += int64(n)
		b = b[n:]
	}
	w.in = w.in[:copy(w.in, b)]
}

// push takes the next packet.
func (w *Writer) push(p packet) {
	w.tables.push(p)
	if w.tables.video != w.video {
		w.give()
		w.video, w.shift = w.tables.video, 0
	}
	switch {
	case p.pid() == w.video && w.video != nullPID:
		w.pushVideo(p)
	case !w.head.open():
		w.out = append(w.out, p...)
	case !w.head.wait(p):
		w.give()
	}
}

func (w *Writer) pushVideo(p packet) {
	if p.starts() {
		w.give() // a frame without a slice
	}
	if !p.starts() && !w.head.open() {
		w.pass(p)
		return
	}
	queued := len(w.head.queue)
	if !w.head.add(p) {
		missing := len(w.head.queue) == queued
		w.give()
		if missing {
			w.pass(p)
		}
		return
	}
	at, frame, ok := w.head.complete()
	switch {
	case ok:
		w.finish(at, frame)
	case isTimeless(w.head.payload):
		w.give()
	}
}

// finish lets out the head, whose slice has begun.
func (w *Writer) finish(at int, frame Frame) {
	if found, ok := sei.Read(sei.AnnexB, w.head.payload[at:]); ok {
		frame.Found = found
	}
	frame.Head = w.head.payload[at:]
	if w.config.Stamp != nil {
		if stamp, ok := w.config.Stamp(frame); ok {
			if payload, ok := stampPES(w.head.payload, at, stamp); ok {
				w.out, w.shift = w.head.appendAs(w.out, w.video, payload, w.shift)
				w.head.reset()
				return
			}
		}
	}
	w.give()
}

// give lets out the head as it came.
func (w *Writer) give() {
	for at := 0; at < len(w.head.queue); at += packetSize {
		p := packet(w.head.queue[at : at+packetSize])
		if p.pid() == w.video {
			p.shift(w.shift)
		}
		w.out = append(w.out, p...)
	}
	w.head.reset()
}

// pass lets out a packet of the video behind the head.
func (w *Writer) pass(p packet) {
	w.out = append(w.out, p...)
	packet(w.out[len(w.out)-packetSize:]).shift(w.shift)
}

// Read calls yield for each access unit with a time, in the order of the
// stream, until it returns false or the stream ends. The error is the one of r.
func Read(r io.Reader, yield func(Frame) bool) error {
	more := true
	w := NewWriter(io.Discard, Config{Stamp: func(f Frame) (sei.Stamp, bool) {
		more = more && yield(f)
		return sei.Stamp{}, false
	}})
	buf := make([]byte, 64*packetSize)
	for more {
		n, err := r.Read(buf)
		if _, werr := w.Write(buf[:n]); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sei/mpegts: read: %w", err)
		}
	}
	return nil
}
