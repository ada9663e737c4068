package room

import (
	"cmp"
	"slices"
	"time"

	"chalkline/ot"
	"chalkline/replay"
)

// What a room does for its boards in time, as replica 0.
const (
	goneAfter = 5 * time.Minute  // a replica that is away so long does not go on with its strokes (OT8)
	careEvery = 30 * time.Second // how exact that and Config.PurgeAfter are
	maxRanges = 4096             // of one purge record
	maxEnds   = 256              // ops of one record
	maxStale  = 4096             // entries of a queue that do not count, beyond as many as count
)

// deletions are the deleted elements of a board: since when they are.
type deletions struct {
	since map[ot.ID]int64 // µs room time
	queue []deletion      // oldest first; those that since does not confirm do not count
}

type deletion struct {
	id    ot.ID
	since int64
}

// note takes in that an element is deleted, or not, as of a time.
func (d *deletions) note(id ot.ID, deleted bool, at int64) {
	_, known := d.since[id]
	switch {
	case deleted && !known:
		if d.since == nil {
			d.since = map[ot.ID]int64{}
		}
		d.since[id] = at
		d.queue = append(d.queue, deletion{id, at})
		if len(d.queue) > 2*len(d.since)+maxStale {
			d.tidy()
		}
	case !deleted && known:
		delete(d.since, id)
	}
}

// tidy takes out of the queue what does not count any more: whoever deletes and
// brings back all the time makes it no longer than the board is large.
func (d *deletions) tidy() {
	seen := make(map[ot.ID]bool, len(d.since))
	d.queue = slices.DeleteFunc(d.queue, func(x deletion) bool {
		since, ok := d.since[x.id]
		if !ok || since != x.since || seen[x.id] {
			return true
		}
		seen[x.id] = true
		return false
	})
}

// take returns what has been deleted since before a time. What was taken is
// forgotten.
func (d *deletions) take(before int64) (ids []ot.ID) {
	n := 0
	for ; n < len(d.queue) && d.queue[n].since <= before; n++ {
		x := d.queue[n]
		if since, ok := d.since[x.id]; ok && since == x.since {
			ids = append(ids, x.id)
			delete(d.since, x.id)
		}
	}
	d.queue = d.queue[n:]
	if len(d.queue) == 0 { // not even the room that they took stays
		*d = deletions{}
	}
	return ids
}

// watchDeletions notes, of a board that was read, what is deleted: as of now,
// since the board does not say when.
func (d *document) watchDeletions(at int64) {
	if d.board == nil {
		return
	}
	for e := range d.board.Elements() {
		d.deletions.note(e.ID(), e.Deleted(), at)
	}
}

// noteDeletions notes, of elements that changed, which are deleted.
func (d *document) noteDeletions(changed []ot.ID, at int64) {
	for _, id := range changed {
		e := d.board.Get(id)
		d.deletions.note(id, e != nil && e.Deleted(), at)
	}
}

// hides says whether ops can delete elements or bring them back.
func hides(ops []ot.Op) bool {
	for i := range ops {
		switch ops[i].Kind {
		case ot.Create, ot.Set, ot.Clear, ot.Undo, ot.Purge:
			return true
		}
	}
	return false
}

// watch sees that care comes while there is something to care for.
func (s *state) watch(now time.Time) {
	if !s.careDue.IsZero() {
		return
	}
	for _, d := range s.documents {
		if len(d.deletions.queue) > 0 || d.ahead != nil && d.ahead.count > 0 {
			s.careDue = now.Add(min(careEvery, s.cfg.PurgeAfter))
			return
		}
	}
}

// care ends strokes that were left behind (OT8) and purges what has been deleted
// for long enough (OT16).
func (s *state) care(now time.Time) {
	if s.stopping {
		return
	}
	names := make([]replay.Document, 0, len(s.documents))
	for name := range s.documents {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if d := s.documents[name]; d.board != nil {
			s.endAbandoned(now, d)
			s.purge(now, d)
		}
	}
	for replica, at := range s.left {
		if now.Sub(at) >= goneAfter {
			delete(s.left, replica) // by then s.loaded says the same
		}
	}
}

// away says whether a replica has been gone for goneAfter.
func (s *state) away(now time.Time, replica uint32) bool {
	if s.byID[replica] != nil {
		return false
	}
	since, ok := s.left[replica]
	if !ok {
		since = s.loaded
	}
	return now.Sub(since) >= goneAfter
}

// endAbandoned is OT8 by replica 0: nobody needs the decoders of strokes that
// nobody goes on with.
func (s *state) endAbandoned(now time.Time, d *document) {
	var ops []ot.Op
	for replica, own := range d.ahead.open {
		if !s.away(now, replica) {
			continue
		}
		for _, stroke := range own.of[:own.n] {
			ops = append(ops, ot.Op{Kind: ot.End, ID: ot.ID{Replica: replica, Counter: stroke.counter}})
		}
	}
	slices.SortFunc(ops, func(a, b ot.Op) int { return compareIDs(a.ID, b.ID) })
	for group := range slices.Chunk(ops, maxEnds) {
		d.ahead.abandon(group)
		s.cfg.Metrics.abandoned.Add(float64(len(group)))
		s.write(now, d, group)
	}
}

// abandon takes the ends of strokes in.
func (a *ahead) abandon(ends []ot.Op) {
	for i := range ends {
		id := ends[i].ID
		a.strokes.Forget(id)
		own := a.open[id.Replica]
		if own == nil || !own.end(id.Counter) {
			continue
		}
		a.count--
		if own.n == 0 {
			delete(a.open, id.Replica)
		}
	}
}

// purge is OT16. A stroke that is still open waits for another turn: whoever has
// it goes on decoding.
func (s *state) purge(now time.Time, d *document) {
	roomNow := s.clock.At(now)
	var ids []ot.ID
	for _, id := range d.deletions.take(roomNow - s.cfg.PurgeAfter.Microseconds()) {
		if e := d.board.Get(id); e != nil && e.Open() {
			d.deletions.note(id, true, roomNow)
		} else if e != nil {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareIDs)
	for group := range slices.Chunk(ranges(ids), maxRanges) {
		s.write(now, d, []ot.Op{{Kind: ot.Purge, Ranges: group}})
	}
}

// ranges returns sorted ids as ranges.
func ranges(ids []ot.ID) (all []ot.IDRange) {
	for _, id := range ids {
		if n := len(all); n > 0 && all[n-1].Replica == id.Replica && all[n-1].First+all[n-1].Count == id.Counter {
			all[n-1].Count++
			continue
		}
		all = append(all, ot.IDRange{Replica: id.Replica, First: id.Counter, Count: 1})
	}
	return all
}

func compareIDs(a, b ot.ID) int {
	return cmp.Or(cmp.Compare(a.Replica, b.Replica), cmp.Compare(a.Counter, b.Counter))
}

// write puts ops of the room's own in line for the log.
func (s *state) write(now time.Time, d *document, ops []ot.Op) {
	d.ahead.revision++
	s.enqueue(&batch{
		document: d.name, n: s.accepted.last(d.name, 0) + 1, revision: d.ahead.revision,
		capturedAt: cutMillis(s.clock.At(now)), received: now, ops: ops, payload: ot.AppendOps(nil, ops),
	})
}
