package disk

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"

	"chalkline/replay"
)

// Pebble takes a write-ahead log that is not there for an empty one, and the
// first entry that it cannot read, of its manifest or near the end of its log,
// for the end: it would open without a word and with less in it. So the store
// keeps evidence of its own: a marker that names the log in use, and a look at
// what follows an unreadable entry.

// logMarker is the name of the marker; its value is the log's file name.
const logMarker = "log"

// checkEvidence sees that an existing database is complete as far as Pebble
// would not notice.
func (l *Log) checkEvidence() error {
	err := errors.Join(l.checkLog(), l.checkManifest())
	if err != nil {
		return fmt.Errorf("%w; %s", err, adviceOpen)
	}
	return nil
}

func (l *Log) checkLog() error {
	fs := l.cfg.FS
	name, err := atomicfs.ReadMarker(fs, l.cfg.Dir, logMarker)
	if err != nil {
		return err
	}
	if name == "" {
		return fmt.Errorf("%w: the marker that names the write-ahead log is missing", replay.ErrCorrupt)
	}
	b, err := readAll(fs, fs.PathJoin(l.path(databaseName), name))
	if errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("%w: the write-ahead log %s/%s is missing", replay.ErrCorrupt, databaseName, name)
	}
	if err != nil {
		return err
	}
	return l.checkHole(name, b)
}

// markLog names the log in use, before anything is written to it. Pebble waits:
// the log before is still there.
func (l *Log) markLog(info pebble.WALCreateInfo) {
	if info.Err != nil {
		return
	}
	marker, _, err := atomicfs.LocateMarker(l.fs, l.cfg.Dir, logMarker)
	if err == nil {
		err = errors.Join(marker.Move(fmt.Sprintf("%s.log", info.FileNum)), marker.RemoveObsolete(), marker.Close())
	}
	if err != nil {
		pebbleLogger{l.cfg.Logger, l.failure}.Fatalf("mark the write-ahead log: %w", err)
	}
}

func (l *Log) checkManifest() error {
	fs, dir := l.cfg.FS, l.path(databaseName)
	name, err := atomicfs.ReadMarker(fs, dir, "manifest")
	if err != nil || name == "" {
		return missingManifest(err)
	}
	b, err := readAll(fs, fs.PathJoin(dir, name))
	if err != nil {
		return missingManifest(err)
	}
	form := chunks{header: manifestHeader, first: 1}
	if at := form.intact(b); form.next(b, at) < len(b) {
		return fmt.Errorf("%w: %s/%s cannot be read at byte %d, and goes on behind", replay.ErrCorrupt, databaseName, name, at)
	}
	return nil
}

func missingManifest(err error) error {
	if err == nil || errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("%w: the manifest of %s is missing", replay.ErrCorrupt, databaseName)
	}
	return err
}

// maxEvidence is how much of a manifest or log is read; twice what Pebble lets
// the former grow to, and more than the latter has.
const maxEvidence = 256 << 20

func readAll(fs vfs.FS, name string) ([]byte, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxEvidence))
	return b, errors.Join(err, f.Close())
}
