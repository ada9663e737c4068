package render

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// pdfContent is what a page paints. It notes which opacities and objects it uses.
type pdfContent struct {
	w         io.Writer
	opacities map[uint8]bool
	objects   map[int]bool
	scratch   []byte
}

func newPDFContent() *pdfContent {
	return &pdfContent{opacities: map[uint8]bool{}, objects: map[int]bool{}}
}

// written returns what writes the content into a stream.
func (c *pdfContent) written(fill func(*pdfContent) error) func(io.Writer) error {
	return func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 32<<10)
		c.w = buffered
		if err := fill(c); err != nil {
			return err
		}
		return buffered.Flush()
	}
}

// resources names what a page uses.
func (c *pdfContent) resources() string {
	var b strings.Builder
	b.WriteString("/ExtGState << ")
	for _, o := range slices.Sorted(maps.Keys(c.opacities)) {
		fmt.Fprintf(&b, "/O%d << /ca %.3f >> ", o, float64(o)/255)
	}
	b.WriteString(">> /XObject << ")
	for _, id := range slices.Sorted(maps.Keys(c.objects)) {
		fmt.Fprintf(&b, "/X%d %d 0 R ", id, id)
	}
	b.WriteString(">> ")
	return b.String()
}

// transform maps what follows.
func (c *pdfContent) transform(m matrix) {
	_, _ = fmt.Fprintf(c.w, "%.6f %.6f %.6f %.6f %.4f %.4f cm\n", m.a, m.b, m.c, m.d, m.e, m.f)
}

// fill paints a path by the non-zero rule.
func (c *pdfContent) fill(k *mark) error {
	c.opacities[k.opacity] = true
	rgb := func(shift int) float64 { return float64(k.color>>shift&255) / 255 }
	_, err := fmt.Fprintf(c.w, "/O%d gs %.3f %.3f %.3f rg\n", k.opacity, rgb(16), rgb(8), rgb(0))
	if err != nil {
		return err
	}
	var at [2]float64 // where the path stands
	i := 0
	for _, v := range k.path.verbs {
		_, n := svgVerb(v)
		points := k.path.points[i : i+2*n]
		i += 2 * n
		c.scratch = appendPDFVerb(c.scratch[:0], v, at, points)
		if n > 0 {
			at = [2]float64{float64(points[2*n-2]), float64(points[2*n-1])}
		}
		if _, err := c.w.Write(c.scratch); err != nil {
			return err
		}
	}
	_, err = io.WriteString(c.w, "f\n")
	return err
}

func appendPDFVerb(dst []byte, v verb, at [2]float64, points []float32) []byte {
	numbers := func(ns ...float64) {
		for _, n := range ns {
			dst = append(appendNumber(dst, n), ' ')
		}
	}
	p := func(i int) float64 { return float64(points[i]) }
	switch v {
	case moveTo:
		numbers(p(0), p(1))
		return append(dst, "m\n"...)
	case lineTo:
		numbers(p(0), p(1))
		return append(dst, "l\n"...)
	case quadTo: // PDF knows cubics only
		numbers(at[0]+(p(0)-at[0])*2/3, at[1]+(p(1)-at[1])*2/3, p(2)+(p(0)-p(2))*2/3, p(3)+(p(1)-p(3))*2/3, p(2), p(3))
		return append(dst, "c\n"...)
	case cubicTo:
		numbers(p(0), p(1), p(2), p(3), p(4), p(5))
		return append(dst, "c\n"...)
	default:
		return append(dst, "h\n"...)
	}
}

// show paints an image or a layer, an object of its own; 0 is nothing.
func (c *pdfContent) show(id int, m matrix, opacity uint8) error {
	if id == 0 {
		return nil
	}
	c.opacities[opacity], c.objects[id] = true, true
	_, _ = fmt.Fprintf(c.w, "q /O%d gs ", opacity)
	c.transform(m)
	_, err := fmt.Fprintf(c.w, "/X%d Do Q\n", id)
	return err
}
