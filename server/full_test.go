package server_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/protocol"
)

// TestOT9ABoardFullOfTextsStillOpensForEverybody writes long texts until the server
// takes no more: others open the board all the same, and what is deleted makes room.
func TestOT9ABoardFullOfTextsStillOpensForEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newPath(5*time.Millisecond, 0, 0))
		defer w.close()
		refused := make(chan error, 16)
		ann := w.join(0, func(c *client.Config) {
			c.OnRefused = func(_ string, _ []ot.Op, err error) { refused <- err }
		})
		long := ot.Edit{{Kind: ot.Insert, Text: strings.Repeat("😀", 16_384)}} // 64 kB
		write := func() {
			text := ann.board.NextID()
			if err := ann.board.Submit(ot.Op{Kind: ot.Create, ID: text, Element: ot.Text}, ot.Op{Kind: ot.TextEdit, ID: text, Edit: long}); err != nil {
				t.Fatal(err)
			}
			if err := ann.board.WaitSynced(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		for range 1100 { // 69 MB: more than a snapshot may have
			if write(); len(refused) > 0 {
				break
			}
		}
		if len(refused) == 0 {
			t.Fatal("nothing was refused")
		}
		if err := <-refused; !isFull(err) {
			t.Errorf("refused with %v, want BOARD_FULL of bytes", err)
		}
		ben := w.join(ann.RoomID())
		w.agree(ann, ben)
		clear := ot.Op{Kind: ot.Clear, Base: ann.board.Revision()}
		if err := ann.board.Submit(clear); err != nil {
			t.Fatal(err)
		}
		if w.agree(ann, ben); len(refused) > 0 {
			t.Fatalf("clearing was refused: %v", <-refused)
		}
		pause(12 * time.Minute) // OT16
		if write(); len(refused) > 0 {
			t.Fatalf("refused with %v once there was room", <-refused)
		}
		w.agree(ann, ben)
	})
}

// isFull says that the board has no room for more bytes.
func isFull(err error) bool {
	var e *protocol.Error
	return errors.As(err, &e) && e.Code == protocol.BoardFull && e.Parameters["limit"] == "bytes"
}
