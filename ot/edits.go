package ot

import (
	"slices"
	"unicode/utf8"
)

// Bounds of Edits.
const (
	maxKeptEdits      = 16_384
	maxKeptComponents = 1 << 18
	maxRebaseWork     = 1 << 20 // components looked at: 100 ms at the worst
)

// Edits are the newest text edits of a board, as they were logged: what a server
// needs to bring an edit that was made on an older revision to the head (SYN7).
// It keeps no text, and at most 16 384 edits with 262 144 components.
type Edits struct {
	floor      uint64
	queue      []ID // whose edits they are, oldest first
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
	return &Edits{floor: floor, byText: map[ID][]loggedEdit{}}
}

// Floor returns the oldest base that Rebase takes.
func (s *Edits) Floor() uint64 { return s.floor }

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
	s.floor = max(s.floor, edits[0].revision)
	s.components -= len(edits[0].components)
	if len(edits) == 1 {
		delete(s.byText, id)
		return
	}
	edits[0] = loggedEdit{}
	s.byText[id] = edits[1:]
}

// Rebase transforms an edit of a text that was made on revision base over all
// later edits of that text (OT13). ok is false if base is older than what is
// kept, or if the edit cannot be carried that far: it would get more than
// MaxComponents, or it has so many that to carry it would hold up everybody.
func (s *Edits) Rebase(id ID, base uint64, e Edit) (rebased Edit, ok bool) {
	if base < s.floor {
		return nil, false
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
	work := 0
	for _, later := range edits[from:] {
		if work += len(e) + len(later.components); work > maxRebaseWork {
			return nil, false
		}
		over = later.unpack(over[:0])
		var out builder
		transform(e, over, &out, nil)
		e = out.end()
	}
	return e, len(e) <= MaxComponents
}

func (l *loggedEdit) unpack(dst Edit) Edit {
	for _, c := range l.components {
		dst = append(dst, Component{Kind: ComponentKind(c & 3), N: int(c >> 2)})
	}
	return dst
}
