package client

import (
	"errors"
	"fmt"
	"slices"

	"chalkline/ot"
	"chalkline/protocol/ink"
)

// ErrEnded is returned for a stroke that has ended.
var ErrEnded = errors.New("client: stroke has ended")

// Stroke is a stroke that is being drawn. It may be used by one goroutine at a
// time.
type Stroke struct {
	board    *Board
	settings []ot.Setting

	// Guarded by Client.mu: the stroke may get a new id under the pen (ID4).
	id      ot.ID
	begun   bool // its create is submitted
	ended   bool
	encoder *ink.Encoder
	count   int   // points so far
	start   int32 // time of the element's first point in the pen's stroke, ms; -1: its next point's
}

// Stroke begins a stroke that looks as settings say. Nothing is submitted before
// its first frame.
func (b *Board) Stroke(settings ...ot.Setting) *Stroke {
	return &Stroke{board: b, settings: slices.Clone(settings), encoder: ink.NewEncoder()}
}

// ID returns the element that the stroke is; the zero ID before the first frame.
func (s *Stroke) ID() ot.ID {
	c := s.board.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.id
}

// Frame submits the next 1 to ink.MaxFrame points as one batch; it does not wait
// for the network. The first point of a stroke has T = 0. Errors: ErrEnded,
// ink.ErrRange.
func (s *Stroke) Frame(points []ot.Point) error { return s.frame(points, false) }

// End submits the last points, if any, and ends the stroke.
func (s *Stroke) End(points []ot.Point) error { return s.frame(points, true) }

func (s *Stroke) frame(points []ot.Point, end bool) error {
	c := s.board.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.ended {
		return ErrEnded
	}
	ops, err := s.ops(points, end)
	if err != nil {
		return fmt.Errorf("client: stroke: %w", err)
	}
	if end {
		s.ended = true
		s.leave()
	}
	if len(ops) > 0 {
		s.board.submit(ops)
	}
	return nil
}

// ops returns the ops that the next points make.
func (s *Stroke) ops(points []ot.Point, end bool) ([]ot.Op, error) {
	if len(points) == 0 {
		if !end || !s.begun {
			return nil, nil
		}
		return []ot.Op{{Kind: ot.End, ID: s.id}}, nil
	}
	if s.start < 0 {
		s.start = points[0].T
	}
	points = earlier(points, s.start)
	frame, err := s.encoder.AppendFrame(nil, points)
	if err != nil {
		return nil, err
	}
	ops := make([]ot.Op, 0, 2)
	if !s.begun {
		s.enter()
		ops = append(ops, ot.Op{Kind: ot.Create, ID: s.id, Element: ot.Ink, Settings: s.settings})
	}
	ops = append(ops, ot.Op{Kind: ot.Extend, ID: s.id, First: uint32(s.count), Ended: end, Frame: frame, Points: points})
	s.count += len(points)
	return ops, nil
}

func (s *Stroke) enter() {
	o := &s.board.doc.outbox
	s.id, s.begun = o.nextID(), true
	o.strokes = append(o.strokes, s)
}

// leave takes the stroke out of those being drawn.
func (s *Stroke) leave() {
	o := &s.board.doc.outbox
	o.strokes = slices.DeleteFunc(o.strokes, func(other *Stroke) bool { return other == s })
}

// moveTo lets the stroke go on as another element: the one that its unsent part
// became or, if nothing of it was unsent, a new one.
func (s *Stroke) moveTo(to *moved) {
	if to != nil {
		s.id, s.encoder, s.count, s.start = to.id, to.encoder, to.count, s.start+to.start
		return
	}
	s.begun, s.count, s.start = false, 0, -1
	s.encoder.Reset()
	s.leave()
}
