// Package ottest is what tests of boards share: a seeded source of random ops,
// sense and nonsense, a slow board to compare hashes with, and a harness in
// which replicas that know different prefixes of a log all write to it.
//
// Ink frames here are plain: the points as varints. Package ot does not look
// into frames.
package ottest

import (
	"encoding/binary"
	"fmt"

	"chalkline/ot"
)

// Record is one batch in the log of a board.
type Record struct {
	Revision uint64
	Author   uint32
	Ops      []byte
}

// Frame returns the plain frame of points.
func Frame(points []ot.Point) []byte {
	var b []byte
	for _, p := range points {
		for _, v := range [...]int32{p.X, p.Y, p.P, p.T} {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	return b
}

// Points returns the points of a plain frame; those after the first damage are left out.
func Points(frame []byte) []ot.Point {
	var points []ot.Point
	for len(frame) > 0 {
		var c [4]int32
		for i := range c {
			v, n := binary.Uvarint(frame)
			if n <= 0 {
				return points
			}
			c[i], frame = int32(v), frame[n:]
		}
		points = append(points, ot.Point{X: c[0], Y: c[1], P: c[2], T: c[3]})
	}
	return points
}

// Decode returns the ops of a record with the points of their plain frames.
func Decode(r Record) ([]ot.Op, error) {
	ops, err := ot.DecodeOps(r.Ops, ot.MaxBatch)
	if err != nil {
		return nil, fmt.Errorf("ottest: revision %d: %w", r.Revision, err)
	}
	for i := range ops {
		if ops[i].Kind == ot.Extend {
			ops[i].Points = Points(ops[i].Frame)
		}
	}
	return ops, nil
}

// Snapshot is a board as it is stored: its table and the closed strokes.
type Snapshot struct {
	Table   []byte
	Strokes [][]ot.Point
}

// Take makes a snapshot that shares nothing with b.
func Take(b *ot.Board) Snapshot {
	s := Snapshot{Table: ot.AppendTable(nil, b)}
	for points := range b.Strokes() {
		s.Strokes = append(s.Strokes, append([]ot.Point{}, points...))
	}
	return s
}

// Board reads the snapshot back.
func (s Snapshot) Board() (*ot.Board, error) {
	loader, err := ot.ReadTable(s.Table, ot.BoardLimits())
	if err != nil {
		return nil, err
	}
	for _, open := range loader.OpenStrokes() {
		var points []ot.Point
		for _, f := range open.Frames {
			points = append(points, Points(f)...)
		}
		if err := loader.SetOpen(open.ID, points); err != nil {
			return nil, err
		}
	}
	if err := loader.AddStrokes(s.Strokes...); err != nil {
		return nil, err
	}
	return loader.Board()
}
