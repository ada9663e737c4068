package room

import (
	"errors"
	"fmt"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink"
)

// maxOpenStrokes bounds the strokes that are open on one board: everybody who
// has the board keeps a decoder of 5 kB for each.
const maxOpenStrokes = 4096

// ahead is what the log will make of a board's open strokes once everything
// taken in is durable. It goes by the rules of ot.Board (OT2, OT3, OT4, OT8): a
// frame is taken in only if the board will take it. So whoever reads the log
// decodes the frames that were decoded here, no more and no fewer; a frame that
// the board passes over would leave a decoder here that nobody else has.
type ahead struct {
	board    *ot.Board
	revision uint64                  // of the last batch taken in
	strokes  *ink.Strokes            // decoders at the last frame taken in
	created  map[ot.ID]newElement    // taken in, not durable yet
	open     map[uint32]*openStrokes // by replica, those that have any
	count    int                     // open strokes of all
	coming   ot.Load                 // what is taken in and not durable yet brings at most
	texts    texts
	erased   map[ot.ID]*erasedAhead // erasures taken in, not durable yet
}

// newElement is an element that is on its way to the log.
type newElement struct {
	kind     ot.ElementKind
	revision uint64 // that it will be created at
}

// openStrokes are the open strokes of one replica, in the order of their
// creation.
type openStrokes struct {
	n  int
	of [ot.MaxOpenStrokes]openStroke
}

type openStroke struct{ counter, points uint32 }

func (o *openStrokes) find(counter uint32) *openStroke {
	for i := range o.n {
		if o.of[i].counter == counter {
			return &o.of[i]
		}
	}
	return nil
}

// end takes a stroke out; false if it is not there.
func (o *openStrokes) end(counter uint32) bool {
	for i := range o.n {
		if o.of[i].counter == counter {
			copy(o.of[i:], o.of[i+1:o.n])
			o.n--
			return true
		}
	}
	return false
}

// begin puts a stroke in; there must be room.
func (o *openStrokes) begin(s openStroke) {
	o.of[o.n] = s
	o.n++
}

func newAhead() *ahead {
	return &ahead{
		strokes: ink.NewStrokes(maxOpenStrokes), created: map[ot.ID]newElement{}, open: map[uint32]*openStrokes{},
		texts: newTexts(), erased: map[ot.ID]*erasedAhead{},
	}
}

// start goes on from a board that was read up to a revision; strokes has the
// decoders already, and texts the edits.
func (a *ahead) start(b *ot.Board, revision uint64) {
	a.board, a.revision = b, revision
	for e := range b.Elements() {
		if !e.Open() {
			continue
		}
		replica := e.ID().Replica
		if a.open[replica] == nil {
			a.open[replica] = &openStrokes{}
		}
		a.open[replica].begin(openStroke{e.ID().Counter, uint32(len(e.Points()))})
		a.count++
	}
}

// intake is one batch of ops on its way in. Nothing of it counts before commit.
type intake struct {
	*ahead
	replica uint32
	own     openStrokes  // of the replica, after the ops so far
	total   int          // open strokes of all, after the ops so far
	brings  ot.Load      // ops so far, at most
	head    uint64       // revision of the board: nobody can have seen more
	edits   []textChange // of the ops so far, in order
	work    int          // points decoded, of refused frames too, or what costs as much
}

// intake begins a batch; the board stands at revision head.
func (a *ahead) intake(replica uint32, head uint64) intake {
	in := intake{ahead: a, replica: replica, head: head, total: a.count}
	if own := a.open[replica]; own != nil {
		in.own = *own
	}
	return in
}

// commit makes the batch count.
func (in *intake) commit() {
	in.revision++
	in.count, in.coming = in.total, in.coming.Plus(in.brings)
	in.texts.commit(in.revision, in.edits)
	if in.own.n == 0 {
		delete(in.open, in.replica)
		return
	}
	own := in.open[in.replica]
	if own == nil {
		own = &openStrokes{}
		in.open[in.replica] = own
	}
	*own = in.own
}

// rollback forgets a batch of which ops were accepted. The decoders of its
// strokes have gone too far: these strokes do not go on.
func (in *intake) rollback(accepted []ot.Op) {
	for i := range accepted {
		switch op := &accepted[i]; op.Kind {
		case ot.Create:
			delete(in.created, op.ID)
		case ot.Extend:
			in.strokes.Forget(op.ID)
		case ot.EraseSpans:
			in.dropErasure(in.replica, op)
		}
	}
}

// durable notes that the ops of a replica's batch are on the board, which were to
// bring so much at most.
func (a *ahead) durable(replica uint32, ops []ot.Op, brought ot.Load) {
	a.coming = a.coming.Minus(brought)
	for i := range ops {
		switch op := &ops[i]; op.Kind {
		case ot.Create:
			delete(a.created, op.ID)
		case ot.TextEdit:
			a.texts.durable(op.ID)
		case ot.EraseSpans:
			a.dropErasure(replica, op)
		}
	}
}

// errNothingLeft: the op would change nothing; the batch goes on without it and
// nobody is told (SYN7).
var errNothingLeft = errors.New("room: nothing is left of the op")

// refusal says why an op is not taken in: its author is told.
type refusal struct{ why *protocol.Error }

func (r refusal) Error() string { return r.why.Error() }

func refuse(code protocol.Code, nameValue ...string) error {
	return refusal{protocol.NewError(code, nameValue...)}
}

// accept judges one op and takes it into the batch; a text edit, and the base of a
// clear (ID4), become what is to be logged. errNothingLeft and refusal leave the op out; any other error is
// an offence and ends the session.
func (in *intake) accept(op *ot.Op) error {
	switch op.Kind {
	case ot.Create, ot.Extend, ot.End:
		if op.ID.Replica != in.replica {
			return protocol.NewError(protocol.NotPermitted)
		}
	}
	switch op.Kind {
	case ot.Create:
		return in.create(op)
	case ot.Extend:
		return in.extend(op)
	case ot.End:
		in.end(op.ID)
	case ot.TextEdit:
		return in.textEdit(op)
	case ot.EraseSpans:
		return in.erase(op)
	case ot.Set:
		in.setting(op)
		return in.bring(op)
	case ot.Clear:
		op.Base = min(op.Base, in.head)
		in.clearing()
	case ot.Undo:
		in.undoing(op)
		return in.bring(op)
	case ot.Purge: // OT16: the server's alone
		return refuse(protocol.NotPermitted)
	}
	return nil
}

func (in *intake) create(op *ot.Op) error {
	if _, ok := in.created[op.ID]; ok || in.board.Get(op.ID) != nil { // OT2: would change nothing
		return refuse(protocol.OutOfOrder)
	}
	brings, err := in.fit(op)
	if err != nil {
		return err
	}
	if op.Element == ot.Ink {
		if err := in.begin(op.ID); err != nil {
			return err
		}
	}
	in.created[op.ID] = newElement{op.Element, in.revision + 1}
	in.brings = in.brings.Plus(brings)
	return nil
}

// load is how full the board will be after the ops so far, at most.
func (in *intake) load() ot.Load { return in.board.Load().Plus(in.coming).Plus(in.brings) }

// fit returns how much an op brings, or refuses it if the board has no room for
// that (OT9).
func (in *intake) fit(op *ot.Op) (ot.Load, error) {
	brings := in.board.Brings(in.replica, op)
	if err := ot.BoardLimits().Check(in.load(), brings, op); err != nil {
		return ot.Load{}, boardFull(err)
	}
	return brings, nil
}

// bring counts in what an op brings, if there is room.
func (in *intake) bring(op *ot.Op) error {
	brings, err := in.fit(op)
	in.brings = in.brings.Plus(brings)
	return err
}

// begin opens a stroke; the oldest of too many is closed (OT4).
func (in *intake) begin(id ot.ID) error {
	switch {
	case in.own.n == ot.MaxOpenStrokes:
		in.end(ot.ID{Replica: in.replica, Counter: in.own.of[0].counter})
	case in.total >= maxOpenStrokes:
		return refuse(protocol.BoardFull, "limit", "strokes", "max", fmt.Sprint(maxOpenStrokes))
	}
	in.own.begin(openStroke{counter: id.Counter})
	in.total++
	return nil
}

func (in *intake) end(id ot.ID) {
	if in.own.end(id.Counter) {
		in.total--
	}
	in.strokes.Forget(id)
}

// extend is OT3, and decodes the frame.
func (in *intake) extend(op *ot.Op) error {
	stroke, limits := in.own.find(op.ID.Counter), ot.BoardLimits()
	switch {
	case stroke == nil || stroke.points != op.First:
		return refuse(protocol.OutOfOrder)
	case in.load().Points >= limits.Points: // not worth decoding
		return boardFull(&ot.LimitError{Limit: "points", Max: limits.Points})
	}
	if err := in.strokes.Decode(op); err != nil {
		return strokeError(err)
	}
	in.work += len(op.Points)
	if err := in.bring(op); err != nil {
		in.strokes.Forget(op.ID)
		return err
	}
	stroke.points += uint32(len(op.Points))
	if op.Ended {
		in.end(op.ID)
	}
	return nil
}

func boardFull(err error) error {
	var limit *ot.LimitError
	errors.As(err, &limit)
	return refuse(protocol.BoardFull, "limit", limit.Limit, "max", fmt.Sprint(limit.Max))
}

// strokeError sorts the errors of a stroke's decoder.
func strokeError(err error) error {
	switch {
	case errors.Is(err, ink.ErrNotOpen): // its decoder was given up
		return refuse(protocol.OutOfOrder)
	case errors.Is(err, ink.ErrLimit):
		return refuse(protocol.BoardFull, "limit", "stroke_points", "max", fmt.Sprint(ink.MaxStroke))
	default:
		return fmt.Errorf("%w: %w", protocol.NewError(protocol.BadMessage), err)
	}
}
