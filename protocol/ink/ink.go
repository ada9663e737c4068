// Package ink codes pen strokes in few bytes: frames of a stroke that is being
// drawn, which decode as they come, and whole strokes for snapshots.
//
// Both are one adaptive binary arithmetic coder over one model: the next step
// is predicted from the last ones, the residual coded with probabilities that
// start trained on handwriting and go on learning. Coding loses nothing and
// clips nothing: what cannot be represented is refused. A live frame has
// exactly one code, so equal points are equal bytes in every implementation;
// docs/ink.md has the format.
//
// Decoders take any input: work and memory are bounded by what the caller
// allows, never by what the input claims. The caller keeps frames of a stroke
// in order; a frame means nothing without those before it.
package ink

import (
	"errors"
	"fmt"

	"chalkline/ot"
)

// Bounds of what can be coded. X, Y, P and T are from 0 up to these.
const (
	MaxX = 1<<16 - 1 // 1/10 px
	MaxY = 1<<18 - 1 // 1/10 px
	MaxP = 1<<8 - 1
	MaxT = 1 << 24 // ms since the first point of the stroke
	// MaxGap is the longest time in ms that a frame may take, from the point
	// before it, and the longest between two points of a stroke in a snapshot.
	MaxGap = 1 << 19
	// MaxFrame is the most points of a live frame or a snapshot's segment.
	MaxFrame = 256
	// MaxStroke is the most points of one stroke (OT9), kept by Strokes.
	MaxStroke = 1 << 16
)

// Errors of this package, wrapped or as they are.
var (
	ErrCorrupt = errors.New("ink: damaged data")
	ErrRange   = errors.New("ink: points that cannot be coded")
	ErrLimit   = errors.New("ink: more than allowed")
	ErrNotOpen = errors.New("ink: not the next frame of an open stroke")
)

// check refuses points that cannot be coded. before is the point before pts;
// nil means that pts begin a stroke.
func check(pts []ot.Point, before *ot.Point) error {
	prev := int32(0)
	if before != nil {
		prev = before.T
	} else if len(pts) > 0 && pts[0].T != 0 {
		return fmt.Errorf("%w: first point at %d ms", ErrRange, pts[0].T)
	}
	for i, p := range pts {
		if !inRange(p) {
			return fmt.Errorf("%w: point %d is %v", ErrRange, i, p)
		}
		if p.T < prev || p.T > MaxT || p.T-prev > MaxGap {
			return fmt.Errorf("%w: point %d at %d ms after %d ms", ErrRange, i, p.T, prev)
		}
		prev = p.T
	}
	return nil
}

// inRange tells whether x, y and p can be coded.
func inRange(p ot.Point) bool {
	return uint32(p.X) <= MaxX && uint32(p.Y) <= MaxY && uint32(p.P) <= MaxP
}
