package room

import (
	"cmp"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
)

// cursorState is a member's pointer and since when it waits to be shown.
type cursorState struct {
	sequence uint32
	board    *document
	shown    *chalklinev1.ReplicaCursor
	since    time.Time // zero: nothing new
}

// cursor takes a pointer in (PRE1): the newest replaces the older.
func (s *state) cursor(now time.Time, c Cursor) {
	m := s.members[c.Peer]
	if m == nil {
		return
	}
	v := m.views[c.Cursor.GetHandle()]
	seq := c.Cursor.GetSequence()
	if v == nil || !s.mayPoint(m, v) || !wellMade(c.Cursor) || int32(seq-m.cursor.sequence) <= 0 {
		return
	}
	since := m.cursor.since
	if since.IsZero() {
		since = now
	}
	m.cursor = cursorState{
		sequence: seq, board: v.document, since: since,
		shown: &chalklinev1.ReplicaCursor{
			Replica: m.replica, X: c.Cursor.GetX(), Y: c.Cursor.GetY(), Kind: c.Cursor.GetKind(), Trail: c.Cursor.GetTrail(),
			Text: selection(c.Cursor.GetText()),
		},
	}
	s.schedule(now)
}

// wellMade says whether a cursor is one that can be passed on: within bounds,
// and one of kind TEXT, and only that, with a place in a text (PRE3).
func wellMade(c *chalklinev1.Cursor) bool {
	text, maxText := c.GetText(), uint32(ot.BoardLimits().Text)
	return len(c.GetTrail()) <= protocol.MaxTrail &&
		(text != nil) == (c.GetKind() == chalklinev1.CursorKind_CURSOR_KIND_TEXT) &&
		text.GetAnchor() <= maxText && text.GetHead() <= maxText
}

// selection returns a copy without what a newer client may have put into it.
func selection(t *chalklinev1.TextSelection) *chalklinev1.TextSelection {
	if t == nil {
		return nil
	}
	return &chalklinev1.TextSelection{
		Replica: t.GetReplica(), Counter: t.GetCounter(), Anchor: t.GetAnchor(), Head: t.GetHead(), Revision: t.GetRevision(),
	}
}

// recently is how long after its last batch a member counts as writing.
const recently = 2 * time.Second

// sendCursors sends each board's new pointers to everybody who has it open:
// writers first, then who has waited longest; who finds no room waits for the
// next tick.
func (s *state) sendCursors(now time.Time) {
	moved := map[*document][]*member{}
	for _, m := range s.members {
		if !m.cursor.since.IsZero() {
			moved[m.cursor.board] = append(moved[m.cursor.board], m)
		}
	}
	for d, members := range moved {
		slices.SortFunc(members, func(a, b *member) int {
			writes := func(m *member) int {
				if now.Sub(m.wrote) < recently {
					return 0
				}
				return 1
			}
			return cmp.Or(cmp.Compare(writes(a), writes(b)), a.cursor.since.Compare(b.cursor.since), cmp.Compare(a.replica, b.replica))
		})
		s.sendBoardCursors(d, members)
		if len(members) > protocol.MaxCursors {
			s.schedule(now)
		}
	}
}

// maxCursorBytes leaves room in a datagram for its envelope.
const maxCursorBytes = protocol.MaxDatagram - 16

func (s *state) sendBoardCursors(d *document, members []*member) {
	all := &chalklinev1.Cursors{}
	for _, m := range members {
		all.Cursors = append(all.Cursors, m.cursor.shown)
		if len(all.Cursors) > 1 && proto.Size(all) > maxCursorBytes {
			all.Cursors = all.Cursors[:len(all.Cursors)-1]
			break
		}
		m.cursor.since = time.Time{}
		if len(all.Cursors) == protocol.MaxCursors {
			break
		}
	}
	alone := len(all.Cursors) == 1
	made := map[uint32][]byte{} // by handle: most viewers have the same
	for _, v := range d.viewers {
		if alone && v.member.replica == all.Cursors[0].GetReplica() {
			continue
		}
		if made[v.handle] == nil {
			all.Handle = v.handle
			made[v.handle], _ = proto.Marshal(&chalklinev1.Datagram{Message: &chalklinev1.Datagram_Cursors{Cursors: all}})
		}
		s.emit(sendDatagram{v.member.peer, made[v.handle]})
	}
}
