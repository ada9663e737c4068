package render

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"strconv"

	"chalkline/ot"
)

// SVG writes a board as an SVG 1.1 document without scripts, links or fonts:
// images are in it, letters are outlines. Options.Width sets how large it is
// shown. The error is ctx's, w's or that of the images.
func (r *Renderer) SVG(ctx context.Context, w io.Writer, board *ot.Board, o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	s, err := r.sheet(ctx, board)
	if err != nil {
		return err
	}
	out := &svgWriter{w: bufio.NewWriterSize(w, 64<<10), images: r.Images, named: map[string]int{}}
	if err := out.write(ctx, s, s.region(o), o); err != nil {
		return fmt.Errorf("render: svg: %w", err)
	}
	return nil
}

type svgWriter struct {
	w       *bufio.Writer // keeps the first error
	images  Images
	named   map[string]int // images written, by content id; 0 is one that is missing
	scratch []byte
}

func (s *svgWriter) write(ctx context.Context, page *sheet, region rect, o Options) error {
	width, height := sizeOf(region, scaleOf(region, o))
	_, _ = fmt.Fprintf(s.w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="%s %s %s %s">`+"\n",
		width, height, number(region.x0), number(region.y0), number(region.x1-region.x0), number(region.y1-region.y0))
	_, _ = fmt.Fprintf(s.w, `<rect x="%s" y="%s" width="100%%" height="100%%" fill="#fff"/>`+"\n", number(region.x0), number(region.y0))
	err := page.each(ctx, region, func(k *mark) error {
		switch {
		case k.image != nil:
			return s.image(ctx, k)
		case k.layer != nil:
			return s.layer(k)
		default:
			return s.path(k)
		}
	})
	if err != nil {
		return err
	}
	_, _ = s.w.WriteString("</svg>\n")
	return s.w.Flush()
}

func (s *svgWriter) layer(k *mark) error {
	_, _ = fmt.Fprintf(s.w, "<g%s>\n", opacityAttribute(k.opacity))
	for i := range k.layer {
		if err := s.path(&k.layer[i]); err != nil {
			return err
		}
	}
	_, err := s.w.WriteString("</g>\n")
	return err
}

func (s *svgWriter) path(k *mark) error {
	_, _ = fmt.Fprintf(s.w, `<path fill="#%06x"%s d="`, k.color&0xffffff, opacityAttribute(k.opacity))
	i := 0
	for _, v := range k.path.verbs {
		letter, n := svgVerb(v)
		s.scratch = append(s.scratch[:0], letter)
		for j := range 2 * n {
			if j > 0 {
				s.scratch = append(s.scratch, ' ')
			}
			s.scratch = appendNumber(s.scratch, float64(k.path.points[i+j]))
		}
		i += 2 * n
		_, _ = s.w.Write(s.scratch)
	}
	_, err := s.w.WriteString("\"/>\n")
	return err
}

// svgVerb is a verb's letter and how many points it has; it is the same in PDF
// but for the place of the letter.
func svgVerb(v verb) (letter byte, points int) {
	switch v {
	case moveTo:
		return 'M', 1
	case lineTo:
		return 'L', 1
	case quadTo:
		return 'Q', 2
	case cubicTo:
		return 'C', 3
	default:
		return 'Z', 0
	}
}

// image shows an image, which is in the document once however often it is shown.
func (s *svgWriter) image(ctx context.Context, k *mark) error {
	id, ok := s.named[k.image.content]
	if !ok {
		data, err := load(ctx, s.images, k.image.content)
		if err != nil {
			return err
		}
		if id = len(s.named) + 1; data == nil {
			id = 0
		}
		s.named[k.image.content] = id
		if id > 0 {
			s.define(id, data)
		}
	}
	if id == 0 {
		return nil
	}
	m := k.image.to
	_, err := fmt.Fprintf(s.w, `<use href="#i%d"%s transform="matrix(%s %s %s %s %s %s)"/>`+"\n", id, opacityAttribute(k.opacity),
		number(m.a), number(m.b), number(m.c), number(m.d), number(m.e), number(m.f))
	return err
}

func (s *svgWriter) define(id int, data []byte) {
	kind := "image/jpeg"
	if len(data) > 1 && data[1] == 'P' {
		kind = "image/png"
	}
	_, _ = fmt.Fprintf(s.w, `<defs><image id="i%d" width="1" height="1" preserveAspectRatio="none" href="data:%s;base64,`, id, kind)
	encoder := base64.NewEncoder(base64.StdEncoding, s.w)
	_, _ = encoder.Write(data)
	_ = encoder.Close()
	_, _ = s.w.WriteString(`"/></defs>` + "\n")
}

func opacityAttribute(opacity uint8) string {
	if opacity == 255 {
		return ""
	}
	return ` opacity="` + strconv.FormatFloat(float64(opacity)/255, 'f', 3, 64) + `"`
}

func number(v float64) string { return string(appendNumber(nil, v)) }

// appendNumber writes a number of units, to a tenth: 1/100 px. What is no
// number is 0.
func appendNumber(dst []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	tenths := math.Round(v * 10)
	dst = strconv.AppendFloat(dst, tenths/10, 'f', -1, 64)
	return dst
}
