package bench

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"text/tabwriter"
	"time"
)

// AlignResult says how far strokes and pictures were apart at one pupil, as
// `make avsync` does in browsers (docs/performance.md).
type AlignResult struct {
	Path    string `json:"path"`
	Strokes int    `json:"strokes"`
	Frames  int    `json:"frames"`
	// The size of the error of a stroke: when the picture was taken with which it was
	// first seen, less when the first one was taken after it was drawn.
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
	// Early is how much a stroke was there before its picture, at most, at any picture.
	Early float64 `json:"early_max_ms"`
	// Strayed counts pictures whose time was not the one that they were taken at.
	Strayed int     `json:"strayed"`
	Delay   float64 `json:"delay_ms"` // median age of the pictures when they were shown
	Goal    float64 `json:"goal_p95_ms,omitempty"`
	OK      bool    `json:"ok"`
}

// Bounds of what is right, ms. Cameras do not keep time to the millisecond.
const (
	alignSpare = 3
	earlyMost  = 200
)

// judge compares what was on a glass with what the teacher did; strokes tells how
// many were seen at a moment.
func judge(taken *camera, seen []moment, strokes func(moment) int) (*AlignResult, error) {
	due := taken.strokes()
	r := &AlignResult{Frames: len(seen), Strokes: len(due)}
	var errs, ages []time.Duration
	next := 0 // stroke that was not seen yet
	for _, m := range seen {
		shown := taken.at(m.index)
		n := strokes(m)
		for ; next < min(n, len(due)); next++ {
			errs = append(errs, apart(shown, taken.at(due[next])).Abs())
		}
		if n > 0 && n <= len(due) {
			r.Early = max(r.Early, round(milliseconds(-apart(shown, taken.at(due[n-1]))), 1))
		}
		if m.strayed {
			r.Strayed++
		}
		ages = append(ages, m.at.Sub(shown.at))
	}
	if next < len(due) || next == 0 {
		return nil, fmt.Errorf("bench: of %d strokes %d were seen", len(due), next)
	}
	if last := seen[len(seen)-1]; strokes(last) != len(due) {
		return nil, fmt.Errorf("bench: %d strokes were drawn, and %d seen", len(due), strokes(last))
	}
	r.P50, r.P95, r.P99, r.Max = quantileOf(errs, 50), quantileOf(errs, 95), quantileOf(errs, 99), quantileOf(errs, 100)
	r.Delay = quantileOf(ages, 50)
	return r, nil
}

// apart is how much later one picture was taken than another.
func apart(a, b shot) time.Duration { return time.Duration(a.stamp-b.stamp) * time.Microsecond }

// quantileOf returns a percentile in ms; there must be values.
func quantileOf(values []time.Duration, percent int) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return round(milliseconds(sorted[(len(sorted)*percent+99)/100-1]), 1)
}

// alignReport is the result of each way to play.
type alignReport []*AlignResult

// JSON writes one line for each.
func (r alignReport) JSON(w io.Writer) error {
	for _, one := range r {
		if err := writeJSON(w, one); err != nil {
			return err
		}
	}
	return nil
}

// Table writes all for people.
func (r alignReport) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, one := range r {
		writeRows(t, reflect.ValueOf(one).Elem())
		_, _ = fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("bench: report: %w", err)
	}
	return nil
}

// fault is an error for each way on which strokes and pictures were too far apart.
func (r alignReport) fault() error {
	var errs []error
	for _, one := range r {
		if !one.OK {
			errs = append(errs, fmt.Errorf("%w: %s: p95 %v ms (goal %v), early %v ms (bound %d), %d pictures with another time",
				ErrWrong, one.Path, one.P95, one.Goal, one.Early, earlyMost, one.Strayed))
		}
	}
	return errors.Join(errs...)
}
