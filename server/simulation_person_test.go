package server_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"chalkline/bench/client"
	"chalkline/bench/hands"
	"chalkline/ot"
	"chalkline/server/transport"
)

// What a person of a simulation does at most.
const (
	maxLetters = 1400 // typed in the story
	maxDrawn   = 150  // elements on a board
	firstStory = 0x4e00
)

// keptStore is a client's store in memory. Once frozen it keeps what it had, as
// that of a page that died.
type keptStore struct {
	mu     sync.Mutex
	saved  client.Saved
	frozen bool
}

func (k *keptStore) Load() (client.Saved, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.saved, nil
}

func (k *keptStore) Save(s client.Saved) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.frozen {
		k.saved = s
	}
	return nil
}

// person works on all pages of a room, with one client after the other. Its
// fields belong to whoever lets it live.
type person struct {
	*simulation
	index  int
	dice   *rand.Rand
	lost   *rand.Rand // guarded by lostMu: messages
	lostMu sync.Mutex
	store  *keptStore
	node   *node
	client *client.Client // nil while it is not in
	faults bool           // messages to the client are lost
	room   int64
	desks  []*desk
	events map[string]int

	letters []rune // of the story that it typed, those that it deleted again are 0
	seen    seen
}

// gather makes the people; the first of them makes the room, its pages and the story.
func (s *simulation) gather(n int) {
	for i := range n {
		p := &person{
			simulation: s, index: i, events: map[string]int{}, store: &keptStore{},
			dice: rand.New(rand.NewPCG(s.seed, uint64(100+i))), lost: rand.New(rand.NewPCG(s.seed, uint64(200+i))),
		}
		s.people = append(s.people, p)
		if i > 0 {
			p.room = s.people[0].room
		}
		if !p.enter(s.t.Context()) {
			s.t.FailNow()
		}
		if i == 0 {
			s.furnish(p.client)
		}
		p.sitDown()
	}
}

// furnish makes the second page, if there is one, and the story.
func (s *simulation) furnish(c *client.Client) {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	n := 1 + s.dice.IntN(2)
	if n > 1 {
		if err := c.AddPage("second", ""); err != nil {
			s.t.Fatal(err)
		}
	}
	var err error
	if s.pages, err = c.WaitPages(ctx, n); err != nil {
		s.t.Fatal(err)
	}
	b, err := c.OpenBoard(s.pages[0])
	if err != nil {
		s.t.Fatal(err)
	}
	s.story = b.NewText().ID()
	if err := b.WaitSynced(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// enter brings a client of the person's into the room; false if the context
// ended before.
func (p *person) enter(ctx context.Context) bool {
	p.node = p.newNode()
	p.faults = p.dice.IntN(3) == 0
	faults := p.faults
	c, err := client.Dial(ctx, client.Config{
		Token: p.name(), Name: p.name(), Room: p.room, RoomName: "lesson", Route: transport.WebTransport, Store: p.store,
		OnRecord: p.seen.note, OnRefused: p.noteRefused,
		Fault: func(string, uint32, int) bool { return faults && p.loses() },
		Dial:  p.node.dial,
	})
	if err != nil {
		p.node.close()
		if ctx.Err() == nil {
			p.t.Errorf("%s does not come in: %v", p.name(), err)
		}
		return false
	}
	p.client, p.room = c, c.RoomID()
	return true
}

func (p *person) name() string { return "person " + string(rune('a'+p.index)) }

// loses says whether a message of a stream is lost.
func (p *person) loses() bool {
	p.lostMu.Lock()
	defer p.lostMu.Unlock()
	return p.lost.IntN(2_000) == 0
}

// sitDown opens the boards.
func (p *person) sitDown() {
	p.desks = nil
	for i, page := range p.pages {
		b, err := p.client.OpenBoard(page)
		if err != nil {
			p.t.Error(err)
			return
		}
		p.desks = append(p.desks, p.newDesk(b, i == 0))
	}
}

// leave closes the client, which keeps what it has not sent.
func (p *person) leave() {
	if p.client == nil {
		return
	}
	if err := p.client.Close(); err != nil {
		p.t.Error(err)
	}
	p.node.close()
	p.checkRepairs()
	p.client = nil
}

// checkRepairs: a snapshot mends a divergence before rest could see it, so nobody
// may ever have asked for one without need.
func (p *person) checkRepairs() {
	stats := p.client.Stats()
	p.events["resyncs"] += int(stats.Resyncs)
	if stats.Differing > 0 {
		p.t.Errorf("%s: the state differed from the server's %d times though nothing was missing", p.name(), stats.Differing)
	}
	if stats.Resyncs > 0 && !p.faults && !p.older {
		p.t.Errorf("%s: %d resyncs though no message was lost", p.name(), stats.Resyncs)
	}
}

// live works until the context ends.
func (p *person) live(ctx context.Context) {
	for ctx.Err() == nil && !p.t.Failed() {
		pause(time.Duration(10+p.dice.IntN(60)) * time.Millisecond)
		select {
		case <-p.client.Done():
			p.t.Errorf("%s ended: %v", p.name(), p.client.Err())
			return
		default:
		}
		if p.dice.IntN(400) == 0 && !p.suffer(ctx) {
			return
		}
		d := p.desks[p.dice.IntN(len(p.desks))]
		if d.first && p.dice.IntN(2*len(p.people)) == 0 { // all together about 10 letters a second
			p.typeLetter(d.board)
		} else {
			d.work()
		}
	}
}

// suffer is what happens to a client; false if it did not come back before the
// context ended.
func (p *person) suffer(ctx context.Context) bool {
	switch p.dice.IntN(5) {
	case 0:
		p.events["broken"]++
		p.client.Break()
		return true
	case 1:
		p.events["cut off"]++
		addr := p.node.addr
		p.path.cut(addr, true)
		time.AfterFunc(time.Duration(p.dice.Int64N(int64(12*time.Second))), func() { p.path.cut(addr, false) })
		return true
	case 2:
		p.events["reloaded"]++
		p.leave()
	case 3:
		p.events["away"]++
		p.leave()
		pause(time.Duration(p.dice.Int64N(int64(20 * time.Second))))
	default:
		p.events["died"]++
		pause(time.Millisecond) // what was done is in the store
		p.die()
	}
	// Whoever left comes back, at the end too: the context does not end that.
	if !p.enter(context.WithoutCancel(ctx)) {
		return false
	}
	p.sitDown()
	return true
}

// die ends the client as a page that crashes: nobody is told.
func (p *person) die() {
	p.path.cut(p.node.addr, true)
	p.store.mu.Lock()
	p.store.frozen = true
	saved := p.store.saved
	p.store.mu.Unlock()
	p.leave()
	p.store = &keptStore{saved: saved}
}

// typeLetter types a letter of the story somewhere, or deletes one of its own.
func (p *person) typeLetter(b *client.Board) {
	if b.Unsent() >= hands.MaxUnsent {
		return
	}
	b.Text(p.story).Change(func(shown string) ot.Edit { return p.key([]rune(shown)) })
	p.done.Add(1)
}

// key is what a person does at a keyboard.
func (p *person) key(shown []rune) ot.Edit {
	if n := len(p.letters); n == maxLetters || n > 0 && p.dice.IntN(4) == 0 {
		i := p.dice.IntN(n)
		at := slices.Index(shown, p.letters[i])
		if p.letters[i] == 0 || at < 0 {
			return nil
		}
		p.letters[i] = 0
		return ot.Edit{{Kind: ot.Keep, N: at}, {Kind: ot.Delete, N: 1}}
	}
	letter := rune(firstStory + p.index*maxLetters + len(p.letters))
	p.letters = append(p.letters, letter)
	return ot.Edit{{Kind: ot.Keep, N: p.dice.IntN(len(shown) + 1)}, {Kind: ot.Insert, Text: string(letter)}}
}

// desk is one board that a person works on.
type desk struct {
	*person
	board *client.Board
	first bool // the page with the story
	hands *hands.Hands
}

func (p *person) newDesk(b *client.Board, first bool) *desk {
	d := &desk{person: p, board: b, first: first, hands: hands.New(b, p.dice, maxDrawn)}
	d.hands.Allow = d.allowed
	return d
}

// work submits a batch of random ops.
func (d *desk) work() {
	n, err := d.hands.Act()
	if err != nil {
		d.t.Error(err)
	}
	d.done.Add(uint64(n))
}

// allowed leaves the story alone: nobody else's letters are deleted, nor the
// story itself. Where it lies nothing is cleared: what fills the board is deleted
// piece by piece.
func (d *desk) allowed(b *ot.Board, ops []ot.Op) (allowed []ot.Op) {
	for _, op := range ops {
		switch {
		case !d.first:
			allowed = append(allowed, op)
		case op.Kind == ot.Clear:
			allowed = append(allowed, d.sweep(b)...)
		case op.ID != d.story || op.Kind != ot.TextEdit && !hides(op):
			allowed = append(allowed, op)
		}
	}
	return allowed
}

func hides(op ot.Op) bool {
	return slices.ContainsFunc(op.Settings, func(s ot.Setting) bool { return s.Register == ot.Deleted })
}

// sweep deletes some of what is on a board.
func (d *desk) sweep(b *ot.Board) (ops []ot.Op) {
	for e := range b.Elements() {
		if len(ops) == 8 {
			break
		}
		if !e.Deleted() && e.ID() != d.story && d.dice.IntN(3) == 0 {
			ops = append(ops, ot.Op{Kind: ot.Set, ID: e.ID(), Settings: []ot.Setting{{Register: ot.Deleted, Value: ot.BoolValue(true)}}})
		}
	}
	return ops
}
