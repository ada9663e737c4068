package server_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/server/transport"
)

// The acceptance cases of shared editing, each in the words in which it was
// asked for: one person on either route, a third who looks on, a fourth who comes late.

// lesson brings two people in, one on either route, and one who looks on.
func (w *world) lesson() (a, b, onlooker *host) {
	a = w.join(0, over(transport.WebTransport), onStage)
	b = w.join(a.RoomID(), over(transport.WebSocket), onStage, func(c *client.Config) { c.Token = "student" })
	return a, b, w.join(a.RoomID(), over(transport.WebTransport), onStage)
}

func onStage(c *client.Config) { c.Stage = true }

// at is where an element is, as confirmed.
func (h *host) at(t *testing.T, id ot.ID) (place ot.Placement) {
	t.Helper()
	h.board.View(func(b *ot.Board) {
		e := b.Get(id)
		if e == nil {
			t.Error("the element is not there")
			return
		}
		value, _ := e.Value(ot.Place)
		var err error
		if place, err = ot.DecodePlace(value); err != nil {
			t.Error(err)
		}
	})
	return place
}

// moveTo moves an element to an x.
func (h *host) moveTo(t *testing.T, id ot.ID, x int32) {
	t.Helper()
	place := ot.PlaceValue(ot.Placement{X: x, Y: 100, W: 500, H: 500})
	if err := h.board.Submit(ot.Op{Kind: ot.Set, ID: id, Settings: []ot.Setting{{Register: ot.Place, Value: place}}}); err != nil {
		t.Error(err)
	}
}

func TestOT5ADragsLeftWhileBDragsRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newPath(20*time.Millisecond, 30*time.Millisecond, 0.02))
		defer w.close()
		ann, ben, cat := w.lesson()
		id := ann.box(t)
		w.agree(ann, ben, cat)
		const middle, steps, step = 20_000, 60, 100
		dragged := make(chan struct{})
		go func() {
			defer close(dragged)
			for i := range int32(steps) {
				ben.moveTo(t, id, middle+(i+1)*step)
				time.Sleep(33 * time.Millisecond) // simulated
			}
		}()
		for i := range int32(steps) {
			ann.moveTo(t, id, middle-(i+1)*step)
			time.Sleep(33 * time.Millisecond) // simulated
		}
		<-dragged
		w.agree(ann, ben, cat)
		late := w.join(ann.RoomID())
		place := ann.at(t, id)
		if place.X != middle-steps*step && place.X != middle+steps*step {
			t.Errorf("it lies at %d, where neither has put it last", place.X)
		}
		for _, h := range []*host{ben, cat, late} {
			if other := h.at(t, id); other != place {
				t.Errorf("it lies at %v for one and at %v for another", place, other)
			}
		}
	})
}

func TestOT5AToBToCReceivedAsAToCToBEndsAtC(t *testing.T) {
	for _, held := range []string{"on the way up", "on the way down"} {
		t.Run(held, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const oneWay = 20 * time.Millisecond
				w := newWorld(t, newPath(oneWay, 0, 0))
				defer w.close()
				ann, _, cat := w.lesson()
				id := ann.box(t)
				const rounds = 20
				times := 0
				for round := range int32(rounds) {
					ann.moveTo(t, id, 1_000) // a
					w.agree(ann, cat)
					overtaken, at := w.path.overtakings(), ann.addr
					if held == "on the way down" {
						at = serverAddr
						time.Sleep(oneWay) // simulated: what is held is b on its way down, not on its way up
					}
					ann.moveTo(t, id, 2_000+round) // b
					if at == serverAddr {
						time.Sleep(oneWay) // simulated
					}
					w.path.hold(at, 30*time.Millisecond)
					time.Sleep(5 * time.Millisecond) // simulated: b leaves
					w.path.hold(at, 0)
					ann.moveTo(t, id, 3_000+round) // c
					w.agree(ann, cat)
					if w.path.overtakings() > overtaken {
						times++
					}
					for _, h := range []*host{ann, cat, w.join(ann.RoomID())} {
						if place := h.at(t, id); place.X != 3_000+round {
							t.Fatalf("it lies at %d, want c", place.X)
						}
					}
				}
				if times < rounds/2 {
					t.Errorf("b was overtaken in %d of %d rounds", times, rounds)
				}
			})
		})
	}
}

func TestARectangleReachesEveryone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newPath(20*time.Millisecond, 0, 0))
		defer w.close()
		ann, ben, cat := w.lesson()
		id, want := ben.board.NextID(), ot.Placement{X: 100, Y: 200, W: 300, H: 400}
		if err := ben.board.Submit(ot.Op{Kind: ot.Create, ID: id, Element: ot.Rectangle, Settings: []ot.Setting{
			{Register: ot.Place, Value: ot.PlaceValue(want)}, {Register: ot.Color, Value: ot.ColorValue(0xff0000)},
		}}); err != nil {
			t.Fatal(err)
		}
		w.agree(ann, ben, cat)
		for _, h := range []*host{ann, ben, cat, w.join(ann.RoomID())} {
			if place := h.at(t, id); place != want {
				t.Errorf("it lies at %v, want %v", place, want)
			}
			h.board.View(func(b *ot.Board) {
				if e := b.Get(id); e.Kind() != ot.Rectangle || e.Deleted() {
					t.Errorf("kind %d, deleted: %v", e.Kind(), e.Deleted())
				}
			})
		}
	})
}

func TestSTG1TeacherAndStudentTurnThePageAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newPath(20*time.Millisecond, 0, 0))
		defer w.close()
		teacher, student, onlooker := w.lesson()
		first := teacher.board.Page()
		for _, page := range []string{"second", "third"} {
			if err := teacher.AddPage(page, ""); err != nil {
				t.Fatal(err)
			}
		}
		for _, h := range []*host{teacher, student, onlooker} {
			if _, err := h.WaitPages(t.Context(), 3); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			with            *host  // the other
			teacher, others string // the pages that they turn to
			want            []string
		}{
			"a student, who may not":              {student, "second", "third", []string{"second"}},
			"a student, to the same page":         {student, "second", "second", []string{"second"}},
			"another teacher":                     {onlooker, "second", "third", []string{"second", "third"}},
			"another teacher, to the same page":   {onlooker, "second", "second", []string{"second"}},
			"another teacher, who turns back":     {onlooker, "second", first, []string{"second", first}},
			"another teacher, both to what shows": {onlooker, first, first, []string{first}},
		} {
			if err := teacher.Turn(first); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // simulated
			for h, page := range map[*host]string{teacher: c.teacher, c.with: c.others} {
				if err := h.Turn(page); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second) // simulated
			got := teacher.Stage()
			if !slices.Contains(c.want, got.Page) {
				t.Errorf("%s: page %s, want one of %v", name, got.Page, c.want)
			}
			late := w.join(teacher.RoomID(), onStage)
			time.Sleep(time.Second) // simulated
			for _, h := range []*host{student, onlooker, late} {
				if other := h.Stage(); other != got {
					t.Errorf("%s: %v for one, %v for another", name, got, other)
				}
			}
		}
	})
}
