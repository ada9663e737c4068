package render

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func white(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	return img
}

func box(x0, y0, x1, y1 float64) *Path {
	p := &Path{}
	p.polygon([]vec{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}})
	return p
}

func fill(t *testing.T, band *image.RGBA, p *Path, m matrix, color uint32, opacity uint8) {
	t.Helper()
	if err := newRaster(band).fill(t.Context(), p, m, color, opacity); err != nil {
		t.Fatal(err)
	}
}

func TestPixelsAreCoveredByTheirShare(t *testing.T) {
	img := white(8, 8)
	fill(t, img, box(1.5, 2.25, 4.75, 5), identity(), 0, 255)
	for _, c := range []struct {
		x, y int
		want float64
	}{{1, 3, 0.5}, {2, 3, 1}, {4, 3, 0.75}, {5, 3, 0}, {2, 2, 0.75}, {1, 2, 0.375}, {2, 5, 0}, {0, 3, 0}} {
		if got := 1 - float64(img.RGBAAt(c.x, c.y).R)/255; math.Abs(got-c.want) > 0.005 {
			t.Errorf("pixel %d, %d: covered %.3f, want %.3f", c.x, c.y, got, c.want)
		}
	}
}

// Ink is many shapes that overlap: painted with the same edge twice, the edge must
// not be darker.
func TestOverlappingShapesAreTheirUnion(t *testing.T) {
	once, twice := white(8, 8), white(8, 8)
	fill(t, once, box(1.5, 1.5, 6.5, 6.5), identity(), 0, 120)
	both := box(1.5, 1.5, 5.25, 6.5)
	both.append(box(3.5, 1.5, 6.5, 6.5))
	fill(t, twice, both, identity(), 0, 120)
	if !bytes.Equal(once.Pix, twice.Pix) {
		t.Error("overlapping shapes darken")
	}
}

func TestShapesThatTurnTheOtherWayAreHoles(t *testing.T) {
	p := box(0, 0, 8, 8)
	p.polygon([]vec{{2, 2}, {2, 6}, {6, 6}, {6, 2}})
	img := white(8, 8)
	fill(t, img, p, identity(), 0, 255)
	if img.RGBAAt(4, 4).R != 255 || img.RGBAAt(1, 1).R != 0 {
		t.Errorf("inside %v, outside %v", img.RGBAAt(4, 4), img.RGBAAt(1, 1))
	}
}

func TestBandsFitTogether(t *testing.T) {
	p := &Path{}
	p.outline([]sample{{x: 3, y: 2, r: 2}, {x: 30, y: 25, r: 4}, {x: 5, y: 60, r: 1}, {x: 60, y: -20, r: 3}})
	whole := white(64, 64)
	fill(t, whole, p, identity(), 0x336699, 200)
	for _, rows := range []int{1, 7, 16} {
		for top := 0; top < 64; top += rows {
			band := image.NewRGBA(image.Rect(0, top, 64, min(top+rows, 64)))
			draw.Draw(band, band.Rect, image.White, image.Point{}, draw.Src)
			fill(t, band, p, identity(), 0x336699, 200)
			if want := whole.Pix[whole.PixOffset(0, top) : whole.PixOffset(0, band.Rect.Max.Y-1)+4*64]; !near(band.Pix, want, 1) {
				t.Fatalf("bands of %d rows: the one at %d differs", rows, top)
			}
		}
	}
}

func near(a, b []uint8, by int) bool {
	for i := range a {
		if d := int(a[i]) - int(b[i]); d > by || -d > by {
			return false
		}
	}
	return len(a) == len(b)
}

func TestWhatIsNoNumberPaintsNothing(t *testing.T) {
	nan := math.NaN()
	for _, p := range []*Path{box(nan, nan, nan, nan), box(0, nan, 5, 5), box(math.Inf(-1), 0, math.Inf(1), nan)} {
		fill(t, white(4, 4), p, identity(), 0, 255) // must come back
	}
	img := white(4, 4)
	fill(t, img, box(-1e30, -1e30, 1e30, 1e30), identity(), 0, 255)
	if img.RGBAAt(2, 2).R != 0 {
		t.Error("what covers everything does not")
	}
}

// countdown is a context that ends when it has been asked so often.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestFillingEndsWithItsContextAtARow(t *testing.T) {
	img := white(4, 100)
	if err := newRaster(img).fill(&countdown{t.Context(), 7}, box(0, 0, 4, 100), identity(), 0, 255); !errors.Is(err, context.Canceled) {
		t.Fatalf("fill() = %v", err)
	}
	if img.RGBAAt(1, 6).R != 0 || img.RGBAAt(1, 7).R != 255 {
		t.Error("it has not ended behind seven rows")
	}
}

// zigzag goes up and down a picture as often, from left to right.
func zigzag(times int, width, height float64) *Path {
	line := make([]sample, times)
	for i := range line {
		line[i] = sample{x: width * float64(i) / float64(times), y: float64(i%2) * height, r: 0.5}
	}
	p := &Path{}
	p.outline(line)
	return p
}

func TestTheWorkOfAPictureIsBounded(t *testing.T) {
	p := zigzag(500, 200, 300)
	few, most := newRaster(white(200, 300)), newRaster(white(200, 300))
	if err := few.fill(t.Context(), p, identity(), 0, 255); err != nil {
		t.Fatal(err)
	}
	if least := 2 * 499 * 300 * lines; few.work < least || few.work > 2*least {
		t.Errorf("%d edges on lines were counted as %d", least, few.work)
	}
	most.work = maxWork - few.work/2
	if err := most.fill(t.Context(), p, identity(), 0, 255); !errors.Is(err, ErrTooMuch) {
		t.Errorf("fill() of too much = %v", err)
	}
}

func TestLiveEdgesAreInOrderOnEveryLine(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, many := range []int{5, 300} {
		r := newRaster(white(64, 64))
		for i := range many {
			x := 64 * float64(many-i) / float64(many)
			r.edge(x, 0, 64*random.Float64(), 64*random.Float64()) // all of them at once, from right to left
			r.edge(x, 64*random.Float64(), 64*random.Float64(), 64*random.Float64())
		}
		slices.SortFunc(r.edges, func(a, b edge) int { return cmp.Compare(a.y0, b.y0) })
		for y, next := int32(0), 0; y < 64*lines; y++ {
			for ; next < len(r.edges) && r.edges[next].y0 == y; next++ {
				r.live = append(r.live, r.edges[next])
			}
			r.live = slices.DeleteFunc(r.live, func(e edge) bool { return e.y1 <= y })
			r.order()
			if !slices.IsSortedFunc(r.live, func(a, b edge) int { return cmp.Compare(a.x, b.x) }) {
				t.Fatalf("line %d of %d edges is not in order", y, many)
			}
			r.line()
		}
	}
}

func TestALayerIsAsTranslucentAsAWhole(t *testing.T) {
	ground, line := mark{path: box(0, 0, 8, 8), color: 0xff0000, opacity: 255}, mark{path: box(2, 2, 6, 6), color: 0x0000ff, opacity: 255}
	img := white(8, 8)
	if err := newRaster(img).mark(t.Context(), &mark{layer: []mark{ground, line}, opacity: 102}, identity()); err != nil {
		t.Fatal(err)
	}
	if got := img.RGBAAt(4, 4); got != (color.RGBA{153, 153, 255, 255}) {
		t.Errorf("the line over the fill is %v", got)
	}
	if got := img.RGBAAt(1, 1); got != (color.RGBA{255, 153, 153, 255}) {
		t.Errorf("the fill is %v", got)
	}
}

func TestAPNGWrittenRowByRowIsThePicture(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {3, 200}, {700, 90}} {
		img := white(size.X, size.Y)
		for i := range img.Pix {
			if i%4 < 3 {
				img.Pix[i] = uint8(i * i >> 3)
			}
		}
		var b bytes.Buffer
		w, err := newPNGWriter(&b, size.X, size.Y)
		if err != nil {
			t.Fatal(err)
		}
		for y := range size.Y {
			if err := w.writeRow(img.Pix[img.PixOffset(0, y):][:4*size.X]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.close(); err != nil {
			t.Fatal(err)
		}
		got, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		back := image.NewRGBA(img.Rect)
		draw.Draw(back, back.Rect, got, image.Point{}, draw.Src)
		if !bytes.Equal(back.Pix, img.Pix) {
			t.Errorf("%v: another picture", size)
		}
	}
}
