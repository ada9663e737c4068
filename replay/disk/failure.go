package disk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"chalkline/replay"
)

// failure is the state from which there is no way on but to open the store
// again: Pebble could not write its log or manifest, and what is in its memory
// no longer says what is on the disk.
type failure struct {
	once sync.Once
	done chan struct{} // closed when it is so
	err  error         // set before done is closed
	log  *slog.Logger
}

func newFailure(log *slog.Logger) *failure {
	return &failure{done: make(chan struct{}), log: log}
}

// set is the first to know.
func (f *failure) set(cause error) {
	f.once.Do(func() {
		f.err = fmt.Errorf("%w: %w", replay.ErrFailed, cause)
		f.log.Error("the store has failed: nothing is taken any more, what was acknowledged is safe. "+
			"Check the disk (space, quota, kernel messages), then start the server again.", "error", cause)
		close(f.done)
	})
}

// get returns the error of a store that has failed, else nil.
func (f *failure) get() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

// try runs a call into Pebble that may meet its end there: Pebble may not go on
// after Fatalf, and locks that its panics leave behind would hang others. So the
// call has its own goroutine, given up when the store fails.
func try(f *failure, call func() error) error {
	done := make(chan error, 1)
	go func() { done <- recovered(call) }()
	select {
	case err := <-done:
		return err
	case <-f.done:
		return f.err
	}
}

// errPanic is a panic of Pebble, which is how it reports some damage.
var errPanic = errors.New("panic")

func recovered(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanic, r)
		}
	}()
	return call()
}

// pebbleLogger takes Pebble's messages.
type pebbleLogger struct {
	log     *slog.Logger
	failure *failure
}

func (l pebbleLogger) Infof(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("pebble", "message", fmt.Sprintf(format, args...))
	}
}

func (l pebbleLogger) Errorf(format string, args ...any) {
	l.log.Error("pebble", "message", fmt.Sprintf(format, args...))
}

// Fatalf does not return, as Pebble expects, and does not end the process
// either: whoever called it stays here, so that nothing more is written from a
// state that is no longer known, and the owner of the store learns of it.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	l.failure.set(fmt.Errorf(format, args...))
	select {}
}

// listen has Pebble report what its background work does and finds.
func (l *Log) listen() *pebble.EventListener {
	log := l.cfg.Logger
	return &pebble.EventListener{
		WALCreated: l.markLog,
		BackgroundError: func(err error) {
			l.metrics.errors.WithLabelValues("background").Inc()
			log.Error("the store could not tidy its files and tries again; appending goes on", "error", err)
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			first, last := roomsWithin(info.Bounds.Start, info.Bounds.End.Key)
			log.Error("a file of the store is damaged: "+advice,
				"file", info.Path, "first_room", first, "last_room", last, "error", info.Details)
		},
	}
}
