package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"chalkline/ot"
	"chalkline/protocol/ink"
	"chalkline/replay"
	"chalkline/server"
	"chalkline/server/classroom"
)

func TestSYN8ATraceReachesTheLogAndNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log replay.Log
		w := newWorld(t, newPath(20*time.Millisecond, 0, 0), func(c *server.Config) { log = c.Log })
		defer w.close()
		ann := w.join(0)
		ben := w.join(ann.RoomID())
		before := ben.Stats().DocumentBytes
		frame, err := ink.NewEncoder().AppendFrame(nil, []ot.Point{{X: 10, Y: 20}, {X: 30, Y: 40, T: 400}})
		if err != nil {
			t.Fatal(err)
		}
		ann.board.Trace(frame)
		time.Sleep(time.Second) // simulated
		n := 0
		err = log.Read(t.Context(), replay.Room(ann.RoomID()), classroom.TracesDocument, 1, func(r replay.Record) bool {
			n++
			return r.Replica == ann.Replica()
		})
		if err != nil || n != 1 {
			t.Fatalf("%d traces in the log, %v", n, err)
		}
		if got := ben.Stats().DocumentBytes; got != before {
			t.Errorf("%d bytes came to who only watches", got-before)
		}
	})
}
