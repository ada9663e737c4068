package ot

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxComponents is the most components that an Edit may have as an op.
const MaxComponents = 4096

// MaxRun is the most code points that one component keeps or deletes. Sums stop
// there: no text is as long.
const MaxRun = 1<<32 - 1

// ComponentKind says what a part of an Edit does.
type ComponentKind uint8

// The kinds of components, as they are numbered on the wire.
const (
	Keep ComponentKind = iota
	Delete
	Insert
)

// Component is one part of an Edit: N code points kept or deleted, or Text inserted.
type Component struct {
	Kind ComponentKind
	N    int    // Keep, Delete
	Text string // Insert
}

// Edit changes a text from its start on; what it does not reach is kept. The
// canonical form is that of docs/format.md. Positions count code points.
//
// An Edit fits a text if it does not reach beyond its end. Everything here takes
// any Edit and any text: one that is not canonical counts as its Canonical form,
// and beyond the end OT12 holds. What comes out is canonical. TP1 (OT13) and
// Compose speak of texts that the edits fit: where two that do not are cut off at
// one end, it is lost which stood left. Fit makes an Edit fit.
type Edit []Component

// Apply returns the text after the edit (OT12).
func (e Edit) Apply(text string) string {
	var out strings.Builder
	out.Grow(len(text))
	for _, c := range e {
		switch c.Kind {
		case Keep:
			kept := prefix(text, c.N)
			out.WriteString(text[:kept])
			text = text[kept:]
		case Delete:
			text = text[prefix(text, c.N):]
		case Insert:
			out.WriteString(c.Text)
		}
	}
	out.WriteString(text)
	return out.String()
}

// Length returns how many code points a text of n has after the edit.
func (e Edit) Length(n int) int {
	after := 0
	for _, c := range e {
		switch c.Kind {
		case Keep:
			run := min(max(c.N, 0), n)
			after, n = after+run, n-run
		case Delete:
			n -= min(max(c.N, 0), n)
		case Insert:
			after += utf8.RuneCountInString(c.Text)
		}
	}
	return after + n
}

// Fit returns the edit that does the same to texts of n code points and does
// not reach beyond their end.
func (e Edit) Fit(n int) Edit {
	var out builder
	for _, c := range e {
		switch c.Kind {
		case Keep:
			run := min(max(c.N, 0), n)
			out.keep(run)
			n -= run
		case Delete:
			run := min(max(c.N, 0), n)
			out.delete(run)
			n -= run
		case Insert:
			out.insert(c.Text)
		}
	}
	return out.end()
}

// MovePosition returns where a position in the text before the edit, a caret
// say, is after it. What is inserted right at it stands right of it, so that two
// who type at one place do not mix their words; a position in what is deleted
// goes to where that was.
func (e Edit) MovePosition(position int) int {
	at := 0 // in the text after the edit; position counts from there in the one before
	for _, c := range e {
		if position <= 0 {
			break
		}
		switch c.Kind {
		case Keep:
			run := min(max(c.N, 0), position)
			at, position = at+run, position-run
		case Delete:
			position -= min(max(c.N, 0), position)
		case Insert:
			at += utf8.RuneCountInString(c.Text)
		}
	}
	return at + max(position, 0)
}

// Check returns nil if the edit can be an op: canonical, with no more than
// MaxComponents components and MaxRun code points each, and what it inserts is
// well-formed. Errors: ErrCanonical, ErrLimit, ErrValue.
func (e Edit) Check() error {
	if len(e) > MaxComponents {
		return ErrLimit
	}
	if len(e) == 0 || !e.canonical() {
		return ErrCanonical
	}
	for _, c := range e {
		if c.Kind == Insert && !wellFormed(c.Text) {
			return ErrValue
		}
	}
	return nil
}

// Canonical returns the canonical edit that does the same: itself, if it is.
func (e Edit) Canonical() Edit {
	if e.canonical() {
		return e
	}
	var out builder
	for _, c := range e {
		switch c.Kind {
		case Keep:
			out.keep(c.N)
		case Delete:
			out.delete(c.N)
		case Insert:
			out.insert(c.Text)
		}
	}
	return out.end()
}

// canonical looks at the components, not into what they insert. No components
// are the canonical form of an edit that changes nothing.
func (e Edit) canonical() bool {
	before := Keep
	for i, c := range e {
		if c.Kind == Insert {
			if c.Text == "" || c.N != 0 {
				return false
			}
		} else if c.Kind > Insert || c.N < 1 || c.N > MaxRun || c.Text != "" {
			return false
		}
		if i > 0 && (c.Kind == before || c.Kind == Insert && before == Delete) {
			return false
		}
		before = c.Kind
	}
	return len(e) == 0 || before != Keep
}

// wellFormed says whether a text may have s: UTF-8 without control characters
// but tab and line feed.
func wellFormed(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) && r != '\t' && r != '\n' {
			return false
		}
	}
	return utf8.ValidString(s)
}

// prefix returns how many bytes the first n code points of s take; len(s) if
// there are fewer.
func prefix(s string, n int) int {
	if n <= 0 {
		return 0
	}
	if n >= len(s) {
		return len(s)
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// builder puts a canonical edit together. Between two keeps it gathers one
// insert and, behind it, one delete. A nil builder takes everything and keeps nothing.
type builder struct {
	edit          Edit
	kept, deleted int
	inserted      []string
}

func (b *builder) keep(n int) {
	if b == nil || n <= 0 {
		return
	}
	if b.deleted > 0 || len(b.inserted) > 0 {
		b.flush()
	}
	b.kept = min(b.kept+min(n, MaxRun), MaxRun)
}

func (b *builder) delete(n int) {
	if b != nil && n > 0 {
		b.deleted = min(b.deleted+min(n, MaxRun), MaxRun)
	}
}

func (b *builder) insert(text string) {
	if b != nil && text != "" {
		b.inserted = append(b.inserted, text)
	}
}

func (b *builder) flush() {
	if b.kept > 0 {
		b.edit = append(b.edit, Component{Kind: Keep, N: b.kept})
	}
	if len(b.inserted) > 0 {
		b.edit = append(b.edit, Component{Kind: Insert, Text: strings.Join(b.inserted, "")})
	}
	if b.deleted > 0 {
		b.edit = append(b.edit, Component{Kind: Delete, N: b.deleted})
	}
	b.kept, b.deleted, b.inserted = 0, 0, b.inserted[:0]
}

// end returns the edit. What would be kept last is left out.
func (b *builder) end() Edit {
	if b.deleted > 0 || len(b.inserted) > 0 {
		b.flush()
	}
	return b.edit
}
