package server_test

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/testutils/simnet"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/replay/memory"
	"chalkline/server"
	"chalkline/server/transport"
)

// path is a router between the server and its clients with delay, jitter (and
// with it reordering), loss, narrow lines and outages. Its dice are seeded.
type path struct {
	oneWay, jitter time.Duration
	loss           float64

	mu        sync.Mutex
	nodes     map[string]simnet.PacketReceiver
	down      map[string]bool          // by node: cut off
	held      map[string]time.Duration // by node: what it sends now takes longer
	rates     map[string]int           // by node: bytes a second that it can be sent; 0: as many as come
	free      map[string]time.Time     // by node: when its line has sent what waits
	due       map[[2]string]time.Time  // from, to: when the latest packet arrives
	overtaken int                      // packets that arrive before an earlier one of the same two
	dice      *rand.Rand
}

func newPath(oneWay, jitter time.Duration, loss float64) *path {
	return &path{
		oneWay: oneWay, jitter: jitter, loss: loss,
		nodes: map[string]simnet.PacketReceiver{}, down: map[string]bool{}, held: map[string]time.Duration{},
		rates: map[string]int{}, free: map[string]time.Time{}, due: map[[2]string]time.Time{}, dice: rand.New(rand.NewPCG(1, 2)),
	}
}

func (p *path) AddNode(addr net.Addr, to simnet.PacketReceiver) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nodes[addr.String()] = to
}

func (p *path) SendPacket(packet simnet.Packet) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	to := p.nodes[packet.To.String()]
	if to == nil || p.down[packet.To.String()] || p.down[packet.From.String()] || p.dice.Float64() < p.loss {
		return nil
	}
	line, fits := p.line(packet)
	if !fits {
		return nil
	}
	delay := p.oneWay + p.held[packet.From.String()] + line
	if p.jitter > 0 {
		delay += time.Duration(p.dice.Int64N(int64(p.jitter)))
	}
	between, due := [2]string{packet.From.String(), packet.To.String()}, time.Now().Add(delay)
	if due.Before(p.due[between]) {
		p.overtaken++
	} else {
		p.due[between] = due
	}
	time.AfterFunc(delay, func() { to.RecvPacket(packet) })
	return nil
}

// lineBuffer is how long packets wait at a narrow line; what comes then is lost.
const lineBuffer = 500 * time.Millisecond

// line is how long a packet takes over the line to its node.
func (p *path) line(packet simnet.Packet) (time.Duration, bool) {
	node, now := packet.To.String(), time.Now()
	rate := p.rates[node]
	if rate == 0 {
		return 0, true
	}
	free := p.free[node]
	if free.Before(now) {
		free = now
	}
	if free.Sub(now) > lineBuffer {
		return 0, false
	}
	p.free[node] = free.Add(time.Second * time.Duration(len(packet.Data)) / time.Duration(rate))
	return p.free[node].Sub(now), true
}

// narrow lets a node be sent only so many bytes a second.
func (p *path) narrow(addr net.Addr, rate int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rates[addr.String()] = rate
}

// cut cuts a node off, or lets it back.
func (p *path) cut(addr net.Addr, down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down[addr.String()] = down
}

// hold makes what a node sends from now on take so much longer.
func (p *path) hold(addr net.Addr, longer time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held[addr.String()] = longer
}

// overtakings is how many packets arrived before an earlier one of the same two nodes.
func (p *path) overtakings() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.overtaken
}

// noTCP is a listener that nobody reaches.
type noTCP struct{ closed chan struct{} }

func (l noTCP) Accept() (net.Conn, error) { <-l.closed; return nil, net.ErrClosed }
func (l noTCP) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}
func (l noTCP) Addr() net.Addr { return &net.TCPAddr{IP: net.ParseIP("1.0.0.2"), Port: 443} }

// world is a server and its clients on a simulated network, in simulated time.
type world struct {
	t      *testing.T
	path   *path
	tcp    *wires // without its jitter, loss and outages
	hash   []byte
	server *server.Server
	closes []func()
	hosts  atomic.Int32
}

var serverAddr = &net.UDPAddr{IP: net.ParseIP("1.0.0.2"), Port: 443}

func newWorld(t *testing.T, p *path, change ...func(*server.Config)) *world {
	t.Helper()
	w := &world{t: t, path: p, tcp: newWires(p.oneWay)}
	tlsConfig, hash := selfSigned(t)
	w.hash = hash
	packets := simnet.NewBlockingSimConn(serverAddr, p)
	p.AddNode(serverAddr, packets)
	log := memory.New()
	cfg := server.Config{
		Log: log, Table: log.Table(), Identifier: &names{},
		Transport: transport.Config{PacketConn: packets, Listener: w.tcp, TLS: tlsConfig},
	}
	for _, c := range change {
		c(&cfg)
	}
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.server = s
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	w.closes = append(w.closes, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Errorf("Serve() = %v", err)
		}
		_ = packets.Close()
		w.tcp.carrying.Wait()
	})
	return w
}

func (w *world) close() {
	for _, c := range slices.Backward(w.closes) {
		c()
	}
}

// host is one client with its own address.
type host struct {
	*client.Client
	board *client.Board
	addr  *net.UDPAddr
	seen  arrivals
}

// node is one address on the network, from which connections are dialled.
type node struct {
	addr    *net.UDPAddr
	packets *simnet.SimConn
	quic    *quic.Transport
	dialer  *transport.Dialer
}

func (w *world) newNode() *node {
	host := w.hosts.Add(1)
	n := &node{addr: &net.UDPAddr{IP: net.IPv4(2, 0, byte(host>>8), byte(host)), Port: 9000}}
	n.packets = simnet.NewBlockingSimConn(n.addr, w.path)
	w.path.AddNode(n.addr, n.packets)
	n.quic = &quic.Transport{Conn: n.packets}
	n.dialer = &transport.Dialer{TLS: transport.TrustHashes(w.hash), QUIC: n.quic, DialTCP: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return w.tcp.dial(ctx, n.addr)
	}}
	return n
}

// dial is a client.DialFunc.
func (n *node) dial(ctx context.Context, route transport.Route) (transport.ClientConn, error) {
	if route == transport.WebSocket {
		return n.dialer.DialWebSocket(ctx, "wss://1.0.0.2:443/ws")
	}
	return n.dialer.DialWebTransport(ctx, "https://1.0.0.2:443/wt")
}

func (n *node) close() {
	_ = n.quic.Close()
	_ = n.packets.Close()
}

// arrivals are when records came, by (replica, n).
type arrivals struct {
	mu sync.Mutex
	at map[[2]uint64]time.Time
}

func (a *arrivals) note(_ *client.Board, r *client.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at == nil {
		a.at = map[[2]uint64]time.Time{}
	}
	a.at[[2]uint64{uint64(r.Replica), r.N}] = time.Now()
}

// of returns when a batch came.
func (a *arrivals) of(replica uint32, n uint64) (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, ok := a.at[[2]uint64{uint64(replica), n}]
	return at, ok
}

// join brings a client in; room 0 creates one.
func (w *world) join(room int64, change ...func(*client.Config)) *host {
	w.t.Helper()
	h := w.enter(w.newNode(), room, change...)
	h.board = openFirst(w.t, h.Client)
	return h
}

// enter brings a client in that has no board open.
func (w *world) enter(n *node, room int64, change ...func(*client.Config)) *host {
	w.t.Helper()
	h := &host{addr: n.addr}
	cfg := client.Config{
		Token: "p" + h.addr.IP.String(), Name: "p", Room: room, RoomName: "lesson", Route: transport.WebTransport,
		OnRecord: h.seen.note, Dial: n.dial,
	}
	for _, c := range change {
		c(&cfg)
	}
	c, err := client.Dial(w.t.Context(), cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	h.Client = c
	w.closes = append(w.closes, func() {
		_ = c.Close()
		n.close()
	})
	return h
}

// over makes a client come over one route.
func over(route transport.Route) func(*client.Config) {
	return func(c *client.Config) { c.Route = route }
}

// scribble sends a frame of 8 points every 33 ms for a while and returns when
// each batch left.
func (h *host) scribble(t *testing.T, d time.Duration) []time.Time {
	t.Helper()
	var sent []time.Time
	s := h.board.Stroke(pen...)
	tick := time.NewTicker(time.Second / 30)
	defer tick.Stop()
	for i := range int32(d / (time.Second / 30)) {
		var points []ot.Point
		for k := range int32(8) {
			at := i%40*8 + k
			points = append(points, ot.Point{X: 5000 + at*7 + at*at%13, Y: 9000 + at*at%301, P: 90 + at%30, T: at * 4})
		}
		send := s.Frame
		if i%40 == 39 {
			send = s.End
		}
		if err := send(points); err != nil {
			t.Fatal(err)
		}
		sent = append(sent, time.Now())
		if i%40 == 39 {
			s = h.board.Stroke(pen...)
		}
		<-tick.C
	}
	return sent
}

// agree waits until all boards stand at the same revision and checks that their
// hashes are equal and that nothing waits to be sent.
func (w *world) agree(hosts ...*host) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	for _, h := range hosts {
		if err := h.board.WaitSynced(ctx); err != nil {
			w.t.Fatalf("unsent work: %v", err)
		}
	}
	for top, same := uint64(0), false; !same; {
		for _, h := range hosts {
			top = max(top, h.board.Revision())
		}
		for _, h := range hosts {
			if err := h.board.WaitRevision(ctx, top); err != nil {
				w.t.Fatalf("at revision %d, want %d: %v", h.board.Revision(), top, err)
			}
		}
		same = true // unless others write on
		first, hash := hosts[0].board.State()
		for _, h := range hosts[1:] {
			revision, other := h.board.State()
			if same = same && revision == first; same && other != hash {
				w.t.Fatalf("hashes differ at revision %d", revision)
			}
		}
	}
}

func (h *host) points() (n int) {
	h.board.View(func(b *ot.Board) { n = b.Load().Points })
	return n
}

func TestABadPathConvergesAndNothingIsDoubled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newPath(10*time.Millisecond, 100*time.Millisecond, 0.2))
		defer w.close()
		ann := w.join(0)
		ben := w.join(ann.RoomID())
		done := make(chan struct{})
		go func() { defer close(done); ben.scribble(t, 20*time.Second) }()
		ann.scribble(t, 20*time.Second)
		<-done
		w.agree(ann, ben)
		if n := ann.points(); n != 2*600*8 {
			t.Fatalf("%d points on the board, want %d", n, 2*600*8)
		}
		if n := w.path.overtakings(); n == 0 {
			t.Error("no packet overtook another: the path was not bad")
		}
	})
}

func TestAt300msRoundTripFramesFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const oneWay = 150 * time.Millisecond
		w := newWorld(t, newPath(oneWay, 0, 0))
		defer w.close()
		ann := w.join(0)
		ben := w.join(ann.RoomID())
		sent := ann.scribble(t, 20*time.Second)
		w.agree(ann, ben)
		var late, gaps []time.Duration
		var before time.Time
		for i, at := range sent {
			arrived, ok := ben.seen.of(ann.Replica(), uint64(i+1))
			if !ok {
				t.Fatalf("batch %d did not arrive by itself", i+1)
			}
			late = append(late, arrived.Sub(at)-2*oneWay)
			if i > 0 {
				gaps = append(gaps, arrived.Sub(before))
			}
			before = arrived
		}
		slices.Sort(gaps)
		if p5, p95 := gaps[len(gaps)*5/100], gaps[len(gaps)*95/100]; p5 < 25*time.Millisecond || p95 > 40*time.Millisecond {
			t.Errorf("from frame to frame at the other page: %v to %v, want that of 30 a second", p5, p95)
		}
		slices.Sort(late)
		if p95 := late[len(late)*95/100]; p95 > 60*time.Millisecond {
			t.Fatalf("pen to other page: p95 is one way up + one way down + %v, want at most 60 ms", p95)
		}
	})
}

func TestWhoWasAwayComesBackToTheSameBoard(t *testing.T) {
	for _, away := range []time.Duration{5 * time.Second, 30 * time.Second, 3 * time.Minute} {
		t.Run(away.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, newPath(20*time.Millisecond, 5*time.Millisecond, 0))
				defer w.close()
				ann := w.join(0)
				ben := w.join(ann.RoomID())
				ben.scribble(t, time.Second)
				w.path.cut(ben.addr, true)
				done := make(chan struct{})
				go func() { defer close(done); ben.scribble(t, min(away, 20*time.Second)) }() // drawn without network
				ann.scribble(t, away)
				<-done
				w.path.cut(ben.addr, false)
				w.agree(ann, ben)
				drawn := int((time.Second + away + min(away, 20*time.Second)) / (time.Second / 30))
				if n := ann.points(); n != drawn*8 {
					t.Fatalf("%d points on the board, want %d", n, drawn*8)
				}
			})
		})
	}
}

func TestREC3ALostMessageIsFoundByTheHeartbeatAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newPath(20*time.Millisecond, 0, 0))
		defer w.close()
		ann := w.join(0)
		var lost atomic.Bool
		ben := w.join(ann.RoomID(), func(c *client.Config) {
			c.Fault = func(document string, generation uint32, k int) bool {
				return document != "authority" && k == 20 && lost.CompareAndSwap(false, true)
			}
		})
		// The lost message is the last for a while: no gap betrays it.
		for !lost.Load() {
			ann.scribble(t, 34*time.Millisecond)
			time.Sleep(200 * time.Millisecond)
		}
		time.Sleep(40 * time.Second) // two heartbeats
		if ann.board.Revision() != ben.board.Revision() || ann.board.Hash() != ben.board.Hash() {
			t.Fatalf("revision %d and %d after two heartbeats", ann.board.Revision(), ben.board.Revision())
		}
		if n := ben.Stats().Resyncs; n != 1 {
			t.Fatalf("%d resyncs for one lost message", n)
		}
	})
}

func TestREC3ABusyMinuteCausesNoFalseRepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newPath(30*time.Millisecond, 20*time.Millisecond, 0.02))
		defer w.close()
		ann := w.join(0)
		hosts := []*host{ann}
		for range 4 {
			hosts = append(hosts, w.join(ann.RoomID()))
		}
		var busy sync.WaitGroup
		for _, h := range hosts[:3] {
			busy.Go(func() { h.scribble(t, time.Minute) })
		}
		busy.Wait()
		w.agree(hosts...)
		for _, h := range hosts {
			if n := h.Stats().Resyncs; n != 0 {
				t.Errorf("%d resyncs in a busy minute", n)
			}
		}
	})
}
