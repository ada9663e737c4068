package client

import (
	"slices"
	"strings"
	"unicode/utf8"

	"chalkline/ot"
)

// relocate brings an edit of the text that from makes over to the one that to
// makes of the same text of so many code points; to is from at another place, or
// nothing of it.
func relocate(edit, from, to ot.Edit, length int) ot.Edit {
	return carry(edit, characters(from, length), characters(to, length))
}

// found is relocate for a text of which is known only what became of it: that
// from is in there, at some place among the edits of others.
func found(edit, from ot.Edit, text, now string) ot.Edit {
	length := utf8.RuneCountInString(text)
	to := difference(text, now)
	after := characters(to, length)
	const stranger = -1 << 30 // others' characters are none of from's
	for i := range after {
		if after[i] < 0 {
			after[i] += stranger
		}
	}
	for in, own := range matches(inserted(from), inserted(to)) {
		after[slices.Index(after, stranger-1-in)] = -1 - own
	}
	return carry(edit, characters(from, length), after)
}

// inserted returns what an edit inserts.
func inserted(e ot.Edit) (runes []rune) {
	for _, c := range e {
		if c.Kind == ot.Insert {
			runes = append(runes, []rune(c.Text)...)
		}
	}
	return runes
}

// matches returns which of b's characters are which of a's, in the same order in
// both.
func matches(a, b []rune) map[int]int {
	same := map[int]int{}
	x, y := 0, 0
	for _, c := range difference(string(a), string(b)) {
		switch c.Kind {
		case ot.Keep:
			for range c.N {
				same[y] = x
				x, y = x+1, y+1
			}
		case ot.Insert:
			y += utf8.RuneCountInString(c.Text)
		case ot.Delete:
			x += c.N
		}
	}
	for x < len(a) && y < len(b) {
		same[y] = x
		x, y = x+1, y+1
	}
	return same
}

// carry brings an edit of a text of some characters over to another one: every
// character that it deletes is deleted where the other has it, and what it
// inserts comes behind the character that it was behind, or the nearest before
// it that the other has.
func carry(edit ot.Edit, before, after []int) ot.Edit {
	places := make(map[int]int, len(after))
	for i, c := range after {
		places[c] = i
	}
	deleted := map[int]bool{}
	inserted := make([]strings.Builder, len(after)+1)
	at := 0
	for _, c := range edit {
		if c.Kind == ot.Insert {
			inserted[placeBehind(before[:min(at, len(before))], places)].WriteString(c.Text)
			continue
		}
		for end := min(len(before), at+c.N); at < end; at++ {
			if place, ok := places[before[at]]; ok && c.Kind == ot.Delete {
				deleted[place] = true
			}
		}
	}
	var out ot.Edit
	for i := range inserted {
		out = append(out, ot.Component{Kind: ot.Insert, Text: inserted[i].String()})
		kind := ot.Keep
		if deleted[i] {
			kind = ot.Delete
		}
		if i < len(after) {
			out = append(out, ot.Component{Kind: kind, N: 1})
		}
	}
	return out.Canonical()
}

// characters returns what each character of a text is after an edit: its index
// in the text before, or −1, −2 … for those inserted.
func characters(edit ot.Edit, length int) []int {
	var out []int
	at, inserted := 0, 0
	for _, c := range edit {
		if c.Kind == ot.Insert {
			for range utf8.RuneCountInString(c.Text) {
				inserted--
				out = append(out, inserted)
			}
			continue
		}
		for end := min(length, at+c.N); at < end; at++ {
			if c.Kind == ot.Keep {
				out = append(out, at)
			}
		}
	}
	for ; at < length; at++ {
		out = append(out, at)
	}
	return out
}

// placeBehind returns the place behind the last of some characters that has one.
func placeBehind(characters []int, places map[int]int) int {
	for i := len(characters) - 1; i >= 0; i-- {
		if place, ok := places[characters[i]]; ok {
			return place + 1
		}
	}
	return 0
}
