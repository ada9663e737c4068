package room

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
)

// scribbler writes on a board directly: strokes that stay open, empty ones,
// elements that are no ink, and now and then a very long stroke.
type scribbler struct {
	dice     *rand.Rand
	board    *ot.Board
	revision uint64
	counter  uint32
	open     []ot.ID
}

func (s *scribbler) apply(op ot.Op) {
	s.revision++
	s.board.Apply(s.revision, op.ID.Replica, []ot.Op{op})
}

func (s *scribbler) extend(id ot.ID, n int) {
	first := s.board.Len(id)
	points := make([]ot.Point, n)
	for i := range points {
		points[i] = ot.Point{X: s.dice.Int32N(40_000), Y: s.dice.Int32N(170_000), P: s.dice.Int32N(256), T: int32(first + i)}
	}
	s.apply(ot.Op{Kind: ot.Extend, ID: id, First: uint32(first), Points: points, Frame: []byte{0}})
}

func (s *scribbler) step() {
	switch k := s.dice.IntN(20); {
	case k == 0:
		s.counter++
		s.apply(ot.Op{Kind: ot.Create, ID: ot.ID{Replica: 1, Counter: s.counter}, Element: ot.Line})
	case k < 10 || len(s.open) == 0:
		s.counter++
		id := ot.ID{Replica: 1 + s.counter%3, Counter: s.counter}
		s.apply(ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink})
		s.open = append(s.open, id)
	case k < 14:
		n := 1 + s.dice.IntN(20)
		if s.dice.IntN(150) == 0 {
			n = chunkPoints/2 + s.dice.IntN(chunkPoints)
		}
		s.extend(s.open[s.dice.IntN(len(s.open))], n)
	default: // with points or without
		i := s.dice.IntN(len(s.open))
		s.apply(ot.Op{Kind: ot.End, ID: s.open[i]})
		s.open = slices.Delete(s.open, i, i+1)
	}
}

// decodeChunks returns the strokes of snapshot_ink messages.
func decodeChunks(t *testing.T, messages [][]byte) (strokes [][]ot.Point) {
	t.Helper()
	for _, framed := range messages {
		b, err := protocol.ReadFrame(bytes.NewReader(framed), nil, protocol.MaxServerMessage)
		if err != nil {
			t.Fatal(err)
		}
		var m chalklinev1.DocumentMessage
		if err := proto.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		s, err := ink.DecodeChunk(m.GetSnapshotInk(), 1<<22)
		if err != nil {
			t.Fatal(err)
		}
		strokes = append(strokes, s...)
	}
	return strokes
}

// TestChunksHoldTheClosedStrokesWheneverTheyAreAskedFor makes snapshots of a
// board that grows, at any time.
func TestChunksHoldTheClosedStrokesWheneverTheyAreAskedFor(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := &scribbler{dice: rand.New(rand.NewPCG(seed, 9)), board: ot.NewBoard()}
			var c chunks
			for range 1500 {
				s.step()
				if s.dice.IntN(100) != 0 {
					continue
				}
				messages, err := c.messages(s.board)
				if err != nil {
					t.Fatal(err)
				}
				want := slices.Collect(s.board.Strokes())
				if got := decodeChunks(t, messages); !slices.EqualFunc(got, want, slices.Equal) {
					t.Fatalf("revision %d: %d strokes in chunks, %d on the board, or other ones", s.revision, len(got), len(want))
				}
			}
			if len(c.sealed) == 0 {
				t.Fatal("nothing was sealed")
			}
		})
	}
}

// TestABoardThatIsReadComesWithItsSnapshot: to code its ink would hold its room up.
func TestABoardThatIsReadComesWithItsSnapshot(t *testing.T) {
	s := newStepped(t)
	p := s.join(0)
	a := &author{peer: p, replica: s.state.members[p].replica, encoder: ink.NewEncoder()}
	for range 3 * 40 {
		s.do(a.batch(t, s.now))
		s.beat()
	}
	s.quiet(p)
	loaded := s.opening(p).(boardLoaded)
	read := loaded.document.cached
	if read == nil || read.at != loaded.document.head.Position {
		t.Fatalf("it comes with the snapshot %+v, and stands at %+v", read, loaded.document.head.Position)
	}
	if s.do(loaded); s.state.documents[benchBoard].cached != read {
		t.Error("its first opening makes another")
	}
}
