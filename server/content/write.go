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
// was damaged there is replaced.
func (s *Store) write(room int64, id string, data []byte) error {
	folder := s.folder(room)
	path := filepath.Join(folder, id)
	if stored, err := os.ReadFile(path); err == nil && bytes.Equal(stored, data) {
		return nil
	}
	if err := s.fits(folder, int64(len(data))); err != nil {
		return err
	}
	if err := makeFolder(folder); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, temporary+"*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone already if all went well
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
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
