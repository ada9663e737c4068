// Package hands lets clients do at a board what people do at a page: every kind of
// op, at random. It knows no network and no time: who has hands says when they act.
package hands

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/ot/ottest"
	"chalkline/protocol/ink"
)

// MaxUnsent is how many batches of a board may wait for the network; hands rest then.
const MaxUnsent = 60

// Hands work on one board. They belong to one goroutine.
type Hands struct {
	// Allow leaves of the next ops those that may be done; nil: all.
	Allow func(*ot.Board, []ot.Op) []ot.Op

	board    *client.Board
	dice     *rand.Rand
	most     int // elements on the board
	author   *ottest.Author
	ids      []ot.ID
	encoders map[ot.ID]*ink.Encoder
	failed   error // why a frame could not be encoded
}

// New returns hands for a board, which clear it instead of making more elements
// than most.
func New(board *client.Board, dice *rand.Rand, most int) *Hands {
	return &Hands{board: board, dice: dice, most: most}
}

// Act does 1 to 12 things and submits them; it returns how many ops they were.
func (h *Hands) Act() (ops int, err error) {
	if h.board.Unsent() >= MaxUnsent {
		return 0, nil
	}
	times := 1 + h.dice.IntN(12)
	h.fetchIDs(times)
	revision := h.board.Revision()
	var done []ot.Op
	h.board.View(func(b *ot.Board) {
		for range times {
			next := h.author.Next(b, revision)
			if h.Allow != nil {
				next = h.Allow(b, next)
			}
			done = append(done, next...)
		}
	})
	return len(done), errors.Join(h.failed, h.submit(done))
}

func (h *Hands) submit(ops []ot.Op) error {
	var batch []ot.Op
	for _, op := range ops {
		if op.Kind == ot.TextEdit {
			h.board.Text(op.ID).Edit(op.Edit)
		} else {
			batch = append(batch, op)
		}
	}
	if len(batch) == 0 {
		return nil
	}
	err := h.board.Submit(batch...)
	if errors.Is(err, client.ErrReplica) { // the client became another one meanwhile: the next ids are its
		h.ids, err = nil, nil
	}
	return err
}

// fetchIDs sees to it that there are ids for so many elements. Another replica
// than before is another author.
func (h *Hands) fetchIDs(n int) {
	for len(h.ids) < n {
		id := h.board.NextID()
		if h.author == nil || h.author.Replica != id.Replica {
			h.become(id.Replica)
		}
		h.ids = append(h.ids, id)
	}
}

func (h *Hands) become(replica uint32) {
	h.ids, h.encoders = nil, map[ot.ID]*ink.Encoder{}
	h.author = ottest.NewAuthor(h.dice.Uint64(), replica)
	h.author.MaxElements = h.most
	h.author.Encode = h.encode
	h.author.NewID = func() ot.ID {
		id := h.ids[0]
		h.ids = h.ids[1:]
		return id
	}
}

func (h *Hands) encode(id ot.ID, points []ot.Point, ended bool) []byte {
	if h.encoders[id] == nil {
		h.encoders[id] = ink.NewEncoder()
	}
	frame, err := h.encoders[id].AppendFrame(nil, points)
	if err != nil {
		h.failed = fmt.Errorf("hands: encode %v: %w", points, err)
	}
	if ended {
		delete(h.encoders, id)
	}
	return frame
}
