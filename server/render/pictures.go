package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

const (
	maxPicture  = 4096     // px of an image's side; larger ones are left out
	maxPictures = 64 << 20 // bytes of decoded images that are kept
)

// pictures decodes images and keeps some of them.
type pictures struct {
	images Images
	kept   map[pictureKey]image.Image
	bytes  int
}

// pictureKey is an image made smaller by a whole factor.
type pictureKey struct {
	content string
	factor  int
}

func newPictures(images Images) *pictures {
	return &pictures{images: images, kept: map[pictureKey]image.Image{}}
}

// draw paints an image on a band. One that is missing or damaged is left out.
func (p *pictures) draw(ctx context.Context, band *image.RGBA, k *mark, m matrix) error {
	to := k.image.to.then(m) // unit square to px
	data, err := load(ctx, p.images, k.image.content)
	if err != nil || data == nil {
		return err
	}
	size, ok := pictureSize(data)
	if !ok {
		return nil
	}
	wide, high := math.Hypot(to.a, to.b), math.Hypot(to.c, to.d) // px that it takes
	factor := int(math.Min(float64(size.X)/wide, float64(size.Y)/high))
	src := p.get(pictureKey{k.image.content, min(max(factor, 1), maxPicture)}, data)
	if src == nil {
		return nil
	}
	b := src.Bounds()
	px := matrix{a: 1 / float64(b.Dx()), d: 1 / float64(b.Dy())}.then(to)
	var options *draw.Options
	if k.opacity < 255 {
		options = &draw.Options{SrcMask: image.NewUniform(color.Alpha{A: k.opacity})}
	}
	draw.ApproxBiLinear.Transform(band, f64.Aff3{px.a, px.c, px.e, px.b, px.d, px.f}, src, b, draw.Over, options)
	return nil
}

// load returns the bytes of an image, nil if there is none.
func load(ctx context.Context, images Images, content string) ([]byte, error) {
	if images == nil {
		return nil, nil
	}
	data, err := images.Image(ctx, content)
	if errors.Is(err, ErrNoImage) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("image %.64q: %w", content, err)
	}
	return data, nil
}

// pictureSize reads the size of a PNG or JPEG; false if it is too large or
// neither.
func pictureSize(data []byte) (image.Point, bool) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		config, err = jpeg.DecodeConfig(bytes.NewReader(data))
	}
	ok := err == nil && config.Width > 0 && config.Height > 0 && config.Width <= maxPicture && config.Height <= maxPicture
	return image.Pt(config.Width, config.Height), ok
}

// get decodes an image and makes it smaller; nil if it is damaged.
func (p *pictures) get(key pictureKey, data []byte) image.Image {
	if kept := p.kept[key]; kept != nil {
		return kept
	}
	src := decodePicture(data)
	if src == nil {
		return nil
	}
	if key.factor > 1 {
		src = shrink(src, key.factor)
	}
	size := 4 * src.Bounds().Dx() * src.Bounds().Dy()
	if p.bytes+size > maxPictures {
		clear(p.kept)
		p.bytes = 0
	}
	p.kept[key] = src
	p.bytes += size
	return src
}

func decodePicture(data []byte) image.Image {
	src, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		if src, err = jpeg.Decode(bytes.NewReader(data)); err != nil {
			return nil
		}
	}
	return src
}

// shrink makes an image smaller by a whole factor: each pixel is the mean of a
// square of the original's.
func shrink(src image.Image, factor int) image.Image {
	b := src.Bounds()
	small := image.NewRGBA(image.Rect(0, 0, max(b.Dx()/factor, 1), max(b.Dy()/factor, 1)))
	row := image.NewRGBA(image.Rect(0, 0, b.Dx(), min(factor, b.Dy())))
	for y := range small.Rect.Dy() {
		draw.Draw(row, row.Rect, src, image.Pt(b.Min.X, b.Min.Y+y*factor), draw.Src)
		for x := range small.Rect.Dx() {
			mean(small.Pix[small.PixOffset(x, y):], row, x*factor, factor)
		}
	}
	return small
}

// mean writes the mean of a square of a row of squares, from column x on.
func mean(to []uint8, row *image.RGBA, x, side int) {
	var sum [4]int
	wide, high := min(side, row.Rect.Dx()-x), row.Rect.Dy()
	for y := range high {
		at := row.PixOffset(x, y)
		for i, v := range row.Pix[at : at+4*wide] {
			sum[i%4] += int(v)
		}
	}
	for i := range sum {
		to[i] = uint8((sum[i] + wide*high/2) / (wide * high))
	}
}
