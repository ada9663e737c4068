package server_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server"
	"chalkline/server/transport"
)

// recording is what a server sent over one connection: the control stream and
// the documents' streams in the order opened, each in its order, and datagrams.
type recording struct {
	mu        sync.Mutex
	begun     bool
	broken    bool // another connection had to follow, of which nothing is kept
	control   [][]byte
	streams   []*[][]byte
	datagrams [][]byte
}

func (r *recording) keep(to *[][]byte, m []byte, err error) ([]byte, error) {
	if err == nil {
		r.mu.Lock()
		*to = append(*to, bytes.Clone(m))
		r.mu.Unlock()
	}
	return m, err
}

// recorder is a connection of which all that the server sends is kept.
type recorder struct {
	transport.ClientConn
	to *recording
}

func (r *recorder) ReadMessage() ([]byte, error) {
	m, err := r.ClientConn.ReadMessage()
	return r.to.keep(&r.to.control, m, err)
}

func (r *recorder) ReceiveDatagram(ctx context.Context) ([]byte, error) {
	m, err := r.ClientConn.ReceiveDatagram(ctx)
	return r.to.keep(&r.to.datagrams, m, err)
}

func (r *recorder) AcceptStream(ctx context.Context) (transport.ServerStream, error) {
	s, err := r.ClientConn.AcceptStream(ctx)
	if err != nil {
		return nil, err
	}
	kept := new([][]byte)
	r.to.mu.Lock()
	r.to.streams = append(r.to.streams, kept)
	r.to.mu.Unlock()
	return &recordedStream{s, r.to, kept}, nil
}

type recordedStream struct {
	transport.ServerStream
	to   *recording
	kept *[][]byte
}

func (s *recordedStream) ReadMessage() ([]byte, error) {
	m, err := s.ServerStream.ReadMessage()
	return s.to.keep(s.kept, m, err)
}

// player is a connection on which what was recorded arrives when it is told to.
type player struct {
	control, datagrams chan []byte
	streams            chan transport.ServerStream
	done               chan struct{}
	close              sync.Once
}

func newPlayer() *player {
	const room = 1 << 14 // more than is ever recorded
	return &player{
		control: make(chan []byte, room), datagrams: make(chan []byte, room),
		streams: make(chan transport.ServerStream, room), done: make(chan struct{}),
	}
}

func (p *player) from(messages <-chan []byte) ([]byte, error) {
	select {
	case m := <-messages:
		return m, nil
	case <-p.done:
		return nil, io.EOF
	}
}

func (p *player) ReadMessage() ([]byte, error)                    { return p.from(p.control) }
func (p *player) ReceiveDatagram(context.Context) ([]byte, error) { return p.from(p.datagrams) }
func (p *player) WriteControl([]byte) error                       { return nil }
func (p *player) SendDatagram([]byte) error                       { return nil }
func (p *player) Done() <-chan struct{}                           { return p.done }
func (p *player) Route() transport.Route                          { return transport.WebTransport }
func (p *player) Close(uint32) error                              { p.close.Do(func() { close(p.done) }); return nil }

func (p *player) AcceptStream(context.Context) (transport.ServerStream, error) {
	select {
	case s := <-p.streams:
		return s, nil
	case <-p.done:
		return nil, io.EOF
	}
}

type playedStream struct {
	player   *player
	messages chan []byte
	closed   chan struct{}
	once     sync.Once
}

func (s *playedStream) ReadMessage() ([]byte, error) {
	select {
	case <-s.closed:
		return nil, transport.ErrClosed
	case <-s.player.done:
		return nil, io.EOF
	case m := <-s.messages:
		return m, nil
	}
}

func (s *playedStream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// delivery is one stream's messages that have not arrived yet.
type delivery struct {
	to   chan<- []byte
	left [][]byte
}

// play delivers everything: within a stream in order, otherwise in any. held is
// the stream, counted from 1, that arrives after all others; 0: none is held.
func (r *recording) play(p *player, dice *rand.Rand, held int) {
	deliveries := []*delivery{{p.control, r.control}}
	for _, messages := range r.streams {
		s := &playedStream{player: p, messages: make(chan []byte, len(*messages)), closed: make(chan struct{})}
		p.streams <- s
		deliveries = append(deliveries, &delivery{s.messages, *messages})
	}
	for left := deliveries; len(left) > 0; {
		i := dice.IntN(len(left))
		if held > 0 && left[i] == deliveries[held] && len(left) > 1 {
			continue
		}
		d := left[i]
		for range 1 + dice.IntN(1+dice.IntN(60)) { // a burst, or a single one
			if len(d.left) == 0 {
				break
			}
			d.to <- d.left[0]
			d.left = d.left[1:]
			synctest.Wait()
		}
		if len(r.datagrams) > 0 { // any order, some of them twice, some never
			p.datagrams <- r.datagrams[dice.IntN(len(r.datagrams))]
		}
		if len(d.left) == 0 {
			left[i] = left[len(left)-1]
			left = left[:len(left)-1]
		}
	}
	synctest.Wait()
}

func (r *recording) messages() int {
	n := len(r.control)
	for _, s := range r.streams {
		n += len(*s)
	}
	return n
}

// begin says whether the connection that was made is the first.
func (r *recording) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := !r.begun
	r.begun, r.broken = true, r.begun
	return first
}

// watch brings in a client that only looks on, and keeps what it is sent.
func (w *world) watch(room int64, pages []string, to *recording) *host {
	n := w.newNode()
	h := w.join(room, func(c *client.Config) {
		c.Pages, c.Stage = pages, true
		c.OnCursors = func(*client.Board, []*chalklinev1.ReplicaCursor) {}
		c.Dial = func(ctx context.Context, route transport.Route) (transport.ClientConn, error) {
			conn, err := n.dial(ctx, route)
			if err != nil || !to.begin() {
				return conn, err
			}
			return &recorder{conn, to}, nil
		}
	})
	h.addr = n.addr
	w.closes = append(w.closes, n.close)
	return h
}

// recordedWindow is window in a world of its own, in which streams overtake each
// other and queues are short. Where chance had the watcher's connection given up,
// it is taken anew.
func recordedWindow(t *testing.T, queueBytes, rounds, drags int) (r *recording, pages []string, want map[string][16]byte) {
	t.Helper()
	for range 5 {
		w := newWorld(t, newPath(20*time.Millisecond, 40*time.Millisecond, 0.01), func(c *server.Config) { c.Session.QueueBytes = queueBytes })
		r, pages, want = w.window(rounds, drags)
		w.close()
		if !r.broken {
			return r, pages, want
		}
	}
	t.Fatal("no connection lasted for a whole window")
	return nil, nil, nil
}

// window records what a client is sent while others draw, move and type on two
// boards for some rounds of 24 s, and returns it with the boards' hashes at the end.
// drags are the moves in a round, each an op.
func (w *world) window(rounds, drags int) (r *recording, pages []string, want map[string][16]byte) {
	t := w.t
	t.Helper()
	ann := w.join(0)
	if err := ann.AddPage("second", ""); err != nil {
		t.Fatal(err)
	}
	pages, err := ann.WaitPages(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	first, second := ann.board, mustOpen(t, ann.Client, "second")
	ben := w.join(ann.RoomID())
	r = &recording{}
	watcher := w.watch(ann.RoomID(), pages, r)
	id := ann.box(t)
	for i := range rounds {
		other := &host{Client: ben.Client, board: mustOpen(t, ben.Client, pages[i%2])}
		if i%2 == 1 {
			other.board.PointAt(100, 100, chalklinev1.CursorKind_CURSOR_KIND_PEN)
		}
		var busy sync.WaitGroup
		busy.Go(func() { other.scribble(t, 4*time.Second) })
		busy.Go(func() { ann.drag(t, id, drags/6) })
		busy.Go(func() {
			text := second.NewText()
			for range 40 {
				text.Append("word ")
				time.Sleep(100 * time.Millisecond) // simulated
			}
		})
		busy.Wait()
		w.path.cut(watcher.addr, i%2 == 0) // too short to be given up, long enough to be slow
		ann.drag(t, id, drags)
		w.path.cut(watcher.addr, false)
		time.Sleep(20 * time.Second) // simulated: a marker or two
	}
	want = map[string][16]byte{}
	for _, b := range []*client.Board{first, second} {
		if err := b.WaitSynced(t.Context()); err != nil {
			t.Fatal(err)
		}
		want[b.Page()] = b.Hash()
		if err := mustOpen(t, watcher.Client, b.Page()).WaitRevision(t.Context(), b.Revision()); err != nil {
			t.Fatal(err)
		}
	}
	_ = watcher.Close()
	t.Logf("%d messages on %d streams, %d datagrams", r.messages(), 1+len(r.streams), len(r.datagrams))
	if r.broken {
		return r, nil, nil
	}
	if r.messages() < 1_000 || len(r.streams) < 4 {
		t.Fatal("too few messages or streams to mean anything")
	}
	return r, pages, want
}

// TestAnyOrderOfAWindowOfMessagesEndsInTheSameState delivers a window to fresh
// clients in other orders across the streams.
func TestAnyOrderOfAWindowOfMessagesEndsInTheSameState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, pages, want := recordedWindow(t, 16<<10, 8, 10_000)
		for seed := range uint64(24) {
			r.expect(t, seed, pages, want)
		}
	})
}

func mustOpen(t *testing.T, c *client.Client, page string) *client.Board {
	t.Helper()
	b, err := c.OpenBoard(page)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// expect plays the recording in one order to a fresh client.
func (r *recording) expect(t *testing.T, seed uint64, pages []string, want map[string][16]byte) {
	t.Helper()
	p, dice := newPlayer(), rand.New(rand.NewPCG(seed, 0))
	copied := &recording{control: r.control, streams: r.streams, datagrams: r.datagrams}
	// The client is in the room once the first two messages of the control stream
	// are there; streams may be there before.
	played := make(chan struct{})
	go func() {
		defer close(played)
		copied.play(p, dice, dice.IntN(1+len(r.streams)))
	}()
	c, err := client.Dial(t.Context(), client.Config{
		Token: "fresh", Name: "fresh", Room: 1, Pages: pages, Stage: true, Route: transport.WebTransport, Once: true,
		OnCursors: func(*client.Board, []*chalklinev1.ReplicaCursor) {},
		Dial:      func(context.Context, transport.Route) (transport.ClientConn, error) { return p, nil },
	})
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	<-played
	for _, page := range pages {
		b, err := c.OpenBoard(page)
		if err != nil {
			t.Fatal(err)
		}
		if revision, got := b.State(); got != want[page] {
			b.View(func(board *ot.Board) {
				t.Errorf("seed %d: page %s: hash %x at revision %d with %d elements, want %x", seed, page, got, revision, board.Load().Elements, want[page])
			})
		}
	}
	if n := c.Stats().Resyncs; n != 0 {
		t.Errorf("seed %d: %d resyncs", seed, n)
	}
	_ = c.Close()
}
