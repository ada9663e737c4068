package room

import (
	"sort"

	"chalkline/ot"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
)

// Chunks are sealed at this many strokes or points: large enough that the ink
// coder has learnt, small enough that the rest is cheap to code again.
const (
	chunkStrokes = 64
	chunkPoints  = 8192
)

// chunks keeps the coded ink of a board. A closed stroke never changes, so runs
// of closed strokes, cut where an open one stands between, are coded once.
type chunks struct {
	sealed []chunk       // by rising from
	loose  map[int]chunk // by from: of the last snapshot, may still grow
}

// chunk is the coded ink of the elements with index from to to-1.
type chunk struct {
	from, to int
	message  []byte // framed
}

// run gathers the closed strokes between two sealed chunks or open strokes.
type run struct {
	from    int
	strokes [][]ot.Point
	points  int
}

// messages returns the ink of a board as framed messages, in table order, and
// seals what has become long enough. Errors are those of a board whose points
// cannot be coded, which never came out of the codec.
func (c *chunks) messages(b *ot.Board) ([][]byte, error) {
	w := chunkWalk{old: c.sealed, before: c.loose, loose: map[int]chunk{}}
	index := 0
	for e := range b.Elements() {
		w.element(index, e)
		index++
	}
	w.cut(index, false)
	if w.err != nil {
		return nil, w.err
	}
	c.sealed, c.loose = w.sealed, w.loose
	return w.messages, nil
}

type chunkWalk struct {
	old      []chunk
	before   map[int]chunk // loose ones of the last walk
	sealed   []chunk
	loose    map[int]chunk
	messages [][]byte
	run      run
	err      error // the first
}

func (w *chunkWalk) element(index int, e *ot.Element) {
	if len(w.old) > 0 && index == w.old[0].from {
		w.cut(index, true) // between chunks nothing can be added any more
		w.keep(w.old[0])
	}
	if len(w.sealed) > 0 && index < w.sealed[len(w.sealed)-1].to {
		if len(w.old) > 0 && index == w.old[0].to-1 {
			w.old = w.old[1:]
		}
		return
	}
	switch {
	case e.Kind() != ot.Ink:
	case e.Open():
		w.cut(index, false)
	case len(e.Points()) > 0:
		w.stroke(index, e.Points())
	}
}

// stroke adds a closed stroke to the run. A long one gets a chunk of its own, so
// that a message is bounded by the longest stroke.
func (w *chunkWalk) stroke(index int, points []ot.Point) {
	if w.run.points+len(points) > chunkPoints {
		w.cut(index, true)
	}
	if len(w.run.strokes) == 0 {
		w.run.from = index
	}
	w.run.strokes = append(w.run.strokes, points)
	w.run.points += len(points)
	if len(w.run.strokes) >= chunkStrokes || w.run.points >= chunkPoints {
		w.cut(index+1, true)
	}
}

// cut codes the run that ends before index to; seal keeps it for good.
func (w *chunkWalk) cut(to int, seal bool) {
	if len(w.run.strokes) == 0 || w.err != nil {
		return
	}
	c, err := w.code(to)
	if w.run = (run{}); err != nil {
		w.err = err
		return
	}
	if seal {
		w.keep(c)
		return
	}
	w.loose[c.from] = c
	w.messages = append(w.messages, c.message)
}

// code returns the run as a chunk: that of the walk before if it is the same.
func (w *chunkWalk) code(to int) (chunk, error) {
	if c, ok := w.before[w.run.from]; ok && c.to == to {
		return c, nil
	}
	coded, err := ink.AppendChunk(nil, w.run.strokes)
	if err != nil {
		return chunk{}, err
	}
	return chunk{w.run.from, to, frameInk(coded)}, nil
}

func (w *chunkWalk) keep(c chunk) {
	w.sealed = append(w.sealed, c)
	w.messages = append(w.messages, c.message)
}

func frameInk(chunk []byte) []byte {
	return frameDocument(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_SnapshotInk{SnapshotInk: chunk}})
}

// without lets go of the chunks that have strokes that a purge is about to take
// off the board; what is behind them moves up.
func (c *chunks) without(b *ot.Board, purge *ot.Op) {
	var gone, goneInk []int // indexes, rising
	index := 0
	for e := range b.Elements() {
		if e.Deleted() && inRanges(purge.Ranges, e.ID()) {
			gone = append(gone, index)
			if len(e.Points()) > 0 {
				goneInk = append(goneInk, index)
			}
		}
		index++
	}
	var kept []chunk
	for _, k := range c.sealed {
		if sort.SearchInts(goneInk, k.from) == sort.SearchInts(goneInk, k.to) {
			k.from, k.to = k.from-sort.SearchInts(gone, k.from), k.to-sort.SearchInts(gone, k.to)
			kept = append(kept, k)
		}
	}
	c.sealed, c.loose = kept, nil
}

func inRanges(ranges []ot.IDRange, id ot.ID) bool {
	i := sort.Search(len(ranges), func(i int) bool {
		r := &ranges[i]
		return r.Replica > id.Replica || r.Replica == id.Replica && uint64(r.First)+uint64(r.Count) > uint64(id.Counter)
	})
	return i < len(ranges) && ranges[i].Replica == id.Replica && ranges[i].First <= id.Counter
}
