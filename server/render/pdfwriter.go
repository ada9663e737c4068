package render

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"strings"
)

// pdfWriter writes a PDF (ISO 32000-1) of filled paths and images as it goes: a
// page's content is compressed straight into the file. The libraries that there
// are keep the whole document in memory until its end.
type pdfWriter struct {
	w       *bufio.Writer // keeps the first error
	at      int64         // bytes written
	objects []int64       // where each begins; index 0 is object 1
	pages   []int
	images  map[string]int // objects, by content id; 0: there is no such image
}

// Objects with fixed numbers.
const (
	pdfCatalog = 1 + iota
	pdfPages
	pdfFixed = pdfPages
)

func newPDFWriter(w io.Writer) *pdfWriter {
	p := &pdfWriter{w: bufio.NewWriterSize(w, 64<<10), objects: make([]int64, pdfFixed), images: map[string]int{}}
	p.print("%%PDF-1.4\n%%\xe2\xe3\xcf\xd3\n")
	return p
}

// Write counts the bytes.
func (p *pdfWriter) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.at += int64(n)
	return n, err
}

func (p *pdfWriter) print(format string, args ...any) { _, _ = fmt.Fprintf(p, format, args...) }

// reserve returns the number of an object that comes later.
func (p *pdfWriter) reserve() int {
	p.objects = append(p.objects, 0)
	return len(p.objects)
}

// object writes an object; a stream's data is written by fill.
func (p *pdfWriter) object(id int, dictionary string, fill func(w io.Writer) error) error {
	p.objects[id-1] = p.at
	if fill == nil {
		p.print("%d 0 obj\n<< %s >>\nendobj\n", id, dictionary)
		return nil
	}
	length := p.reserve() // known after the data
	p.print("%d 0 obj\n<< %s /Length %d 0 R >>\nstream\n", id, dictionary, length)
	from := p.at
	if err := fill(p); err != nil {
		return err
	}
	size := p.at - from
	p.print("\nendstream\nendobj\n")
	p.objects[length-1] = p.at
	p.print("%d 0 obj\n%d\nendobj\n", length, size)
	return nil
}

// deflated writes a stream compressed.
func (p *pdfWriter) deflated(id int, dictionary string, fill func(w io.Writer) error) error {
	return p.object(id, dictionary+" /Filter /FlateDecode", func(w io.Writer) error {
		zip := zlib.NewWriter(w)
		if err := fill(zip); err != nil {
			return err
		}
		return zip.Close()
	})
}

// page writes a page of so many points, whose content is written by fill.
func (p *pdfWriter) page(width, height float64, fill func(*pdfContent) error) error {
	content, page := p.reserve(), p.reserve()
	c := newPDFContent()
	if err := p.deflated(content, "", c.written(fill)); err != nil {
		return err
	}
	p.pages = append(p.pages, page)
	return p.object(page, fmt.Sprintf("/Type /Page /Parent %d 0 R /MediaBox [0 0 %.2f %.2f] /Contents %d 0 R /Resources << %s>>",
		pdfPages, width, height, content, c.resources()), nil)
}

// layer writes opaque marks as one object that is painted as a whole.
func (p *pdfWriter) layer(k *mark, region rect) (int, error) {
	id, resources := p.reserve(), p.reserve()
	box := k.bounds().intersect(region)
	c := newPDFContent()
	dictionary := fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [%.1f %.1f %.1f %.1f] /Group << /S /Transparency >> /Resources %d 0 R",
		box.x0, box.y0, box.x1, box.y1, resources)
	err := p.deflated(id, dictionary, c.written(func(c *pdfContent) error {
		for i := range k.layer {
			if err := c.fill(&k.layer[i]); err != nil {
				return err
			}
		}
		return nil
	}))
	if err != nil {
		return 0, err
	}
	return id, p.object(resources, c.resources(), nil)
}

// close writes what stands at the end: the tree of pages and where objects begin.
func (p *pdfWriter) close() error {
	kids := make([]string, len(p.pages))
	for i, id := range p.pages {
		kids[i] = fmt.Sprintf("%d 0 R", id)
	}
	_ = p.object(pdfPages, fmt.Sprintf("/Type /Pages /Count %d /Kids [%s]", len(kids), strings.Join(kids, " ")), nil)
	_ = p.object(pdfCatalog, fmt.Sprintf("/Type /Catalog /Pages %d 0 R", pdfPages), nil)
	start := p.at
	p.print("xref\n0 %d\n0000000000 65535 f \n", len(p.objects)+1)
	for _, at := range p.objects {
		p.print("%010d 00000 n \n", at)
	}
	p.print("trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(p.objects)+1, pdfCatalog, start)
	return p.w.Flush()
}

// image writes an image and returns its object; 0 if it cannot be read.
func (p *pdfWriter) image(data []byte) (int, error) {
	size, ok := pictureSize(data)
	if !ok {
		return 0, nil
	}
	dictionary := fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8", size.X, size.Y)
	if config, err := jpeg.DecodeConfig(bytes.NewReader(data)); err == nil {
		if space := pdfSpace(config); space != "" {
			id := p.reserve()
			return id, p.object(id, dictionary+" /Filter /DCTDecode /ColorSpace /"+space, func(w io.Writer) error {
				_, err := w.Write(data)
				return err
			})
		}
	}
	src := decodePicture(data)
	if src == nil {
		return 0, nil
	}
	alpha, id := p.reserve(), p.reserve()
	err := p.deflated(alpha, dictionary+" /ColorSpace /DeviceGray", func(w io.Writer) error { return writeRows(w, src, 3, 1) })
	if err != nil {
		return 0, err
	}
	dictionary += fmt.Sprintf(" /ColorSpace /DeviceRGB /SMask %d 0 R", alpha)
	return id, p.deflated(id, dictionary, func(w io.Writer) error { return writeRows(w, src, 0, 3) })
}

// pdfSpace is the colour space of a JPEG that PDF takes as it is; "" for others.
func pdfSpace(config image.Config) string {
	switch config.ColorModel {
	case color.GrayModel:
		return "DeviceGray"
	case color.YCbCrModel:
		return "DeviceRGB"
	default:
		return ""
	}
}

// writeRows writes some of the four channels of an image: n of them from first on.
func writeRows(w io.Writer, src image.Image, first, n int) error {
	b := src.Bounds()
	row := image.NewNRGBA(image.Rect(0, 0, b.Dx(), 1))
	out := make([]byte, 0, n*b.Dx())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		out = out[:0]
		for x := range b.Dx() {
			row.Set(x, 0, src.At(b.Min.X+x, y))
			out = append(out, row.Pix[4*x+first:4*x+first+n]...)
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
	}
	return nil
}
