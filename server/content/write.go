package content

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// temporary begins the names of files that are being written.
const temporary = "new-"

// write puts an image into a room's folder, whole or not at all, and durable. One that
// was damaged there is replaced. twin is the file of another room that has the same
// bytes, empty if none is known.
func (s *Store) write(room int64, id string, data []byte, twin string) error {
	folder := s.folder(room)
	path := filepath.Join(folder, id)
	if stored, err := os.ReadFile(path); err == nil && bytes.Equal(stored, data) {
		return nil
	}
	if err := s.fits(folder, int64(len(data))); err != nil {
		return err
	}
	if err := s.space(len(data)); err != nil {
		return err
	}
	if err := makeFolder(folder); err != nil {
		return err
	}
	file, err := create(folder, data, twin)
	defer os.Remove(file) // gone already if all went well
	if err != nil {
		return err
	}
	if err := os.Rename(file, path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// create makes a file that is yet to be put in its place, as a link to its twin where
// that can be: no stored file is ever written to, and each room removes its own name.
// A path that is returned with an error is to be removed too.
func create(folder string, data []byte, twin string) (path string, err error) {
	path = filepath.Join(folder, temporary+"link")
	if twin != "" && os.Link(twin, path) == nil {
		return path, nil
	}
	file, err := os.CreateTemp(folder, temporary+"*")
	if err != nil {
		return path, err
	}
	_, err = file.Write(data)
	return file.Name(), errors.Join(err, file.Sync(), file.Close())
}

// space says whether the disk takes so many bytes more.
func (s *Store) space(more int) error {
	if s.config.Free == nil {
		return nil
	}
	free, err := s.config.Free(s.config.Dir)
	if err != nil {
		return err
	}
	if free < s.config.MinFree+uint64(more) {
		return fmt.Errorf("%w: %d MiB are free, %d are kept", ErrFull, free>>20, s.config.MinFree>>20)
	}
	return nil
}

// makeFolder makes a room's folder durable with its first image.
func makeFolder(folder string) error {
	err := os.Mkdir(folder, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return errors.Join(err, syncFolder(filepath.Dir(folder)))
}

func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// fits says whether the room takes so many bytes more.
func (s *Store) fits(folder string, more int64) error {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	images := 0
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("count: %w", err)
		}
		if !strings.HasPrefix(e.Name(), temporary) {
			images++
			more += info.Size()
		}
	}
	if images >= s.config.RoomImages {
		return &LimitError{"room_images", int64(s.config.RoomImages)}
	}
	if more > s.config.RoomBytes {
		return &LimitError{"room_bytes", s.config.RoomBytes}
	}
	return nil
}
