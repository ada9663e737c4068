package room

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server/classroom"
)

// sink is a peer that counts.
type sink struct{ bytes, parts int }

func (s *sink) Control([]byte) {}
func (s *sink) Document(_ Stream, parts [][]byte, _ uint64, _ bool) bool {
	for _, p := range parts {
		s.bytes, s.parts = s.bytes+len(p), s.parts+1
	}
	return true
}
func (s *sink) CloseDocument(uint32)  {}
func (s *sink) Datagram([]byte)       {}
func (s *sink) Close(*protocol.Error) {}

const benchBoard = replay.Document("board::p1")

// stepped is a room without goroutines: it performs effects on the spot.
type stepped struct {
	b     testing.TB
	log   *memory.Log
	state *state
	loop  *loop
	now   time.Time
}

func newStepped(b testing.TB) *stepped {
	b.Helper()
	log, ctx := memory.New(), context.Background()
	if err := log.Create(ctx, 1); err != nil {
		b.Fatal(err)
	}
	var entries []replay.Entry
	for _, e := range []*chalklinev1.AuthorityEvent{
		{Event: &chalklinev1.AuthorityEvent_RoomCreated{RoomCreated: &chalklinev1.RoomCreated{OpSemantics: protocol.OpSemantics}}},
		{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: "p1"}}},
	} {
		payload, err := proto.Marshal(e)
		if err != nil {
			b.Fatal(err)
		}
		entries = append(entries, replay.Entry{Document: classroom.AuthorityDocument, Payload: payload})
	}
	if _, err := log.Append(ctx, 1, time.Now().UnixMicro(), nil, entries); err != nil {
		b.Fatal(err)
	}
	cfg := Config{ID: 1, Log: log, SnapshotEvery: 1 << 40}.withDefaults()
	now := time.Now()
	s, err := load(ctx, cfg, now)
	if err != nil {
		b.Fatal(err)
	}
	return &stepped{b: b, log: log, state: s, loop: &loop{Room: &Room{cfg: cfg}, state: s, ctx: ctx}, now: now}
}

// do steps commands until no more follow; a beat passes before each append.
func (s *stepped) do(c Command) {
	for next := []Command{c}; len(next) > 0; next = next[1:] {
		for _, e := range s.state.step(s.now, next[0]) {
			switch e := e.(type) {
			case appendGroup:
				records, err := s.log.Append(s.loop.ctx, 1, e.now, e.expect, e.entries)
				next = append(next, appended{records: records, err: err})
			case loadBoard:
				next = append(next, s.loop.load(e.document))
			default:
				s.loop.perform(e)
			}
		}
	}
}

// beat lets a busy room's next append come.
func (s *stepped) beat() {
	s.now = s.now.Add(time.Second / 30)
	s.do(tick{})
}

func (s *stepped) join(i int) *sink {
	p := &sink{}
	name := fmt.Sprint("p", i)
	s.do(Join{
		Peer: p, Who: classroom.Participant{ID: name, Role: classroom.Student}, Name: name, Key: []byte(name),
		Open: []*chalklinev1.OpenDocument{{Handle: 1, Document: classroom.AuthorityDocument}, {Handle: 2, Document: string(benchBoard)}},
	})
	s.beat()
	if s.state.members[p] == nil {
		s.b.Fatal("not in")
	}
	return p
}

// author writes strokes of 40 frames of 8 points.
type author struct {
	peer    *sink
	replica uint32
	n       uint64
	counter uint32
	frame   int
	encoder *ink.Encoder
}

func (a *author) batch(b testing.TB, at time.Time) Submit {
	var ops []ot.Op
	if a.frame == 0 {
		a.counter++
		a.encoder.Reset()
		ops = append(ops, ot.Op{Kind: ot.Create, ID: ot.ID{Replica: a.replica, Counter: a.counter}, Element: ot.Ink, Settings: []ot.Setting{
			{Register: ot.Color, Value: ot.ColorValue(0x1d2321)}, {Register: ot.Width, Value: ot.WidthValue(30)},
		}})
	}
	var points []ot.Point
	for i := range int32(8) {
		k := int32(a.frame)*8 + i
		points = append(points, ot.Point{X: 5000 + k*7 + k*k%13, Y: 9000 + k*k%301, P: 90 + k%30, T: k * 4})
	}
	frame, err := a.encoder.AppendFrame(nil, points)
	if err != nil {
		b.Fatal(err)
	}
	ended := a.frame == 39
	ops = append(ops, ot.Op{
		Kind: ot.Extend, ID: ot.ID{Replica: a.replica, Counter: a.counter}, First: uint32(a.frame * 8), Ended: ended, Frame: frame,
	})
	if a.frame++; ended {
		a.frame = 0
	}
	a.n++
	return Submit{Peer: a.peer, Batch: &chalklinev1.Submit{Handle: 2, N: a.n, CapturedAtUs: at.UnixMicro(), Ops: ot.AppendOps(nil, ops)}}
}

// BenchmarkFanout is a batch's way through a room, from Submit to the queues of
// 100 peers: 10 authors write 30 batches a second each.
func BenchmarkFanout(b *testing.B) {
	s := newStepped(b)
	var authors []*author
	for i := range 100 {
		p := s.join(i)
		if i < 10 {
			authors = append(authors, &author{peer: p, replica: s.state.members[p].replica, encoder: ink.NewEncoder()})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		var batches []Submit
		for _, a := range authors {
			batches = append(batches, a.batch(b, s.now))
		}
		b.StartTimer()
		for _, c := range batches {
			s.do(c)
		}
		s.beat()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(authors)), "ns/batch")
}

// BenchmarkResync is SYNC_STATE of a document of 1 000 strokes that is being
// written on: clients may ask for it as often as they like.
func BenchmarkResync(b *testing.B) {
	s := newStepped(b)
	p := s.join(0)
	a := &author{peer: p, replica: s.state.members[p].replica, encoder: ink.NewEncoder()}
	for range 40_000 {
		s.do(a.batch(b, s.now))
		s.beat()
	}
	b.ReportAllocs()
	for b.Loop() {
		s.do(a.batch(b, s.now))
		s.beat()
		s.do(SyncState{Peer: p, Handle: 2})
	}
}

// quiet has everybody close the board, and waits until it is let go of.
func (s *stepped) quiet(peers ...*sink) {
	s.b.Helper()
	for _, p := range peers {
		s.do(CloseDocument{Peer: p, Handle: 2})
	}
	for s.state.documents[benchBoard] != nil {
		s.now = s.now.Add(quietAfter)
		s.do(tick{})
		s.do(snapshotSaved{document: benchBoard})
	}
}

// opening steps the opening of a board that is not loaded up to its reading, and
// returns what comes of that.
func (s *stepped) opening(p *sink) Command {
	s.b.Helper()
	for _, e := range s.state.step(s.now, Open{Peer: p, Open: &chalklinev1.OpenDocument{Handle: 2, Document: string(benchBoard)}}) {
		if e, ok := e.(loadBoard); ok {
			return s.loop.load(e.document)
		}
	}
	s.b.Fatal("the board is not read")
	return nil
}

// BenchmarkFirstOpening is what the first opening of a board of 320 000 points that is
// read again holds its room up.
func BenchmarkFirstOpening(b *testing.B) {
	s := newStepped(b)
	p := s.join(0)
	a := &author{peer: p, replica: s.state.members[p].replica, encoder: ink.NewEncoder()}
	for range 40_000 {
		s.do(a.batch(b, s.now))
		s.beat()
	}
	for b.Loop() {
		b.StopTimer()
		s.quiet(p)
		loaded := s.opening(p)
		b.StartTimer()
		s.do(loaded)
	}
}
