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
	reached map[room.Stream]uint64 // as it was told last
}

func newBox() *box {
	b := &box{conn: newFakeConn(nil)}
	cfg := Config{QueueBytes: testLimit}.withDefaults()
	b.outbox = newOutbox(b.conn, cfg, func(_ *room.Room, reached map[room.Stream]uint64) {
		b.reached = reached
		b.drained.Add(1)
	})
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

// begin queues what a stream begins with, or goes on with.
func (b *box) begin(s room.Stream, parts [][]byte, upTo uint64) bool {
	return b.Document(s, parts, upTo, true)
}

// records queues records, of which the last has a revision.
func (b *box) records(s room.Stream, parts [][]byte, upTo uint64) bool {
	return b.Document(s, parts, upTo, false)
}

func part(n int, with byte) [][]byte { return [][]byte{bytes.Repeat([]byte{with}, n)} }

func at(handle, generation uint32) room.Stream {
	return room.Stream{Handle: handle, Generation: generation}
}

func TestWhatWaitsForOneStreamIsOneWrite(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.stall()
		b.begin(at(1, 1), part(3, 'a'), 1)
		b.records(at(1, 1), [][]byte{[]byte("b"), []byte("c")}, 1)
		b.begin(at(2, 2), part(1, 'x'), 1)
		b.records(at(1, 1), part(1, 'd'), 1)
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
		b.begin(at(1, 1), parts, 1)
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

func TestREC4OfAFullQueueRecordsAreDroppedAndDrainedSaysOnceHowFarStreamsCame(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.begin(at(1, 1), part(1, 'h'), 5)
		b.begin(at(2, 2), part(1, 'h'), 1)
		b.records(at(1, 1), part(1, 'r'), 6)
		synctest.Wait()
		b.stall()
		sent := 0
		for b.records(at(1, 1), part(100, 'a'), 7) {
			sent += 100
		}
		if sent != testLimit {
			t.Fatalf("%d bytes were queued, the limit is %d", sent, testLimit)
		}
		if b.records(at(2, 2), part(1, 'b'), 2) {
			t.Fatal("another stream goes on though something of it may be dropped")
		}
		b.conn.stop(false)
		synctest.Wait()
		if n := b.drained.Load(); n != 1 || len(b.reached) != 2 || b.reached[at(1, 1)] != 6 || b.reached[at(2, 2)] != 1 {
			t.Fatalf("drained was told %d times, last that streams came to %v", n, b.reached)
		}
		if s := b.conn.streams[0]; string(s.data) != "hr" {
			t.Fatalf("%q was written", s.data)
		}
		if !b.begin(at(1, 1), part(2, 'm'), 9) || !b.begin(at(2, 3), part(2, 'n'), 3) {
			t.Fatal("what goes on and what begins anew is not taken")
		}
		synctest.Wait()
		if s := b.conn.streams; string(s[0].data) != "hrmm" || s[0].closed || !s[1].closed || string(s[2].data) != "nn" {
			t.Fatalf("streams %+v", s)
		}
		if n := b.drained.Load(); n != 1 || b.bytes.Load() != 0 || b.openings.Load() != 0 {
			t.Fatalf("drained was told %d times, %d bytes and %d openings are still counted", n, b.bytes.Load(), b.openings.Load())
		}
	})
}

func TestREC4WhatAStreamBeginsWithIsWrittenThoughTheQueueOverflows(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.stall()
		b.begin(at(1, 1), part(2*testLimit, 'h'), 5)
		b.begin(at(2, 2), part(2*testLimit, 'i'), 3)
		for b.records(at(1, 1), part(1, 'a'), 6) { // there are no more slots
		}
		b.conn.stop(false)
		synctest.Wait()
		s := b.conn.streams
		if len(s) != 2 || string(s[0].data) != string(part(2*testLimit, 'h')[0]) || string(s[1].data) != string(part(2*testLimit, 'i')[0]) {
			t.Fatalf("%d streams", len(s))
		}
		if b.drained.Load() != 1 || b.reached[at(1, 1)] != 5 || b.reached[at(2, 2)] != 3 {
			t.Fatalf("drained was told %d times, streams came to %v", b.drained.Load(), b.reached)
		}
	})
}

func TestREC4DrainedIsToldThoughNothingWaits(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.bytes.Add(testLimit) // the writer has taken the item, and has not counted it out yet
		if b.records(at(1, 1), part(1, 'a'), 1) {
			t.Fatal("taken over the limit")
		}
		synctest.Wait()
		if n := b.drained.Load(); n != 1 {
			t.Fatalf("drained was told %d times", n)
		}
	})
}

func TestREC4LargeDocumentsCanBeOpenedTogether(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.stall()
		for i := range uint32(protocol.MaxOpenDocuments) {
			if !b.begin(at(i+1, i+1), part(3*testLimit, byte('a'+i)), 1) {
				t.Fatalf("document %d is not taken", i+1)
			}
		}
		b.Control([]byte("\x00"))
		if !b.records(at(1, 1), part(10, 'r'), 1) {
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
			if b.begin(at(1, i+1), part(3*testLimit, 'a'), 1) {
				taken++
			}
		}
		if taken != maxOpenings {
			t.Fatalf("%d openings wait, at most %d", taken, maxOpenings)
		}
		b.conn.stop(false)
		synctest.Wait()
		if len(b.conn.streams) != maxOpenings || b.drained.Load() != 1 || b.openings.Load() != 0 {
			t.Fatalf("%d streams opened, drained told %d times, %d openings are still counted", len(b.conn.streams), b.drained.Load(), b.openings.Load())
		}
	})
}

func TestControlHasSlotsOfItsOwn(t *testing.T) {
	withBox(t, func(t *testing.T, b *box) {
		b.begin(at(1, 1), part(1, 'h'), 1)
		synctest.Wait()
		b.stall()
		for b.records(at(1, 1), nil, 1) {
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
			b.begin(at(1, 1), part(1, 'a'), 1)
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
		b.begin(at(1, 1), part(2, 'a'), 1)
		b.CloseDocument(1)
		b.begin(at(1, 2), part(2, 'b'), 1)
		b.CloseDocument(9) // never opened
		b.conn.stop(false)
		synctest.Wait()
		s := b.conn.streams
		if len(s) != 2 || !s[0].closed || string(s[0].data) != "aa" || s[1].closed || string(s[1].data) != "bb" {
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
