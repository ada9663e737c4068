package stream

import "sync"

// Bounds of what waits for one reader, and of what a Hub keeps.
const (
	maxQueuedUnits = 600
	maxQueuedBytes = 8 << 20
)

// soundOnly is after how many units of sound in a row no video is expected: 4 s
// at 50 a second.
const soundOnly = 200

// Hub hands the units of one source to its readers.
type Hub struct {
	mu      sync.Mutex
	readers map[*Reader]struct{}
	closed  bool
	demand  func(bool) // told when the first reader came or the last one went

	video int // how many more units of sound make it sound only; 0: it is

	keeps     bool
	kept      []Unit // from the newest key frame on; none: not known, or too much
	keptBytes int
}

// NewHub returns a Hub without readers. demand is called, in order and with the
// Hub's lock held, when the first reader comes and when the last one goes: what is
// dear to make need not be made for nobody. nil: nobody is told.
func NewHub(demand func(wanted bool)) *Hub {
	return &Hub{readers: map[*Reader]struct{}{}, demand: demand}
}

// NewKeepingHub returns a Hub that keeps the units from the newest key frame on,
// within the bounds of what may wait for a reader: whoever comes begins with them
// at once.
func NewKeepingHub(demand func(wanted bool)) *Hub {
	h := NewHub(demand)
	h.keeps = true
	return h
}

// Publish hands a unit to all readers. It never waits.
func (h *Hub) Publish(u Unit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(u)
	for r := range h.readers {
		r.push(u)
	}
}

// note takes over what a unit says about those to come.
func (h *Hub) note(u Unit) {
	switch {
	case u.Codec.Video():
		h.video = soundOnly
	case u.Discontinuity:
		h.video = 0
	case h.video > 0:
		h.video--
	}
	if h.keeps && !h.closed {
		h.keep(u)
	}
}

func (h *Hub) keep(u Unit) {
	key := u.Codec.Video() && u.Key
	if key || u.Discontinuity || h.video == 0 || len(h.kept) >= maxQueuedUnits || h.keptBytes+len(u.Data) > maxQueuedBytes {
		h.kept, h.keptBytes = nil, 0
	}
	if key || len(h.kept) > 0 {
		h.kept = append(h.kept, u)
		h.keptBytes += len(u.Data)
	}
}

// Forget drops what is kept and what waits for readers. They go on with what is
// published from now on: with a key frame, or with sound.
func (h *Hub) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept, h.keptBytes, h.video = nil, 0, 0
	for r := range h.readers {
		r.forget()
	}
}

// Replace puts what change makes of it in the place of each unit that is kept or
// waits for a reader.
func (h *Hub) Replace(change func(Unit) Unit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keptBytes = replace(h.kept, change)
	for r := range h.readers {
		r.bytes = replace(r.queue, change)
	}
}

func replace(units []Unit, change func(Unit) Unit) (bytes int) {
	for i := range units {
		units[i] = change(units[i])
		bytes += len(units[i].Data)
	}
	return bytes
}

// Wanted says whether there is a reader.
func (h *Hub) Wanted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.readers) > 0
}

// Read returns a new reader, which begins with the newest key frame that is kept,
// else with the next one, or with audio where no video comes. Close it when done.
func (h *Hub) Read() *Reader {
	r := &Reader{hub: h, ready: make(chan struct{}, 1), waiting: true}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		r.closed = true
		return r
	}
	for _, u := range h.kept {
		r.push(u)
	}
	h.readers[r] = struct{}{}
	if len(h.readers) == 1 && h.demand != nil {
		h.demand(true)
	}
	return r
}

// Close ends all readers once they have read what waits for them.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	h.kept, h.keptBytes = nil, 0
	for r := range h.readers {
		r.closed = true
		r.wake()
	}
	if len(h.readers) > 0 && h.demand != nil {
		h.demand(false)
	}
	clear(h.readers)
}
