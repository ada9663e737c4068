// Command powerloss is chalkline serve on a disk that loses what was not synced, for
// tests of what pages that stay open make of it. Its store is in memory, as the data
// folder had it when it began. SIGUSR1 cuts the power: nothing is synced any more, of
// what was written and not synced half is lost, the data folder has what is left, and
// the process ends with status 1 and not a word to anybody.
package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"chalkline/replay/disk"
	"chalkline/server"
	"chalkline/server/config"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "powerloss:", err)
		os.Exit(1)
	}
}

func run() error {
	c, err := config.Load(os.Args[1:], os.Environ())
	if err != nil {
		return err
	}
	c = c.WithDefaults()
	if c.Data, err = filepath.Abs(c.Data); err != nil {
		return err
	}
	store := filepath.Join(c.Data, "store")
	memory, err := begin(store)
	if err != nil {
		return err
	}
	var power sync.RWMutex
	cut := make(chan os.Signal, 1)
	signal.Notify(cut, syscall.SIGUSR1)
	go func() {
		<-cut
		power.Lock() // for good: syncs under way come to their end, and may be acknowledged
		left := memory.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(rand.Uint64(), 1))})
		if err := keep(left, store); err != nil {
			fmt.Fprintln(os.Stderr, "powerloss:", err)
		}
		os.Exit(1)
	}()
	return server.RunOn(context.Background(), c, disk.Config{FS: powered{memory, &power}, MinFree: 1, Ballast: 1})
}

// begin returns a disk that has, synced, what the data folder has.
func begin(store string) (*vfs.MemFS, error) {
	memory := vfs.NewCrashableMem()
	if err := memory.MkdirAll(store, 0o700); err != nil {
		return nil, err
	}
	if _, err := vfs.Clone(vfs.Default, memory, store, store, vfs.CloneSync); err != nil {
		return nil, err
	}
	for folder := store; ; folder = filepath.Dir(folder) {
		d, err := memory.OpenDir(folder)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(d.Sync(), d.Close()); err != nil {
			return nil, err
		}
		if folder == filepath.Dir(folder) {
			return memory, nil
		}
	}
}

// keep puts what is left in the place of what the data folder had.
func keep(left vfs.FS, store string) error {
	if err := os.RemoveAll(store); err != nil {
		return err
	}
	_, err := vfs.Clone(left, vfs.Default, store, store)
	return err
}

// powered is a file system whose syncs need power, held for reading.
type powered struct {
	vfs.FS
	power *sync.RWMutex
}

func (fs powered) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return fs.file(fs.FS.Create(name, category))
}

func (fs powered) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return fs.file(fs.FS.ReuseForWrite(oldname, newname, category))
}

func (fs powered) OpenReadWrite(name string, category vfs.DiskWriteCategory, options ...vfs.OpenOption) (vfs.File, error) {
	return fs.file(fs.FS.OpenReadWrite(name, category, options...))
}

func (fs powered) OpenDir(name string) (vfs.File, error) { return fs.file(fs.FS.OpenDir(name)) }

func (fs powered) file(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return poweredFile{f, fs.power}, nil
}

type poweredFile struct {
	vfs.File
	power *sync.RWMutex
}

func (f poweredFile) Sync() error {
	f.power.RLock()
	defer f.power.RUnlock()
	return f.File.Sync()
}

func (f poweredFile) SyncData() error {
	f.power.RLock()
	defer f.power.RUnlock()
	return f.File.SyncData()
}

func (f poweredFile) SyncTo(length int64) (fullSync bool, err error) {
	f.power.RLock()
	defer f.power.RUnlock()
	return f.File.SyncTo(length)
}
