package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

const (
	packetSize = 188
	syncByte   = 0x47
	// maxBarren is among how many bytes there must be a picture or a sound.
	maxBarren = 16 << 20
)

// packets reads whole packets of a transport stream. What stands between them, as
// after bytes that were lost, is left out.
type packets struct {
	r      *bufio.Reader
	synced bool
	err    error // why it ended
	barren int64 // bytes since the last picture or sound
}

func newPackets(r io.Reader) *packets { return &packets{r: bufio.NewReaderSize(r, 64*packetSize)} }

// Read reads one packet into b, which has room for it.
func (p *packets) Read(b []byte) (int, error) {
	if p.err == nil {
		p.err = p.sync()
	}
	if p.err != nil {
		return 0, p.err
	}
	n, err := io.ReadFull(p.r, b[:min(packetSize, len(b))])
	p.barren += int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF // a packet that is not whole is none
	}
	if p.err = err; err != nil {
		return 0, err
	}
	return n, nil
}

// sync finds the next packet: where two begin, if those before were lost.
func (p *packets) sync() error {
	for p.barren <= maxBarren {
		want := 1
		if !p.synced {
			want = packetSize + 1
		}
		b, err := p.r.Peek(want)
		if len(b) == 0 {
			return err
		}
		if b[0] == syncByte && (len(b) < packetSize+1 || b[packetSize] == syncByte) {
			p.synced = true
			return nil
		}
		p.synced = false
		p.barren++
		_, _ = p.r.Discard(1) // was peeked
	}
	return fmt.Errorf("ingest: transport stream without pictures and sound: %w", errMalformed)
}

// bear notes that a picture or a sound came.
func (p *packets) bear() { p.barren = 0 }
