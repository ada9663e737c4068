package room_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

const (
	roomID    = replay.Room(77)
	page      = "p1"
	boardName = "board::p1"
)

// fixture is a room on a log that tests look into.
type fixture struct {
	t    *testing.T
	log  *memory.Log
	room *room.Room
}

// newRoom starts a room with one page.
func newRoom(t *testing.T, change ...func(*room.Config)) *fixture {
	t.Helper()
	log := memory.New()
	ctx := t.Context()
	if err := log.Create(ctx, roomID); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UnixMilli() * 1000
	var entries []replay.Entry
	for _, e := range []*chalklinev1.AuthorityEvent{
		{Event: &chalklinev1.AuthorityEvent_RoomCreated{RoomCreated: &chalklinev1.RoomCreated{OpSemantics: protocol.OpSemantics, CreatedAtUs: now}}},
		{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: page}}},
	} {
		b, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, replay.Entry{Document: classroom.AuthorityDocument, Payload: b})
	}
	if _, err := log.Append(ctx, roomID, now, nil, entries); err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, log: log}
	f.start(change...)
	return f
}

func (f *fixture) start(change ...func(*room.Config)) {
	cfg := room.Config{ID: roomID, Log: f.log, Table: f.log.Table()}
	for _, c := range change {
		c(&cfg)
	}
	f.room = room.Start(context.WithoutCancel(f.t.Context()), cfg)
}

// restart stops the room as a server does and starts it again from the log.
func (f *fixture) restart(change ...func(*room.Config)) {
	f.t.Helper()
	f.room.Stop()
	if err := f.room.Wait(); !errors.Is(err, room.ErrStopped) {
		f.t.Fatalf("Wait() = %v, want ErrStopped", err)
	}
	f.start(change...)
}

func (f *fixture) stop() {
	f.room.Stop()
	_ = f.room.Wait()
}

// peer is a hand-written client: it keeps what it is sent, decoded.
type peer struct {
	t    *testing.T
	room *room.Room
	name string

	mu      sync.Mutex
	control []*chalklinev1.ServerMessage
	streams map[uint32]*replica // by handle, of the highest generation
	headers []*chalklinev1.DocumentHeader
	refuse  bool // behave as a full queue
	blind   bool // look at nothing
	closed  *protocol.Error
	n       map[uint32]uint64 // next n by handle
	raw     map[uint32][][]byte
	highest uint32 // generation
	reached map[room.Stream]uint64
}

func (p *peer) Control(framed []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := bufio.NewReader(bytes.NewReader(framed))
	for {
		b, err := protocol.ReadFrame(r, nil, 1<<20)
		if err != nil {
			return
		}
		m := &chalklinev1.ServerMessage{}
		if err := proto.Unmarshal(b, m); err != nil {
			p.t.Error(err)
		}
		p.control = append(p.control, m)
	}
}

func (p *peer) Document(s room.Stream, parts [][]byte, upTo uint64, _ bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse || p.blind {
		return p.blind
	}
	p.reached[s] = upTo
	for _, part := range parts {
		p.raw[s.Handle] = append(p.raw[s.Handle], part)
		b, err := protocol.ReadFrame(bytes.NewReader(part), nil, 1<<20)
		m := &chalklinev1.DocumentMessage{}
		if err = errors.Join(err, proto.Unmarshal(b, m)); err != nil {
			p.t.Error(err)
			continue
		}
		h := m.GetHeader()
		if (h != nil) != (s.Generation > p.highest) {
			p.t.Errorf("generation %d does not begin with its header, or has two", s.Generation)
		}
		p.highest = max(p.highest, s.Generation)
		if h != nil {
			p.headers = append(p.headers, h)
			if old := p.streams[s.Handle]; old != nil && h.GetResumed() {
				old.header = h
			} else {
				p.streams[s.Handle] = newReplica(p.t, h)
			}
			continue
		}
		p.streams[s.Handle].message(m)
	}
	return true
}

func (p *peer) CloseDocument(uint32) {}
func (p *peer) Datagram(b []byte)    { p.mu.Lock(); p.raw[0] = append(p.raw[0], b); p.mu.Unlock() }
func (p *peer) Close(err *protocol.Error) {
	p.mu.Lock()
	if p.closed == nil { // only the first counts
		p.closed = err
	}
	p.mu.Unlock()
	p.room.Post(room.Leave{Peer: p})
}

// join brings a peer in with the authority (handle 1) and the board (handle 2)
// open.
func (f *fixture) join(name string, change ...func(*room.Join)) *peer {
	f.t.Helper()
	p := f.enter(name, change...)
	settle()
	return p
}

// enter is join that does not wait.
func (f *fixture) enter(name string, change ...func(*room.Join)) *peer {
	f.t.Helper()
	p := &peer{
		t: f.t, room: f.room, name: name, streams: map[uint32]*replica{}, raw: map[uint32][][]byte{}, n: map[uint32]uint64{},
		reached: map[room.Stream]uint64{},
	}
	j := room.Join{
		Peer: p, Who: classroom.Participant{ID: name, Role: classroom.Student}, Name: name, Key: []byte(fmt.Sprintf("%-16s", name)),
		Open: []*chalklinev1.OpenDocument{{Handle: 1, Document: classroom.AuthorityDocument}, {Handle: 2, Document: boardName}},
	}
	for _, c := range change {
		c(&j)
	}
	f.room.Post(j)
	return p
}

func (p *peer) result() *chalklinev1.JoinRoomResult {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.control {
		if r := m.GetJoinRoomResult(); r != nil {
			return r
		}
	}
	p.t.Fatalf("no JOIN_ROOM_RESULT, closed %v", p.closed)
	return nil
}

func (p *peer) replica() uint32 { return p.result().GetReplica().GetReplica() }

// submit sends ops as the next batch of a handle.
func (p *peer) submit(handle uint32, payload []byte) {
	p.n[handle]++
	p.room.Post(room.Submit{Peer: p, Batch: &chalklinev1.Submit{
		Handle: handle, N: p.n[handle], CapturedAtUs: time.Now().UnixMicro(), Ops: payload,
	}})
}

// draw sends a stroke of n frames and waits until it is everywhere.
func (p *peer) draw(counter uint32, n int, end bool) {
	p.t.Helper()
	id := ot.ID{Replica: p.replica(), Counter: counter}
	e := ink.NewEncoder()
	first := uint32(0)
	for i := range n {
		var pts []ot.Point
		for k := range int32(8) {
			at := int32(i)*8 + k
			pts = append(pts, ot.Point{X: 1000 + at*13 + at%3, Y: 2000 + at*at%97, P: 100 + at%20, T: at * 4})
		}
		frame, err := e.AppendFrame(nil, pts)
		if err != nil {
			p.t.Fatal(err)
		}
		var ops []ot.Op
		if i == 0 {
			ops = append(ops, ot.Op{Kind: ot.Create, ID: id, Element: ot.Ink, Settings: []ot.Setting{
				{Register: ot.Color, Value: ot.ColorValue(0x1d2321)}, {Register: ot.Width, Value: ot.WidthValue(30)},
			}})
		}
		ops = append(ops, ot.Op{Kind: ot.Extend, ID: id, First: first, Ended: end && i == n-1, Frame: frame})
		first += 8
		p.submit(2, ot.AppendOps(nil, ops))
	}
	settle()
}

// settle lets flushes and ticks come.
func settle() {
	time.Sleep(200 * time.Millisecond) // simulated
	synctest.Wait()
}

func (p *peer) board() *replica {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.streams[2]
	if r == nil {
		p.t.Fatal("board is not open")
	}
	return r
}

func (p *peer) hash() string {
	r := p.board()
	p.mu.Lock() // whoever reads goes before what comes later
	defer p.mu.Unlock()
	h := r.board.Hash()
	return hex.EncodeToString(h[:])
}

func simulated(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// later lets simulated time pass.
func later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func withLog(l replay.Log) func(*room.Config) { return func(c *room.Config) { c.Log = l } }
