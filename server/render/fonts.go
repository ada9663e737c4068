package render

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

const (
	maxFontFiles = 20_000 // looked at when folders are searched
	maxGlyphs    = 1 << 16
)

// Fonts are the fonts that texts are drawn with, found on the system: for each
// character the first of them that has it. It may be used by many goroutines at
// once. The zero Fonts has none: texts are then drawn as boxes.
type Fonts struct {
	families []family

	mu    sync.Mutex
	known map[wanted]glyph
}

// family is up to four faces of one design: plain, bold, italic, both. nil where
// there is none.
type family [4]*face

const (
	boldFace   = 1
	italicFace = 2
)

// face is one font of a file, which stays open: large Chinese fonts are read
// glyph by glyph.
type face struct {
	font *sfnt.Font
	file *os.File
	em   float64 // units of the font per em
}

// wanted is what a character is looked up by.
type wanted struct {
	r     rune
	style int
}

// glyph is a character in a face. slant and embolden stand in for faces that the
// family lacks.
type glyph struct {
	face     *face
	index    sfnt.GlyphIndex
	advance  float64 // parts of the size
	slant    bool
	embolden bool
}

// OpenFonts finds fonts: every one in the folders given, which come first, then
// what systems usually have (docs/deploy.md). Files that are no fonts are passed
// over; a folder that cannot be read is an error.
func OpenFonts(folders ...string) (*Fonts, error) {
	f := &Fonts{known: map[wanted]glyph{}}
	for _, folder := range folders {
		if _, err := os.ReadDir(folder); err != nil {
			return nil, errors.Join(fmt.Errorf("render: fonts: %w", err), f.Close())
		}
		f.addFolder(folder)
	}
	f.addSystem()
	return f, nil
}

// Close closes the files.
func (f *Fonts) Close() error {
	var errs []error
	for _, family := range f.families {
		for _, face := range family {
			if face != nil {
				errs = append(errs, face.file.Close())
			}
		}
	}
	f.families = nil
	return errors.Join(errs...)
}

// addFolder takes all fonts of a folder, faces of one family together.
func (f *Fonts) addFolder(folder string) {
	at := map[string]int{}
	for _, path := range fontFiles(folder) {
		opened := openFace(path)
		if opened == nil {
			continue
		}
		name, style := opened.names()
		i, ok := at[name]
		if !ok {
			i = len(f.families)
			at[name] = i
			f.families = append(f.families, family{})
		}
		if old := f.families[i][style]; old != nil {
			_ = opened.file.Close() // the same face twice
			continue
		}
		f.families[i][style] = opened
	}
}

// addSystem takes the usual families that the system has.
func (f *Fonts) addSystem() {
	paths := map[string]string{}
	for _, folder := range systemFolders() {
		for _, path := range fontFiles(folder) {
			paths[strings.ToLower(filepath.Base(path))] = path
		}
	}
	for _, files := range usualFamilies() {
		var found family
		any := false
		for style, file := range files {
			if path, ok := paths[strings.ToLower(file)]; ok && file != "" {
				found[style] = openFace(path)
				any = any || found[style] != nil
			}
		}
		if any {
			f.families = append(f.families, found)
		}
	}
}

// fontFiles lists the font files under a folder.
func fontFiles(folder string) []string {
	var found []string
	left := maxFontFiles
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if left--; left < 0 {
			return fs.SkipAll
		}
		if err != nil {
			return nil //nolint:nilerr // what cannot be read has no fonts for us
		}
		if ext := strings.ToLower(filepath.Ext(path)); !d.IsDir() && slices.Contains([]string{".ttf", ".otf", ".ttc", ".otc"}, ext) {
			found = append(found, path)
		}
		return nil
	})
	return found
}

// openFace opens a font file, nil if it is none. Of a collection it takes
// simplified Chinese, else the first.
func openFace(path string) *face {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	collection, err := sfnt.ParseCollectionReaderAt(file)
	if err == nil {
		for i := range collection.NumFonts() {
			opened, err := collection.Font(i)
			if err != nil {
				continue
			}
			found := &face{font: opened, file: file, em: float64(opened.UnitsPerEm())}
			if name, _ := found.names(); i == collection.NumFonts()-1 || strings.HasSuffix(name, " SC") {
				return found
			}
		}
	}
	_ = file.Close()
	return nil
}

// names are family and style of a face, as it says itself.
func (f *face) names() (name string, style int) {
	name, _ = f.font.Name(nil, sfnt.NameIDFamily)
	sub, _ := f.font.Name(nil, sfnt.NameIDSubfamily)
	sub = strings.ToLower(sub)
	if strings.Contains(sub, "bold") {
		style |= boldFace
	}
	if strings.Contains(sub, "italic") || strings.Contains(sub, "oblique") {
		style |= italicFace
	}
	return name, style
}

// glyph finds a character; the zero glyph if no font has it.
func (f *Fonts) glyph(r rune, style int) glyph {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := wanted{r, style}
	g, ok := f.known[w]
	if ok {
		return g
	}
	for i := range f.families {
		if g = f.families[i].glyph(r, style); g.face != nil {
			break
		}
	}
	if f.known == nil || len(f.known) >= maxGlyphs {
		f.known = map[wanted]glyph{}
	}
	f.known[w] = g
	return g
}

// glyph takes the face that fits the style best and makes up for the rest.
func (fam *family) glyph(r rune, style int) glyph {
	for _, have := range []int{style, style &^ italicFace, style &^ boldFace, 0, 1, 2, 3} {
		face := fam[have]
		if face == nil {
			continue
		}
		index, err := face.font.GlyphIndex(nil, r)
		if err != nil || index == 0 {
			continue
		}
		ppem := fixed.Int26_6(face.em * 64)
		advance, err := face.font.GlyphAdvance(nil, index, ppem, font.HintingNone)
		if err != nil {
			continue
		}
		missing := style &^ have
		return glyph{
			face: face, index: index, advance: float64(advance) / 64 / face.em,
			slant: missing&italicFace != 0, embolden: missing&boldFace != 0,
		}
	}
	return glyph{}
}

// kern is how much nearer (< 0) the next glyph stands, in parts of the size.
func (g glyph) kern(next glyph) float64 {
	if g.face == nil || g.face != next.face {
		return 0
	}
	k, err := g.face.font.Kern(nil, g.index, next.index, fixed.Int26_6(g.face.em*64), font.HintingNone)
	if err != nil {
		return 0
	}
	return float64(k) / 64 / g.face.em
}
