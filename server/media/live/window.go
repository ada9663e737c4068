package live

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// listed is how much of the past a playlist has at least.
	listed = 75 * second
	// lingers is how long a segment can be fetched when it is listed no more: its own
	// length and that of the longest playlist it was in (RFC 8216, 6.2.2).
	lingers = listed + longest
	// fewest is how many segments are kept whatever they weigh, if they are no more than
	// their part of all: a player begins three before the end.
	fewest = 4
	// mostListed is how many segments a playlist has at most, however short they are; 84
	// are usual. Twice as many are kept.
	mostListed = 200
)

// window is what there is of a stream: the newest segments, and the playlist that
// lists them.
type window struct {
	most  int64         // bytes of this one
	all   *atomic.Int64 // bytes of all
	limit int64         // of all
	part  int64         // of the limit, which nobody else takes away

	mu        sync.Mutex
	segments  []*segment // by sequence
	first     int        // that is listed
	bytes     int64
	breaks    int64         // discontinuities before the first that is kept
	target    int64         // s; that of the longest so far (docs/decisions/0017)
	playlist  []byte        // nil: to be written when it is asked for
	available chan struct{} // closed when there is a segment, or never will be
	closed    bool
}

func newWindow(most, limit, part int64, all *atomic.Int64, breaks int64) *window {
	return &window{most: most, limit: limit, part: part, all: all, breaks: breaks, available: make(chan struct{})}
}

// add adds the next segment and lets go what is too old or too much.
func (w *window) add(s *segment) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	if len(w.segments) == 0 {
		close(w.available)
	}
	w.segments = append(w.segments, s)
	w.weigh(int64(len(s.data)))
	w.target = max(w.target, int64(math.Round(s.seconds())), 1)
	for w.ticks(1) > listed+lingers || len(w.segments) > 2*mostListed {
		w.drop()
	}
	for len(w.segments) > fewest && (w.bytes > w.most || w.all.Load() > w.limit) {
		w.drop()
	}
	for len(w.segments) > 1 && w.bytes > w.part && w.all.Load() > w.limit {
		w.drop()
	}
	for w.ticks(w.first+1) > listed || len(w.segments)-w.first > mostListed {
		w.first++
	}
	w.playlist = nil
}

func (w *window) weigh(n int64) {
	w.bytes += n
	w.all.Add(n)
}

// ticks is how long the segments from one on are together.
func (w *window) ticks(from int) (n int64) {
	for _, s := range w.segments[min(from, len(w.segments)):] {
		n += s.ticks
	}
	return n
}

// drop lets the oldest segment go.
func (w *window) drop() {
	w.weigh(-int64(len(w.segments[0].data)))
	if w.segments[0].discontinuity {
		w.breaks++
	}
	w.segments[0] = nil
	w.segments = w.segments[1:]
	w.first = max(w.first-1, 0)
}

// clear lets all go. What comes next goes on in the same numbers.
func (w *window) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.segments) == 0 {
		return
	}
	for len(w.segments) > 0 {
		w.drop()
	}
	w.playlist, w.available = nil, make(chan struct{})
}

// mute takes the sound out of all there is.
func (w *window) mute() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.segments {
		s.muted = true
	}
}

// close lets all go for good.
func (w *window) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.segments) == 0 {
		close(w.available)
	}
	w.weigh(-w.bytes)
	w.segments, w.playlist, w.closed = nil, nil, true
}

// wait returns the playlist when there is a segment to list; nil if ctx or the
// window ends before.
func (w *window) wait(ctx context.Context) []byte {
	for {
		list, available := w.list()
		if list != nil || available == nil {
			return list
		}
		select {
		case <-available:
		case <-ctx.Done():
			return nil
		}
	}
}

// list returns the playlist, or what is closed when there is one; neither, if there
// never will be.
func (w *window) list() (playlist []byte, available <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		return nil, nil
	case len(w.segments) == 0:
		return nil, w.available
	}
	if w.playlist == nil {
		w.playlist = w.render()
	}
	return w.playlist, nil
}

// empty says whether there is no segment.
func (w *window) empty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.segments) == 0
}

// find returns the content of a segment.
func (w *window) find(name string) ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.segments {
		if s.name == name {
			return s.content(), true
		}
	}
	return nil, false
}

// render writes the playlist (RFC 8216). The first segment's own discontinuity is
// counted, not listed: what was before it is not known to who begins there, and is
// to who was here before.
func (w *window) render() []byte {
	breaks := w.breaks
	for _, s := range w.segments[:w.first+1] {
		if s.discontinuity {
			breaks++
		}
	}
	shown := w.segments[w.first:]
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:%d\n", w.target)
	if independent(shown) {
		b.WriteString("#EXT-X-INDEPENDENT-SEGMENTS\n")
	}
	fmt.Fprintf(&b, "#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", shown[0].sequence, breaks)
	for i, s := range shown {
		if s.discontinuity && i > 0 {
			b.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		if s.time > 0 {
			fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", time.UnixMicro(s.time).UTC().Round(time.Millisecond).Format("2006-01-02T15:04:05.000Z"))
		}
		fmt.Fprintf(&b, "#EXTINF:%.5f,\n%s.ts\n", s.seconds(), s.name)
	}
	return []byte(b.String())
}

func independent(segments []*segment) bool {
	for _, s := range segments {
		if !s.independent {
			return false
		}
	}
	return true
}
