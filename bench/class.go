package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"chalkline/bench/client"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/transport"
)

const (
	// dialsAtOnce is how many clients come in at a time.
	dialsAtOnce = 16
	// joinWait is how long one client may take to come in.
	joinWait = 30 * time.Second
	// benchPage is the page that is drawn on where the room has none.
	benchPage = "bench"
)

// class is the clients of one room with one page.
type class struct {
	network *client.Network
	config  client.Config // of the next client
	page    string
	clients []*client.Client
	boards  []*client.Board
}

// openClass creates a room; its creator is the first client. edit may change the
// configuration of the i-th client before it is dialled.
func openClass(ctx context.Context, t *target, c Config, edit func(i int, cfg *client.Config)) (*class, error) {
	network := client.NewNetwork(t.url, t.http)
	k := &class{network: network, config: client.Config{
		URL: t.url, HTTP: t.http, Dial: network.Dial, Route: c.Transport, RoomName: "bench", Once: true,
	}}
	first, err := k.dial(ctx, 0, edit)
	if err != nil {
		return nil, err
	}
	k.clients = append(k.clients, first)
	k.config.Room = first.RoomID()
	if k.page, err = firstPage(ctx, first); err != nil {
		return nil, errors.Join(err, k.close())
	}
	board, err := openBoard(ctx, first, k.page)
	if err != nil {
		return nil, errors.Join(err, k.close())
	}
	k.boards = append(k.boards, board)
	k.config.Pages = []string{k.page}
	return k, nil
}

func (k *class) dial(ctx context.Context, i int, edit func(int, *client.Config)) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	cfg := k.config
	cfg.Name = fmt.Sprintf("bench %d", i+1)
	if edit != nil {
		edit(i, &cfg)
	}
	c, err := client.Dial(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("bench: client %d: %w", i+1, err)
	}
	return c, nil
}

// firstPage returns the room's first page, adding one if there is none.
func firstPage(ctx context.Context, c *client.Client) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	if err := c.WaitAuthority(ctx); err != nil {
		return "", fmt.Errorf("bench: pages: %w", err)
	}
	if pages := c.Pages(); len(pages) > 0 {
		return pages[0], nil
	}
	if err := c.AddPage(benchPage, ""); err != nil {
		return "", err
	}
	if err := c.WaitPage(ctx, benchPage); err != nil {
		return "", fmt.Errorf("bench: add a page: %w", err)
	}
	return benchPage, nil
}

func openBoard(ctx context.Context, c *client.Client, page string) (*client.Board, error) {
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	b, err := c.OpenBoard(page)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if err := b.WaitReady(ctx); err != nil {
		return nil, fmt.Errorf("bench: board: %w", err)
	}
	return b, nil
}

// grow brings clients in until there are n.
func (k *class) grow(ctx context.Context, n int, edit func(int, *client.Config)) error {
	have := len(k.clients)
	if n <= have {
		return nil
	}
	k.clients = append(k.clients, make([]*client.Client, n-have)...)
	k.boards = append(k.boards, make([]*client.Board, n-have)...)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	turns := make(chan int)
	var dialling sync.WaitGroup
	for range min(dialsAtOnce, n-have) {
		dialling.Go(func() {
			for i := range turns {
				if err := k.join(ctx, i, edit); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := have; i < n; i++ {
		turns <- i
	}
	close(turns)
	dialling.Wait()
	return context.Cause(ctx)
}

// join brings the i-th client in; each i has one goroutine.
func (k *class) join(ctx context.Context, i int, edit func(int, *client.Config)) error {
	if ctx.Err() != nil {
		return nil
	}
	c, err := k.dial(ctx, i, edit)
	if err != nil {
		return err
	}
	k.clients[i] = c
	k.boards[i], err = openBoard(ctx, c, k.page)
	return err
}

// close ends all clients.
func (k *class) close() error {
	var closing sync.WaitGroup
	errs := make([]error, len(k.clients))
	for i, c := range k.clients {
		if c != nil {
			closing.Go(func() { errs[i] = c.Close() })
		}
	}
	closing.Wait()
	return errors.Join(errs...)
}

// ended returns why a client is no longer in the room, if one is not.
func (k *class) ended() error {
	for i, c := range k.clients {
		if err := c.Err(); err != nil {
			return fmt.Errorf("bench: client %d of %d: %w", i+1, len(k.clients), err)
		}
	}
	return nil
}

// documentBytes is what all clients have received on documents' streams.
func (k *class) documentBytes() uint64 {
	var sum uint64
	for _, c := range k.clients {
		sum += c.Stats().DocumentBytes
	}
	return sum
}

// movePointers moves every client's pointer ten times a second, spread over
// time, until ctx ends.
func (k *class) movePointers(ctx context.Context) {
	const interval = 100 * time.Millisecond
	step := time.NewTicker(interval / time.Duration(len(k.boards)))
	defer step.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-step.C:
			round := int32(i / len(k.boards))
			k.boards[i%len(k.boards)].PointAt(
				(round*137+int32(i)*911)%boardWidth, (round*293+int32(i)*577)%boardHeight, chalklinev1.CursorKind_CURSOR_KIND_PEN)
		}
	}
}

// handshaken returns a DialFunc that hands out a connection made before.
func handshaken(conn transport.ClientConn) client.DialFunc {
	return func(context.Context, transport.Route) (transport.ClientConn, error) { return conn, nil }
}
