// Package content keeps the images of rooms: re-encoded, by content id, on disk.
//
// A content id is the SHA-256 of the stored bytes in hex: equal images are one,
// and an image never changes under its id. What comes in is anything that a
// browser was given; what is kept is a PNG or a JPEG that this package wrote
// itself, at most MaxSide px a side, upright and without metadata (where a
// photograph was taken, say).
//
// Memory and time are bounded: the size of an image, and how often it goes over its
// pixels, are read before them, and only so many images are decoded at a time. Who
// may see a room's images is the caller's business.
package content

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// Limits of what is stored in a room unless Config says otherwise.
const (
	DefaultRoomBytes  = 500 << 20
	DefaultRoomImages = 5000
)

// DefaultMinFree is what images leave free of the disk unless Config says otherwise, bytes:
// twice what the store of the rooms needs, which is beside them.
const DefaultMinFree = 256 << 20

// Errors, wrapped.
var (
	// ErrUnusable: not an image that can be read.
	ErrUnusable = errors.New("unusable image")
	// ErrNotFound: the room has no image with this id.
	ErrNotFound = errors.New("no such image")
	// ErrFull: less would be free of the disk than is to be left.
	ErrFull = errors.New("too little space on the disk")
)

// LimitError says which limit an image or a room would pass.
type LimitError struct {
	Limit string // "bytes", "pixels", "scans", "room_bytes" or "room_images"
	Max   int64
}

func (e *LimitError) Error() string { return fmt.Sprintf("over the limit: %s %d", e.Limit, e.Max) }

// Room says whether it is the room that is full, not the image that is too large.
func (e *LimitError) Room() bool { return e.Limit == "room_bytes" || e.Limit == "room_images" }

// Config says where images are kept and how many. Dir is required.
type Config struct {
	Dir        string // made if need be; a folder per room in it
	RoomBytes  int64  // of all images of a room; 0: DefaultRoomBytes
	RoomImages int    // in a room; 0: DefaultRoomImages
	// Decodes is how many images are decoded at a time; each takes up to 800 MB in
	// the worst case (50 megapixels of progressive JPEG). 0: 1.
	Decodes int
	// Free says how many bytes of a folder's file system are free; nil: it is not
	// looked at.
	Free    func(folder string) (uint64, error)
	MinFree uint64 // bytes that are left free; 0: DefaultMinFree
}

// Store keeps images. It may be used by many goroutines at once; only one Store
// may use a folder.
type Store struct {
	config   Config
	decoding chan struct{} // a place for each image that is being decoded
	writing  chan struct{} // one place: what a room has is counted and added to in one step
}

// Info is what is known of a stored image.
type Info struct {
	Content       string // content id
	Type          string // image/png or image/jpeg
	Width, Height int    // px
}

// Open returns a Store and clears away what a crash left half written.
func Open(config Config) (*Store, error) {
	if config.RoomBytes == 0 {
		config.RoomBytes = DefaultRoomBytes
	}
	if config.RoomImages == 0 {
		config.RoomImages = DefaultRoomImages
	}
	if config.MinFree == 0 {
		config.MinFree = DefaultMinFree
	}
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("content: open: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(config.Dir, "*", temporary+"*"))
	if err != nil {
		return nil, fmt.Errorf("content: open: %w", err)
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("content: open: %w", err)
		}
	}
	return &Store{
		config:   config,
		decoding: make(chan struct{}, max(config.Decodes, 1)),
		writing:  make(chan struct{}, 1),
	}, nil
}

// Put stores an image of a room, at most MaxBytes of PNG, JPEG, GIF (the first
// picture) or WebP, and returns when it is durable. Errors: ErrUnusable, a
// *LimitError, ErrFull, that of ctx, or that of the file system.
func (s *Store) Put(ctx context.Context, room int64, data []byte) (Info, error) {
	encoded, info, err := s.intake(ctx, data)
	if err != nil {
		return Info{}, fmt.Errorf("content: put: %w", err)
	}
	info.Content = idOf(encoded)
	if err := take(ctx, s.writing); err != nil {
		return Info{}, fmt.Errorf("content: put: %w", err)
	}
	defer func() { <-s.writing }()
	if err := s.write(room, info.Content, encoded, ""); err != nil {
		return Info{}, fmt.Errorf("content: put %s: %w", info.Content, err)
	}
	return info, nil
}

// Copy gives a room an image of another one: the same file, where the file system has
// links. Errors: ErrNotFound, a *LimitError, ErrFull, that of ctx, or that of the file
// system.
func (s *Store) Copy(ctx context.Context, from, to int64, content string) error {
	data, _, err := s.Get(from, content)
	if err != nil {
		return err
	}
	if idOf(data) != content {
		return fmt.Errorf("content: copy %s: damaged: %w", content, ErrNotFound)
	}
	if err := take(ctx, s.writing); err != nil {
		return fmt.Errorf("content: copy: %w", err)
	}
	defer func() { <-s.writing }()
	if err := s.write(to, content, data, filepath.Join(s.folder(from), content)); err != nil {
		return fmt.Errorf("content: copy %s: %w", content, err)
	}
	return nil
}

// intake re-encodes an image when it is its turn.
func (s *Store) intake(ctx context.Context, data []byte) ([]byte, Info, error) {
	if err := check(data); err != nil {
		return nil, Info{}, err
	}
	if err := take(ctx, s.decoding); err != nil {
		return nil, Info{}, err
	}
	defer func() { <-s.decoding }()
	return reencode(data)
}

// take takes a place, or gives up with ctx.
func take(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Get returns an image of a room and its type. Errors: ErrNotFound, or that of
// the file system.
func (s *Store) Get(room int64, content string) (data []byte, kind string, err error) {
	file, kind, err := s.File(room, content)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	if data, err = io.ReadAll(file); err != nil {
		return nil, "", fmt.Errorf("content: get: %w", err)
	}
	return data, kind, nil
}

// File is Get for an image that is to be sent: it stands at its start; close it.
func (s *Store) File(room int64, content string) (file *os.File, kind string, err error) {
	if !IsID(content) {
		return nil, "", fmt.Errorf("content: get %.64q: %w", content, ErrNotFound)
	}
	file, err = os.Open(filepath.Join(s.folder(room), content))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("content: get %s: %w", content, ErrNotFound)
	}
	if err != nil {
		return nil, "", fmt.Errorf("content: get: %w", err)
	}
	head := make([]byte, 16)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		_ = file.Close()
		return nil, "", fmt.Errorf("content: get: %w", err)
	}
	return file, "image/" + sniff(head[:n]), nil
}

// idOf is the content id of stored bytes.
func idOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// IsID says whether a text has the form of a content id: 64 digits of lower-case
// hex. Nothing else ever becomes part of a path.
func IsID(content string) bool {
	if len(content) != 2*sha256.Size {
		return false
	}
	for _, c := range []byte(content) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func (s *Store) folder(room int64) string {
	return filepath.Join(s.config.Dir, strconv.FormatInt(room, 10))
}
