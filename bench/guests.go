package bench

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"chalkline/bench/client"
	"chalkline/bench/hands"
	"chalkline/ot"
	"chalkline/replay"
)

const (
	guestsPause = 600 * time.Millisecond // from one batch of a guest to the next, at most
	guestsMost  = 300                    // elements on the board
)

// GuestState is what a guest has once nothing of its own is on its way.
type GuestState struct {
	Revision uint64 `json:"revision"`
	Hash     string `json:"hash"`
	// Differing counts how often its state was not the server's though nothing was
	// missing: never, if all is well.
	Differing uint64 `json:"differing"`
	Ops       uint64 `json:"ops"` // made
}

// guest is one client; it comes back by itself when the server does.
type guest struct {
	client *client.Client
	board  *client.Board
	ops    atomic.Uint64
}

// runGuests lets clients work on the first page of c.Room until the first line of c.Asked.
// To each line they answer with one, a GuestState of each; they leave when it ends.
func runGuests(ctx context.Context, c Config, out io.Writer) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	guests, err := bringGuests(ctx, c)
	defer func() {
		for _, g := range guests {
			err = errors.Join(err, g.client.Close())
		}
	}()
	if err != nil {
		return err
	}
	working, rest := context.WithCancel(ctx)
	var busy sync.WaitGroup
	defer busy.Wait()
	defer rest()
	for i, g := range guests {
		dice := rand.New(rand.NewPCG(c.Seed, uint64(i)))
		busy.Go(func() {
			if err := g.work(working, dice, c.Careful); err != nil {
				cancel(err)
			}
		})
	}
	asked := linesOf(ctx, cmp.Or[io.Reader](c.Asked, os.Stdin))
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case _, more := <-asked:
			if !more {
				return nil
			}
			rest()
			busy.Wait()
			if err := tell(ctx, guests, out); err != nil {
				return err
			}
		}
	}
}

// linesOf sends once for each line, and closes at the end. Its goroutine ends with in
// or, where that goes on, with the process.
func linesOf(ctx context.Context, in io.Reader) <-chan struct{} {
	lines := make(chan struct{})
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(in); scanner.Scan(); {
			select {
			case lines <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// bringGuests returns those that are in, with an error too.
func bringGuests(ctx context.Context, c Config) (guests []*guest, err error) {
	id, _ := replay.ParseRoom(c.Room) // Config.validate has read it
	connections := httpClient(c.Insecure)
	network := client.NewNetwork(c.URL, connections)
	for i := range c.Clients {
		ctx, cancel := context.WithTimeout(ctx, joinWait)
		defer cancel()
		in, err := client.Dial(ctx, client.Config{
			URL: c.URL, HTTP: connections, Dial: network.Dial, Route: c.Transport, Room: int64(id), Name: fmt.Sprintf("guest %d", i+1),
		})
		if err != nil {
			return guests, fmt.Errorf("bench: guest %d: %w", i+1, err)
		}
		g := &guest{client: in}
		guests = append(guests, g)
		page, err := firstPage(ctx, in)
		if err != nil {
			return guests, err
		}
		if g.board, err = openBoard(ctx, in, page); err != nil {
			return guests, err
		}
	}
	return guests, nil
}

// work returns when ctx ends, or why the guest is no longer in.
func (g *guest) work(ctx context.Context, dice *rand.Rand, careful bool) error {
	h := hands.New(g.board, dice, guestsMost)
	if careful {
		h.Allow = careOf
	}
	for {
		select {
		case <-time.After(time.Duration(dice.Int64N(int64(guestsPause)))):
		case <-ctx.Done():
			return nil
		case <-g.client.Done():
			return fmt.Errorf("bench: %w", g.client.Err())
		}
		n, err := h.Act()
		if err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		g.ops.Add(uint64(n))
	}
}

// careOf leaves of ops what deletes no letters and no texts.
func careOf(b *ot.Board, ops []ot.Op) (allowed []ot.Op) {
	for _, op := range ops {
		e := b.Get(op.ID)
		switch {
		case op.Kind == ot.Clear || op.Kind == ot.Undo:
			continue
		case op.Kind == ot.Set && op.Settings[0].Register == ot.Deleted && e != nil && e.Kind() == ot.Text:
			continue
		case op.Kind == ot.TextEdit: // letters that nobody counts
			op.Edit = ot.Edit{{Kind: ot.Keep, N: op.Edit[0].N}, {Kind: ot.Insert, Text: "guest"}}.Canonical()
		}
		allowed = append(allowed, op)
	}
	return allowed
}

// tell waits until nothing of the guests' is on its way.
func tell(ctx context.Context, guests []*guest, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	states := make([]GuestState, len(guests))
	for i, g := range guests {
		if err := g.board.WaitSynced(ctx); err != nil {
			return fmt.Errorf("bench: guest %d has %d batches unsent: %w", i+1, g.board.Unsent(), err)
		}
		revision, hash := g.board.State()
		states[i] = GuestState{Revision: revision, Hash: hex.EncodeToString(hash[:]), Differing: g.client.Stats().Differing, Ops: g.ops.Load()}
	}
	return writeJSON(out, states)
}
