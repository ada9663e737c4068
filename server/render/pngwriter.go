package render

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// pngWriter writes a PNG (ISO/IEC 15948) of opaque RGB row by row, so that a
// picture need never be in memory as a whole. image/png wants one that is.
type pngWriter struct {
	w      io.Writer
	chunks *bufio.Writer
	zip    *zlib.Writer
	row    []byte // filter type, then RGB
	before []byte // RGB of the row above
}

// pngChunk is how many bytes of pixels a chunk holds.
const pngChunk = 64 << 10

func newPNGWriter(w io.Writer, width, height int) (*pngWriter, error) {
	if _, err := io.WriteString(w, "\x89PNG\r\n\x1a\n"); err != nil {
		return nil, err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(width))
	head = binary.BigEndian.AppendUint32(head, uint32(height))
	head = append(head, 8, 2, 0, 0, 0) // 8 bits, RGB, deflate, filters by row, not interlaced
	if err := writePNGChunk(w, "IHDR", head); err != nil {
		return nil, err
	}
	p := &pngWriter{w: w, row: make([]byte, 1+3*width), before: make([]byte, 3*width)}
	p.chunks = bufio.NewWriterSize(pngData{w}, pngChunk)
	zip, err := zlib.NewWriterLevel(p.chunks, 4) // level 6 takes twice the time for a twentieth less
	p.zip = zip
	return p, err
}

// writeRow takes a row of RGBA. Each is told as its difference from the row
// above (filter type 2), which on a mostly white page is mostly zeros.
func (p *pngWriter) writeRow(rgba []byte) error {
	p.row[0] = 2
	for i, j := 0, 0; j+3 < len(rgba); i, j = i+3, j+4 {
		p.row[1+i], p.row[2+i], p.row[3+i] = rgba[j]-p.before[i], rgba[j+1]-p.before[i+1], rgba[j+2]-p.before[i+2]
		p.before[i], p.before[i+1], p.before[i+2] = rgba[j], rgba[j+1], rgba[j+2]
	}
	_, err := p.zip.Write(p.row)
	return err
}

func (p *pngWriter) close() error {
	if err := p.zip.Close(); err != nil {
		return err
	}
	if err := p.chunks.Flush(); err != nil {
		return err
	}
	return writePNGChunk(p.w, "IEND", nil)
}

// pngData makes a chunk of every Write.
type pngData struct{ w io.Writer }

func (d pngData) Write(b []byte) (int, error) {
	if err := writePNGChunk(d.w, "IDAT", b); err != nil {
		return 0, err
	}
	return len(b), nil
}

func writePNGChunk(w io.Writer, kind string, data []byte) error {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	head = append(head, kind...)
	sum := crc32.Update(crc32.ChecksumIEEE(head[4:]), crc32.IEEETable, data)
	for _, part := range [][]byte{head, data, binary.BigEndian.AppendUint32(nil, sum)} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
