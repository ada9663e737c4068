package bench

import (
	"fmt"
	"math"
	"math/rand/v2"

	"chalkline/ot"
	"chalkline/protocol/ink/inktest"
)

const (
	framePoints     = 8
	framesPerSecond = 30
)

// Bounds of a board in 1/10 px.
const (
	boardWidth  = 40_960
	boardHeight = 170_650
)

// script is what one writer draws: strokes of whole frames, one after the other.
type script struct {
	settings []ot.Setting
	strokes  []stroke
	frames   int // in all
}

// stroke is one stroke; its element has the counter of its place in the script,
// from 1.
type stroke struct {
	points []ot.Point
	first  int // frame of the script that it begins with
}

// frame returns the points of the i-th frame of the stroke, and whether it is
// the last.
func (s *stroke) frame(i int) (points []ot.Point, last bool) {
	points = s.points[i*framePoints : (i+1)*framePoints]
	return points, (i+1)*framePoints == len(s.points)
}

// pens are the colours of writers.
var pens = [...]uint32{0x1a1a1a, 0xc62828, 0x1565c0, 0x2e7d32, 0xef6c00, 0x6a1b9a}

// writeScripts gives each writer so many frames of handwriting of their own.
func writeScripts(writers, frames int, seed uint64) ([]*script, error) {
	recorded, err := inktest.At133Hz()
	if err != nil {
		return nil, fmt.Errorf("bench: handwriting: %w", err)
	}
	scripts := make([]*script, writers)
	for w := range scripts {
		scripts[w] = writeScript(recorded, frames, w, rand.New(rand.NewPCG(seed, uint64(w))))
	}
	return scripts, nil
}

func writeScript(recorded [][]ot.Point, frames, writer int, random *rand.Rand) *script {
	s := &script{settings: []ot.Setting{
		{Register: ot.Color, Value: ot.ColorValue(pens[writer%len(pens)])},
		{Register: ot.Width, Value: ot.WidthValue(uint32(20 + writer%5*8))},
	}}
	hand := newHand(random)
	for i := random.IntN(len(recorded)); s.frames < frames; i = (i + 1) % len(recorded) {
		n := min(len(recorded[i])/framePoints, frames-s.frames)
		if n == 0 {
			continue
		}
		points := hand.write(recorded[i][:n*framePoints], random)
		s.strokes = append(s.strokes, stroke{points: inktest.Even(points, framePoints), first: s.frames})
		s.frames += n
	}
	return s
}

// hand is how one writer's handwriting differs from the recorded.
type hand struct{ cos, sin float64 }

func newHand(random *rand.Rand) hand {
	angle := (random.Float64() - 0.5) * math.Pi / 6
	scale := 0.85 + 0.3*random.Float64()
	return hand{cos: scale * math.Cos(angle), sin: scale * math.Sin(angle)}
}

// write returns the points turned, scaled and moved to a place on the board.
func (h hand) write(points []ot.Point, random *rand.Rand) []ot.Point {
	dx := 2_000 + random.Float64()*(boardWidth-8_000)
	dy := 2_000 + random.Float64()*(boardHeight-8_000)
	origin := points[0]
	out := make([]ot.Point, len(points))
	for i, p := range points {
		x, y := float64(p.X-origin.X), float64(p.Y-origin.Y)
		out[i] = ot.Point{
			X: within(x*h.cos-y*h.sin+dx, boardWidth), Y: within(x*h.sin+y*h.cos+dy, boardHeight),
			P: p.P, T: p.T - origin.T,
		}
	}
	return out
}

func within(v float64, limit int32) int32 { return min(max(int32(math.Round(v)), 0), limit) }
