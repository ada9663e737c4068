package disk

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
)

// Config says where the store is and what it may take.
type Config struct {
	// Dir is the directory of the store; it is made if it is not there. It must
	// be set.
	Dir string

	// FS is the file system; nil is the operating system's.
	FS vfs.FS

	// Logger is told what an operator should know; nil: nobody is.
	Logger *slog.Logger

	// Registerer takes the metrics chalkline_store_*; nil: they are not offered.
	Registerer prometheus.Registerer

	// MinFree is how much of the disk, in bytes, is left free: with less, nothing
	// is appended (replay.ErrFull). It is room for the store's own tidying. 0 is
	// 128 MiB.
	MinFree uint64

	// Ballast is the size in bytes of a file that is given up when the disk is
	// full all the same, because others filled it: then what is being written
	// still finds its place. 0 is 32 MiB.
	Ballast int64

	// MemTable is how much, in bytes, is gathered in memory before it is sorted
	// into files, and so how much is read again at start. 0 is 16 MiB.
	MemTable uint64

	// Cache is how much of the files, in bytes, is kept in memory. 0 is 32 MiB.
	Cache int64

	// Rooms is how many rooms that nobody uses right now keep their heads in
	// memory. 0 is 256.
	Rooms int
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("Dir is not set"))
	}
	if c.Ballast < 0 {
		errs = append(errs, fmt.Errorf("Ballast is %d bytes, below 0", c.Ballast))
	}
	if c.Cache < 0 {
		errs = append(errs, fmt.Errorf("Cache is %d bytes, below 0", c.Cache))
	}
	if c.Rooms < 0 {
		errs = append(errs, fmt.Errorf("Rooms is %d, below 0", c.Rooms))
	}
	if c.MemTable != 0 && c.MemTable < 1<<16 {
		errs = append(errs, fmt.Errorf("MemTable is %d bytes, below 64 KiB", c.MemTable))
	}
	return errors.Join(errs...)
}

// withDefaults puts what zero means.
func (c Config) withDefaults() Config {
	if c.FS == nil {
		c.FS = vfs.Default
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.MinFree = cmp.Or(c.MinFree, 128<<20)
	c.Ballast = cmp.Or(c.Ballast, 32<<20)
	c.MemTable = cmp.Or(c.MemTable, 16<<20)
	c.Cache = cmp.Or(c.Cache, 32<<20)
	c.Rooms = cmp.Or(c.Rooms, 256)
	return c
}
