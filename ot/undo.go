package ot

// undo is OT15: each item by itself.
func (b *Board) undo(revision uint64, author uint32, items []UndoItem) {
	for i := range items {
		item := &items[i]
		e := b.byID[item.ID]
		if e == nil {
			continue
		}
		switch item.Kind {
		case UndoValue:
			b.undoValue(revision, author, e, item)
		case UndoMade:
			if e.id.Replica == author && !e.deleted && !e.touched {
				b.hide(revision, author, e)
			}
		case UndoErasure:
			if erasure := e.Erasure(author, item.Eraser); erasure != nil && erasure.Off != item.Off {
				erasure.Off = item.Off
				b.changedBy(author, e)
			}
		}
	}
}

// undoValue writes a register that is still as its author wrote it.
func (b *Board) undoValue(revision uint64, author uint32, e *Element, item *UndoItem) {
	at, found := e.find(item.Register)
	if !found || e.registers[at].Writer != author || e.registers[at].Value != item.Expected {
		return
	}
	b.write(e, Setting{item.Register, item.Value}, revision, author)
	b.changedBy(author, e)
}
