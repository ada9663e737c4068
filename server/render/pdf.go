package render

import (
	"context"
	"fmt"
	"io"
	"iter"

	"chalkline/ot"
)

// pointsPerUnit makes a px 1/96 inch: 0.75 PDF points.
const pointsPerUnit = 0.075

// PDF writes boards as the pages of a PDF, each the whole width of its board and
// as high as what is on it. Boards are taken one after the other and none is
// kept. The error is ctx's, w's, that of the boards or of the images.
func (r *Renderer) PDF(ctx context.Context, w io.Writer, boards iter.Seq2[*ot.Board, error]) error {
	out := newPDFWriter(w)
	for board, err := range boards {
		if err != nil {
			return fmt.Errorf("render: pdf: %w", err)
		}
		s, err := r.sheet(ctx, board)
		if err != nil {
			return err
		}
		if err := r.pdfPage(ctx, out, s); err != nil {
			return fmt.Errorf("render: pdf: page %d: %w", len(out.pages)+1, err)
		}
	}
	if err := out.close(); err != nil {
		return fmt.Errorf("render: pdf: %w", err)
	}
	return nil
}

// pdfPage writes the images and layers of a page, then the page: an object cannot
// stand inside another.
func (r *Renderer) pdfPage(ctx context.Context, out *pdfWriter, s *sheet) error {
	region := s.page()
	var layers []int // objects, in the order of the marks
	err := s.each(ctx, region, func(k *mark) error {
		if k.image != nil {
			return r.pdfImage(ctx, out, k.image.content)
		}
		if k.layer == nil {
			return nil
		}
		id, err := out.layer(k, region)
		layers = append(layers, id)
		return err
	})
	if err != nil {
		return err
	}
	width, height := (region.x1-region.x0)*pointsPerUnit, (region.y1-region.y0)*pointsPerUnit
	return out.page(width, height, func(c *pdfContent) error {
		c.transform(matrix{a: pointsPerUnit, d: -pointsPerUnit, e: -region.x0 * pointsPerUnit, f: height + region.y0*pointsPerUnit})
		return s.each(ctx, region, func(k *mark) error {
			switch {
			case k.image != nil:
				// PDF's unit square stands on its feet.
				return c.show(out.images[k.image.content], matrix{a: 1, d: -1, f: 1}.then(k.image.to), k.opacity)
			case k.layer != nil:
				id := layers[0]
				layers = layers[1:]
				return c.show(id, identity(), k.opacity)
			default:
				return c.fill(k)
			}
		})
	})
}

// pdfImage writes an image that is not in the document yet.
func (r *Renderer) pdfImage(ctx context.Context, out *pdfWriter, content string) error {
	if _, ok := out.images[content]; ok {
		return nil
	}
	data, err := load(ctx, r.Images, content)
	if err != nil {
		return err
	}
	out.images[content], err = out.image(data)
	return err
}
