package ink

import (
	"fmt"
	"slices"

	"chalkline/ot"
)

// Encoder codes the frames of one stroke at a time. The zero Encoder is not
// ready; it may be used by one goroutine at a time.
type Encoder struct{ m model }

// NewEncoder returns an Encoder at the start of a stroke.
func NewEncoder() *Encoder {
	e := new(Encoder)
	e.Reset()
	return e
}

// Reset begins another stroke.
func (e *Encoder) Reset() { e.m.reset() }

// AppendFrame appends the code of the stroke's next 1 to MaxFrame points to dst,
// a byte at least. The first point of a stroke has T = 0 and a frame ends at most MaxGap ms after the point before it. After
// ErrRange nothing was coded and the stroke may go on with other points.
func (e *Encoder) AppendFrame(dst []byte, pts []ot.Point) ([]byte, error) {
	if len(pts) == 0 || len(pts) > MaxFrame {
		return dst, fmt.Errorf("%w: frame of %d points", ErrRange, len(pts))
	}
	if err := check(pts, e.m.before()); err != nil {
		return dst, err
	}
	if d := pts[len(pts)-1].T - e.m.last.T; d > MaxGap {
		return dst, fmt.Errorf("%w: frame of %d ms", ErrRange, d)
	}
	c := encodeTo(dst)
	e.m.size(&c, len(pts))
	if err := e.m.segment(&c, pts); err != nil {
		return dst, fmt.Errorf("ink: encode frame: %w", err)
	}
	return c.finish(), nil
}

// Decoder decodes the frames of one stroke at a time. The zero Decoder is not
// ready; it may be used by one goroutine at a time.
type Decoder struct {
	m      model
	broken bool
}

// NewDecoder returns a Decoder at the start of a stroke.
func NewDecoder() *Decoder {
	d := new(Decoder)
	d.Reset()
	return d
}

// Reset begins another stroke.
func (d *Decoder) Reset() {
	d.m.reset()
	d.broken = false
}

// DecodeFrame appends the 1 to MaxFrame points of one frame, exactly src, to
// dst. After ErrCorrupt the stroke cannot go on: every further frame is
// ErrCorrupt too until Reset.
func (d *Decoder) DecodeFrame(dst []ot.Point, src []byte) ([]ot.Point, error) {
	if d.broken {
		return dst, ErrCorrupt
	}
	pts, err := d.decode(dst, src)
	if err != nil {
		d.broken = true
		return dst, err
	}
	return pts, nil
}

func (d *Decoder) decode(dst []ot.Point, src []byte) ([]ot.Point, error) {
	c := decodeFrom(src)
	n := d.m.size(&c, 0)
	if n < 1 || n > MaxFrame {
		return nil, ErrCorrupt
	}
	had := len(dst)
	dst = slices.Grow(dst, n)[:had+n]
	if err := d.m.segment(&c, dst[had:]); err != nil {
		return nil, err
	}
	if !c.finished() {
		return nil, ErrCorrupt
	}
	return dst, nil
}
