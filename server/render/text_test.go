package render

import (
	"slices"
	"strings"
	"testing"

	"chalkline/ot"
)

// broken lays a text out where every character is a box of tofu × size wide: no
// fonts are needed.
func broken(text string, width float64) []string {
	t := newTypeset(&Fonts{}, text, look{size: 100})
	var lines []string
	for _, line := range t.lines(width) {
		lines = append(lines, string(t.runes[line.from:line.to]))
	}
	return lines
}

func TestTextsBreakAsInThePage(t *testing.T) {
	const four = 4 * tofu * 100 // units: four characters
	for _, c := range []struct {
		text  string
		width float64
		want  []string
	}{
		{"", four, []string{""}},
		{"ab cd", 0, []string{"ab cd"}},
		{"ab\ncd\n", 0, []string{"ab", "cd", ""}},
		{"ab cd", four, []string{"ab ", "cd"}},
		{"abcd ef", four, []string{"abcd ", "ef"}},       // the space takes no room
		{"abcd    ef", four, []string{"abcd    ", "ef"}}, // nor do many
		{"abcdefghij", four, []string{"abcd", "efgh", "ij"}},
		{"a bcdefg", four, []string{"a ", "bcde", "fg"}},
		{"黑板黑板黑板", four, []string{"黑板黑板", "黑板"}},
		{"abc黑板。", four, []string{"abc黑", "板。"}},
		{"x abc黑板", four, []string{"x ", "abc黑", "板"}}, // no break between Latin and the first
		{"黑板黑板。", four, []string{"黑板黑", "板。"}},
		{"黑板黑（板）", four, []string{"黑板黑", "（板）"}},
		{"\n\n", four, []string{"", "", ""}},
		{"a", 1, []string{"a"}}, // at least one
		{"abc", 1, []string{"a", "b", "c"}},
	} {
		if got := broken(c.text, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q in %v: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestLinesStandWhereTheirAlignmentPutsThem(t *testing.T) {
	for align, share := range map[ot.Alignment]float64{ot.AlignLeft: 0, ot.AlignCentre: 0.5, ot.AlignRight: 1} {
		p := painter{&Fonts{}}
		marks, _ := p.textMarks("ab\nx", look{size: 100, align: align, opacity: 255, placed: true, place: ot.Placement{X: 1000, Y: 2000, W: 600}})
		if len(marks) != 2 {
			t.Fatalf("%d lines", len(marks))
		}
		box := marks[1].bounds()
		line := 100 * tofuLine
		if want := 1000 + share*(600-tofu*100) + line; box.x0 < want-0.1 || box.x0 > want+0.1 {
			t.Errorf("alignment %d: begins at %v, want %v", align, box.x0, want)
		}
		if want := 2000 + 100*(lineHeight+baseline); box.y1 < want-0.1 || box.y1 > want+0.1 {
			t.Errorf("alignment %d: stands on %v, want %v", align, box.y1, want)
		}
	}
}

func TestFontsAreFoundForChineseAndLatin(t *testing.T) {
	f, err := OpenFonts()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	for _, r := range "Aé黑板。" {
		for style := range 4 {
			if g := f.glyph(r, style); g.face == nil || g.advance <= 0 {
				t.Errorf("no font has %c in style %d (scripts/setup installs fonts)", r, style)
			}
		}
	}
}

func TestAFolderOfFontsThatIsNotThereIsAnError(t *testing.T) {
	if _, err := OpenFonts(t.TempDir() + "/missing"); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("OpenFonts() = %v", err)
	}
}

func TestLettersMadeBoldGrowOnAllSides(t *testing.T) {
	p := box(0, 0, 100, 100)
	p.polygon([]vec{{20, 20}, {20, 80}, {80, 80}, {80, 20}}) // a hole
	p.embolden(5)
	img := white(130, 130)
	fill(t, img, p, matrix{a: 1, d: 1, e: 10, f: 10}, 0, 255)
	for name, c := range map[string]struct {
		x, y int
		ink  bool
	}{"outside": {3, 60, false}, "edge": {7, 60, true}, "rim": {20, 60, true}, "hole's edge": {32, 60, true}, "hole": {60, 60, false}} {
		if got := img.RGBAAt(c.x, c.y).R == 0; got != c.ink {
			t.Errorf("%s: ink %v", name, got)
		}
	}
}
