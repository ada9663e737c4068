package render

import (
	"cmp"
	"context"
	"image"
	"math"
	"slices"
)

// lines is how many scan lines a row of pixels has: the coverage of a pixel is
// exact across and known to 1/lines down.
const lines = 8

// maxWork bounds what is filled of one picture: edges that cross scan lines, and
// those that change places there. A board as full as it may be, of handwriting at
// 1:1, takes a third.
const maxWork = 1 << 29

// edge is a straight piece of an outline in scan lines, from y0 down to y1.
type edge struct {
	y0, y1  int32   // scan lines from … to (exclusive)
	x, step float32 // at the middle of line y0, and per line
	turn    int8    // +1 down, −1 up
}

// raster fills paths on a band of a picture. Unlike golang.org/x/image/vector,
// which adds up what overlapping shapes cover, it takes their union, as canvases
// do: ink is many shapes that overlap.
type raster struct {
	band  *image.RGBA // opaque; Rect.Min.Y is the band's first row
	work  int         // so far, of maxWork
	edges []edge
	live  []edge    // those of a line, from left to right
	part  []float32 // per pixel: covered by ends of spans
	delta []float32 // per pixel: change of what is covered from here on
	under []uint8   // pixels below a layer
}

func newRaster(band *image.RGBA) *raster {
	width := band.Rect.Dx()
	return &raster{band: band, part: make([]float32, width+1), delta: make([]float32, width+2)}
}

// mark paints a path, or several as one layer. Errors are those of fill.
func (r *raster) mark(ctx context.Context, k *mark, m matrix) error {
	if k.path != nil {
		return r.fill(ctx, k.path, m, k.color, k.opacity)
	}
	// A translucent layer is what is between the band without it and the band with
	// it, painted opaque.
	box := r.rows(k.bounds(), m)
	if box.Empty() {
		return nil
	}
	at := r.band.PixOffset(0, box.Min.Y)
	pixels := r.band.Pix[at : at+4*box.Dx()*box.Dy()]
	r.under = append(r.under[:0], pixels...)
	for i := range k.layer {
		if err := r.mark(ctx, &k.layer[i], m); err != nil {
			return err
		}
	}
	alpha := float32(k.opacity) / 255
	for i, under := range r.under {
		if pixels[i] != under {
			pixels[i] = mix(under, float32(pixels[i]), alpha)
		}
	}
	return nil
}

// rows are those of the band that a box touches.
func (r *raster) rows(box rect, m matrix) image.Rectangle {
	_, y0 := m.apply(box.x0, box.y0)
	_, y1 := m.apply(box.x1, box.y1)
	b := r.band.Rect
	top := math.Max(math.Floor(y0), float64(b.Min.Y))
	bottom := math.Min(math.Ceil(y1), float64(b.Max.Y))
	if !(top < bottom) {
		return image.Rectangle{}
	}
	return image.Rect(b.Min.X, int(top), b.Max.X, int(bottom))
}

// fill paints a path, moved to pixels by m, with 0xRRGGBB at an opacity. Errors: that
// of ctx, or ErrTooMuch.
func (r *raster) fill(ctx context.Context, p *Path, m matrix, color uint32, opacity uint8) error {
	r.edges = r.edges[:0]
	flatten(p, m, r.edge)
	slices.SortFunc(r.edges, func(a, b edge) int { return cmp.Compare(a.y0, b.y0) })
	r.live = r.live[:0]
	next := 0
	for next < len(r.edges) || len(r.live) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.work > maxWork {
			return ErrTooMuch
		}
		row := r.row(next)
		from, to := int32(row*lines), int32((row+1)*lines)
		least, most := math.MaxInt, -1
		for y := from; y < to; y++ {
			for next < len(r.edges) && r.edges[next].y0 <= y {
				r.live = append(r.live, r.edges[next])
				next++
			}
			r.live = slices.DeleteFunc(r.live, func(e edge) bool { return e.y1 <= y })
			a, b := r.line()
			least, most = min(least, a), max(most, b)
		}
		if most >= least {
			r.paint(row, least, most, color, opacity)
		}
	}
	return nil
}

// row is the next row of pixels that has something to fill.
func (r *raster) row(next int) int {
	if len(r.live) > 0 {
		least := r.live[0].y0
		for _, e := range r.live {
			least = min(least, e.y0)
		}
		return int(least) / lines
	}
	return int(r.edges[next].y0) / lines
}

// edge takes a straight piece in pixels, cut off above and below the band.
func (r *raster) edge(x0, y0, x1, y1 float64) {
	turn := int8(1)
	if y0 > y1 {
		x0, y0, x1, y1, turn = x1, y1, x0, y0, -1
	}
	top, bottom := float64(r.band.Rect.Min.Y*lines), float64(r.band.Rect.Max.Y*lines)
	first := math.Max(math.Ceil(y0*lines-0.5), top)
	last := math.Min(math.Ceil(y1*lines-0.5), bottom)
	if !(first < last) { // NaN neither
		return
	}
	step := (x1 - x0) / (y1 - y0) / lines
	x := x0 + ((first+0.5)/lines-y0)*step*lines
	r.edges = append(r.edges, edge{int32(first), int32(last), float32(x), float32(step), turn})
}

// line covers what lies inside on one scan line and moves the live edges to the
// next. It returns the first and last pixel touched.
func (r *raster) line() (least, most int) {
	r.order()
	least, most = math.MaxInt, -1
	winding := 0
	var left float32
	for i := range r.live {
		e := &r.live[i]
		if winding != 0 {
			a, b := r.cover(left, e.x)
			least, most = min(least, a), max(most, b)
		}
		winding += int(e.turn)
		left = e.x
		e.x += e.step
		e.y0++
	}
	return least, most
}

// order sorts the live edges. From one line to the next few of them change places,
// so each is moved up to its own; where many come or cross, all are sorted anew.
func (r *raster) order() {
	moves := 8 * len(r.live)
	for i := 1; i < len(r.live) && moves >= 0; i++ {
		e, at := r.live[i], i
		for ; at > 0 && cmp.Less(e.x, r.live[at-1].x); at-- {
			r.live[at] = r.live[at-1]
		}
		r.live[at] = e
		moves -= i - at
	}
	r.work += 9*len(r.live) - moves
	if moves < 0 {
		slices.SortFunc(r.live, func(a, b edge) int { return cmp.Compare(a.x, b.x) })
	}
}

// cover adds a span of one scan line, in pixels.
func (r *raster) cover(from, to float32) (first, last int) {
	width := float32(r.band.Rect.Dx())
	from, to = max(from, 0), min(to, width)
	if !(from < to) {
		return math.MaxInt, -1
	}
	const share = 1.0 / lines
	a, b := int(from), int(to)
	if a == b {
		r.part[a] += (to - from) * share
		return a, a
	}
	r.part[a] += (float32(a+1) - from) * share
	r.part[b] += (to - float32(b)) * share
	r.delta[a+1] += share
	r.delta[b] -= share
	return a, b
}

// paint puts what is covered of a row on the band, and forgets it.
func (r *raster) paint(row, least, most int, color uint32, opacity uint8) {
	red, green, blue := float32(color>>16&255), float32(color>>8&255), float32(color&255)
	alpha := float32(opacity) / 255
	width := r.band.Rect.Dx()
	pixels := r.band.Pix[r.band.PixOffset(0, row):]
	var whole float32
	for x := least; x <= most; x++ {
		whole += r.delta[x]
		a := min(whole+r.part[x], 1) * alpha
		r.delta[x], r.part[x] = 0, 0
		if x >= width || a <= 0 {
			continue
		}
		px := pixels[4*x : 4*x+3 : 4*x+3]
		px[0], px[1], px[2] = mix(px[0], red, a), mix(px[1], green, a), mix(px[2], blue, a)
	}
	r.delta[most+1] = 0
}

func mix(under uint8, over, alpha float32) uint8 {
	u := float32(under)
	return uint8(u + (over-u)*alpha + 0.5)
}
