package memory_test

import (
	"testing"

	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/replay/replaytest"
)

type opener struct{ log *memory.Log }

func (o *opener) Open(*testing.T) replaytest.Store {
	o.log = o.log.Reopen()
	return o.log
}

func (o *opener) DamageSnapshot(t *testing.T, room replay.Room, document replay.Document, revision uint64) {
	if !o.log.DamageSnapshot(room, document, revision) {
		t.Fatalf("no snapshot of revision %d", revision)
	}
}

func TestLogKeepsTheContract(t *testing.T) {
	replaytest.Run(t, func(*testing.T) replaytest.Opener { return &opener{memory.New()} })
}
