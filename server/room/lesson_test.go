package room

import (
	"slices"
	"testing"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/protocol/ink/inktest"
)

// The reference lesson: what is written in it, and what the 3-byte scheme (docs/ink.md)
// takes for that, a frame for each stroke: 8 bytes for its first
// point, 3 for every other.
const (
	lessonPeople    = 7
	lessonTime      = 90 * time.Minute
	lessonStrokes   = 20_000 * 10
	lessonPoints    = 30 // of a stroke
	lessonFrame     = 8  // points in 1/30 s
	threeByteStroke = 8 + 3*(lessonPoints-1)
)

// lessonPart is how much of the lesson is written here: 1/lessonPart of its strokes
// in 1/lessonPart of its time.
const lessonPart = 100

// pupil is one who writes all the time: strokes of recorded handwriting all over
// the board, a frame every 1/30 s while the pen is down.
type pupil struct {
	peer    *sink
	replica uint32
	n       uint64
	sent    int // bytes on the control stream
	encoder *ink.Encoder
	stroke  int
	left    []ot.Point
}

// begin puts the pen down.
func (p *pupil) begin(recorded [][]ot.Point) {
	p.stroke++
	written := recorded[(p.stroke*lessonPeople+int(p.replica))%len(recorded)]
	dx := int32(p.stroke*617*int(p.replica)%1000*30) + 2_000
	dy := int32(p.stroke*7177%14_000*10) + 2_000
	p.left = nil
	for _, at := range written {
		at.X, at.Y, at.T = at.X-written[0].X+dx, at.Y-written[0].Y+dy, at.T-written[0].T
		p.left = append(p.left, at)
	}
	p.left = inktest.Even(p.left, lessonFrame)
	p.encoder.Reset()
}

// frame is what is written in 1/30 s.
func (p *pupil) frame(t *testing.T, at time.Time) Submit {
	t.Helper()
	n := min(lessonFrame, len(p.left))
	points := p.left[:n]
	p.left = p.left[n:]
	frame, err := p.encoder.AppendFrame(nil, points)
	if err != nil {
		t.Fatal(err)
	}
	id := ot.ID{Replica: p.replica, Counter: uint32(p.stroke)}
	first := uint32(lessonPoints - len(p.left) - n)
	var ops []ot.Op
	if first == 0 {
		ops = append(ops, ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink, Settings: []ot.Setting{
			{Register: ot.Color, Value: ot.ColorValue(0x1d2321)}, {Register: ot.Width, Value: ot.WidthValue(30)},
		}})
	}
	ops = append(ops, ot.Op{Kind: ot.Extend, ID: id, First: first, Ended: len(p.left) == 0, Frame: frame})
	p.n++
	batch := &chalklinev1.Submit{Handle: 2, N: p.n, CapturedAtUs: at.UnixMicro(), AuthorityRevision: 2, Ops: ot.AppendOps(nil, ops)}
	framed, err := protocol.AppendMessage(nil, &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Submit{Submit: batch}})
	if err != nil {
		t.Fatal(err)
	}
	p.sent += len(framed)
	return Submit{Peer: p.peer, Batch: batch}
}

// strokesOf returns handwriting cut to strokes of so many points.
func strokesOf(t *testing.T, points int) (all [][]ot.Point) {
	t.Helper()
	recorded, err := inktest.At133Hz()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range recorded {
		for piece := range slices.Chunk(s, points) {
			if len(piece) == points {
				all = append(all, piece)
			}
		}
	}
	return all
}

// TestTheReferenceLessonTakesFewerBytesThanThe3ByteScheme prints, with -v, the
// figures of docs/performance.md: all that travels on documents' streams and what
// is submitted, with every envelope but that of TLS, QUIC or TCP.
func TestTheReferenceLessonTakesFewerBytesThanThe3ByteScheme(t *testing.T) {
	recorded := strokesOf(t, lessonPoints)
	s := newStepped(t)
	s.now = s.now.Truncate(time.Millisecond)
	people := make([]*pupil, lessonPeople)
	for i := range people {
		peer := s.join(i)
		people[i] = &pupil{peer: peer, replica: s.state.members[peer].replica, encoder: ink.NewEncoder()}
	}
	for _, p := range people { // joining is not in it
		p.peer.bytes = 0
	}
	const slots = int(30 * lessonPeople * lessonTime / time.Second / lessonPart)
	written := 0
	start := s.now
	for slot := range slots { // one after the other, each 30 times a second
		s.now = start.Add(time.Duration(slot) * lessonTime / lessonPart / time.Duration(slots))
		p := people[slot%lessonPeople]
		if len(p.left) == 0 && written*slots < slot*lessonStrokes/lessonPart {
			p.begin(recorded)
			written++
		}
		if len(p.left) > 0 {
			s.do(p.frame(t, s.now))
		}
		s.do(tick{})
		if slot%(30*lessonPeople*15) == 30*lessonPeople*14 {
			for _, one := range people {
				s.do(HeartTick{Peer: one.peer})
			}
		}
	}
	for _, p := range people {
		for len(p.left) > 0 {
			s.do(p.frame(t, s.now))
			s.beat()
		}
	}
	s.beat()
	board := s.state.documents[benchBoard].board
	if written < lessonStrokes/lessonPart-lessonPeople || board.Load().Points != written*lessonPoints {
		t.Fatalf("%d strokes, %d points of them on the board", written, board.Load().Points)
	}
	down, up := 0, 0
	for _, p := range people {
		down, up = down+p.peer.bytes, up+p.sent
	}
	perStroke := float64(down) / lessonPeople / float64(written)
	rate := float64(down) * 8 * lessonStrokes / float64(written) / lessonTime.Seconds() / 1e6
	t.Logf("a listener: %.1f MB, %.2f bytes a point; to all %d: %.1f MB, %.3f Mbit/s, %.0f classes on 5 Mbit/s; from all: %.1f MB",
		perStroke*lessonStrokes/1e6, perStroke/lessonPoints, lessonPeople, perStroke*lessonStrokes*lessonPeople/1e6, rate, 5/rate,
		float64(up)/float64(written)*lessonStrokes/1e6)
	// The 3-byte scheme sends it to the six others; here it comes back to its author too.
	if others := float64(threeByteStroke * (lessonPeople - 1)); perStroke*lessonPeople > others {
		t.Errorf("%.0f bytes for a stroke at all, the 3-byte scheme takes %.0f", perStroke*lessonPeople, others)
	}
}
