package disk

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"chalkline/replay"
)

// Names in the directory of a store.
const (
	lockName     = "LOCK"
	markerName   = "CHALKLINE" // the store is complete
	creatingName = "CREATING"  // the store is being made; nothing was acknowledged yet
	databaseName = "db"

	markerText = "chalkline store 1\n"
)

// What an operator can do; docs/store.md has it at length.
const (
	advice     = "other rooms are served; put back a backup of the data directory, or go on in a new room (docs/store.md, Damage)"
	adviceOpen = "keep a copy of the data directory, then put back a backup; or see docs/store.md, Damage, for what can be saved"
)

// ErrLocked says that another process has the store open.
var ErrLocked = errors.New("store is in use by another process")

// Open opens the store in cfg.Dir and makes it if there is none. Errors:
// ErrLocked, replay.ErrCorrupt, replay.ErrFull, replay.ErrFailed and those of
// the file system.
func Open(cfg Config) (*Log, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("replay/disk: open: %w", err)
	}
	l, err := openStore(cfg.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("replay/disk: open %s: %w", cfg.Dir, err)
	}
	return l, nil
}

func openStore(cfg Config) (*Log, error) {
	if err := makeDir(cfg.FS, cfg.Dir); err != nil {
		return nil, err
	}
	lock, err := cfg.FS.Lock(cfg.FS.PathJoin(cfg.Dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("%w; stop it, or take another directory: %w", ErrLocked, err)
	}
	l := newLog(cfg, lock)
	if err := l.start(); err != nil {
		return nil, errors.Join(err, l.unlock())
	}
	return l, nil
}

func newLog(cfg Config, lock io.Closer) *Log {
	f := newFailure(cfg.Logger)
	s := &space{fs: cfg.FS, dir: cfg.Dir, log: cfg.Logger, minFree: cfg.MinFree, ballast: cfg.Ballast}
	return &Log{
		cfg:        cfg,
		fs:         vfs.OnDiskFull(cfg.FS, s.release),
		lock:       lock,
		failure:    f,
		metrics:    newMetrics(),
		rooms:      newCache(cfg.Rooms, f),
		committers: newCommitters(f),
		space:      s,
	}
}

// start brings up everything behind the lock.
func (l *Log) start() error {
	if err := l.metrics.register(l.cfg.Registerer); err != nil {
		return err
	}
	err := l.openDatabase()
	if err != nil {
		l.metrics.count(err)
		l.metrics.unregister(l.cfg.Registerer)
	}
	return err
}

func (l *Log) openDatabase() error {
	fresh, err := l.prepare()
	if err != nil {
		return err
	}
	// A full disk is no reason not to open what is there: it can be read.
	if err := l.space.begin(); err != nil && fresh {
		return err
	}
	if err := l.openPebble(fresh); err != nil {
		return err
	}
	if fresh {
		return l.complete()
	}
	return nil
}

// prepare tells whether the store has to be made, and sees that what Pebble
// would silently begin anew is there.
func (l *Log) prepare() (fresh bool, err error) {
	fs, path := l.cfg.FS, l.path
	marker, err := readAll(fs, path(markerName))
	switch {
	case err == nil && string(marker) != markerText:
		return false, fmt.Errorf("%s is of no form that this program knows (a newer one's, or damaged): %w; %s", markerName, replay.ErrCorrupt, adviceOpen)
	case err == nil:
		return false, l.checkEvidence()
	case !errors.Is(err, iofs.ErrNotExist):
		return false, err
	}
	_, creating := fs.Stat(path(creatingName))
	_, database := fs.Stat(path(databaseName))
	if database == nil && creating != nil {
		return false, fmt.Errorf("%s is missing beside %s: %w; %s", markerName, databaseName, replay.ErrCorrupt, adviceOpen)
	}
	return true, l.begin()
}

// begin marks that a store is being made, and clears what a creation that was
// cut short left behind.
func (l *Log) begin() error {
	fs := l.cfg.FS
	if err := writeFile(fs, l.path(creatingName), markerText); err != nil {
		return err
	}
	if err := syncDir(fs, l.cfg.Dir); err != nil {
		return err
	}
	if err := fs.RemoveAll(l.path(databaseName)); err != nil {
		return err
	}
	return syncDir(fs, l.cfg.Dir)
}

// complete marks that the store has been made.
func (l *Log) complete() error {
	err := errors.Join(
		l.cfg.FS.Rename(l.path(creatingName), l.path(markerName)),
		syncDir(l.cfg.FS, l.cfg.Dir),
	)
	if err != nil {
		return errors.Join(err, l.db.Close())
	}
	return nil
}

func (l *Log) openPebble(fresh bool) error {
	err := try(l.failure, func() (err error) {
		l.db, err = pebble.Open(l.path(databaseName), l.options(fresh))
		return err
	})
	if err != nil {
		return openError(err)
	}
	return nil
}

// openError tells apart a disk that is full, a file system that refuses, and
// the rest, which is damage.
func openError(err error) error {
	var errno syscall.Errno
	switch {
	case errors.Is(err, replay.ErrFailed):
		return err
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: %w", replay.ErrFull, err)
	case errors.As(err, &errno) && errno != syscall.ENOENT:
		return err
	}
	return fmt.Errorf("%w: %w; %s", replay.ErrCorrupt, err, adviceOpen)
}

func (l *Log) options(fresh bool) *pebble.Options {
	return &pebble.Options{
		FS:                 timedFS{l.fs, l.metrics.fsync},
		Logger:             pebbleLogger{l.cfg.Logger, l.failure},
		EventListener:      l.listen(),
		FormatMajorVersion: pebble.FormatValueSeparation, // has synced offsets in the log: damage within it is told from a torn tail
		MemTableSize:       l.cfg.MemTable,
		CacheSize:          l.cfg.Cache,
		ErrorIfExists:      fresh,
		ErrorIfNotExists:   !fresh,
	}
}

func (l *Log) path(name string) string { return l.cfg.FS.PathJoin(l.cfg.Dir, name) }

// unlock gives the directory free, unless the store has failed: goroutines of
// Pebble may then still be about.
func (l *Log) unlock() error {
	if l.failure.get() != nil {
		return nil
	}
	return l.lock.Close()
}

func writeFile(fs vfs.FS, name, text string) error {
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if _, err := f.Write([]byte(text)); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}
