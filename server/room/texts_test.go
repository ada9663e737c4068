package room_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/room"
)

func keep(n int) ot.Component         { return ot.Component{Kind: ot.Keep, N: n} }
func del(n int) ot.Component          { return ot.Component{Kind: ot.Delete, N: n} }
func insert(text string) ot.Component { return ot.Component{Kind: ot.Insert, Text: text} }

func textEdit(id ot.ID, base uint64, e ...ot.Component) ot.Op {
	return ot.Op{Kind: ot.TextEdit, ID: id, Base: base, Edit: e}
}

func newText(id ot.ID) ot.Op { return ot.Op{Kind: ot.Create, ID: id, Element: ot.Text} }

func (p *peer) ops(ops ...ot.Op) { p.submit(2, ot.AppendOps(nil, ops)) }

// write makes a text and waits until it is everywhere.
func (p *peer) write(counter uint32, text string) ot.ID {
	id := ot.ID{Replica: p.replica(), Counter: counter}
	p.ops(newText(id), textEdit(id, 0, insert(text)))
	settle()
	return id
}

func (p *peer) text(id ot.ID) string {
	p.t.Helper()
	r := p.board()
	p.mu.Lock()
	defer p.mu.Unlock()
	e := r.board.Get(id)
	if e == nil {
		p.t.Fatalf("no text %v", id)
	}
	return e.Text()
}

// refusals returns the codes that ops of batches were refused with.
func (p *peer) refusals() (codes []protocol.Code) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.control {
		if r := m.GetRefused(); r != nil && r.GetN() > 0 {
			codes = append(codes, protocol.Code(r.GetError().GetCode()))
		}
	}
	return codes
}

func TestSYN7TwoWhoTypeInOneWordAtOnceLoseNothing(t *testing.T) {
	for name, delay := range map[string]time.Duration{"durable at once": 0, "both on their way to the log": time.Second} {
		t.Run(name, func(t *testing.T) {
			simulated(t, func(t *testing.T) {
				f := newRoom(t)
				f.stop()
				f.start(withLog(&slowLog{Log: f.log, append: delay}))
				defer f.stop()
				ann, ben := f.join("ann"), f.join("ben")
				later(5 * time.Second)
				id := ann.write(1, "chalk")
				later(5 * time.Second)
				base := ann.board().at.Revision
				ann.ops(textEdit(id, base, keep(5), insert("board")))
				ben.ops(textEdit(id, base, insert("a "), keep(5), insert(" line")))
				ben.ops(textEdit(id, base, insert("C"), del(1))) // its base knows nothing of the one before
				later(5 * time.Second)
				if got := ann.text(id); got != "a Chalkboard line" {
					t.Fatalf("the text is %q", got)
				}
				if ann.hash() != ben.hash() {
					t.Fatal("boards differ")
				}
				for _, r := range ann.board().records {
					ops, err := ot.DecodeOps(r.Payload, protocol.MaxOpsPerBatch)
					if err != nil {
						t.Fatal(err)
					}
					for i := range ops {
						if ops[i].Kind == ot.TextEdit && ops[i].Base != 0 {
							t.Errorf("revision %d is logged with base %d", r.Revision, ops[i].Base)
						}
					}
				}
			})
		})
	}
}

func TestSYN7TheEarlierInTheLogStandsLeft(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		id := ann.write(1, "()")
		base := ann.board().at.Revision
		ann.ops(textEdit(id, base, keep(1), insert("1")))
		settle()
		ben.ops(textEdit(id, base, keep(1), insert("2")))
		settle()
		if got := ben.text(id); got != "(12)" {
			t.Fatalf("the text is %q, want the earlier left", got)
		}
	})
}

func TestSYN7WhoWasOfflineOverARestartDeliversTheText(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		ann, ben := f.join("ann"), f.join("ben")
		id := ann.write(1, "one three")
		base := ben.board().at.Revision
		f.room.Post(room.Leave{Peer: ben})
		ann.ops(textEdit(id, base, insert("zero ")))
		settle()
		f.restart() // with a snapshot: the edit is only in the log
		ann = f.join("ann", func(j *room.Join) { j.Claim = ann.result().GetReplica() })
		ann.n[2] = 2
		ann.ops(textEdit(id, ann.board().at.Revision, keep(14), insert(" four")))
		settle()
		again := f.join("ben", func(j *room.Join) { j.Claim = ben.result().GetReplica() })
		again.ops(textEdit(id, base, keep(4), insert("two ")))
		settle()
		if got := ann.text(id); got != "zero one two three four" {
			t.Fatalf("the text is %q", got)
		}
		if again.hash() != ann.hash() {
			t.Fatal("boards differ")
		}
	})
}

func TestSYN7ABaseOlderThanWhatIsKeptIsRefused(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		id := f.join("ann").write(1, "old")
		f.stop()
		for range 5 {
			entries := make([]replay.Entry, 4000)
			for i := range entries {
				entries[i] = replay.Entry{Document: boardName}
			}
			if _, err := f.log.Append(t.Context(), roomID, 0, nil, entries); err != nil {
				t.Fatal(err)
			}
		}
		f.start()
		f.join("reader")
		f.restart() // from a snapshot behind all that
		ben := f.join("ben")
		ben.ops(textEdit(id, 1, insert("very ")))
		ben.ops(textEdit(id, ben.board().at.Revision-1000, keep(3), insert("est")))
		ben.ops(textEdit(id, 1, insert("most ")), ot.Op{Kind: ot.Purge, Ranges: []ot.IDRange{{Replica: 1, First: 1, Count: 1}}}) // which is refused as well
		young := ot.ID{Replica: ben.replica(), Counter: 1}
		ben.ops(newText(young), textEdit(young, 1, insert("new"))) // there is nothing before it
		settle()
		if got := ben.refusals(); !slices.Equal(got, []protocol.Code{protocol.TextBaseTooOld, protocol.TextBaseTooOld}) {
			t.Fatalf("refused with %v, want TEXT_BASE_TOO_OLD twice", got)
		}
		if ben.text(id) != "oldest" || ben.text(young) != "new" {
			t.Fatalf("the texts are %q and %q", ben.text(id), ben.text(young))
		}
	})
}

func TestSYN7ABatchOfAnEditSentAgainIsDoneOnce(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		log := &slowLog{Log: f.log, append: time.Second}
		f.start(withLog(log))
		defer f.stop()
		ann := f.join("ann")
		later(5 * time.Second)
		id := ann.write(1, "abc")
		later(5 * time.Second)
		base := ann.board().at.Revision
		for range 3 { // at once, and again when it is durable
			ann.n[2] = 1
			ann.ops(textEdit(id, base, keep(3), insert("d")))
			ann.n[2] = 1
			ann.ops(textEdit(id, base, keep(3), insert("d")))
			later(5 * time.Second)
		}
		if got := ann.text(id); got != "abcd" {
			t.Fatalf("the text is %q", got)
		}
	})
}

func TestSYN7WhatIsLeftOfNothingIsLeftOutInSilence(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, ben := f.join("ann"), f.join("ben")
		id := ann.write(1, "gone")
		base := ann.board().at.Revision
		ann.ops(textEdit(id, base, del(4)))
		settle()
		ben.ops(textEdit(id, base, keep(1), del(2)))                           // deleted already
		ben.ops(textEdit(ot.ID{Replica: 9, Counter: 9}, base, insert("x")))    // no such text
		ben.ops(ot.Op{Kind: ot.Clear}, textEdit(id, base, keep(1), del(1)))    // the rest of the batch stands
		ben.ops(textEdit(id, base, keep(1<<20), insert("!"), keep(9), del(8))) // cut to the text
		settle()
		records := ben.board().records
		for i, want := range []string{"", "", string(ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}})), string(ot.AppendOps(nil, []ot.Op{textEdit(id, 0, insert("!"))}))} {
			if got := string(records[len(records)-4+i].Payload); got != want {
				t.Errorf("batch %d came back as %q, want %q", i+1, got, want)
			}
		}
		if got := ben.refusals(); len(got) != 0 {
			t.Errorf("refused with %v", got)
		}
		if ann.text(id) != "!" || ann.hash() != ben.hash() {
			t.Errorf("the text is %q", ann.text(id))
		}
	})
}

func TestSYN7ABaseInTheFutureIsTheHead(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, append: time.Second}))
		defer f.stop()
		ann, bad := f.join("ann"), f.join("bad")
		later(5 * time.Second)
		id := ann.write(1, "ab")
		later(5 * time.Second)
		ann.ops(textEdit(id, ann.board().at.Revision, insert("> ")))
		bad.ops(textEdit(id, 1<<60, keep(1), insert("-"))) // has not seen what is on its way, whatever it says
		later(5 * time.Second)
		if got := ann.text(id); got != "> a-b" {
			t.Fatalf("the text is %q", got)
		}
	})
}

func TestSYN7OfATextAtMostOneEditIsInABatch(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		id := ann.write(1, "ab")
		base := ann.board().at.Revision
		ann.ops(textEdit(id, base, insert("1")), textEdit(id, base, insert("2")))
		settle()
		if got := ann.refusals(); len(got) != 1 || got[0] != protocol.OutOfOrder || ann.text(id) != "1ab" {
			t.Fatalf("refused with %v, the text is %q", got, ann.text(id))
		}
	})
}

func TestOT9ATextIsNoLongerThanItMayBe(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, append: 100 * time.Millisecond}))
		defer f.stop()
		ann := f.join("ann")
		later(time.Second)
		id := ann.write(1, strings.Repeat("汉", 16_384-4))
		later(time.Second)
		base := ann.board().at.Revision
		for range 4 { // while the ones before are on their way
			ann.ops(textEdit(id, base, insert("ab")))
		}
		later(time.Second)
		ann.ops(textEdit(id, ann.board().at.Revision, del(2), keep(16_382), insert("z")))
		later(time.Second)
		if got := ann.refusals(); len(got) != 2 || got[0] != protocol.BoardFull {
			t.Fatalf("refused with %v, want BOARD_FULL twice", got)
		}
		if n := len([]rune(ann.text(id))); n != 16_383 {
			t.Fatalf("the text has %d code points, want 16 383", n)
		}
	})
}

func TestOT9AStrokeHasNoMoreErasuresAndSpansThanItMay(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(&slowLog{Log: f.log, append: time.Second}))
		defer f.stop()
		ann := f.join("ann")
		later(5 * time.Second)
		ann.draw(1, 1, true)
		later(5 * time.Second)
		id := ot.ID{Replica: ann.replica(), Counter: 1}
		var all []ot.Op
		for i := range uint32(260) {
			all = append(all, ot.Op{Kind: ot.EraseSpans, ID: id, Eraser: i + 1, Spans: []ot.Span{{From: i * 4, To: i*4 + 2}}})
		}
		ann.ops(all[:130]...) // both on their way together
		ann.ops(all[130:]...)
		later(5 * time.Second)
		if n := len(ann.board().board.Get(id).Erasures()); n != 256 {
			t.Fatalf("%d erasures, want 256", n)
		}
		spans := func(from uint32) (s []ot.Span) {
			for i := range uint32(2000) {
				s = append(s, ot.Span{From: from + i*4, To: from + i*4 + 1})
			}
			return s
		}
		for i := range uint32(3) {
			ann.ops(ot.Op{Kind: ot.EraseSpans, ID: id, Eraser: 1, Spans: spans(10_000 + i*10_000)})
		}
		later(5 * time.Second)
		if n := ann.board().board.Get(id).Load().Spans; n != 256+2000 {
			t.Fatalf("%d spans: more would be over 4 096", n)
		}
		late := f.join("late")
		if later(5 * time.Second); late.hash() != ann.hash() {
			t.Fatal("a late joiner sees otherwise")
		}
	})
}

func TestOT16APurgeByAClientIsRefused(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann := f.join("ann")
		id := ann.write(1, "stays")
		ann.ops(ot.Op{Kind: ot.Clear, Base: 9}, ot.Op{Kind: ot.Purge, Ranges: []ot.IDRange{{Replica: id.Replica, First: 1, Count: 9}}})
		settle()
		if got := ann.refusals(); len(got) != 1 || got[0] != protocol.NotPermitted {
			t.Fatalf("refused with %v, want NOT_PERMITTED", got)
		}
		if e := ann.board().board.Get(id); e == nil || !e.Deleted() {
			t.Fatal("the rest of the batch does not stand, or the purge does")
		}
	})
}

func TestEditsThatCostMoreThanAHandCanTypeEndTheSession(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer f.stop()
		ann, bad := f.join("ann"), f.join("bad")
		id := ann.write(1, "x")
		var large ot.Edit
		for range ot.MaxComponents / 2 {
			large = append(large, keep(1), insert("y"))
		}
		for range 40 {
			bad.ops(ot.Op{Kind: ot.TextEdit, ID: id, Base: 1, Edit: large})
			synctest.Wait()
		}
		settle()
		if bad.closed == nil || bad.closed.Code != protocol.Overloaded {
			t.Fatalf("closed with %v, want OVERLOADED", bad.closed)
		}
		ann.ops(textEdit(id, ann.board().at.Revision, insert("on ")))
		settle()
		if !strings.HasPrefix(ann.text(id), "on x") || ann.closed != nil {
			t.Fatalf("others notice: %v", ann.closed)
		}
	})
}

func TestUnknownSemanticsAreRefused(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		f.stop()
		f.start(withLog(older{f.log}))
		<-f.room.Done()
		if r := f.room.Refusal(); r.Code != protocol.UnknownSemantics {
			t.Fatalf("Refusal() = %v, want UNKNOWN_SEMANTICS", r)
		}
	})
}

// older is a log whose room was made under op semantics 1.
type older struct{ replay.Log }

func (l older) Read(ctx context.Context, id replay.Room, d replay.Document, from uint64, yield func(replay.Record) bool) error {
	return l.Log.Read(ctx, id, d, from, func(r replay.Record) bool {
		if r.Revision == 1 && d == "authority" {
			r.Payload = []byte{0x0a, 0x02, 0x08, 0x01}
		}
		return yield(r)
	})
}

func (older) Snapshot(context.Context, replay.Room, replay.Document, uint64) (replay.Snapshot, error) {
	return replay.Snapshot{}, fmt.Errorf("none: %w", replay.ErrNoSnapshot)
}
