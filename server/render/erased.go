package render

import (
	"math"
	"sort"

	"chalkline/ot"
)

// parts of a point's index in which spans are counted.
const parts = 256

// visibleRuns are the parts of a line of so many points that erasures left, the
// same as web/src/board/erased.ts.
func visibleRuns(line []sample, visible []ot.Span, points int) [][]sample {
	if len(line) == 0 || len(visible) == 0 {
		return nil
	}
	if points < 2 {
		return [][]sample{line}
	}
	var runs [][]sample
	for _, s := range visible {
		if run := cutOut(line, float64(s.From)/parts, float64(s.To)/parts); run != nil {
			runs = append(runs, run)
		}
	}
	return runs
}

// cutOut returns the line from one index to another, nil if nothing of it lies
// there.
func cutOut(line []sample, from, to float64) []sample {
	a, b := math.Max(from, line[0].at), math.Min(to, line[len(line)-1].at)
	if !(b > a) {
		return nil
	}
	first, end := firstFrom(line, a), firstFrom(line, b)
	run := make([]sample, 0, end-first+2)
	run = append(run, sampleAt(line, first, a))
	for _, s := range line[first:end] {
		if s.at > a {
			run = append(run, s)
		}
	}
	return append(run, sampleAt(line, end, b))
}

// firstFrom is the first sample at or after an index, the last if there is none.
func firstFrom(line []sample, at float64) int {
	return min(sort.Search(len(line), func(i int) bool { return line[i].at >= at }), len(line)-1)
}

// sampleAt is the sample at an index between samples i − 1 and i.
func sampleAt(line []sample, i int, at float64) sample {
	before := line[max(i-1, 0)]
	if !(line[i].at > before.at) {
		return line[i]
	}
	return between(before, line[i], (at-before.at)/(line[i].at-before.at))
}
