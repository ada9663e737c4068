package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

// lookAgain is how often the files are looked at, at most.
const lookAgain = 10 * time.Second

// files is a Source on top of PEM files that somebody else renews.
type files struct {
	file, key string
	now       func() time.Time
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate // guarded by mu
	version string           // guarded by mu; of the files that current is from
	looked  time.Time        // guarded by mu
}

func openFiles(c Config) (*files, error) {
	f := &files{file: c.File, key: c.Key, now: c.Now, log: c.Log}
	version, err := f.stat()
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	current, err := tls.LoadX509KeyPair(c.File, c.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate: read %s and %s: %w", c.File, c.Key, err)
	}
	f.current, f.version, f.looked = &current, version, c.Now()
	return f, nil
}

// stat returns what changes when one of the files does.
func (f *files) stat() (string, error) {
	version := ""
	for _, path := range []string{f.file, f.key} {
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		version += fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size(), " ")
	}
	return version, nil
}

// get returns the certificate of the files as they are now. While they cannot
// be read or do not fit each other, it is the last good one.
func (f *files) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.looked) >= lookAgain {
		f.looked = now
		if err := f.reload(); err != nil {
			f.log.Error("certificate cannot be read again, the old one stays", "file", f.file, "error", err)
		}
	}
	return f.current, nil
}

func (f *files) reload() error {
	version, err := f.stat()
	if err != nil || version == f.version {
		return err
	}
	current, err := tls.LoadX509KeyPair(f.file, f.key)
	if err != nil {
		return err
	}
	f.current, f.version = &current, version
	f.log.Info("certificate read again", "file", f.file, "until", current.Leaf.NotAfter)
	return nil
}

func (f *files) TLSConfig() *tls.Config                 { return tlsConfig(f.get) }
func (f *files) Hashes() [][]byte                       { return nil }
func (f *files) Plain(others http.Handler) http.Handler { return others }
