package ot

import (
	"slices"
	"unicode/utf8"
)

// Bounds of Edits.
const (
	maxKeptEdits      = 16_384
	maxKeptComponents = 1 << 18
	maxForgotten      = 100_000 // texts of which something is forgotten: a board has no more
)

// Edits are the newest text edits of a board, as they were logged: what a server
// needs to bring an edit that was made on an older revision to the head (SYN7).
// It keeps no text, and at most 16 384 edits with 262 144 components. What it
// forgets of one text costs the others nothing: whoever was away while a class
// wrote elsewhere goes on with his text.
type Edits struct {
	floor      uint64        // no older base is taken of any text
	forgotten  map[ID]uint64 // by text: revision of the newest edit that is not kept
	queue      []ID          // whose edits they are, oldest first
	byText     map[ID][]loggedEdit
	components int
}

// loggedEdit is an edit without the text that it inserts.
type loggedEdit struct {
	revision   uint64
	components []uint64 // n × 4 + kind, n of an insert being its code points
}

// NewEdits returns the edits of a board since revision floor: none yet.
func NewEdits(floor uint64) *Edits {
	return &Edits{floor: floor, forgotten: map[ID]uint64{}, byText: map[ID][]loggedEdit{}}
}

// Floor returns the oldest base of a text that Rebase takes.
func (s *Edits) Floor(id ID) uint64 { return max(s.floor, s.forgotten[id]) }

// Add notes an edit of a text as it stands in the log. Revisions never fall.
// The oldest are forgotten when there are too many.
func (s *Edits) Add(revision uint64, id ID, e Edit) {
	e = e.Canonical()
	logged := loggedEdit{revision, make([]uint64, len(e))}
	for i, c := range e {
		n := c.N
		if c.Kind == Insert {
			n = utf8.RuneCountInString(c.Text)
		}
		logged.components[i] = uint64(n)<<2 | uint64(c.Kind)
	}
	s.queue = append(s.queue, id)
	s.byText[id] = append(s.byText[id], logged)
	s.components += len(e)
	for len(s.queue) > maxKeptEdits || s.components > maxKeptComponents && len(s.queue) > 1 {
		s.forgetOldest()
	}
}

func (s *Edits) forgetOldest() {
	id := s.queue[0]
	s.queue = s.queue[1:]
	edits := s.byText[id]
	s.forget(id, edits[0].revision)
	s.components -= len(edits[0].components)
	if len(edits) == 1 {
		delete(s.byText, id)
		return
	}
	edits[0] = loggedEdit{}
	s.byText[id] = edits[1:]
}

// forget notes that the edits of a text up to a revision are not kept.
func (s *Edits) forget(id ID, revision uint64) {
	s.forgotten[id] = revision
	if len(s.forgotten) <= maxForgotten {
		return
	}
	for _, r := range s.forgotten {
		s.floor = max(s.floor, r)
	}
	clear(s.forgotten)
}

// Rebase transforms an edit of a text that was made on revision base over all
// later edits of that text (OT13). work is how many components it looked at for
// that, 0.1 µs each, and not more than most. ok is false if base is older than
// what is kept, or if the edit cannot be carried that far: it would get more than
// MaxComponents, or it would take more than most.
func (s *Edits) Rebase(id ID, base uint64, e Edit, most int) (rebased Edit, work int, ok bool) {
	if base < s.Floor(id) {
		return nil, 0, false
	}
	e = e.Canonical()
	edits := s.byText[id]
	from, _ := slices.BinarySearchFunc(edits, base, func(l loggedEdit, base uint64) int {
		if l.revision <= base {
			return -1
		}
		return 1
	})
	var over Edit
	for _, later := range edits[from:] {
		step := len(e) + len(later.components)
		if step > most-work {
			return nil, work, false
		}
		work += step
		over = later.unpack(over[:0])
		var out builder
		transform(e, over, &out, nil)
		e = out.end()
	}
	return e, work, len(e) <= MaxComponents
}

func (l *loggedEdit) unpack(dst Edit) Edit {
	for _, c := range l.components {
		dst = append(dst, Component{Kind: ComponentKind(c & 3), N: int(c >> 2)})
	}
	return dst
}
