package session

import (
	"bytes"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/room"
)

const testLimit = 1000

// box is an outbox on a fake connection.
type box struct {
	*outbox
	conn    *fakeConn
	drained atomic.Int32
}

func newBox() *box {
	b := &box{conn: newFakeConn(nil)}
	cfg := Config{QueueBytes: testLimit}.withDefaults()
	b.outbox = newOutbox(b.conn, cfg, func(*room.Room) { b.drained.Add(1) })
	b.room.Store(&room.Room{})
	return b
}

// close ends the outbox and waits for its goroutines.
func (b *box) close() {
	b.conn.stop(false)
	b.Close(protocol.NewError(protocol.GoingAway))
	b.wait()
	time.Sleep(2 * closeGrace)
	synctest.Wait()
}

// stall stops the client and gives the writer something to be stuck in.
func (b *box) stall() {
	b.conn.stop(true)
	b.Control([]byte("\x00"))
	synctest.Wait()
}

func withBox(t *testing.T, f func(t *testing.T, b *box)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		defer b.close()
		f(t, b)
	})
}

func part(n int, with byte) [][]byte { return [][]byte{bytes.Repeat([]byte{with}, n)} }

func at(handle, generation uint32) room.Stream {
	return room.Stream{Handle: handle, Generation: generation}
}

func TestWhatWaitsForOneStreamIsOneWrite(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.stall()
		b.Document(at(1, 1), part(3, 'a'))
		b.Document(at(1, 1), [][]byte{[]byte("b"), []byte("c")})
		b.Document(at(2, 2), part(1, 'x'))
		b.Document(at(1, 1), part(1, 'd'))
		b.conn.stop(false)
		synctest.Wait()
		if s := b.conn.streams; len(s) != 2 || string(s[0].data) != "aaabcd" || len(s[0].writes) != 2 || string(s[1].data) != "x" {
			t.Fatalf("%d streams: %+v", len(s), s)
		}
	})
}

func TestALongRunIsCutIntoWrites(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		parts := [][]byte{}
		for range 10 {
			parts = append(parts, part(writeBytes/4, 'a')...)
		}
		b.Document(at(1, 1), parts)
		synctest.Wait()
		s := b.conn.streams[0]
		if len(s.data) != 10*writeBytes/4 || len(s.writes) != 3 {
			t.Fatalf("%d bytes in %d writes", len(s.data), len(s.writes))
		}
		if cap(b.scratch) > writeBytes {
			t.Fatalf("a buffer of %d bytes is kept", cap(b.scratch))
		}
	})
}

func TestREC4AFullQueueIsDroppedAndDrainedIsToldOnce(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.Document(at(1, 1), part(1, 'h'))
		b.Document(at(2, 2), part(1, 'h'))
		synctest.Wait()
		b.stall()
		sent := 0
		for b.Document(at(1, 1), part(100, 'a')) {
			sent += 100
		}
		if sent != testLimit {
			t.Fatalf("%d bytes were queued, the limit is %d", sent, testLimit)
		}
		if b.Document(at(2, 2), part(1, 'b')) {
			t.Fatal("another stream of the same age goes on though something of it may be dropped")
		}
		b.conn.stop(false)
		synctest.Wait()
		if n := b.drained.Load(); n != 1 {
			t.Fatalf("drained was told %d times", n)
		}
		if s := b.conn.streams[0]; string(s.data) != "h" {
			t.Fatalf("%d bytes of an overtaken stream were written", len(s.data))
		}
		if !b.Document(at(1, 3), part(2, 'n')) {
			t.Fatal("a new generation is not taken")
		}
		synctest.Wait()
		if s := b.conn.streams; !s[0].reset || string(s[2].data) != "nn" {
			t.Fatalf("the old stream was reset: %v, the new one has %q", s[0].reset, s[2].data)
		}
		if n := b.drained.Load(); n != 1 {
			t.Fatalf("drained was told %d times", n)
		}
	})
}

func TestREC4DrainedIsToldThoughTheQueueEmptiedBeforeTheOverflowWasNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan struct{}, 1)
		o := &outbox{
			metrics: NewMetrics(nil), limit: testLimit, queue: make(chan item, slots), drained: func(*room.Room) { told <- struct{}{} },
			generation: 1,
		}
		o.room.Store(&room.Room{})
		o.bytes.Store(testLimit) // the writer has taken the item, and has not counted it out yet
		if o.Document(at(1, 1), part(1, 'a')) {
			t.Fatal("taken over the limit")
		}
		<-told // or the test deadlocks
	})
}

func TestREC4LargeDocumentsCanBeOpenedTogether(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.stall()
		for i := range uint32(protocol.MaxOpenDocuments) {
			if !b.Document(at(i+1, i+1), part(3*testLimit, byte('a'+i))) {
				t.Fatalf("document %d is not taken", i+1)
			}
		}
		b.Control([]byte("\x00"))
		if !b.Document(at(1, 1), part(10, 'r')) {
			t.Fatal("records behind a snapshot are not taken")
		}
		b.conn.stop(false)
		synctest.Wait()
		select {
		case <-b.closing:
			t.Fatalf("closed: %v", b.reason)
		default:
		}
		for i, s := range b.conn.streams {
			want := 3 * testLimit
			if i == 0 {
				want += 10
			}
			if len(s.data) != want {
				t.Errorf("stream %d has %d bytes, want %d", i+1, len(s.data), want)
			}
		}
		if b.bytes.Load() != 0 || b.openings.Load() != 0 {
			t.Fatalf("%d bytes and %d openings are still counted", b.bytes.Load(), b.openings.Load())
		}
	})
}

func TestREC4OpeningsThatWaitAreBounded(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.stall()
		taken := 0
		for i := range uint32(5 * maxOpenings) { // SYNC_STATE over and over
			if b.Document(at(1, i+1), part(3*testLimit, 'a')) {
				taken++
			}
		}
		if taken != maxOpenings {
			t.Fatalf("%d openings wait, at most %d", taken, maxOpenings)
		}
		b.conn.stop(false)
		synctest.Wait()
		if len(b.conn.streams) != 0 || b.drained.Load() != 1 {
			t.Fatalf("%d streams opened, drained told %d times", len(b.conn.streams), b.drained.Load())
		}
	})
}

func TestControlHasSlotsOfItsOwn(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.Document(at(1, 1), part(1, 'h'))
		synctest.Wait()
		b.stall()
		for b.Document(at(1, 1), nil) {
		}
		b.Control([]byte("\x00"))
		select {
		case <-b.closing:
			t.Fatalf("closed for a full queue of documents: %v", b.reason)
		default:
		}
	})
}

func TestWhoTakesNotEvenControlIsClosed(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.stall()
		for range 2*testLimit/100 + 1 {
			b.Control(make([]byte, 100))
		}
		time.Sleep(2 * closeGrace)
		b.wait()
		if b.conn.code != uint32(protocol.Overloaded) {
			t.Fatalf("closed with %d, want OVERLOADED", b.conn.code)
		}
	})
}

func TestSES9GoodbyeIsSaidBehindWhatWaitsOnControl(t *testing.T) {
	for _, code := range []protocol.Code{protocol.GoingAway, protocol.OutOfOrder, protocol.Overloaded} {
		withBox(t, func(t *testing.T, b *box) {
			b.stall()
			b.send(&chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Ack{Ack: &chalklinev1.Ack{N: 7}}})
			b.Document(at(1, 1), part(1, 'a'))
			b.Close(protocol.NewError(code))
			b.Close(protocol.NewError(protocol.Full)) // only the first counts
			b.conn.stop(false)
			b.wait()
			told := b.conn.told(t)
			if n := len(told); n != 3 || told[1].GetAck().GetN() != 7 {
				t.Fatalf("told %v", told)
			}
			said := protocol.Code(told[2].GetError().GetCode())
			if away := told[2].GetGoingAway(); code.Retry() == protocol.RetryNow {
				if said = protocol.Code(away.GetError().GetCode()); away.GetRetryAfterMs() == 0 {
					t.Error("GOING_AWAY does not say when to come back")
				}
			}
			if said != code || b.conn.code != uint32(code) {
				t.Fatalf("said %v and closed with %d, want %v", said, b.conn.code, code)
			}
		})
	}
}

func TestAStuckWriterIsFreedAfterAGrace(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.stall()
		before := time.Now()
		b.Close(protocol.NewError(protocol.TakenOver))
		b.wait()
		if waited := time.Since(before); waited != closeGrace || b.conn.code != uint32(protocol.TakenOver) {
			t.Fatalf("closed with %d after %v", b.conn.code, waited)
		}
	})
}

func TestACloseComesBehindWhatIsQueued(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.stall()
		b.Document(at(1, 1), part(2, 'a'))
		b.CloseDocument(1)
		b.Document(at(1, 2), part(2, 'b'))
		b.CloseDocument(9) // never opened
		b.conn.stop(false)
		synctest.Wait()
		s := b.conn.streams
		if len(s) != 2 || !s[0].closed || s[0].reset || string(s[0].data) != "aa" || s[1].closed || string(s[1].data) != "bb" {
			t.Fatalf("streams %+v", s)
		}
	})
}

func TestDatagramsAreDroppedRatherThanKept(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.stall()
		for range 10 * datagramSlots { // must not block
			b.Datagram([]byte("d"))
		}
		b.conn.stop(false)
		synctest.Wait()
		if n := b.conn.sent.Load(); n != datagramSlots {
			t.Fatalf("%d datagrams had waited", n)
		}
	})
}
