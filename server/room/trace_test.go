package room_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

func inkFrame(t *testing.T, pts []ot.Point) []byte {
	t.Helper()
	frame, err := ink.NewEncoder().AppendFrame(nil, pts)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func (p *peer) trace(handle uint32, frame []byte) {
	p.room.Post(room.Trace{Peer: p, Trace: &chalklinev1.Trace{Handle: handle, CapturedAtUs: time.Now().UnixMicro(), Ink: frame}})
}

// traces returns the traces that the log has.
func (f *fixture) traces() (records []replay.Record) {
	f.t.Helper()
	err := f.log.Read(f.t.Context(), roomID, classroom.TracesDocument, 1, func(r replay.Record) bool {
		r.Payload = slices.Clone(r.Payload)
		records = append(records, r)
		return true
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return records
}

func TestSYN8TracesAreLoggedAndNotSent(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		ann, ben := f.join("ann"), f.join("ben")
		frame := inkFrame(t, points(0, 100))
		ann.trace(2, frame)
		settle()
		ben.trace(2, frame)
		settle()
		f.restart()
		ann = f.join("ann", func(j *room.Join) { j.Claim = ann.result().GetReplica() })
		ann.trace(2, frame)
		settle()
		got := f.traces()
		if len(got) != 3 || got[0].N != 1 || got[1].N != 1 || got[2].N != 2 || got[2].Replica != 1 || got[1].Replica != 2 {
			t.Fatalf("traces %v", got)
		}
		var e chalklinev1.TraceEvent
		if err := proto.Unmarshal(got[0].Payload, &e); err != nil || e.GetBoard() != boardName || string(e.GetInk()) != string(frame) {
			t.Fatalf("a trace says %v, %v", &e, err)
		}
		for _, l := range ann.result().GetLast() {
			if l.GetDocument() == classroom.TracesDocument {
				t.Error("JOIN_ROOM_RESULT names traces")
			}
		}
		f.room.Post(room.Open{Peer: ann, Open: &chalklinev1.OpenDocument{Handle: 9, Document: classroom.TracesDocument}})
		settle()
		if r := ann.control[len(ann.control)-1].GetRefused(); r.GetHandle() != 9 || protocol.Code(r.GetError().GetCode()) != protocol.NoSuchDocument {
			t.Errorf("opening traces was answered %v, want NO_SUCH_DOCUMENT", r)
		}
	})
}

func TestPRE1ObserversPointAtNothing(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		point := func(p *peer) {
			p.trace(2, inkFrame(t, points(0, 100)))
			f.room.Post(room.Cursor{Peer: p, Cursor: &chalklinev1.Cursor{
				Handle: 2, X: 7, Y: 7, Sequence: 1, Kind: chalklinev1.CursorKind_CURSOR_KIND_LASER, Trail: []int32{1, 1},
			}})
			settle()
		}
		point(f.join("olga", func(j *room.Join) { j.Who.Role = classroom.Observer }))
		if shown, logged := len(ann.raw[0]), len(f.traces()); shown != 0 || logged != 0 {
			t.Fatalf("%d of an observer's cursors were shown, %d traces logged", shown, logged)
		}
		point(f.join("ben"))
		if shown, logged := len(ann.raw[0]), len(f.traces()); shown != 1 || logged != 1 {
			t.Fatalf("%d of a student's cursors were shown, %d traces logged", shown, logged)
		}
	})
}

func TestSYN8TraceFloodsAreDropped(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		bad := f.join("bad")
		frame := inkFrame(t, points(0, 10))
		for range 1000 {
			bad.trace(2, frame)
			bad.trace(1, frame) // the authority is no board
			bad.trace(7, frame) // not open
		}
		settle()
		if n := len(f.traces()); n != 8 || bad.closed != nil {
			t.Fatalf("%d traces of a flood, closed with %v", n, bad.closed)
		}
		later(10 * time.Second)
		for range 100 {
			bad.trace(2, frame)
			later(100 * time.Millisecond)
		}
		if n := len(f.traces()) - 8; n > 50 {
			t.Fatalf("%d traces in 10 s, want 4 a second", n)
		}
	})
}

func TestSYN8TracesBeyondTheBoundsEndTheSession(t *testing.T) {
	for name, c := range map[string]struct {
		frame []byte
		code  protocol.Code
	}{
		"too many points": {inkFrame(t, points(0, 129)), protocol.TooLarge},
		"too long":        {inkFrame(t, []ot.Point{{}, {X: 1, T: 501}}), protocol.TooLarge},
		"damaged":         {[]byte{0xff, 0xff, 0xff}, protocol.BadMessage},
		"empty":           {nil, protocol.BadMessage},
	} {
		t.Run(name, func(t *testing.T) {
			simulated(t, func(t *testing.T) {
				f := newRoom(t)
				defer f.stop()
				bad := f.join("bad")
				bad.trace(2, c.frame)
				synctest.Wait()
				if bad.closed == nil || bad.closed.Code != c.code {
					t.Fatalf("closed with %v, want %v", bad.closed, c.code)
				}
			})
		})
	}
}

func TestPRE3ACaretTravelsAsACursor(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		caret := &chalklinev1.TextSelection{Replica: 1, Counter: 2, Anchor: 3, Head: 16_384, Revision: 5}
		point := func(sequence uint32, kind chalklinev1.CursorKind, text *chalklinev1.TextSelection) {
			f.room.Post(room.Cursor{Peer: ann, Cursor: &chalklinev1.Cursor{Handle: 2, X: 7, Y: 8, Kind: kind, Sequence: sequence, Text: text}})
			settle()
		}
		const text, pointer = chalklinev1.CursorKind_CURSOR_KIND_TEXT, chalklinev1.CursorKind_CURSOR_KIND_POINTER
		point(1, text, caret)
		point(2, text, nil)
		point(3, pointer, caret)
		point(4, text, &chalklinev1.TextSelection{Head: 16_385})
		var seen []*chalklinev1.ReplicaCursor
		for _, b := range ben.raw[0] {
			var m chalklinev1.Datagram
			if err := proto.Unmarshal(b, &m); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, m.GetCursors().GetCursors()...)
		}
		if len(seen) != 1 || seen[0].GetKind() != text || !proto.Equal(seen[0].GetText(), caret) {
			t.Fatalf("passed on: %v, want the caret alone", seen)
		}
	})
}
