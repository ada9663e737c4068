package room_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/protocol/ink"
	"chalkline/server/room"
)

// scatter makes ops of all kinds on the elements of a few replicas, whether
// they are there or not.
type scatter struct {
	dice    *rand.Rand
	frames  [2][]byte // of every stroke
	counter map[uint32]uint32
}

func (s *scatter) id() ot.ID {
	return ot.ID{Replica: 1 + s.dice.Uint32N(3), Counter: 1 + s.dice.Uint32N(40)}
}

func (s *scatter) own(replica uint32) ot.ID {
	return ot.ID{Replica: replica, Counter: max(s.counter[replica], 1)}
}

func (s *scatter) next(replica uint32) ot.ID {
	s.counter[replica]++
	return s.own(replica)
}

func (s *scatter) edit() ot.Edit {
	return ot.Edit{keep(s.dice.IntN(12)), insert(string(rune('a' + s.dice.IntN(26)))), del(s.dice.IntN(4)), keep(2), insert("汉")}.Canonical()
}

func (s *scatter) op(replica uint32, head uint64) []ot.Op {
	base := head - min(head, s.dice.Uint64N(20))
	color := ot.Setting{Register: ot.Color, Value: ot.ColorValue(s.dice.Uint32N(4))}
	switch s.dice.IntN(12) {
	case 0:
		return []ot.Op{newText(s.next(replica)), textEdit(s.own(replica), base, s.edit()...)}
	case 1:
		return []ot.Op{
			{Kind: ot.Create, ID: s.next(replica), Element: ot.Ink, Settings: []ot.Setting{color}},
			{Kind: ot.Extend, ID: s.own(replica), Ended: s.dice.IntN(2) == 0, Frame: s.frames[0]},
		}
	case 2:
		i := s.dice.Uint32N(2)
		return []ot.Op{{Kind: ot.Extend, ID: s.own(replica), First: 8 * i, Frame: s.frames[i]}}
	case 3:
		return []ot.Op{{Kind: ot.End, ID: s.own(replica)}}
	case 4, 5:
		return []ot.Op{hide(s.id(), s.dice.IntN(3) > 0)}
	case 6:
		from := s.dice.Uint32N(2000)
		return []ot.Op{{Kind: ot.EraseSpans, ID: s.id(), Eraser: 1 + s.dice.Uint32N(4), Spans: []ot.Span{{From: from, To: from + 300}}}}
	case 7:
		return []ot.Op{{Kind: ot.Undo, Items: []ot.UndoItem{
			{Kind: ot.UndoMade, ID: s.id()},
			{Kind: ot.UndoErasure, ID: s.id(), Eraser: 1, Off: s.dice.IntN(2) == 0},
			{Kind: ot.UndoValue, ID: s.id(), Register: ot.Deleted, Expected: ot.BoolValue(true), Value: ot.BoolValue(false)},
		}}}
	case 8:
		if s.dice.IntN(10) == 0 {
			return []ot.Op{{Kind: ot.Clear, Base: base}}
		}
		return []ot.Op{{Kind: ot.Set, ID: s.id(), Settings: []ot.Setting{color}}}
	default:
		return []ot.Op{textEdit(s.id(), base, s.edit()...)}
	}
}

func TestEverybodySeesTheSameWhateverIsDoneAndWhenItIsReadAgain(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			simulated(t, func(t *testing.T) {
				dice := rand.New(rand.NewPCG(seed, 7))
				f := newRoom(t)
				f.stop()
				configured := []func(*room.Config){
					withLog(&slowLog{Log: f.log, append: time.Duration(seed%3) * 40 * time.Millisecond}),
					func(c *room.Config) { c.PurgeAfter, c.SnapshotEvery = 20*time.Second, 50 },
				}
				f.start(configured...)
				defer func() { f.stop() }()
				peers := make([]*peer, 3)
				for i := range peers {
					peers[i] = f.join(fmt.Sprint("p", i))
					settle()
				}
				s := &scatter{dice: dice, frames: twoFrames(t), counter: map[uint32]uint32{}}
				for step := range 600 {
					p := peers[dice.IntN(len(peers))]
					revision, closed := p.stands()
					if closed != nil {
						t.Fatalf("step %d: closed with %v", step, closed)
					}
					p.ops(s.op(p.replica(), revision)...)
					switch dice.IntN(60) {
					case 0:
						later(time.Duration(dice.IntN(40)) * time.Second)
					case 1:
						p = f.again(p)
						peers[p.replica()-1] = p
					case 2:
						settle()
						f.restart(configured...)
						for i := range peers {
							peers[i] = f.again(peers[i])
						}
					default:
						if step%7 == 0 {
							later(time.Duration(dice.IntN(200)) * time.Millisecond)
						}
					}
				}
				later(2 * time.Second)
				want := f.join("late")
				settle()
				f.restart(append(configured, withLog(forgetful{f.log}))...)
				fresh := f.join("fresh")
				settle()
				for i, p := range append(peers, fresh) {
					if p.closed != nil && p.closed.Code != protocol.GoingAway && p.closed.Code != protocol.TakenOver {
						t.Fatalf("peer %d was closed with %v", i, p.closed)
					}
					if p.hash() != want.hash() {
						t.Errorf("peer %d at revision %d of %d: hashes differ", i, p.board().at.Revision, want.board().at.Revision)
					}
				}
			})
		})
	}
}

// stands returns the revision of the board, and why the peer is out if it is.
func (p *peer) stands() (uint64, *protocol.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.streams[2] == nil {
		return 0, p.closed
	}
	return p.streams[2].at.Revision, p.closed
}

func twoFrames(t *testing.T) (frames [2][]byte) {
	t.Helper()
	e := ink.NewEncoder()
	for i := range frames {
		var err error
		if frames[i], err = e.AppendFrame(nil, points(int32(i)*8, 8)); err != nil {
			t.Fatal(err)
		}
	}
	return frames
}

// again brings a peer back on a new connection.
func (f *fixture) again(old *peer) *peer {
	settle()
	f.room.Post(room.Leave{Peer: old})
	p := f.join(old.name, func(j *room.Join) { j.Claim = old.result().GetReplica() })
	p.n[2] = old.n[2]
	settle()
	return p
}
