package protocol

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"testing"

	"chalkline/ot"
)

var update = flag.Bool("update", false, "write the shared vectors")

// lengths is a board of which only the counts of points are kept.
type lengths map[ot.ID]int

func (l lengths) Len(id ot.ID) int { return l[id] }

// vectorStep is one record of protocol/testdata/records.json, which TypeScript
// reads too. Extended gains Points points after the record.
type vectorStep struct {
	Revision      uint64 `json:"revision"`
	Replica       uint32 `json:"replica"`
	N             uint64 `json:"n"`
	CapturedMs    int64  `json:"captured_ms"`
	SequencedMs   int64  `json:"sequenced_ms"`
	Payload       string `json:"payload"`
	Coded         string `json:"coded"`
	Extended      ot.ID  `json:"extended"`
	Points        int    `json:"points"`
	ContextBefore string `json:"context_before,omitempty"`
}

// script makes n records of a busy board: strokes of several replicas, changed
// pens, foreign edits, gaps in n, clocks that jump.
func script(r *rand.Rand, n int) []vectorStep {
	type pen struct {
		n, counter uint64
		length     int
		open       bool
		color      byte
	}
	pens := map[uint32]*pen{}
	sequenced := int64(1_770_000_000_000)
	var steps []vectorStep
	for i := range n {
		replica := 1 + r.Uint32N(12)
		if r.IntN(30) == 0 {
			replica = 1000 + r.Uint32N(400) // more writers than a context remembers
		}
		if r.IntN(40) == 0 {
			replica = 0 // the server
		}
		p := pens[replica]
		if p == nil {
			p = &pen{color: byte(replica)}
			pens[replica] = p
		}
		p.n++
		if r.IntN(20) == 0 {
			p.n += uint64(r.IntN(3))
		}
		if r.IntN(3) > 0 {
			sequenced += int64(r.IntN(20))
		}
		s := vectorStep{
			Revision: uint64(i + 1), Replica: replica, N: p.n, SequencedMs: sequenced,
			CapturedMs: sequenced - int64(r.IntN(40)),
		}
		frame := make([]byte, r.IntN(16))
		for k := range frame {
			frame[k] = byte(r.Uint32())
		}
		var b []byte
		switch {
		case replica == 0:
			b = ot.AppendOps(nil, []ot.Op{
				{Kind: ot.Purge, Ranges: []ot.IDRange{{Replica: 1, First: 1 + r.Uint32N(9), Count: 3}, {Replica: 2, First: 300, Count: 1}}},
				{Kind: ot.End, ID: ot.ID{Replica: 1 + r.Uint32N(12), Counter: 1}},
			})
		case r.IntN(12) == 0: // what is passed over on the way to the replica's last element
			p.counter++
			p.open = false
			b = ot.AppendOps(nil, otherOps(r, ot.ID{Replica: replica, Counter: uint32(p.counter)}))
		case r.IntN(10) == 0: // somebody colours an element
			b = appendID(append(b, byte(ot.Set)), ot.ID{Replica: 1 + r.Uint32N(12), Counter: 1 + r.Uint32N(9)})
			b = append(b, 1, byte(ot.Deleted), 1, byte(r.IntN(2)))
		case !p.open:
			if r.IntN(4) == 0 {
				p.color++
			}
			p.counter++
			p.length, p.open = 0, true
			id := ot.ID{Replica: replica, Counter: uint32(p.counter)}
			b = append(appendID(append(b, byte(ot.Create)), id), byte(ot.Ink), 2, byte(ot.Color), 1, p.color, byte(ot.Width), 1, 30)
			fallthrough
		default:
			ended := r.IntN(4) == 0
			id := ot.ID{Replica: replica, Counter: uint32(p.counter)}
			b = appendID(append(b, byte(ot.Extend)), id)
			v := byte(p.length << 1 & 0x7f)
			if p.length >= 64 {
				b = append(b, byte(p.length<<1)|0x80, byte(p.length>>6))
			} else {
				b = append(b, v)
			}
			if ended {
				b[len(b)-1-btoi(p.length >= 64)] |= 1
			}
			b = append(append(b, byte(len(frame))), frame...)
			s.Extended, s.Points = id, 1+r.IntN(12)
			p.length += s.Points
			p.open = !ended
		}
		s.Payload = hex.EncodeToString(b)
		steps = append(steps, s)
	}
	return steps
}

// otherOps returns one op of every kind that says nothing of what its author
// made last, and a text that it makes.
func otherOps(r *rand.Rand, id ot.ID) []ot.Op {
	another := ot.ID{Replica: 1 + r.Uint32N(12), Counter: 1 + r.Uint32N(300)}
	return []ot.Op{
		{Kind: ot.TextEdit, ID: another, Edit: ot.Edit{{Kind: ot.Keep, N: 1 + r.IntN(200)}, {Kind: ot.Insert, Text: "汉字"}, {Kind: ot.Delete, N: 1}}},
		{Kind: ot.EraseSpans, ID: another, Eraser: 1 + r.Uint32N(200), Spans: []ot.Span{{From: r.Uint32N(900), To: 1000}, {From: 1001, To: 1300}}},
		{Kind: ot.Undo, Items: []ot.UndoItem{
			{Kind: ot.UndoValue, ID: another, Register: ot.Color, Expected: ot.ColorValue(1), Value: ot.ColorValue(0xffffff)},
			{Kind: ot.UndoMade, ID: another},
			{Kind: ot.UndoErasure, ID: another, Eraser: 7, Off: r.IntN(2) == 0},
		}},
		{Kind: ot.Clear, Base: uint64(r.IntN(300))},
		{Kind: ot.Create, ID: id, Element: ot.Text},
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s vectorStep) record(t *testing.T) Record {
	t.Helper()
	payload, err := hex.DecodeString(s.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return Record{
		Revision: s.Revision, Replica: s.Replica, N: s.N,
		CapturedAt: s.CapturedMs * 1000, SequencedAt: s.SequencedMs * 1000, Payload: payload,
	}
}

func TestRecordsReadBackAsTheyWereCoded(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var enc, dec Context
		board := lengths{}
		whole, coded := 0, 0
		for i, s := range script(r, 1500) {
			want := s.record(t)
			b := enc.AppendRecord(nil, &want, board)
			got, n, err := dec.ReadRecord(append(b, 0xee), want.Revision, board)
			if err != nil || n != len(b) {
				t.Fatalf("seed %d record %d: read %d of %d bytes: %v", seed, i, n, len(b), err)
			}
			if got.Replica != want.Replica || got.N != want.N || got.CapturedAt != want.CapturedAt ||
				got.SequencedAt != want.SequencedAt || !bytes.Equal(got.Payload, want.Payload) {
				t.Fatalf("seed %d record %d: got %+v\nwant %+v", seed, i, got, want)
			}
			board[s.Extended] += s.Points
			whole, coded = whole+len(want.Payload), coded+len(b)
			if i%100 == 50 { // a joiner starts here
				again, err := ReadContext(enc.AppendContext(nil))
				if err != nil {
					t.Fatalf("seed %d: context: %v", seed, err)
				}
				dec = *again
			}
		}
		if coded >= whole {
			t.Errorf("seed %d: coded records take %d bytes, their payloads alone %d", seed, coded, whole)
		}
	}
}

func TestSharedRecordVectors(t *testing.T) {
	const file = "testdata/records.json"
	if *update {
		steps := script(rand.New(rand.NewPCG(7, 7)), 600)
		var c Context
		board := lengths{}
		for i := range steps {
			if i%50 == 0 {
				steps[i].ContextBefore = hex.EncodeToString(c.AppendContext(nil))
			}
			r := steps[i].record(t)
			steps[i].Coded = hex.EncodeToString(c.AppendRecord(nil, &r, board))
			board[steps[i].Extended] += steps[i].Points
		}
		b, err := json.MarshalIndent(steps, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var steps []vectorStep
	if err := json.Unmarshal(b, &steps); err != nil {
		t.Fatal(err)
	}
	var c Context
	board := lengths{}
	for _, s := range steps {
		if s.ContextBefore != "" && hex.EncodeToString(c.AppendContext(nil)) != s.ContextBefore {
			t.Fatalf("revision %d: context differs", s.Revision)
		}
		r := s.record(t)
		if got := hex.EncodeToString(c.AppendRecord(nil, &r, board)); got != s.Coded {
			t.Fatalf("revision %d: %s, want %s", s.Revision, got, s.Coded)
		}
		board[s.Extended] += s.Points
	}
}

func TestDamagedRecordsAreRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":                  {},
		"unknown bits":           {0x80},
		"unknown form":           {5},
		"continues nothing":      {formContinue | sameReplica | nextN | sameSequenced, 0, 0},
		"starts nothing":         {formStart | sameReplica | nextN | sameSequenced, 0, 0},
		"long varint":            {nextN | sameSequenced, 0x81, 0x00, 0, 0},
		"body beyond the end":    {nextN | sameSequenced, 1, 0, 200},
		"replica beyond 32 bits": {nextN | sameSequenced, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0},
	} {
		var c Context
		if _, _, err := c.ReadRecord(b, 1, lengths{}); !errors.Is(err, ErrRecord) {
			t.Errorf("%s: %v, want ErrRecord", name, err)
		}
	}
}

func FuzzReadRecord(f *testing.F) {
	steps := script(rand.New(rand.NewPCG(3, 3)), 40)
	var c Context
	board := lengths{}
	var all []byte
	for _, s := range steps {
		r := Record{Revision: s.Revision, Replica: s.Replica, N: s.N, CapturedAt: s.CapturedMs * 1000, SequencedAt: s.SequencedMs * 1000}
		r.Payload, _ = hex.DecodeString(s.Payload)
		all = c.AppendRecord(all, &r, board)
		board[s.Extended] += s.Points
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, src []byte) {
		var dec, enc Context
		for revision := uint64(1); len(src) > 0; revision++ {
			r, n, err := dec.ReadRecord(src, revision, lengths{})
			if err != nil {
				return
			}
			if n <= 0 || n > len(src) || len(r.Payload) > len(src)+1024 {
				t.Fatalf("took %d of %d bytes, payload %d", n, len(src), len(r.Payload))
			}
			enc.AppendRecord(nil, &r, lengths{})
			src = src[n:]
		}
		if !bytes.Equal(dec.AppendContext(nil), enc.AppendContext(nil)) {
			t.Fatal("contexts differ")
		}
	})
}

func FuzzReadContext(f *testing.F) {
	f.Add([]byte{1, 2, 1, 2, 3, 4, 5, 0})
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := ReadContext(src)
		if err == nil && !bytes.Equal(c.AppendContext(nil), src) {
			t.Fatal("context is not canonical")
		}
	})
}
