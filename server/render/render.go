package render

import (
	"context"
	"errors"
	"fmt"
	"math"

	"chalkline/ot"
)

// A board in units, 1/10 px (docs/format.md).
const (
	unitsPerPx  = 10
	boardWidth  = 40_960
	boardHeight = 170_650
)

// Widths that a PNG or SVG may be asked for, in px. MaxWidth is a board at 1:1.
const (
	MinWidth = 16
	MaxWidth = boardWidth / unitsPerPx
)

const (
	margin     = 200    // units around what is on a page
	screen     = 23_040 // units: a page is shown at least as high as a 16:9 screen
	emptyWidth = 4000   // units: a page without anything at 1:1
	emptyHigh  = 3000
)

// ErrNoImage says that there is no image with a content id.
var ErrNoImage = errors.New("no such image")

// ErrTooMuch says that a board takes more work to draw than a picture may.
var ErrTooMuch = errors.New("too much to draw")

// Images hands out the images that boards show.
type Images interface {
	// Image returns a PNG or JPEG by its content id; ErrNoImage, wrapped, if there
	// is none. It is then left out of the picture.
	Image(ctx context.Context, content string) ([]byte, error)
}

// Renderer draws boards. It may be used by many goroutines at once, each with a
// board of its own.
type Renderer struct {
	Fonts  *Fonts // nil: boxes instead of letters
	Images Images // nil: no images
}

// Options say how a picture is to be.
type Options struct {
	// Width in px, MinWidth to MaxWidth: the whole width of the page, from its top
	// to the end of what is on it, and at least 16:9. 0: only what is on the
	// page, with a margin, as large as it is.
	Width int
}

// check refuses widths that cannot be.
func (o Options) check() error {
	if o.Width != 0 && (o.Width < MinWidth || o.Width > MaxWidth) {
		return fmt.Errorf("render: width %d px is not %d to %d", o.Width, MinWidth, MaxWidth)
	}
	return nil
}

// maxKept is how many bytes of marks are kept; others are made again for each
// band that they touch.
const maxKept = 64 << 20

// sheet is a board as marks.
type sheet struct {
	painter painter
	items   []item
	kept    int  // bytes
	content rect // of all marks, on the board
}

// item is what one element paints.
type item struct {
	element *ot.Element
	bounds  rect
	marks   []mark // nil: to be made again
}

// sheet makes the marks of a board.
func (r *Renderer) sheet(ctx context.Context, board *ot.Board) (*sheet, error) {
	fonts := r.Fonts
	if fonts == nil {
		fonts = &Fonts{}
	}
	s := &sheet{painter: painter{fonts}, content: nowhere()}
	page := rect{0, 0, boardWidth, boardHeight}
	for e := range board.Drawn() {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("render: %w", err)
		}
		found := item{element: e, bounds: nowhere()}
		bytes := 0
		marks := s.painter.marks(e)
		for i := range marks {
			found.bounds = found.bounds.union(marks[i].bounds())
			bytes += marks[i].bytes()
		}
		if !found.bounds.meets(page) {
			continue
		}
		if s.kept+bytes <= maxKept {
			s.kept += bytes
			found.marks = marks
		}
		s.items = append(s.items, found)
		s.content = s.content.union(found.bounds.intersect(page))
	}
	return s, nil
}

// each gives the marks that may touch a part of the board, the lowest first.
func (s *sheet) each(ctx context.Context, part rect, do func(*mark) error) error {
	for i := range s.items {
		it := &s.items[i]
		if !it.bounds.meets(part) {
			continue
		}
		marks := it.marks
		if marks == nil {
			marks = s.painter.marks(it.element)
		}
		for j := range marks {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(&marks[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// region is which part of the board a picture shows.
func (s *sheet) region(o Options) rect {
	if o.Width > 0 {
		return s.page()
	}
	if s.content.empty() {
		return rect{0, 0, emptyWidth, emptyHigh}
	}
	r := s.content.grow(margin).intersect(rect{0, 0, boardWidth, boardHeight})
	// Whole px, so that 1:1 is what the canvas shows.
	down := func(v float64) float64 { return math.Floor(v/unitsPerPx) * unitsPerPx }
	up := func(v float64) float64 { return math.Ceil(v/unitsPerPx) * unitsPerPx }
	return rect{down(r.x0), down(r.y0), up(r.x1), math.Min(up(r.y1), boardHeight)}
}

// page is the whole width of the board, as far down as there is something.
func (s *sheet) page() rect {
	end := screen + 0.0
	if !s.content.empty() {
		end = math.Max(end, s.content.y1+margin)
	}
	return rect{0, 0, boardWidth, math.Min(end, boardHeight)}
}
