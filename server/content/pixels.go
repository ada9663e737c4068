package content

import (
	"image"

	"golang.org/x/image/draw"
)

const (
	quality   = 88  // of JPEGs
	fewColors = 256 // up to so many an image is a drawing, not a photograph
)

// fit returns an image at most MaxSide px a side, its top left corner at (0, 0).
func fit(src image.Image) *image.RGBA {
	b := src.Bounds()
	width, height := b.Dx(), b.Dy()
	if longer := max(width, height); longer > MaxSide {
		width, height = max(width*MaxSide/longer, 1), max(height*MaxSide/longer, 1)
		if factor := longer / MaxSide; factor > 1 {
			src = shrink(src, factor)
		}
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	if src.Bounds().Size() == out.Rect.Size() {
		draw.Draw(out, out.Rect, src, src.Bounds().Min, draw.Src)
		return out
	}
	draw.ApproxBiLinear.Scale(out, out.Rect, src, src.Bounds(), draw.Src, nil)
	return out
}

// shrink makes an image smaller by a whole factor, each pixel the mean of a
// square; strips that are thinner than the factor stay.
func shrink(src image.Image, factor int) *image.RGBA {
	b := src.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, (b.Dx()+factor-1)/factor, (b.Dy()+factor-1)/factor))
	strip := image.NewRGBA(image.Rect(0, 0, b.Dx(), min(factor, b.Dy())))
	for y := range out.Rect.Dy() {
		strip.Rect.Max.Y = min(factor, b.Dy()-y*factor)
		draw.Draw(strip, strip.Rect, src, image.Pt(b.Min.X, b.Min.Y+y*factor), draw.Src)
		for x := range out.Rect.Dx() {
			mean(out.Pix[out.PixOffset(x, y):], strip, x*factor, factor)
		}
	}
	return out
}

// mean writes the mean of the square of a strip that begins at column x.
func mean(to []uint8, strip *image.RGBA, x, side int) {
	var sum [4]int
	wide, high := min(side, strip.Rect.Dx()-x), strip.Rect.Dy()
	for y := range high {
		at := strip.PixOffset(x, y)
		for i, v := range strip.Pix[at : at+4*wide] {
			sum[i%4] += int(v)
		}
	}
	for i := range sum {
		to[i] = uint8((sum[i] + wide*high/2) / (wide * high))
	}
}

// flat says whether an image is kept as PNG: it is translucent or has few
// colours.
func flat(img *image.RGBA) bool {
	if !img.Opaque() {
		return true
	}
	seen := make(map[[3]uint8]struct{}, fewColors+1)
	last := [3]uint8{}
	for i := 0; i+3 < len(img.Pix); i += 4 {
		c := [3]uint8(img.Pix[i : i+3])
		if c == last && i > 0 {
			continue
		}
		last = c
		if seen[c] = struct{}{}; len(seen) > fewColors {
			return false
		}
	}
	return true
}

// upright turns and mirrors an image as its Exif orientation says: 1 to 8, row by
// row where the first row and column of the stored image lie.
func upright(img *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation > 4 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := turn(orientation, x, y, w-1, h-1)
			copy(out.Pix[out.PixOffset(tx, ty):][:4], img.Pix[img.PixOffset(x, y):][:4])
		}
	}
	return out
}

// turn is where a pixel goes; right and bottom are the last column and row.
func turn(orientation, x, y, right, bottom int) (int, int) {
	switch orientation {
	case 2:
		return right - x, y
	case 3:
		return right - x, bottom - y
	case 4:
		return x, bottom - y
	case 5:
		return y, x
	case 6:
		return bottom - y, x
	case 7:
		return bottom - y, right - x
	default:
		return y, right - x
	}
}
