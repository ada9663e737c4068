package room

import "chalkline/ot"

// erasedAhead are the erasures of one stroke that are on their way to the log.
type erasedAhead struct {
	by    map[eraser]int // ops of each
	spans int
}

// eraser names one erasure of a stroke: the n-th of a replica.
type eraser struct{ replica, n uint32 }

// erase holds EraseSpans to the limits of OT9. Spans that are on their way count
// in full, though they may unite with others.
func (in *intake) erase(op *ot.Op) error {
	e := in.board.Get(op.ID)
	if e == nil && in.created[op.ID].kind != ot.Ink || e != nil && e.Kind() != ot.Ink {
		return errNothingLeft
	}
	load, started := in.erasures(op.ID, e, eraser{in.replica, op.Eraser})
	in.erasing(op, load)
	if err := ot.BoardLimits().CheckElement(load.After(op, started)); err != nil {
		return boardFull(err)
	}
	if err := in.bring(op); err != nil {
		return err
	}
	in.addErasure(in.replica, op)
	return nil
}

// erasures returns how much of a stroke will have been erased, and whether one
// erasure is among it.
func (a *ahead) erasures(id ot.ID, e *ot.Element, one eraser) (load ot.ElementLoad, started bool) {
	standing := func(x eraser) bool { return e != nil && e.Erasure(x.replica, x.n) != nil }
	if e != nil {
		load = e.Load()
	}
	coming := a.erased[id]
	if coming == nil {
		return load, standing(one)
	}
	load.Spans += coming.spans
	for x := range coming.by {
		if !standing(x) {
			load.Erasures++
		}
	}
	return load, standing(one) || coming.by[one] > 0
}

// addErasure counts an op in that is on its way.
func (a *ahead) addErasure(replica uint32, op *ot.Op) {
	coming := a.erased[op.ID]
	if coming == nil {
		coming = &erasedAhead{by: map[eraser]int{}}
		a.erased[op.ID] = coming
	}
	coming.by[eraser{replica, op.Eraser}]++
	coming.spans += len(op.Spans)
}

// dropErasure counts an op out: it is on the board, or will never be.
func (a *ahead) dropErasure(replica uint32, op *ot.Op) {
	coming, x := a.erased[op.ID], eraser{replica, op.Eraser}
	if coming == nil {
		return
	}
	coming.spans -= len(op.Spans)
	if coming.by[x]--; coming.by[x] <= 0 {
		delete(coming.by, x)
	}
	if len(coming.by) == 0 {
		delete(a.erased, op.ID)
	}
}
