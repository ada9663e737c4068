package render

import (
	"context"
	"fmt"
	"image"
	"image/draw"
	"io"
	"math"

	"chalkline/ot"
)

// bandBytes is how much of a PNG is in memory at a time, at 4 bytes a pixel.
const bandBytes = 8 << 20

// PNG writes a board as a PNG. The error is ctx's, w's, that of the images or
// ErrTooMuch, wrapped; what was written by then is no picture.
func (r *Renderer) PNG(ctx context.Context, w io.Writer, board *ot.Board, o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	s, err := r.sheet(ctx, board)
	if err != nil {
		return err
	}
	region := s.region(o)
	if err := r.png(ctx, w, s, region, scaleOf(region, o)); err != nil {
		return fmt.Errorf("render: png: %w", err)
	}
	return nil
}

// scaleOf is px per unit.
func scaleOf(region rect, o Options) float64 {
	if o.Width > 0 {
		return float64(o.Width) / (region.x1 - region.x0)
	}
	return 1.0 / unitsPerPx
}

// sizeOf is how many px a region takes, at least one.
func sizeOf(region rect, scale float64) (width, height int) {
	px := func(units float64) int { return max(int(math.Ceil(units*scale-1e-6)), 1) }
	return px(region.x1 - region.x0), px(region.y1 - region.y0)
}

func (r *Renderer) png(ctx context.Context, w io.Writer, s *sheet, region rect, scale float64) error {
	width, height := sizeOf(region, scale)
	out, err := newPNGWriter(w, width, height)
	if err != nil {
		return err
	}
	rows := min(max(bandBytes/(4*width), 1), height)
	band := image.NewRGBA(image.Rect(0, 0, width, rows))
	fill := newRaster(band)
	shown := newPictures(r.Images)
	m := matrix{a: scale, d: scale, e: -region.x0 * scale, f: -region.y0 * scale}
	for top := 0; top < height; top += rows {
		band.Rect = image.Rect(0, top, width, min(top+rows, height))
		draw.Draw(band, band.Rect, image.White, image.Point{}, draw.Src)
		part := rect{region.x0, region.y0 + float64(top)/scale, region.x1, region.y0 + float64(band.Rect.Max.Y)/scale}
		err := s.each(ctx, part, func(k *mark) error {
			if k.image != nil {
				return shown.draw(ctx, band, k, m)
			}
			return fill.mark(ctx, k, m)
		})
		if err != nil {
			return err
		}
		for y := band.Rect.Min.Y; y < band.Rect.Max.Y; y++ {
			at := band.PixOffset(0, y)
			if err := out.writeRow(band.Pix[at : at+4*width]); err != nil {
				return err
			}
		}
	}
	return out.close()
}
