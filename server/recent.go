package server

import (
	"container/list"
	"io"
	"sync"

	"chalkline/replay"
)

const (
	maxRecent    = 32 << 20 // bytes of all
	maxRecentOne = 1 << 20  // bytes of one
)

// recentName names a picture of a page; tag says of which revision.
type recentName struct {
	room       replay.Room
	page, kind string
	width      int
	tag        string
}

// recent remembers small pictures that were drawn last: thumbnails, which all of
// a class ask for.
type recent struct {
	mu    sync.Mutex
	known map[recentName]*list.Element
	order *list.List // of recentPicture, the one that was asked for last in front
	bytes int
}

type recentPicture struct {
	name recentName
	data []byte
}

func newRecent() *recent { return &recent{known: map[recentName]*list.Element{}, order: list.New()} }

// get returns a picture; its bytes are not to be written.
func (r *recent) get(name recentName) ([]byte, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.known[name]
	if e == nil {
		return nil, false
	}
	r.order.MoveToFront(e)
	return e.Value.(recentPicture).data, true
}

// put remembers a picture that is small enough and forgets what is oldest. It
// leaves content at its start.
func (r *recent) put(name recentName, content io.ReadSeeker) {
	data, err := io.ReadAll(io.LimitReader(content, maxRecentOne+1))
	if _, seek := content.Seek(0, io.SeekStart); err != nil || seek != nil || len(data) > maxRecentOne {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[name] != nil {
		return
	}
	r.known[name] = r.order.PushFront(recentPicture{name, data})
	r.bytes += len(data)
	for r.bytes > maxRecent {
		oldest := r.order.Remove(r.order.Back()).(recentPicture)
		delete(r.known, oldest.name)
		r.bytes -= len(oldest.data)
	}
}
