package bench

import (
	"slices"
	"sync"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
)

// timeline says when each frame is meant to be sent.
type timeline struct {
	start  time.Time // of the first writer's phase 0
	phases []time.Duration
	from   time.Time // what is measured: frames meant for from … to
	to     time.Time
}

// intended returns when a writer's frame is meant to be sent.
func (t *timeline) intended(writer, frame int) time.Time {
	return t.start.Add(t.phases[writer] + time.Duration(frame)*time.Second/framesPerSecond)
}

func (t *timeline) measured(at time.Time) bool { return !at.Before(t.from) && at.Before(t.to) }

// receiver compares what one client receives with what was drawn.
type receiver struct {
	role     func(writer int) role
	scripts  []*script
	writers  map[uint32]int // by replica; set before the first frame
	timeline *timeline
	own      int // writer that this client is, -1 if none

	mu sync.Mutex
	// guarded by mu
	next       []int // by writer: frame that comes next
	latency    histogram
	inTime     uint64 // deliveries that arrived in the measured time
	decoded    uint64 // frames that arrived then, own ones too
	duplicated uint64
	wrong      uint64
	lost       uint64 // steps of movers and typers that later ones came without
	snapshots  uint64 // taken while drawing
	skipped    uint64 // frames that came in a snapshot, or not at all
}

// record is client.Config.OnRecord.
func (r *receiver) record(_ *client.Board, record *client.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	writer, ok := r.writers[record.Replica]
	if !ok {
		return
	}
	if r.role(writer) != drawing {
		r.edits(writer, record)
		return
	}
	for i := range record.Ops {
		if op := &record.Ops[i]; op.Kind == ot.Extend {
			r.extend(writer, op, record.Arrival)
		}
	}
}

func (r *receiver) extend(writer int, op *ot.Op, arrival time.Time) {
	frame, drawn := r.scripts[writer].find(op)
	if drawn == nil || !slices.Equal(op.Points, drawn) {
		r.wrong++
	}
	if r.arrived(writer, frame, arrival) && r.timeline.measured(arrival) {
		r.decoded++
	}
}

// arrived counts a writer's frame, or step, and how long it took; false if it
// was there before.
func (r *receiver) arrived(writer, frame int, arrival time.Time) bool {
	next := r.next[writer]
	if frame < next {
		r.duplicated++
		return false
	}
	if r.role(writer) == drawing {
		r.skipped += uint64(frame - next)
	} else {
		r.lost += uint64(frame - next)
	}
	r.next[writer] = frame + 1
	if writer == r.own {
		return true
	}
	if r.timeline.measured(arrival) {
		r.inTime++
	}
	if at := r.timeline.intended(writer, frame); r.timeline.measured(at) {
		r.latency.add(arrival.Sub(at))
	}
	return true
}

// find returns which frame of the script an extend is and what was drawn; nil if
// it is none.
func (s *script) find(op *ot.Op) (frame int, drawn []ot.Point) {
	i := int(op.ID.Counter) - 1
	if i < 0 || i >= len(s.strokes) {
		return 0, nil
	}
	st := &s.strokes[i]
	if int(op.First)%framePoints != 0 || int(op.First)+framePoints > len(st.points) {
		return st.first, nil
	}
	return st.first + int(op.First)/framePoints, st.points[op.First:][:framePoints]
}

// snapshot is client.Config.OnSnapshot: what the snapshot brought is compared
// whole, and counts as skipped until missing finds it there.
func (r *receiver) snapshot(b *client.Board) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.snapshots++
	have := r.present(b)
	for w := range r.next {
		r.skipped += uint64(max(have[w]-r.next[w], 0))
		r.next[w] = max(have[w], r.next[w])
	}
}

// present returns how many frames of each writer the board holds, all compared.
func (r *receiver) present(b *client.Board) []int {
	have := make([]int, len(r.scripts))
	b.View(func(board *ot.Board) {
		for replica, w := range r.writers {
			if r.role(w) != drawing { // steps overwrite each other: what arrived is what counts
				have[w] = r.next[w]
				continue
			}
			have[w] = r.scripts[w].present(board, replica)
		}
	})
	return have
}

// present returns how many frames from the first on a board holds as drawn.
func (s *script) present(board *ot.Board, replica uint32) int {
	for i := range s.strokes {
		st := &s.strokes[i]
		e := board.Get(ot.ID{Replica: replica, Counter: uint32(i + 1)})
		if e == nil {
			return st.first
		}
		held := e.Points()
		if len(held) > len(st.points) || !slices.Equal(held, st.points[:len(held)]) {
			return st.first
		}
		if len(held) < len(st.points) {
			return st.first + len(held)/framePoints
		}
	}
	return s.frames
}
