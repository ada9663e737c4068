package client

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/server/transport"
)

func errorMessage(code protocol.Code) *chalklinev1.ServerMessage {
	return &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Error{Error: protocol.NewError(code).Message()}}
}

func goingAwayMessage(after time.Duration) *chalklinev1.ServerMessage {
	return &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_GoingAway{GoingAway: &chalklinev1.GoingAway{
		Error: protocol.NewError(protocol.GoingAway).Message(), RetryAfterMs: uint32(after.Milliseconds()),
	}}}
}

func TestTheCodesRangeSaysWhetherToComeBack(t *testing.T) {
	for name, c := range map[string]struct {
		err      error
		attempt  int
		from, to time.Duration
		end      bool
	}{
		"broken":           {errors.New("reset"), 0, 30 * time.Millisecond, 50 * time.Millisecond, false},
		"broken for long":  {errors.New("reset"), 60, 1500 * time.Millisecond, 2 * time.Second, false},
		"1xxx":             {protocol.NewError(protocol.Silent), 0, 30 * time.Millisecond, 50 * time.Millisecond, false},
		"2xxx":             {protocol.NewError(protocol.Overloaded), 1, 750 * time.Millisecond, time.Second, false},
		"2xxx for long":    {protocol.NewError(protocol.Overloaded), 99, 11 * time.Second, 15 * time.Second, false},
		"3xxx":             {fmt.Errorf("x: %w", protocol.NewError(protocol.NoSuchRoom)), 0, 0, 0, true},
		"closed with 3xxx": {&transport.CloseError{Code: 3001}, 0, 0, 0, true},
		"closed with 0":    {&transport.CloseError{}, 0, 30 * time.Millisecond, 50 * time.Millisecond, false},
		"taken over":       {protocol.NewError(protocol.TakenOver), 0, 0, 0, false},
		"history lost":     {errHistoryLost, 0, 0, 0, false},
	} {
		wait, err := retry(c.err, c.attempt)
		if (err != nil) != c.end || wait < c.from || wait > c.to {
			t.Errorf("%s: %v, %v", name, wait, err)
		}
	}
}

func TestWhatWasMeasuredBeforeASleepIsForgotten(t *testing.T) {
	var c clock
	base := time.UnixMicro(1e15)
	for range 2 * clockWindow {
		c.add(sample{offset: 500_000, trip: 10 * time.Millisecond})
	}
	c.add(sample{offset: 510_000, trip: 40 * time.Millisecond})
	if got := c.best().offset; got != 500_000 {
		t.Fatalf("offset %d µs, want that of the shortest round trip", got)
	}
	c.add(sample{offset: 20_500_000, trip: 40 * time.Millisecond})
	if got, want := c.now(base), base.UnixMicro()+20_500_000; got != want {
		t.Errorf("after a sleep of 20 s: %d, want %d", got, want)
	}
}

func TestTheShortestRoundTripWinsAndTimeNeverStepsBack(t *testing.T) {
	var c clock
	base := time.UnixMicro(1e15)
	c.add(sample{offset: 500_000, trip: 80 * time.Millisecond})
	first := c.now(base)
	c.add(sample{offset: 400_000, trip: 10 * time.Millisecond})
	if got := c.now(base); got != first {
		t.Errorf("stepped from %d to %d", first, got)
	}
	c.add(sample{offset: 600_000, trip: 500 * time.Millisecond})
	if got := c.now(base.Add(time.Second)); got != base.UnixMicro()+1_400_000 {
		t.Errorf("room time is off by %d µs", got-base.UnixMicro())
	}
}

func TestWorkThatIsDurableAfterAllIsNotMovedTwice(t *testing.T) {
	o := outbox{replica: 1, n: 2, counter: 2, acked: 0}
	state := newBoardContent()
	kept := ot.Op{Kind: ot.Create, ID: ot.ID{Replica: 1, Counter: 1}, Element: ot.Rectangle}
	state.board.Apply(1, 1, []ot.Op{kept})
	lost := ot.Op{Kind: ot.Create, ID: ot.ID{Replica: 1, Counter: 2}, Element: ot.Rectangle}
	hide := []ot.Setting{{Register: ot.Deleted, Value: ot.BoolValue(true)}}
	o.unsent = []*batch{
		{n: 1, ops: []ot.Op{kept}},
		{n: 2, ops: []ot.Op{lost, {Kind: ot.Set, ID: lost.ID, Settings: hide}, {Kind: ot.Set, ID: kept.ID, Settings: hide}}},
	}
	o.moveTo(5, state, nil)
	if len(o.unsent) != 1 || o.unsent[0].n != 1 || o.replica != 5 {
		t.Fatalf("%d batches under replica %d", len(o.unsent), o.replica)
	}
	want := []ot.ID{{Replica: 5, Counter: 1}, {Replica: 5, Counter: 1}, {Replica: 1, Counter: 1}}
	for i, op := range o.unsent[0].ops {
		if op.ID != want[i] {
			t.Errorf("op %d is of %v, want %v", i, op.ID, want[i])
		}
	}
	if !bytes.Equal(o.unsent[0].payload, ot.AppendOps(nil, o.unsent[0].ops)) {
		t.Error("payload is not that of the ops")
	}
}

// newConfirmed returns an empty board that counts what it takes.
func newConfirmed() *confirmed {
	c := &confirmed{content: newBoardContent(), context: &protocol.Context{}}
	c.load = func(table []byte, chunks [][]byte) (content, error) { return loadBoard(table, chunks) }
	c.taken = func(Record) {}
	c.replaced = func(func(uint32) (uint64, bool)) {}
	return c
}

func FuzzDocumentMessages(f *testing.F) {
	s := newFakeServer()
	d := s.document(boardName("p1"))
	stream := &fakeStream{messages: make(chan []byte, 100)}
	d.viewers = []*fakeView{{stream: stream}}
	o := ot.Op{Kind: ot.Create, ID: ot.ID{Replica: 1, Counter: 1}, Element: ot.Ink}
	s.append(d, 1, 1, 5000, ot.AppendOps(nil, []ot.Op{o}))
	s.append(d, 1, 2, 9000, ot.AppendOps(nil, []ot.Op{{Kind: ot.End, ID: o.ID}}))
	s.putSnapshot(d, stream)
	var all []byte
	for len(stream.messages) > 0 {
		m := <-stream.messages
		f.Add(protocol.AppendFrame(nil, m))
		all = protocol.AppendFrame(all, m)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, src []byte) {
		c := newConfirmed()
		r := bytes.NewReader(src)
		for {
			m, err := protocol.ReadFrame(r, nil, protocol.MaxServerMessage)
			if err != nil {
				return
			}
			before := c.position
			err = c.take(m, time.Time{})
			var b *broken
			if err != nil && !errors.As(err, &b) {
				t.Fatalf("%T: %v", err, err)
			}
			if err != nil && b.stands && c.position != before {
				t.Fatalf("moved from %v to %v by a message that broke the stream", before, c.position)
			}
			if err != nil {
				return
			}
		}
	})
}

func FuzzRecordsIn(f *testing.F) {
	for _, m := range []*chalklinev1.DocumentMessage{
		{Message: &chalklinev1.DocumentMessage_Records{Records: []byte("some records")}},
		{Message: &chalklinev1.DocumentMessage_SnapshotInk{SnapshotInk: []byte{1}}},
	} {
		b, _ := proto.Marshal(m)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		records, ok := recordsIn(src)
		if !ok {
			return
		}
		var m chalklinev1.DocumentMessage
		if err := proto.Unmarshal(src, &m); err != nil || !bytes.Equal(m.GetRecords(), records) {
			t.Fatalf("%x is %x, not %x (%v)", src, m.GetRecords(), records, err)
		}
	})
}

func TestID4AnElementOfAnOlderReplicaIsNotSubmitted(t *testing.T) {
	c := &Client{}
	c.newDocument("authority")
	b := c.document(boardName("p1")).board
	b.doc.outbox.replica = 5
	for _, kind := range []ot.OpKind{ot.Create, ot.Extend, ot.End} {
		if err := b.Submit(ot.Op{Kind: kind, ID: ot.ID{Replica: 4, Counter: 1}}); !errors.Is(err, ErrReplica) {
			t.Errorf("op %d: %v, want %v", kind, err, ErrReplica)
		}
	}
	if b.Unsent() != 0 {
		t.Error("something waits to be sent")
	}
}

func TestSYN7AnEditWaitsForTheBoardThatItSpeaksOf(t *testing.T) {
	c := &Client{}
	c.newDocument("authority")
	d := c.document(boardName("p1"))
	text := d.board.Text(ot.ID{Replica: 1, Counter: 1})
	text.state.Confirmed = "kept over a reload"
	text.Delete(0, 5)
	if d.board.Unsent() != 0 {
		t.Fatal("an edit left before the board was there: of revision 0")
	}
	if got := text.String(); got != "over a reload" {
		t.Errorf("the writer sees %q", got)
	}
}

func TestID4AnEditOnItsWayIsSentAsItIsOnTheNewState(t *testing.T) {
	o := outbox{replica: 1, n: 1}
	id := ot.ID{Replica: 2, Counter: 1}
	o.unsent = []*batch{{n: 1, ops: []ot.Op{{Kind: ot.TextEdit, ID: id, Base: 900, Edit: ot.Edit{{Kind: ot.Delete, N: 3}}}}}}
	now := ot.Op{Kind: ot.TextEdit, ID: id, Base: 7, Edit: ot.Edit{{Kind: ot.Keep, N: 2}, {Kind: ot.Delete, N: 1}}}
	o.moveTo(5, newBoardContent(), map[ot.ID]ot.Op{id: now})
	if len(o.unsent) != 1 || !bytes.Equal(o.unsent[0].payload, ot.AppendOps(nil, []ot.Op{now})) {
		t.Errorf("%d batches, the first is not %v", len(o.unsent), now)
	}
}
