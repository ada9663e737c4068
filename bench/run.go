package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/pprof"
)

// Run measures what c says and writes the result to w. A server that it started
// has ended, and what it stored is removed, when Run returns. A result that shows
// the server to be wrong is written and an error: ErrWrong.
func Run(ctx context.Context, c Config, w io.Writer) (err error) {
	switch c.Mode {
	case ModeBareServer:
		return serveBare(ctx, c, w)
	case ModeWHEPServer, ModeWHEPBareServer:
		return serveWHEP(ctx, c.Mode == ModeWHEPBareServer, w)
	case ModeGuests:
		return runGuests(ctx, c, w)
	}
	t, err := openTarget(ctx, c)
	if err != nil {
		return err
	}
	defer func() {
		t.http.CloseIdleConnections() // a server that stops waits for them
		err = errors.Join(err, t.stop())
	}()
	stopProfile, err := startProfile(c.CPUProfile)
	if err != nil {
		return err
	}
	result, err := measure(ctx, c, t)
	err = errors.Join(err, stopProfile())
	if distrust := new(tls.CertificateVerificationError); errors.As(err, &distrust) {
		return fmt.Errorf("%w; --insecure accepts any certificate", err)
	}
	if err != nil {
		return err
	}
	write := result.Table
	if c.JSON {
		write = result.JSON
	}
	return errors.Join(write(w), result.fault())
}

// report is what a run came to.
type report interface {
	JSON(w io.Writer) error  // one line for each thing that was measured
	Table(w io.Writer) error // for people
	fault() error            // what must not be, whatever the machine: it was measured in vain
}

// garbageLimit, bytes, lets the generator spend memory rather than its core: a
// collection holds up all its clients for a tenth of a second, as no class does.
const garbageLimit = 4 << 30

func measure(ctx context.Context, c Config, t *target) (report, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(min(garbageLimit, ownMemory()/2)))
	switch c.Mode {
	case ModeJoin:
		return runJoin(ctx, c, t)
	case ModeBare:
		return runBare(ctx, c, t)
	case ModeWHEP:
		return runWHEP(ctx, c, t)
	case ModeAlign:
		return runAlign(ctx, c, t)
	default:
		return runLoad(ctx, c, t)
	}
}

// startProfile profiles this process into a file; an empty path profiles nothing.
func startProfile(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("bench: profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, fmt.Errorf("bench: profile: %w", err)
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}
