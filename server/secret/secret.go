// Package secret keeps what only this server may know in files of the data
// directory: random keys that are made when first asked for, and certificates
// with their keys.
//
// Files are readable by their owner only and are replaced whole: a crash leaves
// the old file or the new one. Who may read the directory's backups is for the
// operator to see to.
package secret

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Key returns the random key of n bytes in a file, which it makes, directory
// included, if there is none. The file holds it in hexadecimal.
func Key(path string, n int) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path, n)
	}
	if err != nil {
		return nil, fmt.Errorf("secret: read key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != n {
		return nil, fmt.Errorf("secret: %s does not hold %d bytes in hexadecimal: "+
			"put back the right file, or delete it for a new key", path, n)
	}
	return key, nil
}

func makeKey(path string, n int) ([]byte, error) {
	key := make([]byte, n)
	_, _ = rand.Read(key) // never fails
	if err := Write(path, []byte(hex.EncodeToString(key)+"\n")); err != nil {
		return nil, err
	}
	return key, nil
}

// Write replaces a file by one that only its owner may read, durably. It makes
// the directory if need be.
func Write(path string, content []byte) error {
	if err := replace(path, content); err != nil {
		return fmt.Errorf("secret: write %s: %w", path, err)
	}
	return nil
}

func replace(path string, content []byte) error {
	directory := filepath.Dir(path)
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(directory, filepath.Base(path)+".new*") // has mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	if err := fill(file, content); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func fill(file *os.File, content []byte) error {
	if _, err := file.Write(content); err != nil {
		return err
	}
	return file.Sync()
}
