package client

import "chalkline/ot"

// maxDifferences bounds the search of difference: a large part is replaced whole.
const maxDifferences = 400

// difference returns an edit that makes one text of another and keeps as much
// as it can find, at several places.
func difference(from, to string) ot.Edit {
	a, b := []rune(from), []rune(to)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	edit := ot.Edit{{Kind: ot.Keep, N: head}}
	steps, ok := shortest(a, b)
	if !ok {
		edit = append(edit, ot.Component{Kind: ot.Insert, Text: string(b)}, ot.Component{Kind: ot.Delete, N: len(a)})
		return edit.Canonical()
	}
	x, y := 0, 0
	for _, s := range steps {
		kept := min(s.x-x, s.y-y) // what is kept lies on the diagonal to the next step
		edit = append(edit, ot.Component{Kind: ot.Keep, N: kept})
		if s.x > x+kept {
			edit = append(edit, ot.Component{Kind: ot.Delete, N: 1})
		} else {
			edit = append(edit, ot.Component{Kind: ot.Insert, Text: string(b[y+kept])})
		}
		x, y = s.x, s.y
	}
	return edit.Canonical()
}

// step is where a single deletion or insertion ends: behind x of one text and y
// of the other.
type step struct{ x, y int }

// shortest returns the deletions and insertions of a shortest way from a to b,
// in order; false if there are more than maxDifferences. (Myers, "An O(ND)
// Difference Algorithm", 1986.)
func shortest(a, b []rune) ([]step, bool) {
	var reached [][]int // by d: the furthest x on each diagonal k = x − y, at k + d
	for d := 0; d <= maxDifferences; d++ {
		row := make([]int, 2*d+1)
		for k := -d; k <= d; k += 2 {
			x := 0
			if d > 0 {
				x, _ = start(reached[d-1], d, k)
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			row[k+d] = x
			if x >= len(a) && x-k >= len(b) {
				return wayBack(reached, d, k), true
			}
		}
		reached = append(reached, row)
	}
	return nil, false
}

// start returns where the d-th difference ends on diagonal k, and whether it is
// an insertion, from diagonal k + 1; else it is a deletion, from k − 1.
func start(before []int, d, k int) (x int, inserts bool) {
	if k == -d || k != d && before[k+d-2] < before[k+d] {
		return before[k+d], true
	}
	return before[k+d-2] + 1, false
}

func wayBack(reached [][]int, last, k int) []step {
	steps := make([]step, last)
	for d := last; d > 0; d-- {
		x, inserts := start(reached[d-1], d, k)
		steps[d-1] = step{x, x - k}
		if inserts {
			k++
		} else {
			k--
		}
	}
	return steps
}
