package render_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"chalkline/ot"
	"chalkline/protocol/ink"
	"chalkline/server/render"
)

var update = flag.Bool("update", false, "write testdata/golden anew")

// golden is a board as it is in testdata/golden: batches applied at revisions 1,
// 2, 3 …, their ops as they travel. The page draws the same files.
type golden struct {
	// Region of the board that the picture shows, in px: x, y, width, height.
	Region  [4]int        `json:"region"`
	Batches []goldenBatch `json:"batches"`
	// Images by content id, PNG.
	Images album `json:"images,omitempty"`
}

type goldenBatch struct {
	Author uint32 `json:"author"`
	Ops    string `json:"ops"` // hex
}

// board replays the batches.
func (g golden) board(t testing.TB) *ot.Board {
	t.Helper()
	board := ot.NewBoard()
	decoders := map[ot.ID]*ink.Decoder{}
	for i, batch := range g.Batches {
		b, err := hex.DecodeString(batch.Ops)
		if err != nil {
			t.Fatal(err)
		}
		ops, err := ot.DecodeOps(b, ot.MaxBatch)
		if err != nil {
			t.Fatal(err)
		}
		for j := range ops {
			if ops[j].Kind != ot.Extend {
				continue
			}
			if decoders[ops[j].ID] == nil {
				decoders[ops[j].ID] = ink.NewDecoder()
			}
			if ops[j].Points, err = decoders[ops[j].ID].DecodeFrame(nil, ops[j].Frame); err != nil {
				t.Fatal(err)
			}
		}
		board.Apply(uint64(i+1), batch.Author, ops)
	}
	return board
}

func goldenPath(name, ext string) string { return filepath.Join("testdata", "golden", name+ext) }

// readGolden reads a golden board; with -update it is made anew first.
func readGolden(t testing.TB, name string) golden {
	t.Helper()
	b, err := os.ReadFile(goldenPath(name, ".json"))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func fonts(t testing.TB) *render.Fonts {
	t.Helper()
	f, err := render.OpenFonts()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func renderPNG(t testing.TB, r *render.Renderer, board *ot.Board, o render.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.PNG(t.Context(), &b, board, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(t testing.TB, b []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// distance is the mean difference of two pictures' channels, 0 to 255, and how
// many pixels differ by more than 48 in some channel.
func distance(t testing.TB, a, b image.Image) (mean float64, far int) {
	t.Helper()
	if a.Bounds().Size() != b.Bounds().Size() {
		t.Fatalf("sizes %v and %v", a.Bounds().Size(), b.Bounds().Size())
	}
	sum, size := 0, a.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			worst := 0
			r0, g0, b0, _ := a.At(a.Bounds().Min.X+x, a.Bounds().Min.Y+y).RGBA()
			r1, g1, b1, _ := b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y).RGBA()
			for _, d := range [3]int{int(r0>>8) - int(r1>>8), int(g0>>8) - int(g1>>8), int(b0>>8) - int(b1>>8)} {
				d = max(d, -d)
				sum += d
				worst = max(worst, d)
			}
			if worst > 48 {
				far++
			}
		}
	}
	return float64(sum) / float64(3*size.X*size.Y), far
}

// Pictures of the golden boards are as they were; the page's canvas draws the
// same boards and is held to the same pictures (web/e2e). Letters depend on the
// fonts of the machine: of the text board the test looks at where ink is.
func TestGoldenBoardsLookAsTheyDid(t *testing.T) {
	if *update {
		writeGoldens(t)
	}
	f := fonts(t)
	for _, name := range []string{"handwriting", "shapes", "dashes", "erased", "moved", "images"} {
		b, err := os.ReadFile(goldenPath(name, ".png"))
		if err != nil {
			t.Fatal(err)
		}
		g := readGolden(t, name)
		r := &render.Renderer{Fonts: f, Images: g.Images}
		got := decode(t, renderPNG(t, r, g.board(t), render.Options{}))
		if mean, far := distance(t, got, decode(t, b)); mean > 0.02 || far > 0 {
			t.Errorf("%s: mean distance %.3f, %d pixels far off", name, mean, far)
		}
	}
}
