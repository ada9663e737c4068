package disk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"chalkline/replay"
	"chalkline/replay/replaytest"
)

const (
	board replay.Document = "board::p1"
	stage replay.Document = "stage"
)

// three is an append of three records over two documents, so that a half of it
// shows: the board always stands at twice the stage's revision.
func three(replica uint32, n uint64) []replay.Entry {
	payload := bytes.Repeat([]byte(fmt.Sprintf("%d/%d ", replica, n)), 1+int(n%40))
	return []replay.Entry{
		{Document: board, Replica: replica, N: 2*n + 1, CapturedAt: int64(n), Payload: payload},
		{Document: stage, Payload: payload[:1]},
		{Document: board, Replica: replica, N: 2*n + 2, Payload: payload},
	}
}

// acknowledged is a record that an Append has returned.
type acknowledged struct {
	Room     replay.Room
	Document replay.Document
	replay.Position
	Replica uint32
	N       uint64
}

func acknowledge(room replay.Room, records []replay.Record) []acknowledged {
	var acks []acknowledged
	for _, r := range records {
		acks = append(acks, acknowledged{room, r.Document, replay.Position{Revision: r.Revision, Digest: r.Digest}, r.Replica, r.N})
	}
	return acks
}

// checkAcknowledged sees that a store that was opened again has everything that
// was acknowledged, nothing by halves, and chains that hold.
func checkAcknowledged(t *testing.T, l *Log, acks []acknowledged) {
	t.Helper()
	rooms := make(map[replay.Room]map[replay.Document][]replay.Record)
	for _, a := range acks {
		if rooms[a.Room] == nil {
			rooms[a.Room] = checkWhole(t, l, a.Room)
		}
		records := rooms[a.Room][a.Document]
		if a.Revision > uint64(len(records)) || records[a.Revision-1].Digest != a.Digest {
			t.Fatalf("%+v was acknowledged and is not there", a)
		}
	}
}

func checkWhole(t *testing.T, l *Log, room replay.Room) map[replay.Document][]replay.Record {
	t.Helper()
	state, err := l.State(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	last := make(map[uint32]uint64)
	documents := make(map[replay.Document][]replay.Record)
	for _, document := range []replay.Document{board, stage} {
		documents[document] = replaytest.Read(t, l, room, document, 1) // checks the chain
		if got, want := uint64(len(documents[document])), state.Heads[document].Revision; got != want {
			t.Fatalf("%d records of %q, the head says %d", got, document, want)
		}
	}
	for _, r := range documents[board] {
		last[r.Replica] = r.N
	}
	if got, want := len(documents[board]), 2*len(documents[stage]); got != want {
		t.Fatalf("half an append: %d records on the board, want %d", got, want)
	}
	for replica, n := range last {
		if state.Batches[board][replica] != n {
			t.Fatalf("last n of replica %d is %d, its last record has %d", replica, state.Batches[board][replica], n)
		}
	}
	return documents
}

func TestPowerLossLeavesWhatWasAcknowledged(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	fs := vfs.NewCrashableMem()
	cfg := small(fs, "var/lib/store")
	cfg.MemTable = 64 << 10
	l := mustOpen(t, cfg)
	const writers = 4
	for room := range replay.Room(writers / 2) {
		if err := l.Create(t.Context(), room+1); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	acks := make(chan []acknowledged)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() { write(ctx, t, l, replay.Room(w/2+1), uint32(w+1), acks) })
	}
	for _, c := range crashes(fs, acks, rng, 25) {
		again := mustOpen(t, Config{Dir: cfg.Dir, FS: c.fs, MemTable: cfg.MemTable})
		checkAcknowledged(t, again, c.acks)
		checkGoesOn(t, again)
		mustClose(t, again)
	}
	stop()
	go func() { wg.Wait(); close(acks) }()
	for range acks { // whoever still writes
	}
	mustClose(t, l)
}

func write(ctx context.Context, t *testing.T, l *Log, room replay.Room, replica uint32, acks chan<- []acknowledged) {
	for n := uint64(0); ctx.Err() == nil; n++ {
		records, err := l.Append(ctx, room, int64(n), nil, three(replica, n))
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil {
			t.Errorf("Append() = %v", err)
			return
		}
		acks <- acknowledge(room, records)
	}
}

type crash struct {
	fs   *vfs.MemFS
	acks []acknowledged
}

// crashes takes what a power loss would leave of fs, at random numbers of
// acknowledgements, with none, some or all of what was not synced.
func crashes(fs *vfs.MemFS, acks <-chan []acknowledged, rng *rand.Rand, count int) []crash {
	var all []crash
	var seen []acknowledged
	for range count {
		for range 1 + rng.IntN(60) {
			seen = append(seen, <-acks...)
		}
		clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 0, 50, 100}[rng.IntN(4)], RNG: rng})
		all = append(all, crash{clone, seen[:len(seen):len(seen)]})
	}
	return all
}

// checkGoesOn appends to every room.
func checkGoesOn(t *testing.T, l *Log) {
	t.Helper()
	for room := replay.Room(1); room <= 2; room++ {
		if _, err := l.Append(t.Context(), room, 1, nil, three(1<<20, 0)); err != nil {
			t.Fatalf("Append after the crash = %v", err)
		}
	}
}

// Power goes at every single operation on the file system while a store is
// made, used and closed.
func TestPowerLossAtAnyOperationLeavesAStoreThatOpens(t *testing.T) {
	for at := int64(1); ; at++ {
		mem := vfs.NewCrashableMem()
		var count atomic.Int64
		var once crash
		var acks []acknowledged
		var mu sync.Mutex
		inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && count.Add(1) == at {
				mu.Lock()
				defer mu.Unlock()
				cfg := vfs.CrashCloneCfg{UnsyncedDataPercent: int(at%3) * 50, RNG: rand.New(rand.NewPCG(uint64(at), 0))}
				once = crash{mem.CrashClone(cfg), acks}
			}
			return nil
		})
		l := mustOpen(t, small(errorfs.Wrap(mem, inject), "var/store"))
		if err := l.Create(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		for n := range uint64(3) {
			records, err := l.Append(t.Context(), 1, 1, nil, three(1, n))
			if err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			acks = append(acks, acknowledge(1, records)...)
			mu.Unlock()
		}
		mustClose(t, l)
		if once.fs == nil {
			t.Logf("%d operations", at-1)
			return
		}
		again, err := Open(small(once.fs, "var/store"))
		if err != nil {
			t.Fatalf("power loss at operation %d: %v", at, err)
		}
		checkAcknowledged(t, again, once.acks)
		mustClose(t, again)
	}
}

const childDir = "CHALKLINE_TEST_STORE"

// TestChild is not a test of its own: it is the process that is killed.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	l := mustOpen(t, Config{Dir: dir, MemTable: 256 << 10})
	acks := make(chan []acknowledged)
	for room := replay.Room(1); room <= 2; room++ {
		if err := l.Create(t.Context(), room); err != nil && !errors.Is(err, replay.ErrExists) {
			t.Fatal(err)
		}
		go writeOn(t, l, room, acks)
	}
	out := json.NewEncoder(os.Stdout)
	for a := range acks {
		if err := out.Encode(a); err != nil {
			t.Fatal(err)
		}
	}
}

// writeOn goes on where the process before was killed.
func writeOn(t *testing.T, l *Log, room replay.Room, acks chan<- []acknowledged) {
	state, err := l.State(t.Context(), room)
	if err != nil {
		t.Error(err)
		return
	}
	for n := state.Batches[board][1] / 2; ; n++ {
		records, err := l.Append(t.Context(), room, 1, nil, three(1, n))
		if err != nil {
			t.Error(err)
			return
		}
		acks <- acknowledge(room, records)
	}
}

func TestKillLeavesWhatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	var acks []acknowledged
	for range 5 {
		acks = append(acks, killed(t, dir, 50+rand.IntN(500))...)
		l := mustOpen(t, Config{Dir: dir, MemTable: 256 << 10})
		checkAcknowledged(t, l, acks)
		mustClose(t, l)
	}
}

// killed runs a process that appends, kills it after so many lines and returns
// everything that it had printed by then.
func killed(t *testing.T, dir string, lines int) (acks []acknowledged) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(out)
	for ; scanner.Scan(); lines-- {
		var a []acknowledged
		if json.Unmarshal(scanner.Bytes(), &a) != nil {
			break // the line that the kill tore
		}
		acks = append(acks, a...)
		if lines == 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(acks) == 0 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return acks
}
