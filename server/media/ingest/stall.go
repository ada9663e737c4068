package ingest

import (
	"sync"
	"sync/atomic"
	"time"

	"chalkline/server/media"
)

const (
	// pausedAfter is after how long without a picture or a sound a source is paused,
	// though its encoder is connected (MED10).
	pausedAfter = 2 * time.Second
	// stallTick is how often that is looked at.
	stallTick = 250 * time.Millisecond
)

// stall tells the room when nothing comes of a publication, and when it comes again.
type stall struct {
	publication *media.Publication
	newest      atomic.Int64 // when something came, since start
	start       time.Time
	running     sync.WaitGroup
	ends        sync.Once
	over        chan struct{}
}

// watchStall begins to watch; end is to be called.
func watchStall(p *media.Publication) *stall {
	s := &stall{publication: p, start: time.Now(), over: make(chan struct{})}
	s.running.Go(s.run)
	return s
}

// came notes that a picture or a sound has come.
func (s *stall) came() { s.newest.Store(int64(time.Since(s.start))) }

// end stops watching, and waits for it.
func (s *stall) end() {
	s.ends.Do(func() { close(s.over) })
	s.running.Wait()
}

func (s *stall) run() {
	ticker := time.NewTicker(stallTick)
	defer ticker.Stop()
	for paused := false; ; {
		select {
		case <-ticker.C:
		case <-s.over:
			return
		}
		still := time.Since(s.start)-time.Duration(s.newest.Load()) >= pausedAfter
		if still != paused {
			paused = still
			s.publication.Pause(paused)
		}
	}
}
