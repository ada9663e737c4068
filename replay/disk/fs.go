package disk

import (
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
)

// walCategory is what Pebble writes its log as.
const walCategory vfs.DiskWriteCategory = "pebble-wal"

// timedFS measures the syncs of the write-ahead log: what every commit waits for.
type timedFS struct {
	vfs.FS
	fsync prometheus.Observer
}

func (fs timedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := fs.FS.Create(name, category)
	return fs.timed(file, category), err
}

func (fs timedFS) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := fs.FS.ReuseForWrite(oldname, newname, category)
	return fs.timed(file, category), err
}

func (fs timedFS) timed(file vfs.File, category vfs.DiskWriteCategory) vfs.File {
	if file == nil || category != walCategory {
		return file
	}
	return timedFile{file, fs.fsync}
}

type timedFile struct {
	vfs.File
	fsync prometheus.Observer
}

func (f timedFile) Sync() error { return f.observe(f.File.Sync) }

func (f timedFile) SyncData() error { return f.observe(f.File.SyncData) }

func (f timedFile) observe(sync func() error) error {
	start := time.Now()
	err := sync()
	f.fsync.Observe(time.Since(start).Seconds())
	return err
}

// makeDir makes a directory and those above it, each of them durable.
func makeDir(fs vfs.FS, dir string) error {
	if _, err := fs.Stat(dir); err == nil {
		return nil
	}
	parent := fs.PathDir(dir)
	if parent != dir {
		if err := makeDir(fs, parent); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	return syncDir(fs, parent)
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		_ = d.Close() // the sync's error says more
		return err
	}
	return d.Close()
}
