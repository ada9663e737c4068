package disk

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"chalkline/replay"
)

// space keeps the disk from running full under Pebble, which does not survive
// a log that it cannot write. Two lines of defence: nothing is appended while
// less than minFree is free; and where others fill the disk in between, the
// ballast is given up, what is being written finds place, and appending stops
// until there is room for a new ballast.
type space struct {
	fs      vfs.FS // below vfs.OnDiskFull
	dir     string
	minFree uint64
	ballast int64
	log     *slog.Logger

	gone atomic.Bool // the ballast is not there
	full atomic.Bool // as last told to the operator
	mu   sync.Mutex  // of whoever puts the ballast back
}

// Free is how many bytes of the file system of a folder are free for others than root;
// as many as there can be where the system does not say.
func Free(folder string) (uint64, error) {
	usage, err := vfs.Default.GetDiskUsage(folder)
	switch {
	case errors.Is(err, vfs.ErrUnsupported):
		return math.MaxUint64, nil
	case err != nil:
		return 0, fmt.Errorf("free space of %s: %w", folder, err)
	}
	return usage.AvailBytes, nil
}

func (s *space) ballastPath() string { return s.fs.PathJoin(s.dir, "ballast") }

// begin takes over the ballast of an earlier run, or makes one.
func (s *space) begin() error {
	_, err := s.fs.Stat(s.ballastPath())
	s.gone.Store(err != nil)
	return s.check()
}

// release gives up the ballast. vfs.OnDiskFull calls it, all writers waiting.
func (s *space) release() {
	s.gone.Store(true)
	err := s.fs.Remove(s.ballastPath())
	s.log.Error("the disk is full; the store has given up its ballast to finish what it was writing", "dir", s.dir, "error", err)
}

// check says whether there is room to append: nil or an error wrapping replay.ErrFull.
func (s *space) check() error {
	err := s.room()
	if was := s.full.Swap(err != nil); was != (err != nil) {
		s.tell(err)
	}
	return err
}

func (s *space) tell(err error) {
	if err != nil {
		s.log.Error("nothing is taken until there is space on the disk; no restart is needed then", "dir", s.dir, "error", err)
		return
	}
	s.log.Info("there is space on the disk again", "dir", s.dir)
}

func (s *space) room() error {
	gone := s.gone.Load()
	need := s.minFree
	if gone {
		need += uint64(s.ballast)
	}
	usage, err := s.fs.GetDiskUsage(s.dir)
	switch {
	case errors.Is(err, vfs.ErrUnsupported):
	case err != nil:
		return fmt.Errorf("free space of %s: %w", s.dir, err)
	case usage.AvailBytes < need:
		return fmt.Errorf("%w: %s has %d MiB free, %d are kept", replay.ErrFull, s.dir, usage.AvailBytes>>20, need>>20)
	}
	if gone {
		return s.refill()
	}
	return nil
}

// refill puts the ballast back: blocks that are taken, whatever is in them.
func (s *space) refill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.gone.Load() {
		return nil
	}
	if err := s.write(); err != nil {
		_ = s.fs.Remove(s.ballastPath()) // it may not be there
		return fmt.Errorf("%w: no ballast of %d MiB: %w", replay.ErrFull, s.ballast>>20, err)
	}
	s.gone.Store(false)
	return nil
}

func (s *space) write() error {
	f, err := s.fs.Create(s.ballastPath(), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Preallocate(0, s.ballast), f.Sync()); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
