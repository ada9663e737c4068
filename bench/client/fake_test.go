package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server/transport"
)

// fakeServer speaks the protocol for one room over memory, in one step per
// message. Fields named on… change what it does.
type fakeServer struct {
	mu        sync.Mutex
	epoch     uint64
	documents map[string]*fakeDocument
	keys      map[uint32]string
	members   map[uint32]*fakeConn
	now       func() time.Time

	silent   bool // takes everything and answers nothing
	deaf     map[transport.Route]bool
	refuse   func(op ot.Op) bool
	mute     bool // records are kept but not sent
	submits  []*chalklinev1.Submit
	joins    []*chalklinev1.JoinRoom
	syncs    []*chalklinev1.SyncState
	beats    int
	dials    []transport.Route
	snapshot int
}

type fakeDocument struct {
	name    string
	state   content
	context protocol.Context
	records []protocol.Record
	digest  replay.Digest
	last    map[uint32]uint64
	viewers []*fakeView
}

type fakeView struct {
	conn   *fakeConn
	handle uint32
	stream *fakeStream
}

func newFakeServer() *fakeServer {
	s := &fakeServer{
		epoch: 7, documents: map[string]*fakeDocument{}, keys: map[uint32]string{},
		members: map[uint32]*fakeConn{}, deaf: map[transport.Route]bool{}, now: time.Now,
	}
	authority := s.document("authority")
	for _, e := range []*chalklinev1.AuthorityEvent{
		{Event: &chalklinev1.AuthorityEvent_RoomCreated{RoomCreated: &chalklinev1.RoomCreated{OpSemantics: protocol.OpSemantics, CreatedAtUs: 5}}},
		{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: "p1"}}},
	} {
		payload, _ := proto.Marshal(e)
		s.append(authority, 0, 0, 0, payload)
	}
	return s
}

// copy returns the server as it is, as a copy of its store would bring it back.
func (s *fakeServer) copy() *fakeServer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &fakeServer{
		epoch: s.epoch, documents: map[string]*fakeDocument{}, keys: map[uint32]string{},
		members: map[uint32]*fakeConn{}, deaf: map[transport.Route]bool{}, now: s.now,
	}
	for name, d := range s.documents {
		for _, r := range d.records {
			c.append(c.document(name), r.Replica, r.N, r.CapturedAt, r.Payload)
		}
	}
	for k, v := range s.keys {
		c.keys[k] = v
	}
	return c
}

func (s *fakeServer) document(name string) *fakeDocument {
	d := s.documents[name]
	if d == nil {
		d = &fakeDocument{name: name, last: map[uint32]uint64{}}
		if name == "authority" {
			d.state = &authorityContent{}
		} else {
			d.state = newBoardContent()
		}
		s.documents[name] = d
	}
	return d
}

// append logs a batch and shows it to the viewers.
func (s *fakeServer) append(d *fakeDocument, replica uint32, n uint64, captured int64, payload []byte) {
	r := protocol.Record{
		Revision: uint64(len(d.records)) + 1, Replica: replica, N: n,
		CapturedAt: captured - captured%1000, SequencedAt: s.now().UnixMilli() * 1000, Payload: payload,
	}
	coded := d.context.AppendRecord([]byte{byte(r.Revision)}, &r, d.state.lengths())
	if _, err := d.state.apply(&r); err != nil {
		panic(err)
	}
	d.records = append(d.records, r)
	d.last[replica] = n
	d.digest = replay.Chain(d.digest, replay.Record{
		Revision: r.Revision, Replica: replica, N: n, CapturedAt: r.CapturedAt, SequencedAt: r.SequencedAt, Payload: payload,
	})
	if s.mute {
		return
	}
	for _, v := range d.viewers {
		v.stream.put(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_Records{Records: coded}})
	}
}

// dial is a DialFunc.
func (s *fakeServer) dial(ctx context.Context, route transport.Route) (transport.ClientConn, error) {
	s.mu.Lock()
	s.dials = append(s.dials, route)
	deaf := s.deaf[route]
	s.mu.Unlock()
	if deaf { // a blocked UDP port hangs, it does not fail
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	c := &fakeConn{
		server: s, route: route, done: make(chan struct{}),
		control: make(chan []byte, 4096), streams: make(chan *fakeStream, 64),
	}
	return c, nil
}

// breakAll ends every connection as a killed server would.
func (s *fakeServer) breakAll() {
	s.mu.Lock()
	members := s.members
	s.members = map[uint32]*fakeConn{}
	for _, d := range s.documents {
		d.viewers = nil
	}
	s.mu.Unlock()
	for _, c := range members {
		c.fail(errors.New("broken"))
	}
}

// handle is the server's step.
func (s *fakeServer) handle(c *fakeConn, m *chalklinev1.ClientMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silent {
		return
	}
	switch m := m.GetMessage().(type) {
	case *chalklinev1.ClientMessage_Hello:
		c.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Welcome{Welcome: &chalklinev1.Welcome{Version: 1}}})
	case *chalklinev1.ClientMessage_CreateRoom:
		c.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_CreateRoomResult{
			CreateRoomResult: &chalklinev1.CreateRoomResult{RoomId: 1},
		}})
	case *chalklinev1.ClientMessage_JoinRoom:
		s.join(c, m.JoinRoom)
	case *chalklinev1.ClientMessage_ChangeBoard:
		s.open(c, m.ChangeBoard.GetOpen())
	case *chalklinev1.ClientMessage_Submit:
		s.submit(c, m.Submit)
	case *chalklinev1.ClientMessage_SyncState:
		s.syncs = append(s.syncs, m.SyncState)
		s.again(c, m.SyncState)
	case *chalklinev1.ClientMessage_HeartTick:
		s.beats++
		s.mark(c)
	case *chalklinev1.ClientMessage_Ping:
		c.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Pong{Pong: &chalklinev1.Pong{
			ClientTimeUs: m.Ping.GetClientTimeUs(), RoomTimeUs: s.now().UnixMicro(),
		}}})
	}
}

func (s *fakeServer) join(c *fakeConn, m *chalklinev1.JoinRoom) {
	s.joins = append(s.joins, m)
	claim := m.GetReplica()
	if claim == nil || claim.GetEpoch() != s.epoch || s.keys[claim.GetReplica()] != string(claim.GetKey()) {
		replica := uint32(len(s.keys) + 1)
		key := fmt.Sprintf("key %d of %d", replica, s.epoch)
		s.keys[replica] = key
		claim = &chalklinev1.ReplicaClaim{Replica: replica, Key: []byte(key), Epoch: s.epoch}
	}
	if old := s.members[claim.GetReplica()]; old != nil {
		s.remove(old)
		old.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Error{Error: protocol.NewError(protocol.TakenOver).Message()}})
	}
	c.replica = claim.GetReplica()
	s.members[c.replica] = c
	result := &chalklinev1.JoinRoomResult{RoomId: 1, Name: "room", Replica: claim, OpSemantics: protocol.OpSemantics, RoomTimeUs: s.now().UnixMicro()}
	for _, d := range s.documents {
		if n := d.last[c.replica]; n > 0 {
			result.Last = append(result.Last, &chalklinev1.LastBatch{Document: d.name, N: n})
		}
	}
	c.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_JoinRoomResult{JoinRoomResult: result}})
	for _, o := range m.GetOpen() {
		s.open(c, o)
	}
}

func (s *fakeServer) remove(c *fakeConn) {
	delete(s.members, c.replica)
	for _, d := range s.documents {
		d.viewers = slices.DeleteFunc(d.viewers, func(v *fakeView) bool { return v.conn == c })
	}
}

func (s *fakeServer) open(c *fakeConn, o *chalklinev1.OpenDocument) {
	d := s.document(o.GetDocument())
	if slices.ContainsFunc(d.viewers, func(v *fakeView) bool { return v.conn == c }) {
		return // a second look
	}
	v := &fakeView{conn: c, handle: o.GetHandle()}
	d.viewers = append(d.viewers, v)
	s.begin(d, v, o.GetPosition())
}

func (s *fakeServer) again(c *fakeConn, m *chalklinev1.SyncState) {
	for _, d := range s.documents {
		for _, v := range d.viewers {
			if v.conn == c && v.handle == m.GetHandle() {
				s.begin(d, v, m.GetPosition())
			}
		}
	}
}

// begin opens a stream of a higher generation.
func (s *fakeServer) begin(d *fakeDocument, v *fakeView, held *chalklinev1.Position) {
	c := v.conn
	c.generation++
	v.stream = &fakeStream{conn: c, messages: make(chan []byte, 8192), closed: make(chan struct{})}
	resumed := held != nil && held.GetEpoch() == s.epoch && s.digestAt(d, held.GetRevision()) == replay.Digest(held.GetDigest())
	v.stream.put(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_Header{Header: &chalklinev1.DocumentHeader{
		Handle: v.handle, Document: d.name, Generation: c.generation, Epoch: s.epoch, Resumed: resumed,
	}}})
	c.streams <- v.stream
	if resumed {
		s.putSince(d, v.stream, held.GetRevision())
		return
	}
	s.snapshot++
	s.putSnapshot(d, v.stream)
}

// digestAt returns the digest of a revision; that of a revision that is not
// there is no client's.
func (s *fakeServer) digestAt(d *fakeDocument, revision uint64) replay.Digest {
	if revision > uint64(len(d.records)) {
		return ^replay.Digest(0)
	}
	var digest replay.Digest
	for _, r := range d.records[:revision] {
		digest = replay.Chain(digest, replay.Record{
			Revision: r.Revision, Replica: r.Replica, N: r.N, CapturedAt: r.CapturedAt, SequencedAt: r.SequencedAt, Payload: r.Payload,
		})
	}
	return digest
}

// putSince codes the records again from the start of the log.
func (s *fakeServer) putSince(d *fakeDocument, stream *fakeStream, revision uint64) {
	var context protocol.Context
	state := s.fresh(d)
	for i := range d.records {
		r := d.records[i]
		coded := context.AppendRecord([]byte{byte(r.Revision)}, &r, state.lengths())
		if _, err := state.apply(&r); err != nil {
			panic(err)
		}
		if r.Revision > revision {
			stream.put(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_Records{Records: coded}})
		}
	}
}

func (s *fakeServer) fresh(d *fakeDocument) content {
	if d.name == "authority" {
		return &authorityContent{}
	}
	return newBoardContent()
}

func (s *fakeServer) putSnapshot(d *fakeDocument, stream *fakeStream) {
	stream.put(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_SnapshotStart{SnapshotStart: &chalklinev1.SnapshotStart{
		Revision: uint64(len(d.records)), Digest: uint64(d.digest), Context: d.context.AppendContext(nil),
	}}})
	var table []byte
	switch state := d.state.(type) {
	case *authorityContent:
		table, _ = proto.Marshal(state.state.State())
	case *boardContent:
		table = ot.AppendTable(nil, state.board)
	}
	half := len(table) / 2
	for _, part := range [][]byte{table[:half], table[half:]} {
		stream.put(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_SnapshotTable{SnapshotTable: part}})
	}
	if state, ok := d.state.(*boardContent); ok {
		if strokes := slices.Collect(state.board.Strokes()); len(strokes) > 0 {
			chunk, err := ink.AppendChunk(nil, strokes)
			if err != nil {
				panic(err)
			}
			stream.put(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_SnapshotInk{SnapshotInk: chunk}})
		}
	}
	hash := d.state.hash()
	stream.put(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_SnapshotEnd{SnapshotEnd: &chalklinev1.SnapshotEnd{Hash: hash[:]}}})
}

func (s *fakeServer) mark(c *fakeConn) {
	for _, d := range s.documents {
		for _, v := range d.viewers {
			if v.conn != c {
				continue
			}
			hash := d.state.hash()
			v.stream.put(&chalklinev1.DocumentMessage{Message: &chalklinev1.DocumentMessage_Marker{Marker: &chalklinev1.Marker{
				Revision: uint64(len(d.records)), Digest: uint64(d.digest), Hash: hash[:],
			}}})
		}
	}
}

func (s *fakeServer) submit(c *fakeConn, m *chalklinev1.Submit) {
	s.submits = append(s.submits, m)
	for _, d := range s.documents {
		for _, v := range d.viewers {
			if v.conn != c || v.handle != m.GetHandle() {
				continue
			}
			switch last := d.last[c.replica]; {
			case m.GetN() <= last:
				c.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Ack{Ack: &chalklinev1.Ack{Handle: v.handle, N: m.GetN()}}})
			case m.GetN() > last+1:
				panic(fmt.Sprintf("batch %d of %d in %s after %d", m.GetN(), c.replica, d.name, last))
			default:
				s.append(d, c.replica, m.GetN(), m.GetCapturedAtUs(), s.judge(c, v, m))
			}
			return
		}
	}
}

// judge takes out what is refused (SYN3).
func (s *fakeServer) judge(c *fakeConn, v *fakeView, m *chalklinev1.Submit) []byte {
	ops, err := ot.DecodeOps(m.GetOps(), protocol.MaxOpsPerBatch)
	if s.refuse == nil || err != nil {
		return m.GetOps()
	}
	kept := slices.DeleteFunc(slices.Clone(ops), s.refuse)
	if len(kept) < len(ops) {
		c.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Refused{Refused: &chalklinev1.Refused{
			Handle: v.handle, N: m.GetN(), Error: protocol.NewError(protocol.BoardFull).Message(),
		}}})
	}
	return ot.AppendOps(nil, kept)
}

// boardHash returns the state hash of a board.
func (s *fakeServer) boardHash(page string) [16]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.document(boardName(page)).state.hash()
}

func (s *fakeServer) with(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}
