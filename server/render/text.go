package render

import (
	"strings"

	"golang.org/x/image/font/sfnt"

	"chalkline/ot"
)

// Texts, laid out as in web/src/board/textlayout.ts and style.ts. A line breaks
// at spaces (those stay at its end and take no room), between any two CJK
// characters, and at newlines; no line begins with a CJK mark that closes or
// ends with one that opens (GB/T 15834). A word longer than a line breaks
// wherever it is full. A box of width 0 breaks at newlines only.
const (
	lineHeight = 1.4 // parts of the size
	baseline   = 1.1
	slack      = 0.5 // units that a line may be too long
)

// textMarks is a text, a path for each line, and how it is turned: around the
// middle of the box that its lines need.
func (p *painter) textMarks(text string, l look) ([]mark, matrix) {
	t := newTypeset(p.fonts, text, l)
	lines := t.lines(float64(l.place.W))
	width := float64(l.place.W)
	if l.place.W == 0 {
		for _, line := range lines {
			width = max(width, t.width(line))
		}
	}
	height := float64(len(lines)) * lineHeight * l.size
	x, y := float64(l.place.X), float64(l.place.Y)
	share := map[ot.Alignment]float64{ot.AlignCentre: 0.5, ot.AlignRight: 1}[l.align]
	var marks []mark
	var buffer sfnt.Buffer
	for i, line := range lines {
		path := &Path{}
		left := x + share*(width-t.width(line)) - t.at[line.from]
		top := y + float64(i)*lineHeight*l.size
		for j := line.from; j < t.shown(line); j++ {
			if !isSpace(t.runes[j]) {
				path.appendGlyph(&buffer, t.glyphs[j], left+t.at[j], top+baseline*l.size, l.size)
			}
		}
		if !path.empty() {
			marks = append(marks, mark{path: path, color: l.color, opacity: l.opacity})
		}
	}
	return marks, turned(l.place.Angle, vec{x + width/2, y + height/2})
}

// typeset is a text with the place of each character as if it were one line.
type typeset struct {
	runes  []rune
	glyphs []glyph
	at     []float64 // of each, and of what would follow; units
	ends   []float64 // right edge of each
}

// textLine is the characters from … to (exclusive).
type textLine struct{ from, to int }

func newTypeset(fonts *Fonts, text string, l look) *typeset {
	t := &typeset{runes: []rune(text)}
	t.glyphs = make([]glyph, len(t.runes))
	t.at = make([]float64, len(t.runes)+1)
	t.ends = make([]float64, len(t.runes))
	x := 0.0
	for i, r := range t.runes {
		if r == '\t' {
			r = ' ' // as canvases do
		}
		if r == '\n' {
			t.at[i], t.ends[i] = x, x
			continue
		}
		g := fonts.glyph(r, l.style)
		if i > 0 {
			x += t.glyphs[i-1].kern(g) * l.size
		}
		t.glyphs[i], t.at[i] = g, x
		advance := g.advance
		if g.face == nil {
			advance = tofu
		}
		x += advance * l.size
		t.ends[i] = x
	}
	t.at[len(t.runes)] = x
	return t
}

// shown is where a line ends without the spaces at its end.
func (t *typeset) shown(line textLine) int {
	to := line.to
	for to > line.from && isSpace(t.runes[to-1]) {
		to--
	}
	return to
}

// width is that of a line without the spaces at its end.
func (t *typeset) width(line textLine) float64 {
	to := t.shown(line)
	if to == line.from {
		return 0
	}
	return t.ends[to-1] - t.at[line.from]
}

// lines breaks the text to a width; 0 breaks at newlines only.
func (t *typeset) lines(width float64) []textLine {
	var lines []textLine
	from := 0
	for i := 0; i <= len(t.runes); i++ {
		if i == len(t.runes) || t.runes[i] == '\n' {
			lines = t.paragraph(from, i, width, lines)
			from = i + 1
		}
	}
	return lines
}

// paragraph appends the lines of characters from … end, at least one.
func (t *typeset) paragraph(from, end int, width float64, lines []textLine) []textLine {
	start := from
	for at := from; width > 0 && at < end; {
		next := t.pieceEnd(at, end)
		switch {
		case t.width(textLine{start, next}) <= width+slack:
			at = next
			continue
		case at == start:
			if at = t.fitting(start, next, width); at == next {
				continue
			}
		}
		lines = append(lines, textLine{start, at})
		start = at
	}
	return append(lines, textLine{start, end})
}

// Marks that no line begins with, and that none ends with.
const (
	closes = "、。，．：；！？）〕］｝〉》」』】〗〙"
	opens  = "（〔［｛〈《「『【〖〘"
)

func breaksBetween(a, b rune) bool {
	return isCJK(a) && isCJK(b) && !strings.ContainsRune(opens, a) && !strings.ContainsRune(closes, b)
}

// pieceEnd is where the piece ends that begins at a character: a word with the
// spaces after it, or a CJK character with the marks that it keeps.
func (t *typeset) pieceEnd(from, end int) int {
	at := from
	for at < end && !isSpace(t.runes[at]) {
		at++
		if at < end && breaksBetween(t.runes[at-1], t.runes[at]) {
			return at
		}
	}
	for at < end && isSpace(t.runes[at]) {
		at++
	}
	return at
}

// fitting is how far a piece that is wider than a line goes on it: at least one
// character.
func (t *typeset) fitting(from, end int, width float64) int {
	at := from + 1
	for at < end && t.width(textLine{from, at + 1}) <= width+slack {
		at++
	}
	return at
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' }

// isCJK says whether lines break on both sides of a character: ideographs, kana,
// hangul and their punctuation.
func isCJK(r rune) bool {
	switch {
	case r < 0x1100:
		return false
	case r <= 0x11ff, r >= 0x2e80 && r <= 0x30ff, r >= 0x3100 && r <= 0x318f, r >= 0x31a0 && r <= 0x4dbf, r >= 0x4e00 && r <= 0x9fff:
		return true
	case r >= 0xa960 && r <= 0xa97f, r >= 0xac00 && r <= 0xd7ff, r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe4f:
		return true
	default:
		return r >= 0xff00 && r <= 0xffef || r >= 0x20000 && r <= 0x3ffff
	}
}
