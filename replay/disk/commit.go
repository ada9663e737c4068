package disk

import (
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// committers are the goroutines that hand batches to Pebble: as many as there
// were commits at one time. They stand between a caller and Pebble so that a
// caller comes back when the store fails (see try); Pebble makes one sync of
// all batches that wait for one.
type committers struct {
	work    chan commit
	failure *failure
}

type commit struct {
	batch *pebble.Batch
	done  chan<- error // takes one without blocking
}

func newCommitters(f *failure) *committers {
	return &committers{work: make(chan commit), failure: f}
}

func (c *committers) hand(job commit) {
	select {
	case c.work <- job:
	default:
		go c.run(job)
	}
}

func (c *committers) run(job commit) {
	for ok := true; ok; job, ok = <-c.work {
		err := recovered(func() error { return job.batch.Commit(pebble.Sync) })
		if err != nil {
			c.failure.set(err)
		}
		job.done <- err
	}
}

// stop ends the goroutines; no commit may be under way.
func (c *committers) stop() { close(c.work) }

// commit makes a batch durable. done is of capacity 1, empty and nobody
// else's; it may be used again unless the store has failed.
func (l *Log) commit(batch *pebble.Batch, done chan error) error {
	if err := l.failure.get(); err != nil {
		return err
	}
	start := time.Now()
	l.committers.hand(commit{batch, done})
	select {
	case err := <-done:
		if err != nil {
			return l.failure.err
		}
	case <-l.failure.done:
		return l.failure.err
	}
	l.metrics.commits.Inc()
	l.metrics.commit.Observe(time.Since(start).Seconds())
	return batch.Close()
}
