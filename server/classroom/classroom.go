// Package classroom holds the rules of a class: who may do what, and the state
// that follows from what was done. It is pure: no clock, no I/O, no goroutine.
// The server decides by it; clients draw what they are told.
//
// Today a room is one common blackboard with pages that everybody but observers
// may write on. Modes, scratch boards and class control have their place in
// Authority and Authorise.
package classroom

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/protocol"
)

// Documents of a room (docs/protocol.md). Attendance and traces are never sent
// to clients.
const (
	AuthorityDocument  = "authority"
	StageDocument      = "stage"
	AttendanceDocument = "attendance"
	TracesDocument     = "traces"
	boardPrefix        = "board:"
)

// Role is what a participant is in the room; the token says which.
type Role string

// The roles (glossary in docs/protocol.md).
const (
	Teacher   Role = "teacher"
	Assistant Role = "assistant"
	Student   Role = "student"
	Observer  Role = "observer"
)

// Known tells whether r is one of the roles.
func (r Role) Known() bool { return r == Teacher || r == Assistant || r == Student || r == Observer }

// Participant is who acts.
type Participant struct {
	ID   string
	Role Role
}

// Action is what is done to a document.
type Action int

// The actions that Authorise knows.
const (
	Read Action = iota
	Write
	AddPage
	ArrangePage // removes, restores and moves it
	Point       // with a cursor or a laser
)

// Board names one board: the page of an owner; the room's own blackboard has no
// owner.
type Board struct{ Owner, Page string }

// Document returns the board's document.
func (b Board) Document() string { return boardPrefix + b.Owner + ":" + b.Page }

// ParseBoard returns the board that a document is.
func ParseBoard(document string) (Board, bool) {
	rest, ok := strings.CutPrefix(document, boardPrefix)
	if !ok {
		return Board{}, false
	}
	owner, page, ok := strings.Cut(rest, ":")
	return Board{Owner: owner, Page: page}, ok && ValidPage(page)
}

// ValidPage tells whether id can be a page id: 1 to 32 bytes of [0-9a-zA-Z_-].
func ValidPage(id string) bool {
	return id != "" && len(id) <= protocol.MaxPageID && strings.IndexFunc(id, notPageRune) < 0
}

func notPageRune(r rune) bool {
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r == '-':
		return false
	default:
		return true
	}
}

// Authority is the state of the document "authority": a pure function of its
// events. The zero value is that of an empty log.
type Authority struct {
	Semantics uint32
	CreatedAt int64 // µs room time
	// Order is every page that was ever added, in order; those that are removed
	// keep their place (PGS2).
	Order []string
	// Removed are those of them that are removed, in the order in which they were.
	Removed []string
}

// Errors that Check returns, wrapped in *protocol.Error.
var errBadEvent = errors.New("event cannot stand")

// Apply takes an event in. It is total: an event that makes no sense changes nothing.
func (a *Authority) Apply(e *chalklinev1.AuthorityEvent) {
	switch e := e.GetEvent().(type) {
	case *chalklinev1.AuthorityEvent_RoomCreated:
		if a.Semantics == 0 {
			a.Semantics, a.CreatedAt = e.RoomCreated.GetOpSemantics(), e.RoomCreated.GetCreatedAtUs()
		}
	case *chalklinev1.AuthorityEvent_PageAdded:
		a.add(e.PageAdded.GetPage(), e.PageAdded.GetAfter())
	case *chalklinev1.AuthorityEvent_PageRemoved:
		a.remove(e.PageRemoved.GetPage())
	case *chalklinev1.AuthorityEvent_PageRestored:
		a.restore(e.PageRestored.GetPage())
	case *chalklinev1.AuthorityEvent_PageMoved:
		a.move(e.PageMoved.GetPage(), e.PageMoved.GetAfter())
	}
}

// Check tells whether a client's event may be appended; the error is a
// *protocol.Error.
func (a *Authority) Check(who Participant, e *chalklinev1.AuthorityEvent) error {
	switch e := e.GetEvent().(type) {
	case *chalklinev1.AuthorityEvent_PageAdded:
		return a.checkAdded(who, e.PageAdded)
	case *chalklinev1.AuthorityEvent_PageRemoved:
		return a.checkRemoved(who, e.PageRemoved.GetPage())
	case *chalklinev1.AuthorityEvent_PageRestored:
		return a.Authorise(who, Board{Page: e.PageRestored.GetPage()}, ArrangePage)
	case *chalklinev1.AuthorityEvent_PageMoved:
		return a.checkMoved(who, e.PageMoved)
	default:
		return fmt.Errorf("%w: %w", protocol.NewError(protocol.NotPermitted), errBadEvent)
	}
}

// Authorise tells whether who may do action on a board (SYN6); the error is a
// *protocol.Error.
func (a *Authority) Authorise(who Participant, b Board, action Action) error {
	switch {
	case action != AddPage && !a.Has(b.Page), b.Owner != "":
		return protocol.NewError(protocol.NoSuchDocument)
	case action == Read:
		return nil
	case who.Role == Observer:
		return protocol.NewError(protocol.NotPermitted)
	case action == Write && a.IsRemoved(b.Page):
		return protocol.NewError(protocol.PageRemoved)
	default:
		return nil
	}
}

// Hash returns the state hash (docs/format.md).
func (a *Authority) Hash() (sum [16]byte) {
	b := binary.AppendUvarint(nil, uint64(a.Semantics))
	b = binary.AppendUvarint(b, uint64(a.CreatedAt))
	b = binary.AppendUvarint(b, uint64(len(a.Order)))
	for _, p := range slices.Concat(a.Order, a.Removed) {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	h := fnv.New128a()
	h.Write(b)
	h.Sum(sum[:0])
	return sum
}

// State returns the snapshot table of the document.
func (a *Authority) State() *chalklinev1.AuthorityState {
	return &chalklinev1.AuthorityState{
		OpSemantics: a.Semantics, CreatedAtUs: a.CreatedAt, Pages: slices.Clone(a.Order), Removed: slices.Clone(a.Removed),
	}
}

// AuthorityOf returns the state that a snapshot table holds.
func AuthorityOf(s *chalklinev1.AuthorityState) Authority {
	return Authority{Semantics: s.GetOpSemantics(), CreatedAt: s.GetCreatedAtUs(), Order: s.GetPages(), Removed: s.GetRemoved()}
}
