package classroom

import (
	"fmt"
	"slices"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
)

// Has tells whether a page was ever added; it may be removed.
func (a *Authority) Has(page string) bool { return slices.Contains(a.Order, page) }

// IsRemoved tells whether a page is removed.
func (a *Authority) IsRemoved(page string) bool { return slices.Contains(a.Removed, page) }

// shows tells whether a page is among those that people see.
func (a *Authority) shows(page string) bool { return a.Has(page) && !a.IsRemoved(page) }

// Pages returns the pages that people see, in order; they are the caller's.
func (a *Authority) Pages() []string {
	return slices.DeleteFunc(slices.Clone(a.Order), a.IsRemoved)
}

// Shown returns the page that is looked at where this one was: itself, or if it is
// removed the next one, else the one before (PGS4). Empty if it was never added.
func (a *Authority) Shown(page string) string {
	at := slices.Index(a.Order, page)
	if at < 0 {
		return ""
	}
	for _, p := range a.Order[at:] {
		if !a.IsRemoved(p) {
			return p
		}
	}
	for _, p := range slices.Backward(a.Order[:at]) {
		if !a.IsRemoved(p) {
			return p
		}
	}
	return ""
}

func (a *Authority) add(page, after string) {
	if ValidPage(page) && !a.Has(page) && len(a.Order) < protocol.MaxPages {
		a.insert(page, after)
	}
}

// insert puts a page behind another one, first if that is not there.
func (a *Authority) insert(page, after string) {
	a.Order = slices.Insert(a.Order, slices.Index(a.Order, after)+1, page)
}

func (a *Authority) remove(page string) {
	if a.shows(page) && !a.isLast(page) {
		a.Removed = append(a.Removed, page)
	}
}

// isLast tells whether a page is the only one that people see.
func (a *Authority) isLast(page string) bool {
	return a.shows(page) && len(a.Order)-len(a.Removed) == 1
}

func (a *Authority) restore(page string) {
	if at := slices.Index(a.Removed, page); at >= 0 {
		a.Removed = slices.Delete(a.Removed, at, at+1)
	}
}

func (a *Authority) move(page, after string) {
	at := slices.Index(a.Order, page)
	if at < 0 || page == after {
		return
	}
	a.Order = slices.Delete(a.Order, at, at+1)
	a.insert(page, after)
}

func (a *Authority) checkAdded(who Participant, e *chalklinev1.PageAdded) error {
	switch {
	case !ValidPage(e.GetPage()) || a.IsRemoved(e.GetPage()), !validPlace(e.GetAfter()):
		return fmt.Errorf("%w: %w", protocol.NewError(protocol.BadMessage), errBadEvent)
	case len(a.Order) >= protocol.MaxPages && !a.Has(e.GetPage()):
		return protocol.NewError(protocol.BoardFull, "limit", "pages", "max", fmt.Sprint(protocol.MaxPages))
	}
	return a.Authorise(who, Board{Page: e.GetPage()}, AddPage)
}

func (a *Authority) checkRemoved(who Participant, page string) error {
	err := a.Authorise(who, Board{Page: page}, ArrangePage)
	if err == nil && a.isLast(page) {
		return protocol.NewError(protocol.LastPage)
	}
	return err
}

func (a *Authority) checkMoved(who Participant, e *chalklinev1.PageMoved) error {
	if !validPlace(e.GetAfter()) || e.GetPage() == e.GetAfter() {
		return fmt.Errorf("%w: %w", protocol.NewError(protocol.BadMessage), errBadEvent)
	}
	return a.Authorise(who, Board{Page: e.GetPage()}, ArrangePage)
}

// validPlace tells whether a page can be put behind what after names.
func validPlace(after string) bool { return after == "" || ValidPage(after) }
