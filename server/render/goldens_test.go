package render_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"image"
	imagecolor "image/color"
	"image/png"
	"os"
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/protocol/ink"
	"chalkline/protocol/ink/inktest"
	"chalkline/server/render"
)

// maker writes a golden board as one replica.
type maker struct {
	t       testing.TB
	golden  golden
	counter uint32
	board   *ot.Board
}

func newMaker(t testing.TB) *maker { return &maker{t: t, board: ot.NewBoard()} }

// batch appends ops as one batch and applies them.
func (m *maker) batch(ops ...ot.Op) {
	m.golden.Batches = append(m.golden.Batches, goldenBatch{1, hex.EncodeToString(ot.AppendOps(nil, ops))})
	m.board.Apply(uint64(len(m.golden.Batches)), 1, ops)
}

func (m *maker) create(kind ot.ElementKind, settings ...ot.Setting) ot.ID {
	slices.SortFunc(settings, func(a, b ot.Setting) int { return int(a.Register) - int(b.Register) })
	m.counter++
	id := ot.ID{Replica: 1, Counter: m.counter}
	m.batch(ot.Op{Kind: ot.Create, ID: id, Element: kind, Settings: settings})
	return id
}

// stroke writes points as one stroke, moved by (x, y) units.
func (m *maker) stroke(points []ot.Point, x, y int32, settings ...ot.Setting) ot.ID {
	id := m.create(ot.Ink, settings...)
	encoder := ink.NewEncoder()
	first := 0
	for len(points) > 0 {
		n := min(len(points), ink.MaxFrame)
		part := make([]ot.Point, n)
		for i, p := range points[:n] {
			part[i] = ot.Point{X: p.X + x, Y: p.Y + y, P: p.P, T: p.T}
		}
		frame, err := encoder.AppendFrame(nil, part)
		if err != nil {
			m.t.Fatal(err)
		}
		points = points[n:]
		m.batch(ot.Op{Kind: ot.Extend, ID: id, First: uint32(first), Ended: len(points) == 0, Frame: frame, Points: part})
		first += n
	}
	return id
}

func (m *maker) text(value string, settings ...ot.Setting) ot.ID {
	id := m.create(ot.Text, settings...)
	m.batch(ot.Op{Kind: ot.TextEdit, ID: id, Edit: ot.Edit{{Kind: ot.Insert, Text: value}}})
	return id
}

func place(x, y, w, h, angle int32) ot.Setting {
	return ot.Setting{Register: ot.Place, Value: ot.PlaceValue(ot.Placement{X: x, Y: y, W: w, H: h, Angle: angle})}
}

func color(rgb uint32) ot.Setting { return ot.Setting{Register: ot.Color, Value: ot.ColorValue(rgb)} }
func width(w uint32) ot.Setting   { return ot.Setting{Register: ot.Width, Value: ot.WidthValue(w)} }
func fill(rgb uint32) ot.Setting  { return ot.Setting{Register: ot.Fill, Value: ot.FillValue(rgb)} }
func dash(d uint8) ot.Setting     { return ot.Setting{Register: ot.Dash, Value: ot.ByteValue(d)} }
func size(s uint32) ot.Setting    { return ot.Setting{Register: ot.Size, Value: ot.SizeValue(s)} }

func opacity(o uint8) ot.Setting {
	return ot.Setting{Register: ot.Opacity, Value: ot.ByteValue(o)}
}

func align(a ot.Alignment) ot.Setting {
	return ot.Setting{Register: ot.Align, Value: ot.AlignValue(a)}
}

func style(bold, italic bool) ot.Setting {
	return ot.Setting{Register: ot.Style, Value: ot.StyleValue(bold, italic)}
}

func vertices(v ...ot.Vertex) ot.Setting {
	return ot.Setting{Register: ot.Vertices, Value: ot.VerticesValue(v)}
}

// wave is a stroke without chance: x from 0 to 4 000 units.
func wave(height int32) []ot.Point {
	ups := [8]int32{0, 6, 9, 10, 9, 6, 2, 0}
	var points []ot.Point
	for i := range int32(81) {
		up := ups[i%8]
		if i/8%2 == 1 {
			up = -up
		}
		points = append(points, ot.Point{X: i * 50, Y: 2000 + up*height/10, P: 60 + 2*(i%64), T: i * 8})
	}
	return points
}

// handwriting is of real pens, also a highlighter over it.
func handwriting(m *maker) {
	for i, load := range []func() ([][]ot.Point, error){inktest.At240Hz, inktest.At133Hz} {
		strokes, err := load()
		if err != nil {
			m.t.Fatal(err)
		}
		strokes = strokes[:min(len(strokes), 40)]
		x, y := topLeft(strokes)
		for j, s := range strokes {
			m.stroke(s, 400-x, 500+1000*int32(i)-y, color([]uint32{0x1d2321, 0x1565c0, 0xc62828}[j%3]), width(20+10*uint32(i)))
		}
	}
	m.stroke(wave(300), 1500, -1200, color(0xffd54f), width(240), opacity(102))
	m.stroke([]ot.Point{{X: 300, Y: 300, P: 128}}, 0, 0, color(0xc62828), width(100))
}

// topLeft is the corner of the box of strokes.
func topLeft(strokes [][]ot.Point) (x, y int32) {
	x, y = strokes[0][0].X, strokes[0][0].Y
	for _, s := range strokes {
		for _, p := range s {
			x, y = min(x, p.X), min(y, p.Y)
		}
	}
	return x, y
}

func shapes(m *maker) {
	m.create(ot.Line, place(300, 300, 2000, 900, 0), color(0x1565c0), width(40))
	m.create(ot.Line, place(2300, 1500, -2000, -500, 0), color(0x2e7d32), width(8))
	m.create(ot.Arrow, place(2800, 300, 1800, 800, 0), color(0xc62828), width(40))
	m.create(ot.Arrow, place(4600, 1500, -1700, 0, 0), color(0x1d2321), width(15))
	m.create(ot.Rectangle, place(300, 2000, 2000, 1200, 0), color(0x1d2321), width(30))
	m.create(ot.Rectangle, place(2800, 2000, 1800, 1200, 3000), color(0x6a1b9a), width(60), fill(0xe1bee7))
	m.create(ot.Ellipse, place(300, 3700, 2000, 1200, 0), color(0x2e7d32), width(30), fill(0xc8e6c9))
	m.create(ot.Ellipse, place(2800, 3700, 1800, 900, 4500), color(0xef6c00), width(20))
	m.create(ot.Polygon, place(5200, 300, 1800, 1600, 0), color(0x00838f), width(30), fill(0xb2ebf2),
		vertices(ot.Vertex{X: 32768, Y: 0}, ot.Vertex{X: 52969, Y: 65535}, ot.Vertex{X: 0, Y: 25033}, ot.Vertex{X: 65535, Y: 25033}, ot.Vertex{X: 12566, Y: 65535}))
	m.create(ot.Polygon, place(5200, 2200, 1800, 1400, 1000), color(0xad1457), width(50),
		vertices(ot.Vertex{X: 0, Y: 65535}, ot.Vertex{X: 32768, Y: 0}, ot.Vertex{X: 65535, Y: 65535}))
	m.create(ot.Rectangle, place(5200, 4000, 1200, 800, 0), color(0x1565c0), width(200), fill(0xffeb3b), opacity(128))
	m.create(ot.Ellipse, place(5800, 4300, 1400, 900, 0), color(0xc62828), width(80), fill(0xff8a80), opacity(128))
	m.create(ot.Rectangle, place(7600, 300, 0, 0, 0), color(0x1d2321), width(80)) // a dot
}

func dashed(m *maker) {
	for i, w := range []uint32{5, 20, 60} {
		y := 400 + 900*int32(i)
		for d := range uint8(3) {
			m.create(ot.Line, place(300, y+250*int32(d), 3000, 100, 0), color(0x1d2321), width(w), dash(d))
		}
	}
	m.create(ot.Rectangle, place(3900, 400, 2000, 1200, 0), color(0x1565c0), width(30), dash(1))
	m.create(ot.Rectangle, place(6400, 400, 1500, 1200, 2000), color(0x1565c0), width(30), dash(2), fill(0xe3f2fd))
	m.create(ot.Ellipse, place(3900, 2000, 2000, 1200, 0), color(0xc62828), width(40), dash(1), fill(0xffebee))
	m.create(ot.Ellipse, place(6400, 2000, 1500, 1200, 0), color(0xc62828), width(20), dash(2))
	m.create(ot.Arrow, place(300, 3300, 3000, 300, 0), color(0x2e7d32), width(30), dash(1))
	m.create(ot.Polygon, place(3900, 3500, 2000, 900, 0), color(0x6a1b9a), width(30), dash(2),
		vertices(ot.Vertex{X: 0, Y: 65535}, ot.Vertex{X: 32768, Y: 0}, ot.Vertex{X: 65535, Y: 65535}))
}

func erased(m *maker) {
	whole := m.stroke(wave(600), 400, -1200, color(0x1565c0), width(60))
	m.batch(ot.Op{Kind: ot.EraseSpans, ID: whole, Eraser: 1, Spans: []ot.Span{{From: 10*256 + 77, To: 20 * 256}, {From: 40 * 256, To: 41*256 + 128}}})
	m.batch(ot.Op{Kind: ot.EraseSpans, ID: whole, Eraser: 2, Spans: []ot.Span{{From: 18 * 256, To: 26*256 + 30}, {From: 75 * 256, To: 81 * 256}}})
	m.batch(ot.Op{Kind: ot.EraseSpans, ID: whole, Eraser: 3, Spans: []ot.Span{{From: 50 * 256, To: 60 * 256}}})
	m.batch(ot.Op{Kind: ot.Undo, Items: []ot.UndoItem{{Kind: ot.UndoErasure, ID: whole, Eraser: 3, Off: true}}})
	pale := m.stroke(wave(600), 400, 200, color(0xc62828), width(160), opacity(110))
	m.batch(ot.Op{Kind: ot.EraseSpans, ID: pale, Eraser: 1, Spans: []ot.Span{{From: 0, To: 5 * 256}, {From: 33*256 + 200, To: 47 * 256}}})
	gone := m.stroke(wave(300), 400, 1200, color(0x2e7d32), width(60))
	m.batch(ot.Op{Kind: ot.EraseSpans, ID: gone, Eraser: 1, Spans: []ot.Span{{From: 0, To: 81 * 256}}})
	hidden := m.stroke(wave(300), 400, 1600, color(0x2e7d32), width(60))
	m.batch(ot.Op{Kind: ot.Set, ID: hidden, Settings: []ot.Setting{{Register: ot.Deleted, Value: ot.BoolValue(true)}}})
}

func moved(m *maker) {
	m.stroke(wave(600), 0, 0, color(0x1d2321), width(40), place(300, 300, 4000, 1200, 0))
	m.stroke(wave(600), 0, 0, color(0x1565c0), width(40), place(300, 1900, 2000, 2400, 0))
	m.stroke(wave(600), 0, 0, color(0xc62828), width(40), place(2600, 2300, 3000, 800, 4500))
	m.stroke(wave(600), 0, 0, color(0x2e7d32), width(40), place(4800, 600, 2000, 900, -9000))
	m.stroke(wave(0), 0, 0, color(0x6a1b9a), width(60), place(2600, 4200, 3000, 700, 500)) // without a height
	turned := m.stroke(wave(600), 0, 0, color(0xef6c00), width(80), opacity(128), place(5200, 2600, 2600, 1200, 1500))
	m.batch(ot.Op{Kind: ot.EraseSpans, ID: turned, Eraser: 1, Spans: []ot.Span{{From: 30 * 256, To: 36 * 256}}})
	last := m.stroke(wave(300), 0, 2500, color(0xad1457), width(40))
	m.batch(ot.Op{Kind: ot.Set, ID: last, Settings: []ot.Setting{place(300, 4700, 2000, 500, 0), {Register: ot.Order, Value: "0"}}})
}

func texts(m *maker) {
	m.text("Chalkline: one shared board", place(300, 300, 0, 0, 0), size(480), color(0x1565c0))
	m.text("同一块黑板，大家一起写。\n第二行 with English 和中文混排", place(300, 1100, 0, 0, 0), size(360))
	m.text("The quick brown fox jumps over the lazy dog, and a verylongwordthatdoesnotfitonitsline is broken.",
		place(300, 2400, 2600, 0, 0), size(240))
	m.text("勾股定理：直角三角形两条直角边的平方和等于斜边的平方。a² + b² = c²", place(3300, 2400, 2200, 0, 0), size(240), align(ot.AlignCentre))
	m.text("right\naligned\n右对齐", place(5900, 2400, 1500, 0, 0), size(240), align(ot.AlignRight), color(0xc62828))
	m.text("bold 粗体", place(300, 4600, 0, 0, 0), size(320), style(true, false))
	m.text("italic 斜体", place(2300, 4600, 0, 0, 0), size(320), style(false, true))
	m.text("both 两者", place(4600, 4600, 0, 0, 0), size(320), style(true, true))
	m.text("turned 转过的字", place(5600, 900, 2000, 0, 2000), size(320), opacity(128))
	m.text("80: AVATAR To We, fi fl 0123456789", place(300, 5300, 0, 0, 0), size(80))
}

// pictures are as large as they are, larger, smaller, stretched, turned, pale,
// behind ink and not there.
func pictures(m *maker) {
	m.golden.Images = album{"target": target(m.t), "two": twoColors(m.t)}
	m.create(ot.Image, imageOf("target"), place(300, 300, 1600, 1200, 0))
	m.create(ot.Image, imageOf("target"), place(2200, 300, 3200, 2400, 0))
	m.create(ot.Image, imageOf("target"), place(5700, 300, 400, 300, 0))
	m.create(ot.Image, imageOf("target"), place(5700, 900, 1000, 2000, 0))
	m.create(ot.Image, imageOf("target"), place(500, 3400, 2400, 1800, 3000))
	m.create(ot.Image, imageOf("target"), place(3500, 3200, 1600, 1200, 0), opacity(128))
	m.create(ot.Image, imageOf("two"), place(3300, 4600, 2000, 1000, -1500))
	m.stroke(wave(300), 3000, 2200, color(0x1d2321), width(60))
}

// target is an image of circles one in the other: none of its edges is straight,
// and no two quarters are the same colour.
func target(t testing.TB) []byte {
	t.Helper()
	const wide, high = 160, 120
	img := image.NewNRGBA(image.Rect(0, 0, wide, high))
	quarters := [4]imagecolor.NRGBA{{209, 73, 91, 255}, {47, 125, 87, 255}, {46, 134, 171, 255}, {242, 193, 78, 255}}
	for i := range wide * high {
		x, y := i%wide, i/wide
		dx, dy := 2*x-wide+1, 2*y-high+1
		pixel := quarters[x/(wide/2)+2*(y/(high/2))]
		if (dx*dx+dy*dy)/1600%2 == 1 {
			pixel = imagecolor.NRGBA{255, 255, 255, 255}
		}
		img.SetNRGBA(x, y, pixel)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// writeGoldens writes the boards and what they look like here.
func writeGoldens(t *testing.T) {
	f := fonts(t)
	for name, draw := range map[string]func(*maker){
		"handwriting": handwriting, "shapes": shapes, "dashes": dashed, "erased": erased, "moved": moved, "text": texts, "images": pictures,
	} {
		m := newMaker(t)
		draw(m)
		r := &render.Renderer{Fonts: f, Images: m.golden.Images}
		picture := renderPNG(t, r, m.golden.board(t), render.Options{})
		m.golden.Region = render.Region(t.Context(), m.board, r.Fonts)
		b, err := json.MarshalIndent(m.golden, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		for ext, data := range map[string][]byte{".json": append(b, '\n'), ".png": picture} {
			if err := os.WriteFile(goldenPath(name, ext), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
