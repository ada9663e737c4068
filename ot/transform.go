package ot

import (
	"math"
	"unicode/utf8"
)

// Transform returns what two edits of one text become when the other was there
// first: a2 is a after b, b2 is b after a. b is the earlier in log order, so at
// one place its insert stands left (OT13); an insert into what the other deletes
// stays (OT14). For every text that both fit,
//
//	a2.Apply(b.Apply(text)) == b2.Apply(a.Apply(text))
func Transform(a, b Edit) (a2, b2 Edit) {
	var overB, overA builder
	transform(a.Canonical(), b.Canonical(), &overB, &overA)
	return overB.end(), overA.end()
}

// transform goes along the text before both edits. a and b are canonical but
// for inserts of b without their text, if overA is nil.
func transform(a, b Edit, overB, overA *builder) {
	x, y := newCursor(a), newCursor(b)
	for !x.done && !y.done {
		switch {
		case y.kind == Insert: // the earlier stands left
			overB.keep(y.n)
			overA.insert(y.take(y.n))
		case x.kind == Insert:
			overA.keep(x.n)
			overB.insert(x.take(x.n))
		default:
			n := min(x.n, y.n)
			switch {
			case x.kind == Keep && y.kind == Keep:
				overB.keep(n)
				overA.keep(n)
			case x.kind == Delete && y.kind == Keep:
				overB.delete(n)
			case x.kind == Keep && y.kind == Delete:
				overA.delete(n)
			}
			x.take(n)
			y.take(n)
		}
	}
	x.drain(overB)
	y.drain(overA)
}

// Compose returns the edit that does what a and then b do: for every text that
// a fits, Compose(a, b).Apply(text) == b.Apply(a.Apply(text)).
func Compose(a, b Edit) Edit {
	x, y := newCursor(a.Canonical()), newCursor(b.Canonical())
	var out builder
	for !x.done || !y.done {
		switch {
		case x.kind == Delete:
			out.delete(x.n)
			x.take(x.n)
		case y.kind == Insert:
			out.insert(y.take(y.n))
		default:
			n := min(x.n, y.n)
			inserted := x.take(n)
			switch {
			case y.kind == Keep && inserted != "":
				out.insert(inserted)
			case y.kind == Keep:
				out.keep(n)
			case inserted == "":
				out.delete(n)
			}
			y.take(n)
		}
	}
	return out.end()
}

// Invert returns the edit that brings a text back: for every a and text,
// Invert(a, text).Apply(a.Apply(text)) == text.
func Invert(a Edit, text string) Edit {
	var out builder
	for _, c := range a.Canonical() {
		switch c.Kind {
		case Keep:
			n := prefix(text, c.N)
			out.keep(utf8.RuneCountInString(text[:n]))
			text = text[n:]
		case Delete:
			n := prefix(text, c.N)
			out.insert(text[:n])
			text = text[n:]
		case Insert:
			out.delete(utf8.RuneCountInString(c.Text))
		}
	}
	return out.end()
}

// cursor takes an edit apart from its start on. Behind its end it keeps for ever.
type cursor struct {
	rest Edit // the component that it stands in first
	kind ComponentKind
	n    int    // code points left of the component
	text string // Insert: those
	done bool   // behind the end
}

func newCursor(e Edit) cursor {
	c := cursor{rest: e}
	c.enter()
	return c
}

func (c *cursor) enter() {
	if len(c.rest) == 0 {
		*c = cursor{kind: Keep, n: math.MaxInt, done: true}
		return
	}
	first := &c.rest[0]
	c.kind, c.n, c.text = first.Kind, first.N, first.Text
	if c.text != "" {
		c.n = utf8.RuneCountInString(c.text)
	}
}

// take goes n code points on, which is not beyond the component, and returns
// them if they are inserted.
func (c *cursor) take(n int) (text string) {
	if c.done {
		return ""
	}
	at := len(c.text)
	if n < c.n {
		at = prefix(c.text, n)
	}
	text, c.text, c.n = c.text[:at], c.text[at:], c.n-n
	if c.n == 0 {
		c.rest = c.rest[1:]
		c.enter()
	}
	return text
}

// drain gives what is left to a builder. What follows a keep is canonical as it
// is and goes at once.
func (c *cursor) drain(out *builder) {
	for !c.done && out != nil {
		kind, n := c.kind, c.n
		text := c.take(n)
		switch kind {
		case Keep:
			out.keep(n)
			out.flush()
			out.edit = append(out.edit, c.rest...)
			return
		case Delete:
			out.delete(n)
		case Insert:
			out.insert(text)
		}
	}
}
