package ink

import (
	"fmt"

	"chalkline/ot"
)

// MaxOpenPerReplica is how many strokes of one replica are open on a board at a
// time (OT4).
const MaxOpenPerReplica = 16

// Strokes keeps the decoders of the strokes that are open on one board.
//
// It knows ids and frames, not the board: give it the ops that the board will
// take, that is those of the element's own replica, on ink that is open (OT3,
// OT8). An op that the board would pass over may open or end a decoder that the
// board does not. It may be used by one goroutine at a time.
type Strokes struct {
	max  int
	open map[uint32]map[uint32]*openStroke // by replica and counter
	n    int
}

type openStroke struct {
	decoder Decoder
	points  int
}

// NewStrokes returns a Strokes for at most max open strokes, about 5 kB each.
func NewStrokes(max int) *Strokes {
	return &Strokes{max: max, open: make(map[uint32]map[uint32]*openStroke)}
}

// Len is the number of open strokes.
func (s *Strokes) Len() int { return s.n }

// Decode fills op.Points from op.Frame when op is an Extend and forgets the
// stroke when the op ends it; it leaves other ops alone. A replica that opens a
// stroke beyond MaxOpenPerReplica loses its oldest, the one of the lowest
// counter (OT4).
//
// After an error op.Points is nil and the other strokes go on as they were:
// ErrCorrupt when the frame is damaged, and the stroke is then forgotten;
// ErrNotOpen when the frame is not the next one of a stroke that is open here,
// which a board passes over (OT3); ErrLimit when there are max strokes already,
// and when a stroke has more than MaxStroke points: that one is forgotten too.
func (s *Strokes) Decode(op *ot.Op) error {
	switch op.Kind {
	case ot.Extend:
		return s.extend(op)
	case ot.End:
		s.Forget(op.ID)
	}
	return nil
}

func (s *Strokes) extend(op *ot.Op) error {
	op.Points = nil
	stroke := s.open[op.ID.Replica][op.ID.Counter]
	if stroke == nil && op.First == 0 {
		var err error
		if stroke, err = s.start(op.ID); err != nil {
			return err
		}
	}
	if stroke == nil || int64(op.First) != int64(stroke.points) {
		return fmt.Errorf("%w: point %d of stroke %d.%d", ErrNotOpen, op.First, op.ID.Replica, op.ID.Counter)
	}
	pts, err := stroke.decode(nil, op.Frame)
	if err != nil {
		s.Forget(op.ID)
		return fmt.Errorf("ink: decode stroke %d.%d at point %d: %w", op.ID.Replica, op.ID.Counter, op.First, err)
	}
	op.Points = pts
	if op.Ended {
		s.Forget(op.ID)
	}
	return nil
}

// Restore opens a stroke that is open in a snapshot and returns the points of
// its frames so far. Without frames there is nothing to open yet. The stroke of
// that id, if there is one, is replaced. Errors are those of Decode.
func (s *Strokes) Restore(id ot.ID, frames [][]byte) ([]ot.Point, error) {
	s.Forget(id)
	if len(frames) == 0 {
		return nil, nil
	}
	stroke, err := s.start(id)
	if err != nil {
		return nil, err
	}
	var pts []ot.Point
	for i, frame := range frames {
		if pts, err = stroke.decode(pts, frame); err != nil {
			s.Forget(id)
			return nil, fmt.Errorf("ink: restore stroke %d.%d: frame %d: %w", id.Replica, id.Counter, i, err)
		}
	}
	return pts, nil
}

// Forget ends a stroke: what its replica sends for it from now on is ErrNotOpen.
func (s *Strokes) Forget(id ot.ID) {
	of := s.open[id.Replica]
	if of[id.Counter] == nil {
		return
	}
	s.n--
	if delete(of, id.Counter); len(of) == 0 {
		delete(s.open, id.Replica)
	}
}

// start opens a stroke that is not open.
func (s *Strokes) start(id ot.ID) (*openStroke, error) {
	if len(s.open[id.Replica]) >= MaxOpenPerReplica {
		s.Forget(ot.ID{Replica: id.Replica, Counter: s.oldest(id.Replica)})
	}
	if s.n >= s.max {
		return nil, fmt.Errorf("%w: %d open strokes", ErrLimit, s.n)
	}
	stroke := new(openStroke)
	stroke.decoder.Reset()
	if s.open[id.Replica] == nil {
		s.open[id.Replica] = make(map[uint32]*openStroke)
	}
	s.open[id.Replica][id.Counter] = stroke
	s.n++
	return stroke, nil
}

// oldest returns the lowest counter of a replica's open strokes: counters rise.
func (s *Strokes) oldest(replica uint32) uint32 {
	oldest := ^uint32(0)
	for counter := range s.open[replica] {
		oldest = min(oldest, counter)
	}
	return oldest
}

// decode appends the points of the stroke's next frame to dst.
func (s *openStroke) decode(dst []ot.Point, frame []byte) ([]ot.Point, error) {
	had := len(dst)
	dst, err := s.decoder.DecodeFrame(dst, frame)
	if err != nil {
		return nil, err
	}
	if s.points += len(dst) - had; s.points > MaxStroke {
		return nil, fmt.Errorf("%w: %d points of a stroke", ErrLimit, s.points)
	}
	return dst, nil
}
