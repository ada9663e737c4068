package render_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	imagecolor "image/color"
	"image/jpeg"
	"image/png"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"chalkline/ot"
	"chalkline/server/render"
)

// album is images by content id.
type album map[string][]byte

func (a album) Image(_ context.Context, content string) ([]byte, error) {
	if data, ok := a[content]; ok {
		return data, nil
	}
	return nil, fmt.Errorf("%s: %w", content, render.ErrNoImage)
}

// twoColors is an image, red on the left and half translucent blue on the right.
func twoColors(t testing.TB) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 200, 100))
	for i := range 200 * 100 {
		img.SetNRGBA(i%200, i/200, imagecolor.NRGBA{255, 0, 0, 255})
		if i%200 >= 100 {
			img.SetNRGBA(i%200, i/200, imagecolor.NRGBA{0, 0, 255, 128})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func grayJPEG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewYCbCr(image.Rect(0, 0, 32, 32), image.YCbCrSubsampleRatio420), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func imageOf(content string) ot.Setting {
	return ot.Setting{Register: ot.Content, Value: content}
}

// pictured is a board with images as they can lie on it.
func pictured(t testing.TB) (*ot.Board, album) {
	m := newMaker(t)
	m.create(ot.Image, imageOf("two"), place(0, 0, 2000, 1000, 0))
	m.create(ot.Image, imageOf("two"), place(3000, 0, 2000, 1000, 18_000))
	m.create(ot.Image, imageOf("two"), place(6000, 0, 1000, 500, 9000), opacity(128))
	m.create(ot.Image, imageOf("gray"), place(0, 2000, 1000, 1000, 0))
	m.create(ot.Image, imageOf("missing"), place(3000, 2000, 1000, 1000, 0))
	m.create(ot.Image, imageOf("damaged"), place(5000, 2000, 1000, 1000, 0))
	m.create(ot.Rectangle, place(5000, 3500, 1000, 1000, 0), fill(0xffee00), opacity(100))
	return m.board, album{"two": twoColors(t), "gray": grayJPEG(t), "damaged": []byte("\x89PNG\r\n\x1a\nno more")}
}

func TestImagesLieWhereTheirPlaceIs(t *testing.T) {
	board, images := pictured(t)
	img := decode(t, renderPNG(t, &render.Renderer{Images: images}, board, render.Options{Width: render.MaxWidth}))
	for name, c := range map[string]struct {
		x, y int
		want imagecolor.RGBA
	}{
		"left":             {50, 50, imagecolor.RGBA{255, 0, 0, 255}},
		"right":            {150, 50, imagecolor.RGBA{127, 127, 255, 255}},
		"upside down":      {350, 50, imagecolor.RGBA{127, 127, 255, 255}},
		"its other side":   {450, 50, imagecolor.RGBA{255, 0, 0, 255}},
		"turned, pale":     {650, 0, imagecolor.RGBA{255, 127, 127, 255}},
		"below, paler":     {650, 60, imagecolor.RGBA{191, 191, 255, 255}},
		"nothing there":    {350, 250, imagecolor.RGBA{255, 255, 255, 255}},
		"nor here":         {550, 250, imagecolor.RGBA{255, 255, 255, 255}},
		"beside the image": {205, 50, imagecolor.RGBA{255, 255, 255, 255}},
	} {
		r, g, b, _ := img.At(c.x, c.y).RGBA()
		for _, d := range [3]int{int(r>>8) - int(c.want.R), int(g>>8) - int(c.want.G), int(b>>8) - int(c.want.B)} {
			if d > 3 || d < -3 {
				t.Errorf("%s: %v, want %v", name, img.At(c.x, c.y), c.want)
				break
			}
		}
	}
}

func TestImagesMadeMuchSmallerAreTheirMean(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 1024, 1024)) // stripes
	for i := range img.Pix {
		img.Pix[i] = uint8(i % 2 * 255)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	m := newMaker(t)
	m.create(ot.Image, imageOf("stripes"), place(0, 0, 10_240, 10_240, 0))
	got := decode(t, renderPNG(t, &render.Renderer{Images: album{"stripes": b.Bytes()}}, m.board, render.Options{Width: 256}))
	for x := 4; x < 60; x++ {
		if v, _, _, _ := got.At(x, 30).RGBA(); v>>8 < 118 || v>>8 > 138 {
			t.Fatalf("pixel %d is %v", x, got.At(x, 30))
		}
	}
}

func TestAnErrorOfTheImagesIsAnError(t *testing.T) {
	board, _ := pictured(t)
	r := &render.Renderer{Images: failing{}}
	for name, err := range map[string]error{
		"PNG": r.PNG(t.Context(), io.Discard, board, render.Options{}),
		"SVG": r.SVG(t.Context(), io.Discard, board, render.Options{}),
		"PDF": r.PDF(t.Context(), io.Discard, func(yield func(*ot.Board, error) bool) { yield(board, nil) }),
	} {
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type failing struct{}

func (failing) Image(context.Context, string) ([]byte, error) { return nil, io.ErrUnexpectedEOF }

func TestAnSVGIsWellFormedAndNeedsNothingElse(t *testing.T) {
	board, images := pictured(t)
	m := &maker{t: t, board: board, counter: 100}
	m.text(`</svg><script>alert("黑板")</script>`, place(0, 4000, 0, 0, 0))
	var b bytes.Buffer
	if err := (&render.Renderer{Images: images}).SVG(t.Context(), &b, board, render.Options{Width: 500}); err != nil {
		t.Fatal(err)
	}
	names := map[string]int{}
	for d := xml.NewDecoder(&b); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		names[element.Name.Local]++
		for _, a := range element.Attr {
			if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") && !strings.HasPrefix(a.Value, "data:image/") {
				t.Errorf("%s points to %s", element.Name.Local, a.Value)
			}
		}
	}
	if names["script"]+names["text"] > 0 || names["use"] != 5 || names["image"] != 3 || names["g"] != 1 {
		t.Errorf("elements: %v", names)
	}
}

// pdf renders boards and checks that every object is where the table says.
func pdf(t *testing.T, r *render.Renderer, boards ...*ot.Board) string {
	t.Helper()
	var out bytes.Buffer
	err := r.PDF(t.Context(), &out, func(yield func(*ot.Board, error) bool) {
		for _, b := range boards {
			if !yield(b, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	text := out.String()
	start, err := strconv.Atoi(regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindStringSubmatch(text)[1])
	if err != nil || !strings.HasPrefix(text[start:], "xref\n") {
		t.Fatalf("the table is not at %d: %v", start, err)
	}
	for i, m := range regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllStringSubmatch(text[start:], -1) {
		at, _ := strconv.Atoi(m[1])
		if want := fmt.Sprintf("%d 0 obj\n", i+1); !strings.HasPrefix(text[at:], want) {
			t.Fatalf("object %d is not at %d", i+1, at)
		}
	}
	return text
}

func TestAPDFHasAllPagesAndImagesOnce(t *testing.T) {
	board, images := pictured(t)
	text := pdf(t, &render.Renderer{Images: images}, board, ot.NewBoard(), board)
	for what, want := range map[string]int{
		"/Type /Page /": 3, "/Subtype /Image": 3, "/DCTDecode": 1, "/SMask": 1, "/Subtype /Form": 2, "/Count 3": 1,
	} {
		if got := strings.Count(text, what); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
}

func TestAPagesContentPaintsItsMarks(t *testing.T) {
	m := newMaker(t)
	m.create(ot.Line, place(100, 100, 1000, 1000, 0), color(0xff8000), opacity(51))
	text := pdf(t, &render.Renderer{}, m.board)
	_, rest, _ := strings.Cut(text, "stream\n")
	z, err := zlib.NewReader(strings.NewReader(rest))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" cm\n", "/O51 gs 1.000 0.502 0.000 rg\n", "f\n"} {
		if !bytes.Contains(content, []byte(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if !strings.Contains(text, "/O51 << /ca 0.200 >>") {
		t.Error("the opacity is not defined")
	}
}

func TestABoardThatCannotBeReadEndsAPDF(t *testing.T) {
	err := (&render.Renderer{}).PDF(t.Context(), io.Discard, func(yield func(*ot.Board, error) bool) { yield(nil, io.ErrUnexpectedEOF) })
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("PDF() = %v", err)
	}
}
