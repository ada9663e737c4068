package aac

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"chalkline/server/media/live/adts"
)

// maxStream bounds what is kept of the output without finding a frame, in bytes.
const maxStream = 64 << 10

// arguments of ffmpeg. Nothing in them comes from outside. Not "nobuffer": it takes
// away the first packet.
func arguments() []string {
	return []string{
		"-hide_banner", "-nostdin", "-loglevel", "error", "-protocol_whitelist", "pipe",
		"-probesize", "32", "-analyzeduration", "0", "-flags", "low_delay", "-threads", "1",
		"-f", "ogg", "-c:a", "opus", "-i", "pipe:0",
		"-map", "0:a:0", "-map_metadata", "-1", "-c:a", "aac", "-b:a", "96k", "-ar", "48000", "-ac", "2", "-threads", "1",
		"-flush_packets", "1", "-f", "adts", "pipe:1",
	}
}

// running is one process.
type running struct {
	e *Encoder

	mu    sync.Mutex
	times timeline
}

// process runs one to its end.
func (e *Encoder) process(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := exec.CommandContext(ctx, e.cfg.Path, arguments()...)
	c.Env, c.Dir = []string{}, "/"
	c.WaitDelay = 2 * time.Second
	said := &tail{}
	c.Stderr = said
	in, err := c.StdinPipe()
	if err != nil {
		return fmt.Errorf("aac: input: %w", err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return fmt.Errorf("aac: output: %w", err)
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("aac: start: %w", err)
	}
	e.set(cancel)
	defer e.set(nil)
	if e.cfg.Started != nil {
		e.cfg.Started()
	}
	r := &running{e: e}
	var writing sync.WaitGroup
	writing.Go(func() {
		defer in.Close()
		if err := r.write(ctx, in); err != nil {
			cancel(err)
		}
	})
	r.read(ctx, out)
	cancel(nil)
	writing.Wait()
	err = c.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return fmt.Errorf("aac: ffmpeg ended: %w; it said %q", errOr(err), said.String())
}

// errEnded is why a process ended that was not asked to.
var errEnded = errors.New("by itself")

func errOr(err error) error {
	if err == nil {
		return errEnded
	}
	return err
}

func (e *Encoder) set(cancel context.CancelCauseFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cancel = cancel
}

// write hands packets to the process until it or the Encoder ends.
func (r *running) write(ctx context.Context, in io.Writer) error {
	var p pages
	var granule int64
	buf := p.head(nil)
	for {
		if _, err := in.Write(buf); err != nil {
			return fmt.Errorf("aac: write: %w", err)
		}
		buf = buf[:0]
		select {
		case <-ctx.Done():
			return nil
		case packet := <-r.e.queue:
			silence, samples, err := r.place(packet)
			if err != nil {
				return err
			}
			for range silence {
				granule += silenceSamples
				buf = p.append(buf, 0, granule, []byte(silencePacket))
			}
			if samples > 0 {
				granule += int64(samples)
				buf = p.append(buf, 0, granule, packet.Data)
			}
		}
	}
}

// place says what goes in for a packet; samples is 0 if it does not.
func (r *running) place(packet Packet) (silence, samples int, err error) {
	samples = samplesOf(packet.Data)
	if samples == 0 {
		r.e.drop()
		return 0, 0, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	silence, ok := r.times.place(packet.PTS, samples, packet.Epoch)
	if !ok {
		samples = 0
	}
	if r.times.owed() > maxOwed {
		return 0, 0, errStuck
	}
	return silence, samples, nil
}

// read gives frames until the output ends.
func (r *running) read(ctx context.Context, out io.Reader) {
	buf := make([]byte, 0, 4096)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := out.Read(buf[len(buf):cap(buf)])
		rest := buf[:len(buf)+n]
		for {
			config, raw, left := adts.Cut(rest)
			rest = left
			if raw == nil {
				break
			}
			r.give(ctx, config, raw)
		}
		if err != nil || len(rest) > maxStream {
			return
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
	}
}

func (r *running) give(ctx context.Context, config adts.Config, raw []byte) {
	r.mu.Lock()
	pts, epoch, ok := r.times.next(adts.SamplesPerFrame)
	r.mu.Unlock()
	if ok {
		r.e.give(ctx, Frame{
			PTS: pts, Time: r.e.captured(pts, epoch), Epoch: epoch,
			Config: config, Data: append([]byte(nil), raw...),
		})
	}
}

// tail keeps the end of what a process says. It belongs to one goroutine until the
// process has ended.
type tail struct{ b []byte }

const maxTail = 1 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.b = append(t.b, b[max(0, len(b)-maxTail):]...)
	t.b = t.b[max(0, len(t.b)-maxTail):]
	return len(b), nil
}

func (t *tail) String() string { return strings.ToValidUTF8(string(t.b), "?") }
