package room

import "chalkline/ot"

// What an op costs besides its bytes, here and in every page that has the board
// open, in points of ink decoded (0.3 µs here, 1 µs there): a few bytes can stand
// for much. One batch may cost pointsAtOnce, one participant pointsPerSecond.
const (
	workPerComponent   = 8   // of a text edit: others will be carried over it
	componentsPerPoint = 4   // looked at to carry an edit over what came after its base
	lettersPerPoint    = 128 // of the text that is edited
	spansPerPoint      = 8   // of the stroke that is erased
	bytesPerPoint      = 128 // of the text that is set: it is hashed again, as are the spans of a stroke
	erasersPerPoint    = 2   // of those on their way
	elementsPerPoint   = 128 // of the board that is cleared: its author's own are looked at each time
)

// clearing and undoing are the work of ops that a batch is not held to otherwise.
func (in *intake) clearing() { in.work += 1 + in.load().Elements/elementsPerPoint }

func (in *intake) undoing(op *ot.Op) { in.work += len(op.Items) }

// setting is the work of writing registers of an element, which is hashed again whole
// but for its points.
func (in *intake) setting(op *ot.Op) {
	in.work++
	if e := in.board.Get(op.ID); e != nil {
		in.work += len(e.Text())/bytesPerPoint + e.Spans()/spansPerPoint
	}
}

// erasing is the work of taking spans out of a stroke that has so much erased.
func (in *intake) erasing(op *ot.Op, load ot.ElementLoad) {
	in.work += 1 + (load.Spans+len(op.Spans))/spansPerPoint
	if coming := in.erased[op.ID]; coming != nil {
		in.work += len(coming.by) / erasersPerPoint
	}
}

// carry brings an edit of a text of so many code points to the head. False: its
// base is too old, or what is left of the batch's work does not reach that far.
func (in *intake) carry(op *ot.Op, base uint64, length int) (ot.Edit, bool) {
	in.work += workPerComponent*len(op.Edit) + length/lettersPerPoint
	most := max(pointsAtOnce-in.work, 0) * componentsPerPoint
	edit, looked, ok := in.texts.edits.Rebase(op.ID, base, op.Edit, most)
	in.work += looked / componentsPerPoint
	return edit, ok
}
