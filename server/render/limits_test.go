package render_test

import (
	"context"
	"errors"
	"image/png"
	"io"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"chalkline/ot"
	"chalkline/server/render"
)

// scribble is a board with n strokes of so many points, all over the page.
func scribble(t testing.TB, strokes, points int) *ot.Board {
	t.Helper()
	board := ot.NewBoard()
	for i := range strokes {
		id := ot.ID{Replica: 1, Counter: uint32(i + 1)}
		line := make([]ot.Point, points)
		for j := range line {
			a := float64(i*points+j) / 9
			x, y := 20_000+18_000*math.Sin(a/50)+300*math.Sin(a), 170_000*float64(i*points+j)/float64(strokes*points)+300*math.Cos(a)
			line[j] = ot.Point{X: int32(x), Y: max(int32(y), 0), P: int32(60 + j%100), T: int32(j)}
		}
		board.Apply(uint64(i+1), 1, []ot.Op{
			{Kind: ot.Create, ID: id, Element: ot.Ink, Settings: []ot.Setting{color(0x1565c0), width(40), opacity(uint8(255 - i%2*100))}},
			{Kind: ot.Extend, ID: id, Ended: true, Frame: []byte{1}, Points: line},
		})
	}
	return board
}

// measured counts bytes and looks at the heap while it is written to.
type measured struct {
	w     io.Writer
	bytes int
	most  *atomic.Uint64
	count int
}

func (m *measured) Write(b []byte) (int, error) {
	m.bytes += len(b)
	if m.count++; m.count%16 == 1 {
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		m.most.Store(max(m.most.Load(), s.HeapAlloc))
	}
	return m.w.Write(b)
}

// A whole board is 280 MB of pixels at 1:1, and 70 MB at half the width. What
// drawing it takes does not depend on that.
func TestAWholeBoardIsDrawnInBands(t *testing.T) {
	board := scribble(t, 200, 50)
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	pr, pw := io.Pipe()
	out := &measured{w: pw, most: &atomic.Uint64{}}
	drawn := make(chan error, 1)
	go func() {
		err := (&render.Renderer{}).PNG(t.Context(), out, board, render.Options{Width: render.MaxWidth / 2})
		_ = pw.CloseWithError(err)
		drawn <- err
	}()
	config, err := png.DecodeConfig(pr)
	if err != nil || config.Width != 2048 || config.Height < 8_400 {
		t.Fatalf("%d × %d, %v", config.Width, config.Height, err)
	}
	if _, err := io.Copy(io.Discard, pr); err != nil {
		t.Fatal(err)
	}
	if err := <-drawn; err != nil {
		t.Fatal(err)
	}
	if used := int64(out.most.Load()) - int64(before.HeapAlloc); used > 40<<20 {
		t.Errorf("drawing took %d MB", used>>20)
	}
}

func TestDrawingEndsWithItsContext(t *testing.T) {
	board := scribble(t, 50, 50)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &render.Renderer{}
	for name, err := range map[string]error{
		"PNG": r.PNG(ctx, io.Discard, board, render.Options{}),
		"SVG": r.SVG(ctx, io.Discard, board, render.Options{}),
		"PDF": r.PDF(ctx, io.Discard, func(yield func(*ot.Board, error) bool) { yield(board, nil) }),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What no page makes but any client may send must cost little.
func TestHostileElementsCostLittle(t *testing.T) {
	const most = math.MaxInt32
	board := ot.NewBoard()
	m := &maker{t: t, board: board}
	for d := range uint8(3) {
		m.create(ot.Line, place(-most, -most, most, most, 0), width(1), dash(d))
		m.create(ot.Line, place(0, 0, most, most, 1234), width(1), dash(d))
		m.create(ot.Rectangle, place(-most, -most, most, most, most), width(1), dash(d), fill(0xff0000))
		m.create(ot.Ellipse, place(0, 0, most, most, -most), width(2000), dash(d), fill(0x00ff00), opacity(1))
		m.create(ot.Arrow, place(100, 100, -most, 1, 9000), width(2000), dash(d))
		zigzag := make([]ot.Vertex, ot.MaxVertices)
		for i := range zigzag {
			zigzag[i] = ot.Vertex{X: uint16(i % 2 * 65_535), Y: uint16(i * 255)}
		}
		m.create(ot.Polygon, place(0, 0, 40_960, 170_650, 0), width(1), dash(d), fill(0xff), vertices(zigzag...))
	}
	m.create(ot.Image, place(0, 0, most, most, 0), ot.Setting{Register: ot.Content, Value: "no such image"})
	m.create(ot.Ink)
	m.create(ot.Polygon, place(0, 0, 100, 100, 0))
	m.text("\n\n\n\t \n", place(0, 0, 1, 1, 0), size(4000))
	m.text("", place(0, 0, 0, 0, 0))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := (&render.Renderer{}).PNG(ctx, io.Discard, board, render.Options{Width: 128}); err != nil {
		t.Fatal(err)
	}
	if err := (&render.Renderer{}).SVG(ctx, io.Discard, board, render.Options{}); err != nil {
		t.Fatal(err)
	}
}

func TestWidthsThatCannotBeAreRefused(t *testing.T) {
	for _, w := range []int{-1, 1, render.MinWidth - 1, render.MaxWidth + 1} {
		if err := (&render.Renderer{}).PNG(t.Context(), io.Discard, ot.NewBoard(), render.Options{Width: w}); err == nil {
			t.Errorf("%d px: drawn", w)
		}
	}
}

func BenchmarkPNGOfAFullPage(b *testing.B) {
	board := scribble(b, 2000, 50)
	for b.Loop() {
		if err := (&render.Renderer{}).PNG(b.Context(), io.Discard, board, render.Options{Width: render.MaxWidth}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkThumbnail(b *testing.B) {
	board := scribble(b, 2000, 50)
	for b.Loop() {
		if err := (&render.Renderer{}).PNG(b.Context(), io.Discard, board, render.Options{Width: 256}); err != nil {
			b.Fatal(err)
		}
	}
}
