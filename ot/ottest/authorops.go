package ottest

import "chalkline/ot"

// live returns an element that is to be seen and wanted; nil if there is none.
func (a *Author) live(b *ot.Board, wanted func(*ot.Element) bool) *ot.Element {
	return pick(a.rng, b, func(e *ot.Element) bool { return !e.Deleted() && wanted(e) })
}

// typing makes a text, or edits one that it sees.
func (a *Author) typing(b *ot.Board, revision uint64) []ot.Op {
	e := a.live(b, func(e *ot.Element) bool {
		return e.Kind() == ot.Text && (a.Busy == nil || !a.Busy(e.ID()))
	})
	if e == nil || a.rng.IntN(15) == 0 {
		return []ot.Op{a.make(b, revision, ot.Text, []ot.Setting{{Register: ot.Place, Value: a.value(ot.Place)}, {Register: ot.Size, Value: a.value(ot.Size)}})}
	}
	return []ot.Op{{Kind: ot.TextEdit, ID: e.ID(), Base: revision, Edit: a.typed(e.Load().Text)}}
}

// typed is a word at some place, or the place of some letters; a long text gets shorter.
func (a *Author) typed(length int) ot.Edit {
	var e ot.Edit
	at := a.rng.IntN(length + 1)
	e = append(e, ot.Component{Kind: ot.Keep, N: at})
	gone := min(a.rng.IntN(3), length-at)
	if length > 400 {
		gone = length - at
	}
	if gone == 0 || a.rng.IntN(3) > 0 {
		e = append(e, ot.Component{Kind: ot.Insert, Text: Letters(a.rng, 1+a.rng.IntN(5))})
	}
	return append(e, ot.Component{Kind: ot.Delete, N: gone}).Canonical()
}

// set writes one or two registers of up to three elements.
func (a *Author) set(b *ot.Board, revision uint64) []ot.Op {
	var ops []ot.Op
	var items []ot.UndoItem
	seen := map[ot.ID]bool{}
	for range 1 + a.rng.IntN(3) {
		e := a.live(b, func(e *ot.Element) bool { return !seen[e.ID()] })
		if e == nil {
			break
		}
		seen[e.ID()] = true
		op := ot.Op{Kind: ot.Set, ID: e.ID(), Settings: a.settings(e.Kind())}
		for _, s := range op.Settings {
			if old, ok := e.Value(s.Register); ok {
				items = append(items, ot.UndoItem{Kind: ot.UndoValue, ID: op.ID, Register: s.Register, Expected: s.Value, Value: old})
			}
		}
		ops = append(ops, op)
	}
	if len(ops) == 0 {
		return a.draw(b, revision)
	}
	a.did(items...)
	return ops
}

// settings is a move, or a change of looks.
func (a *Author) settings(kind ot.ElementKind) []ot.Setting {
	looks := []ot.Register{ot.Color, ot.Order, ot.Group, ot.Opacity, ot.Locked}
	switch {
	case a.rng.IntN(2) == 0:
		looks = []ot.Register{ot.Place}
	case kind == ot.Text:
		looks = append(looks, ot.Size, ot.Align, ot.Style)
	case kind != ot.Ink:
		looks = append(looks, ot.Width, ot.Fill, ot.Dash)
	}
	register := looks[a.rng.IntN(len(looks))]
	return []ot.Setting{{Register: register, Value: a.value(register)}}
}

// erase passes over up to three strokes with one eraser.
func (a *Author) erase(b *ot.Board, revision uint64) []ot.Op {
	a.eraser++
	var ops []ot.Op
	var items []ot.UndoItem
	for range 1 + a.rng.IntN(3) {
		e := a.live(b, func(e *ot.Element) bool { return len(e.Points()) > 0 && len(e.Erasures()) < authorErasers })
		if e == nil {
			break
		}
		ops = append(ops, ot.Op{Kind: ot.EraseSpans, ID: e.ID(), Eraser: a.eraser, Spans: Spans(a.rng, len(e.Points()))})
		items = append(items, ot.UndoItem{Kind: ot.UndoErasure, ID: e.ID(), Eraser: a.eraser, Off: true})
	}
	if len(ops) == 0 {
		return a.draw(b, revision)
	}
	a.did(items...)
	return ops
}

// takeBack undoes the last step, or does again what was undone last.
func (a *Author) takeBack(b *ot.Board, revision uint64) []ot.Op {
	from, to := &a.undos, &a.redos
	if a.rng.IntN(3) == 0 {
		from, to = to, from
	}
	if len(*from) == 0 {
		return a.draw(b, revision)
	}
	last := len(*from) - 1
	items := (*from)[last]
	*from = (*from)[:last]
	*to = append(*to, backwards(items))
	return []ot.Op{{Kind: ot.Undo, Items: items}}
}

// backwards returns what takes an undo back.
func backwards(items []ot.UndoItem) []ot.UndoItem {
	back := make([]ot.UndoItem, len(items))
	for i, item := range items {
		switch item.Kind {
		case ot.UndoValue:
			item.Expected, item.Value = item.Value, item.Expected
		case ot.UndoMade:
			item = ot.UndoItem{Kind: ot.UndoValue, ID: item.ID, Register: ot.Deleted, Expected: ot.BoolValue(true), Value: ot.BoolValue(false)}
		case ot.UndoErasure:
			item.Off = !item.Off
		}
		back[len(items)-1-i] = item
	}
	return back
}

// hide deletes an element, or now and then everything.
func (a *Author) hide(b *ot.Board, revision uint64) []ot.Op {
	if a.rng.IntN(10) == 0 {
		return []ot.Op{{Kind: ot.Clear, Base: revision}}
	}
	e := a.live(b, func(*ot.Element) bool { return true })
	if e == nil {
		return a.draw(b, revision)
	}
	a.did(ot.UndoItem{Kind: ot.UndoValue, ID: e.ID(), Register: ot.Deleted, Expected: ot.BoolValue(true), Value: ot.BoolValue(false)})
	return []ot.Op{{Kind: ot.Set, ID: e.ID(), Settings: []ot.Setting{{Register: ot.Deleted, Value: ot.BoolValue(true)}}}}
}
