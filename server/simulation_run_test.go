package server_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/quic-go/quic-go/testutils/simnet"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/replay/disk"
	"chalkline/replay/memory"
	"chalkline/server"
	"chalkline/server/room"
	"chalkline/server/session"
	"chalkline/server/transport"
)

// simulation is one run: a server that comes and goes, and people.
type simulation struct {
	*world
	seed uint64
	dice *rand.Rand
	want uint64 // ops
	done atomic.Uint64

	cfg    server.Config
	stop   func() // the running server
	fs     *vfs.MemFS
	onDisk bool
	// older: the server is put back to an older copy now and then (ID4), so that
	// what was acknowledged is lost.
	older bool

	people []*person
	pages  []string
	story  ot.ID // a text on the first page that all write in

	events map[string]int // owned by run
	refuse sync.Map       // protocol.Code → *atomic.Int64
}

func newSimulation(t *testing.T, seed, ops uint64) *simulation {
	t.Helper()
	dice := rand.New(rand.NewPCG(seed, 0))
	p := newPath(time.Duration(1+dice.IntN(80))*time.Millisecond, time.Duration(dice.IntN(2)*dice.IntN(100))*time.Millisecond, float64(dice.IntN(3)*dice.IntN(4))/100)
	p.dice = rand.New(rand.NewPCG(seed, 1))
	s := &simulation{
		world: &world{t: t, path: p}, seed: seed, dice: dice, want: ops,
		onDisk: dice.IntN(2) == 0, events: map[string]int{},
	}
	s.older = s.onDisk && dice.IntN(3) == 0
	s.cfg = server.Config{
		Identifier: &names{},
		Room: room.Config{
			SnapshotEvery: 20 + dice.Uint64N(500),
			TailBytes:     2<<10 + dice.IntN(64<<10),
			PurgeAfter:    time.Duration(2+dice.IntN(40)) * time.Second,
			IdleTimeout:   time.Duration(2+dice.IntN(20)) * time.Second,
		},
		Session: session.Config{QueueBytes: 8<<10 + dice.IntN(256<<10)},
	}
	s.cfg.Transport.TLS, s.hash = selfSigned(t)
	if s.onDisk {
		s.fs = vfs.NewCrashableMem()
		s.openDisk()
	} else {
		log := memory.New()
		s.cfg.Log, s.cfg.Table = log, log.Table()
	}
	s.start()
	s.gather(2 + dice.IntN(11))
	return s
}

func (s *simulation) openDisk() {
	log, err := disk.Open(disk.Config{Dir: "/store", FS: s.fs, MinFree: 1, Ballast: 1, MemTable: 1 << 20, Cache: 1 << 20})
	if err != nil {
		s.t.Fatal(err)
	}
	s.cfg.Log, s.cfg.Table = log, log.Table()
}

// start starts a server on what the store holds.
func (s *simulation) start() {
	packets := simnet.NewBlockingSimConn(serverAddr, s.path)
	s.path.AddNode(serverAddr, packets)
	s.path.cut(serverAddr, false)
	cfg := s.cfg
	cfg.Transport = transport.Config{PacketConn: packets, Listener: noTCP{make(chan struct{})}, TLS: s.cfg.Transport.TLS}
	started, err := server.New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- started.Serve() }()
	s.stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = started.Shutdown(ctx)
		if err := <-served; err != nil {
			s.t.Errorf("Serve() = %v", err)
		}
		_ = packets.Close()
	}
}

// between makes people wait for a while, or less.
func (s *simulation) between(most time.Duration) time.Duration {
	return time.Duration(s.dice.Int64N(int64(most)))
}

// run lets the people work until enough was done, and does things to the server meanwhile.
func (s *simulation) run() {
	ctx, cancel := context.WithCancel(s.t.Context())
	var busy sync.WaitGroup
	for _, p := range s.people {
		busy.Go(func() { p.live(ctx) })
	}
	for began := time.Now(); s.done.Load() < s.want && !s.t.Failed(); pause(s.between(8 * time.Second)) {
		if time.Since(began) > time.Hour {
			s.t.Errorf("%d ops in an hour", s.done.Load())
			break
		}
		s.disturb()
	}
	cancel()
	busy.Wait()
}

// disturb does something to the server.
func (s *simulation) disturb() {
	switch n := s.dice.IntN(8); {
	case n < 2:
		s.events["stopped"]++
		s.stop()
		pause(s.between(3 * time.Second))
		s.start()
	case n < 4:
		if s.onDisk {
			s.events["cut from power"]++
		} else {
			s.events["killed"]++
		}
		s.path.cut(serverAddr, true)
		s.restart()
	case n == 4 && s.older:
		s.events["put back"]++
		copied := s.fs.CrashClone(vfs.CrashCloneCfg{})
		pause(s.between(2 * time.Second))
		s.path.cut(serverAddr, true)
		s.replace(copied)
	case n == 5:
		s.events["away"]++
		s.path.cut(serverAddr, true)
		pause(s.between(6 * time.Second))
		s.path.cut(serverAddr, false)
	}
}

// restart is kill -9 or, on disk, loss of power: of what was not synced half is gone.
func (s *simulation) restart() {
	if !s.onDisk {
		s.stop()
		s.start()
		return
	}
	s.replace(s.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: s.dice.IntN(101), RNG: rand.New(rand.NewPCG(s.seed, s.dice.Uint64()))}))
}

// replace ends the server, which nobody hears any more, and starts it on another disk.
func (s *simulation) replace(fs *vfs.MemFS) {
	s.stop()
	s.closeDisk()
	s.fs = fs
	s.openDisk()
	s.start()
}

func (s *simulation) closeDisk() {
	if err := s.cfg.Log.Close(); err != nil {
		s.t.Error(err)
	}
}

// close ends everything.
func (s *simulation) close() {
	for _, p := range s.people {
		p.leave()
	}
	s.stop()
	s.closeDisk()
}

func (s *simulation) noteRefused(_ string, ops []ot.Op, err error) {
	var refused *protocol.Error
	if !errors.As(err, &refused) {
		s.t.Errorf("refused: %v", err)
		return
	}
	code := refused.Code
	count, _ := s.refuse.LoadOrStore(code, new(atomic.Int64))
	if n, ok := count.(*atomic.Int64); ok {
		n.Add(int64(len(ops)))
	}
}

func (s *simulation) roomID() replay.Room { return replay.Room(s.people[0].room) }

// String says what the run was.
func (s *simulation) String() string {
	refused := map[any]int64{}
	s.refuse.Range(func(code, n any) bool {
		if n, ok := n.(*atomic.Int64); ok {
			refused[code] = n.Load()
		}
		return true
	})
	all := map[string]int{}
	for _, p := range s.people {
		for event, n := range p.events {
			all[event] += n
		}
	}
	store := "memory"
	if s.onDisk {
		store = "disk"
	}
	return fmt.Sprintf("%d people on %d pages, %v + %v, loss %.2f, %s; server %v, clients %v, refused %v",
		len(s.people), len(s.pages), s.path.oneWay, s.path.jitter, s.path.loss, store, s.events, all, refused)
}
