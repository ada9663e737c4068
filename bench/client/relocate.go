package client

import (
	"strings"
	"unicode/utf8"

	"chalkline/ot"
)

// relocate brings an edit of the text that from makes over to the one that to
// makes of the same text of so many code points; to is from at another place, or
// nothing of it. Every character that the edit deletes is deleted where to has
// it, and what is inserted comes behind the character that it was behind, or the
// nearest before it that to has.
func relocate(edit, from, to ot.Edit, length int) ot.Edit {
	before, after := characters(from, length), characters(to, length)
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
