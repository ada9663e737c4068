package room

import (
	"slices"
	"testing"
	"time"

	"chalkline/ot"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/protocol/ink/inktest"
)

// What an eraser takes that sends each of its points, wherever that is, and
// the radius of the eraser here, 1/10 px.
const (
	eraserPoint  = 6
	eraserRadius = 200
)

// rubbed returns what a round eraser covers of a line on its way along a path: in
// steps of 1/16 of the way from one point to the next.
func rubbed(line, path []ot.Point) (spans []ot.Span) {
	const step = 16
	for i := range len(line) - 1 {
		a, b := line[i], line[i+1]
		for part := int32(0); part < 256; part += step {
			covers := func(p ot.Point) bool {
				dx, dy := int64(p.X-(a.X+(b.X-a.X)*part/256)), int64(p.Y-(a.Y+(b.Y-a.Y)*part/256))
				return dx*dx+dy*dy < eraserRadius*eraserRadius
			}
			if !slices.ContainsFunc(path, covers) {
				continue
			}
			from := uint32(i)*256 + uint32(part)
			if last := len(spans) - 1; last >= 0 && spans[last].To == from {
				spans[last].To += step
			} else {
				spans = append(spans, ot.Span{From: from, To: from + step})
			}
		}
	}
	return spans
}

// visible returns what of the spans is still to be seen.
func visible(e *ot.Element, spans []ot.Span) (left []ot.Span) {
	parts, _ := e.Visible()
	for _, s := range spans {
		for _, p := range parts {
			if from, to := max(s.From, p.From), min(s.To, p.To); from < to {
				left = append(left, ot.Span{From: from, To: to})
			}
		}
	}
	return left
}

// TestErasingTakesFewerBytesAPointThanTheEraserHas rubs with an eraser of 20 px over
// a page of handwriting as it was written; it prints, with -v, the figure of docs/performance.md.
func TestErasingTakesFewerBytesAPointThanTheEraserHas(t *testing.T) {
	recorded, err := inktest.At133Hz()
	if err != nil {
		t.Fatal(err)
	}
	s := newStepped(t)
	writer, listener := s.join(0), s.join(1)
	replica, n := s.state.members[writer].replica, uint64(0)
	submit := func(ops []ot.Op) {
		if len(ops) > 0 { // nothing is sent where nothing is covered
			n++
			s.do(Submit{Peer: writer, Batch: &chalklinev1.Submit{Handle: 2, N: n, CapturedAtUs: s.now.UnixMicro(), Ops: ot.AppendOps(nil, ops)}})
		}
		s.beat()
	}
	for i, stroke := range recorded[:300] {
		e := ink.NewEncoder()
		id := ot.ID{Replica: replica, Counter: uint32(i + 1)}
		ops := []ot.Op{{Kind: ot.Create, ID: id, Element: ot.Ink}}
		first := uint32(0)
		for frame := range slices.Chunk(stroke, ink.MaxFrame) {
			code, err := e.AppendFrame(nil, frame)
			if err != nil {
				t.Fatal(err)
			}
			ops = append(ops, ot.Op{Kind: ot.Extend, ID: id, First: first, Frame: code})
			first += uint32(len(frame))
		}
		submit(append(ops, ot.Op{Kind: ot.End, ID: id}))
	}
	s.now = s.now.Add(time.Second)
	listener.bytes = 0
	board := s.state.documents[benchBoard].board
	points, hits := 0, 0
	for gesture := range uint32(40) {
		path := recorded[300+gesture]
		at := recorded[gesture*7][0]
		for frame := range slices.Chunk(path, lessonFrame) { // of 1/30 s
			moved := make([]ot.Point, len(frame))
			for i, p := range frame { // rubbing goes further than writing
				moved[i] = ot.Point{X: at.X + 3*(p.X-path[0].X), Y: at.Y + 3*(p.Y-path[0].Y)}
			}
			var ops []ot.Op // one for each stroke, as clients gather them
			for e := range board.Elements() {
				if spans := visible(e, rubbed(e.Points(), moved)); len(spans) > 0 {
					ops = append(ops, ot.Op{Kind: ot.EraseSpans, ID: e.ID(), Eraser: gesture + 1, Spans: spans})
				}
			}
			submit(ops)
			points, hits = points+len(frame), hits+len(ops)
		}
	}
	perPoint := float64(listener.bytes) / float64(points)
	t.Logf("%d points, %d times something of a stroke: %.2f bytes a point", points, hits, perPoint)
	if hits < 100 {
		t.Errorf("only %d strokes were hit", hits)
	}
	if perPoint > eraserPoint*2/3 {
		t.Errorf("%.2f bytes a point, sent as points it takes %d", perPoint, eraserPoint)
	}
}
