package disk

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	dto "github.com/prometheus/client_model/go"

	"chalkline/replay"
	"chalkline/replay/replaytest"
)

// operator collects what is logged.
type operator struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *operator) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *operator) logger() *slog.Logger { return slog.New(slog.NewTextHandler(o, nil)) }

func (o *operator) wasTold(t *testing.T, text string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !strings.Contains(o.b.String(), text) {
		t.Errorf("the operator was not told %q but\n%s", text, o.b.String())
	}
}

func appendOne(t *testing.T, l *Log, room replay.Room, n uint64) error {
	t.Helper()
	_, err := l.Append(t.Context(), room, 1, nil, three(1, n))
	return err
}

func created(t *testing.T, cfg Config) *Log {
	t.Helper()
	l := mustOpen(t, cfg)
	if err := l.Create(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := appendOne(t, l, 1, 0); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAFullDiskStopsAppendingUntilThereIsSpace(t *testing.T) {
	mem := vfs.NewMem()
	var told operator
	cfg := small(mem, "store")
	cfg.Logger = told.logger()
	free := func(bytes uint64) { mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: bytes, TotalBytes: 1 << 30}) }
	free(cfg.MinFree + uint64(cfg.Ballast))
	l := created(t, cfg)

	free(cfg.MinFree - 1)
	before, err := l.State(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, table := t.Context(), l.Table()
	for name, err := range map[string]error{
		"Append":      appendOne(t, l, 1, 1),
		"Create":      l.Create(ctx, 2),
		"PutSnapshot": l.PutSnapshot(ctx, 1, replay.Snapshot{Document: board, Revision: 1}),
		"Put":         table.Put(ctx, 1, "k", nil),
	} {
		if !errors.Is(err, replay.ErrFull) {
			t.Errorf("%s = %v, want ErrFull", name, err)
		}
	}
	if err := l.Writable(); !errors.Is(err, replay.ErrFull) {
		t.Errorf("Writable = %v, want ErrFull", err)
	}
	told.wasTold(t, "no restart is needed")
	if after, err := l.State(ctx, 1); err != nil || after.Heads[board] != before.Heads[board] {
		t.Errorf("State() = %+v, %v; want it as before", after, err)
	}
	if got := replaytest.Read(t, l, 1, board, 1); len(got) != 2 {
		t.Errorf("%d records can be read, want 2", len(got))
	}
	if err := table.Delete(ctx, 1, "k"); err != nil {
		t.Errorf("Delete = %v: names can be erased on a full disk too", err)
	}
	var m dto.Metric
	if err := l.metrics.errors.WithLabelValues("full").Write(&m); err != nil || m.Counter.GetValue() != 4 {
		t.Errorf("%v errors of kind full, want 4", m.Counter.GetValue())
	}

	free(cfg.MinFree)
	if err := l.Writable(); err != nil {
		t.Errorf("Writable with space again = %v", err)
	}
	if err := appendOne(t, l, 1, 1); err != nil {
		t.Errorf("Append with space again = %v", err)
	}
	told.wasTold(t, "there is space on the disk again")
	mustClose(t, l)
}

func TestFreeIsThatOfAFolder(t *testing.T) {
	if free, err := Free(t.TempDir()); err != nil || free == 0 {
		t.Errorf("Free() = %d, %v", free, err)
	}
	if _, err := Free("/no/such/folder"); err == nil {
		t.Error("a folder that is not there has space")
	}
}

func TestANewStoreIsNotMadeOnAFullDiskButAnOldOneOpens(t *testing.T) {
	mem := vfs.NewMem()
	cfg := small(mem, "store")
	mustClose(t, created(t, cfg))
	mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1, TotalBytes: 1 << 30})
	if _, err := Open(small(mem, "another")); !errors.Is(err, replay.ErrFull) {
		t.Errorf("Open of a new store = %v, want ErrFull", err)
	}
	l := mustOpen(t, cfg)
	if got := replaytest.Read(t, l, 1, board, 1); len(got) != 2 {
		t.Errorf("%d records can be read, want 2", len(got))
	}
	if err := appendOne(t, l, 1, 1); !errors.Is(err, replay.ErrFull) {
		t.Errorf("Append = %v, want ErrFull", err)
	}
	mustClose(t, l)
}

// full is a disk on which nothing can be written while on, but for the space
// that removing the ballast gives, if it helps.
type full struct {
	mem   *vfs.MemFS
	on    atomic.Bool
	helps bool
}

func (f *full) MaybeError(op errorfs.Op) error {
	switch op.Kind {
	case errorfs.OpFileWrite, errorfs.OpCreate, errorfs.OpFilePreallocate:
	default:
		return nil
	}
	if !f.on.Load() {
		return nil
	}
	if _, err := f.mem.Stat("store/ballast"); err != nil && f.helps && !strings.HasSuffix(op.Path, "ballast") {
		return nil
	}
	return syscall.ENOSPC
}

func (f *full) String() string { return "full" }

func TestTheBallastLetsAWriteFinishOnADiskThatOthersFilled(t *testing.T) {
	mem := vfs.NewMem()
	disk := &full{mem: mem, helps: true}
	var told operator
	cfg := small(errorfs.Wrap(mem, disk), "store")
	cfg.Logger = told.logger()
	l := created(t, cfg)
	disk.on.Store(true)
	if err := appendOne(t, l, 1, 1); err != nil {
		t.Fatalf("Append while the disk fills up = %v", err)
	}
	told.wasTold(t, "has given up its ballast")
	if err := appendOne(t, l, 1, 2); !errors.Is(err, replay.ErrFull) {
		t.Errorf("Append without a ballast = %v, want ErrFull", err)
	}
	disk.on.Store(false)
	if err := appendOne(t, l, 1, 2); err != nil {
		t.Errorf("Append with space again = %v", err)
	}
	if _, err := mem.Stat("store/ballast"); err != nil {
		t.Errorf("the ballast is not back: %v", err)
	}
	mustClose(t, l)
}

func TestAFailedLogStopsTheStoreNotTheProcess(t *testing.T) {
	for name, op := range map[string]errorfs.OpKind{
		"the disk is full beyond the ballast": errorfs.OpFileWrite,
		"the disk does not sync":              errorfs.OpFileSyncData,
	} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewCrashableMem()
			var on atomic.Bool
			inject := errorfs.InjectorFunc(func(o errorfs.Op) error {
				if !on.Load() || !strings.HasSuffix(o.Path, ".log") {
					return nil
				}
				if o.Kind == op || o.Kind == errorfs.OpFileSync && op == errorfs.OpFileSyncData {
					return map[bool]error{true: syscall.ENOSPC, false: syscall.EIO}[op == errorfs.OpFileWrite]
				}
				return nil
			})
			var told operator
			cfg := small(errorfs.Wrap(mem, inject), "store")
			cfg.Logger = told.logger()
			l := created(t, cfg)
			if err := l.Create(t.Context(), 2); err != nil {
				t.Fatal(err)
			}
			on.Store(true)
			checkFails(t, l)
			told.wasTold(t, "Check the disk")
			if err := l.Close(); !errors.Is(err, replay.ErrFailed) {
				t.Errorf("Close() = %v, want ErrFailed", err)
			}
			if _, err := Open(cfg); !errors.Is(err, ErrLocked) {
				t.Errorf("Open in the same process = %v, want ErrLocked", err)
			}
			again := mustOpen(t, small(mem.CrashClone(vfs.CrashCloneCfg{}), "store"))
			if got := len(checkWhole(t, again, 1)[board]); got != 2 {
				t.Errorf("%d records after the restart, want the 2 acknowledged", got)
			}
			mustClose(t, again)
		})
	}
}

// checkFails appends from many sides to a store that cannot write: all come
// back, and what was acknowledged can still be read, no more.
func checkFails(t *testing.T, l *Log) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range replay.Room(8) {
		wg.Go(func() {
			room := 1 + i%2
			if err := appendOne(t, l, room, uint64(i)+1); !errors.Is(err, replay.ErrFailed) {
				t.Errorf("Append to a store that cannot write = %v, want ErrFailed", err)
			}
			if err := l.Create(t.Context(), 100+i); !errors.Is(err, replay.ErrFailed) {
				t.Errorf("Create on a store that cannot write = %v, want ErrFailed", err)
			}
		})
	}
	wg.Wait()
	<-l.Failed()
	if got := replaytest.Read(t, l, 1, board, 1); len(got) != 2 {
		t.Errorf("%d records can be read, want the 2 acknowledged", len(got))
	}
	for i := range replay.Room(8) {
		if s, err := l.State(t.Context(), 100+i); err == nil {
			t.Errorf("State of a room that was never made = %+v", s)
		}
	}
}
