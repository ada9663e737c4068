package ottest

import (
	"math/rand/v2"
	"slices"

	"chalkline/ot"
)

// Bounds of what an Author does.
const (
	authorStrokes = 3   // open at once
	authorSteps   = 50  // that it can undo
	authorErasers = 200 // of one stroke, all authors together: it leaves some room
)

// Author makes the ops that an honest client makes of one board that it sees:
// ink, shapes, texts, registers, erasures, undo and redo, and now and then
// clears. Unlike a Source it writes no nonsense, so a server takes all of it.
// The same seed and the same boards give the same ops.
type Author struct {
	Replica uint32
	// Encode makes the frame of a stroke's next points; nil: the plain Frame.
	Encode func(id ot.ID, points []ot.Point, ended bool) []byte
	// Busy says that an edit of a text is on its way, so that no other may leave
	// (SYN7); nil: never, because everything is applied at once.
	Busy func(id ot.ID) bool
	// NewID gives the id of the next element; nil: the replica's, counted from 1.
	NewID func() ot.ID
	// MaxElements is how many elements there may be before it clears the board
	// instead of making more; 0: 2 000.
	MaxElements int

	rng     *rand.Rand
	counter uint32
	eraser  uint32
	strokes []*drawing
	undos   [][]ot.UndoItem
	redos   [][]ot.UndoItem
}

// drawing is an open stroke of an Author's.
type drawing struct {
	id    ot.ID
	seen  bool // on the board
	count int
	last  ot.Point
}

// NewAuthor returns the author of one board that writes as a replica.
func NewAuthor(seed uint64, replica uint32) *Author {
	return &Author{Replica: replica, rng: rand.New(rand.NewPCG(seed, uint64(replica)))}
}

// Next returns a batch of 1 to 4 ops of somebody who sees b at a revision; his
// own ops that are on their way may be missing there.
func (a *Author) Next(b *ot.Board, revision uint64) []ot.Op {
	a.look(b)
	switch n := a.rng.IntN(100); {
	case n < 40:
		return a.draw(b, revision)
	case n < 48:
		return a.shape(b, revision)
	case n < 66:
		return a.typing(b, revision)
	case n < 78:
		return a.set(b, revision)
	case n < 86:
		return a.erase(b, revision)
	case n < 96:
		return a.takeBack(b, revision)
	case n < 98:
		return a.hide(b, revision)
	default:
		return a.draw(b, revision)
	}
}

// look forgets the strokes that the board has closed or lost.
func (a *Author) look(b *ot.Board) {
	a.strokes = slices.DeleteFunc(a.strokes, func(d *drawing) bool {
		e := b.Get(d.id)
		gone := e == nil && d.seen || e != nil && !e.Open()
		d.seen = d.seen || e != nil
		return gone
	})
}

func (a *Author) newID() ot.ID {
	if a.NewID != nil {
		return a.NewID()
	}
	a.counter++
	return ot.ID{Replica: a.Replica, Counter: a.counter}
}

// make returns the create of a new element, which can be undone; a clear if the
// board is full enough.
func (a *Author) make(b *ot.Board, revision uint64, kind ot.ElementKind, settings []ot.Setting) ot.Op {
	most := a.MaxElements
	if most == 0 {
		most = 2_000
	}
	if b.Load().Elements >= most {
		return ot.Op{Kind: ot.Clear, Base: revision}
	}
	op := ot.Op{Kind: ot.Create, ID: a.newID(), Element: kind, Settings: settings}
	a.did(ot.UndoItem{Kind: ot.UndoMade, ID: op.ID})
	return op
}

// did notes a step that can be undone.
func (a *Author) did(items ...ot.UndoItem) {
	if len(items) == 0 {
		return
	}
	a.undos, a.redos = append(a.undos, items), nil
	if len(a.undos) > authorSteps {
		a.undos = slices.Delete(a.undos, 0, 1)
	}
}

// draw begins a stroke or goes on with one.
func (a *Author) draw(b *ot.Board, revision uint64) []ot.Op {
	if len(a.strokes) == 0 || len(a.strokes) < authorStrokes && a.rng.IntN(6) == 0 {
		pen := []ot.Setting{{Register: ot.Color, Value: ot.ColorValue(0x202020)}, {Register: ot.Width, Value: ot.WidthValue(20 + 10*a.rng.Uint32N(3))}}
		op := a.make(b, revision, ot.Ink, pen)
		if op.Kind != ot.Create {
			return []ot.Op{op}
		}
		d := &drawing{id: op.ID, last: ot.Point{X: a.rng.Int32N(40_000), Y: a.rng.Int32N(170_000)}}
		a.strokes = append(a.strokes, d)
		return []ot.Op{op, a.extend(d)}
	}
	return []ot.Op{a.extend(a.strokes[a.rng.IntN(len(a.strokes))])}
}

func (a *Author) extend(d *drawing) ot.Op {
	points := make([]ot.Point, 1+a.rng.IntN(8))
	for i := range points {
		p := d.last
		p.X, p.Y = bounded(p.X+a.rng.Int32N(81)-40, 40_960), bounded(p.Y+a.rng.Int32N(81)-40, 170_650)
		p.P = bounded(p.P+a.rng.Int32N(21)-9, 255)
		if d.count+i > 0 {
			p.T += 4 + a.rng.Int32N(9)
		}
		points[i], d.last = p, p
	}
	op := ot.Op{Kind: ot.Extend, ID: d.id, First: uint32(d.count), Ended: a.rng.IntN(10) == 0, Points: points}
	d.count += len(points)
	if a.Encode != nil {
		op.Frame = a.Encode(d.id, points, op.Ended)
	} else {
		op.Frame = Frame(points)
	}
	if op.Ended {
		a.strokes = slices.DeleteFunc(a.strokes, func(o *drawing) bool { return o == d })
	}
	return op
}

func bounded(v, most int32) int32 { return min(max(v, 0), most) }

func (a *Author) shape(b *ot.Board, revision uint64) []ot.Op {
	kind := ot.Line + ot.ElementKind(a.rng.IntN(int(ot.Text-ot.Line)))
	settings := []ot.Setting{{Register: ot.Place, Value: a.value(ot.Place)}, {Register: ot.Color, Value: a.value(ot.Color)}}
	if kind == ot.Polygon {
		settings = append(settings, ot.Setting{Register: ot.Vertices, Value: a.value(ot.Vertices)})
	}
	return []ot.Op{a.make(b, revision, kind, settings)}
}

// value is what a page writes.
func (a *Author) value(register ot.Register) string {
	if register == ot.Place {
		return ot.PlaceValue(ot.Placement{
			X: a.rng.Int32N(40_000), Y: a.rng.Int32N(170_000), W: 100 + a.rng.Int32N(3_000), H: 100 + a.rng.Int32N(3_000),
			Angle: a.rng.Int32N(2) * a.rng.Int32N(36_000),
		})
	}
	return value(a.rng, register, a.Replica)
}
