package server_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
)

// typist types letters of its own, one after the other, wherever its last one is.
type typist struct {
	text  *client.Text
	first rune
	typed int
}

func (p *typist) letter(i int) string { return string(p.first + rune(i)) }

// caret is behind the last letter of its own, in code points.
func (p *typist) caret() int {
	shown := p.text.String()
	if p.typed == 0 {
		return len([]rune(shown)) / 2
	}
	before, _, found := strings.Cut(shown, p.letter(p.typed-1))
	if !found {
		return 0
	}
	return len([]rune(before)) + 1
}

// key types one letter. Through an input method it stands there as a sequence of
// others first, which it then replaces.
func (p *typist) key(composed bool) {
	at := p.caret()
	if composed {
		p.text.Insert(at, "zhong")
		p.text.Edit(ot.Edit{{Kind: ot.Keep, N: at}, {Kind: ot.Insert, Text: p.letter(p.typed)}, {Kind: ot.Delete, N: 5}})
	} else {
		p.text.Insert(at, p.letter(p.typed))
	}
	p.typed++
}

// typing types a letter every so often, for a while.
func (p *typist) typing(d, every time.Duration, composed bool) {
	for range d / every {
		p.key(composed)
		time.Sleep(every) // simulated
	}
}

// wantAll checks that a text has the letters of each once and in their order.
func wantAll(t *testing.T, text string, typists ...*typist) {
	t.Helper()
	for _, p := range typists {
		var want, got strings.Builder
		for i := range p.typed {
			want.WriteString(p.letter(i))
		}
		for _, r := range text {
			if r >= p.first && r < p.first+rune(p.typed) {
				got.WriteRune(r)
			}
		}
		if want.String() != got.String() {
			t.Errorf("typed %q, the text has %q", want.String(), got.String())
		}
	}
}

func (h *host) textOf(id ot.ID) (text string) {
	h.board.View(func(b *ot.Board) {
		if e := b.Get(id); e != nil {
			text = e.Text()
		}
	})
	return text
}

func TestSYN7TwoTypeInOneWordOneOfThemOffline(t *testing.T) {
	for _, offline := range []time.Duration{0, 10 * time.Second} {
		t.Run(fmt.Sprint("offline for ", offline), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, newPath(30*time.Millisecond, 60*time.Millisecond, 0.02))
				defer w.close()
				ann := w.join(0)
				ben := w.join(ann.RoomID())
				word := ann.board.NewText()
				word.Append("word")
				w.agree(ann, ben)
				a := &typist{text: word, first: 0x4e00}
				b := &typist{text: ben.board.Text(word.ID()), first: 0xac00}
				var both sync.WaitGroup
				both.Go(func() { a.typing(20*time.Second, 90*time.Millisecond, true) })
				both.Go(func() {
					b.typing(3*time.Second, 70*time.Millisecond, false)
					w.path.cut(ben.addr, offline > 0)
					b.typing(10*time.Second, 70*time.Millisecond, false)
					w.path.cut(ben.addr, false)
					b.typing(7*time.Second, 70*time.Millisecond, false)
				})
				both.Wait()
				w.agree(ann, ben)
				text := ann.textOf(word.ID())
				wantAll(t, text, a, b)
				if strings.Contains(text, "zhong") || len([]rune(text)) != 4+a.typed+b.typed {
					t.Errorf("the text is %q", text)
				}
				if word.String() != text || b.text.String() != text {
					t.Errorf("at rest the writers see %q and %q, the text is %q", word.String(), b.text.String(), text)
				}
			})
		})
	}
}

func TestSYN7WhatWasTypedBeforeAReloadIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newPath(30*time.Millisecond, 0, 0))
		defer w.close()
		ann := w.join(0)
		word := ann.board.NewText()
		word.Append("()")
		store := client.FileStore{Path: t.TempDir() + "/ben"}
		withStore := func(c *client.Config) { c.Token, c.Store = "ben", store }
		ben := w.join(ann.RoomID(), withStore)
		w.agree(ann, ben)
		a := &typist{text: word, first: 0x4e00}
		b := &typist{text: ben.board.Text(word.ID()), first: 0xac00}
		for range 3 {
			b.typing(time.Second, 50*time.Millisecond, false)
			w.path.cut(ben.addr, true)
			b.typing(time.Second, 50*time.Millisecond, false)
			if err := ben.Close(); err != nil {
				t.Fatal(err)
			}
			a.typing(time.Second, 50*time.Millisecond, false)
			ben = w.join(ann.RoomID(), withStore)
			b.text = ben.board.Text(word.ID())
		}
		w.agree(ann, ben)
		text := ann.textOf(word.ID())
		wantAll(t, text, a, b)
		if b.text.String() != text {
			t.Errorf("ben sees %q, the text is %q", b.text.String(), text)
		}
	})
}
