package client

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"chalkline/ot"
)

// Store keeps what a client must not lose: who it is in the room and what is
// not durable at the server yet.
type Store interface {
	// Load returns what was saved last; the zero Saved if nothing was.
	Load() (Saved, error)
	// Save replaces what was saved, all or nothing.
	Save(s Saved) error
}

// Saved is what a Store keeps. Replica 0: none was given yet.
type Saved struct {
	Room      int64
	Token     string
	Replica   uint32
	Key       []byte
	Epoch     uint64
	Documents []SavedDocument
}

// SavedDocument is what is kept of one document.
type SavedDocument struct {
	Document string
	Replica  uint32 // that the batches are numbered under
	N        uint64 // last batch number given
	Acked    uint64 // last batch known to be durable
	Counter  uint32 // last element counter given
	Unsent   []SavedBatch
	Texts    []SavedText
}

// SavedText is a text that the client writes in, with what is not in it yet.
type SavedText textState

// SavedBatch is a batch that is not known to be durable.
type SavedBatch struct {
	N          uint64
	CapturedAt int64
	Authority  uint64
	Ops        []ot.Op // of a board
	Event      []byte  // of the authority document
}

// FileStore is a Store in one file.
type FileStore struct {
	// Path of the file; its folder exists.
	Path string
}

// Load reads the file.
func (f FileStore) Load() (Saved, error) {
	var s Saved
	b, err := os.ReadFile(f.Path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("client: load: %w", err)
	}
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
		return s, fmt.Errorf("client: load %s: %w", f.Path, err)
	}
	return s, nil
}

// Save writes a file beside and puts it in place.
func (f FileStore) Save(s Saved) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		return fmt.Errorf("client: save: %w", err)
	}
	beside := filepath.Join(filepath.Dir(f.Path), "."+filepath.Base(f.Path)+".new")
	if err := write(beside, b.Bytes()); err != nil {
		return fmt.Errorf("client: save: %w", err)
	}
	if err := os.Rename(beside, f.Path); err != nil {
		return fmt.Errorf("client: save: %w", err)
	}
	return nil
}

func write(path string, b []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	return errors.Join(err, file.Sync(), file.Close())
}
