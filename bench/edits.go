package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
	"unicode/utf8"

	"chalkline/bench/client"
	"chalkline/ot"
)

// role is what a writer does 30 times a second.
type role int

const (
	drawing role = iota // a frame of ink
	moving              // one of the shapes that all movers move
	typing              // a code point into one of the texts that all typers write in
)

// What movers and typers share, so that they meet.
const (
	sharedShapes = 6
	sharedTexts  = 2
	// fullText is the code points from which on a typer deletes as much as it types.
	fullText = 2_000
	// firstRune stands for step 0 of a typer: what follows are CJK ideographs.
	firstRune = 0x4e00
	runes     = 20_000
)

// role returns what the w-th writer does: of three one draws, one moves and one
// types where the load is one of edits.
func (c Config) role(w int) role {
	if !c.Edits {
		return drawing
	}
	return role(w % 3)
}

// shared is what movers and typers work on.
type shared struct{ shapes, texts []ot.ID }

// share makes it, as a writer that does not draw: a script's strokes have the
// counters from 1. It returns once every client has it.
func (l *load) share(ctx context.Context) error {
	if !l.cfg.Edits {
		return nil
	}
	author := l.class.boards[moving]
	var ops []ot.Op
	create := func(kind ot.ElementKind, n int) (ids []ot.ID) {
		for i := range n {
			id := author.NextID()
			place := ot.PlaceValue(ot.Placement{X: int32(i) * 4_000, Y: 1_000, W: 2_000, H: 1_000})
			ops = append(ops, ot.Op{Kind: ot.Create, ID: id, Element: kind, Settings: []ot.Setting{{Register: ot.Place, Value: place}}})
			ids = append(ids, id)
		}
		return ids
	}
	l.shared = shared{shapes: create(ot.Rectangle, sharedShapes), texts: create(ot.Text, sharedTexts)}
	if err := author.Submit(ops...); err != nil {
		return fmt.Errorf("bench: shapes and texts: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	if err := author.WaitSynced(ctx); err != nil {
		return fmt.Errorf("bench: shapes and texts: %w", err)
	}
	for _, b := range l.class.boards {
		if err := b.WaitRevision(ctx, author.Revision()); err != nil {
			return fmt.Errorf("bench: shapes and texts: %w", err)
		}
	}
	return nil
}

// edit takes a writer's steps at the times they are meant for. Each carries its
// number: a move in the width, typing in the code point.
func (l *load) edit(ctx context.Context, w int, late *histogram) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	random := rand.New(rand.NewPCG(l.cfg.Seed, uint64(w)))
	step := l.mover(w, random)
	if l.cfg.role(w) == typing {
		step = l.typer(w, random)
	}
	for k := range l.scripts[w].frames {
		at := l.timeline.intended(w, k)
		if err := sleepUntil(ctx, timer, at); err != nil {
			return err
		}
		if l.timeline.measured(at) {
			late.add(time.Since(at))
		}
		if err := step(k); err != nil {
			return fmt.Errorf("bench: writer %d: %w", w+1, err)
		}
	}
	return nil
}

func (l *load) mover(w int, random *rand.Rand) func(k int) error {
	return func(k int) error {
		place := ot.Placement{X: random.Int32N(boardWidth), Y: random.Int32N(boardWidth), W: int32(k), H: 1_000, Angle: random.Int32N(36_000)}
		return l.class.boards[w].Submit(ot.Op{
			Kind: ot.Set, ID: l.shared.shapes[random.IntN(sharedShapes)],
			Settings: []ot.Setting{{Register: ot.Place, Value: ot.PlaceValue(place)}},
		})
	}
}

func (l *load) typer(w int, random *rand.Rand) func(k int) error {
	text := l.class.boards[w].Text(l.shared.texts[w%sharedTexts])
	return func(k int) error {
		length := utf8.RuneCountInString(text.String())
		text.Insert(random.IntN(length+1), string(rune(firstRune+k%runes)))
		if length > fullText {
			text.Delete(random.IntN(length), 1)
		}
		return nil
	}
}

// edits takes in what a mover or typer did; ops are as they were applied.
func (r *receiver) edits(writer int, record *client.Record) {
	for i := range record.Ops {
		op := &record.Ops[i]
		switch op.Kind {
		case ot.Set:
			if place, err := ot.DecodePlace(op.Settings[0].Value); err == nil {
				r.arrived(writer, int(place.W), record.Arrival)
			}
		case ot.TextEdit:
			r.typed(writer, op.Edit, record.Arrival)
		}
	}
}

// typed takes in the code points of an edit. They stand by place, not by time:
// each step between those that were there and the last must be among them.
func (r *receiver) typed(writer int, edit ot.Edit, arrival time.Time) {
	inserted := map[int]int{}
	for _, c := range edit {
		for _, point := range c.Text {
			inserted[int(point-firstRune)]++
		}
	}
	for left := len(inserted); left > 0; left-- {
		step := r.next[writer] % runes
		if inserted[step] != 1 {
			r.wrong++
			return
		}
		r.arrived(writer, r.next[writer], arrival)
	}
}
