package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	// startWait is how long a started server may take until it answers.
	startWait = 30 * time.Second
	// stopWait is how long it may take to stop before it is killed.
	stopWait = 10 * time.Second
	// keptOutput is how much of what it last wrote is kept for an error, in bytes.
	keptOutput = 4 << 10
)

// target is the server that is measured.
type target struct {
	url    string
	pid    int // 0: unknown
	http   *http.Client
	fsType string // of its store; empty: unknown
	pinned bool
	stop   func() error
}

// openTarget finds or starts the server that c names; its stop is to be called.
func openTarget(ctx context.Context, c Config) (*target, error) {
	if c.Start {
		return startServer(ctx, c)
	}
	t := &target{url: c.URL, pid: c.PID, http: httpClient(c.Insecure), stop: func() error { return nil }}
	return t, nil
}

func httpClient(insecure bool) *http.Client {
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure},
			MaxIdleConnsPerHost: dialsAtOnce,
		},
	}
}

// startServer starts a server on an empty store.
func startServer(ctx context.Context, c Config) (*target, error) {
	dir, fsType, err := makeStore(c)
	if err != nil {
		return nil, err
	}
	t, err := runServer(ctx, c, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	t.fsType = fsType
	return t, nil
}

// makeStore makes the folder of the store, on a real disk.
func makeStore(c Config) (dir, fsType string, err error) {
	parent := c.Data
	if parent == "" {
		parent = "."
	}
	fsType, inMemory, err := fileSystem(parent)
	if err != nil {
		return "", "", err
	}
	if inMemory && !c.AllowTmpfs {
		return "", "", fmt.Errorf("bench: %s is in memory (%s), where fsync costs nothing: give --data on a disk, or --allow-tmpfs", parent, fsType)
	}
	dir, err = os.MkdirTemp(parent, "chalkline-bench-")
	if err != nil {
		return "", "", fmt.Errorf("bench: store: %w", err)
	}
	return dir, fsType, nil
}

// runServer builds the server if need be and starts it on dir.
func runServer(ctx context.Context, c Config, dir string) (*target, error) {
	command, err := serverCommand(ctx, c, dir)
	if err != nil {
		return nil, err
	}
	output := &tail{}
	found := make(chan string, 1)
	command.Stderr = output
	command.Stdout = io.MultiWriter(output, &addressFinder{found: found})
	pinned := canPin()
	if pinned {
		command.Env = append(os.Environ(), "GOMAXPROCS=1")
		err = startPinned(command)
	} else {
		err = command.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("bench: start %s: %w", command.Path, err)
	}
	p := &process{command: command, dir: dir, ended: make(chan struct{})}
	go p.wait()
	t := &target{pid: command.Process.Pid, http: httpClient(true), pinned: pinned, stop: p.stop}
	select {
	case announced := <-found:
		if t.url, err = encrypted(announced); err == nil {
			return t, nil
		}
	case <-p.ended:
		err = fmt.Errorf("bench: server ended: %w\n%s", p.err, output)
	case <-time.After(startWait):
		err = fmt.Errorf("bench: server names no address within %v\n%s", startWait, output)
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	return nil, errors.Join(err, p.stop())
}

// serverCommand returns how to start the server on dir.
func serverCommand(ctx context.Context, c Config, dir string) (*exec.Cmd, error) {
	modes := map[string]string{ModeBare: ModeBareServer, ModeWHEP: ModeWHEPServer, ModeWHEPBare: ModeWHEPBareServer}
	if mode := modes[c.Mode]; mode != "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("bench: server of this program: %w", err)
		}
		return exec.Command(self, "--mode", mode, "--data", dir), nil
	}
	binary, err := serverBinary(ctx, c.Server, dir)
	if err != nil {
		return nil, err
	}
	return exec.Command(binary, "serve", "--dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "store")), nil
}

// encrypted returns where to reach a server on this machine through TLS: what a
// person opens there may be plain http, and so would its WebSockets be.
func encrypted(announced string) (string, error) {
	u, err := url.Parse(announced)
	if err != nil || u.Port() == "" {
		return "", fmt.Errorf("bench: server's address %q has no port", announced)
	}
	return "https://" + net.JoinHostPort("127.0.0.1", u.Port()), nil
}

// serverBinary returns the server to start: the one named, that beside this
// program, or one built from source into dir.
func serverBinary(ctx context.Context, named, dir string) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), executable("chalkline"))
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	built, err := filepath.Abs(filepath.Join(dir, executable("chalkline")))
	if err != nil {
		return "", fmt.Errorf("bench: build the server: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", built, "chalkline/cmd/chalkline")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("bench: build the server: %w\n%s", err, output)
	}
	return built, nil
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

// process is a server that this program started.
type process struct {
	command *exec.Cmd
	dir     string
	ended   chan struct{} // closed once it has
	err     error         // how; readable then
	once    sync.Once
	stopErr error
}

func (p *process) wait() {
	p.err = p.command.Wait()
	close(p.ended)
}

// stop ends the process, by force if it does not end by itself, and removes what
// it stored.
func (p *process) stop() error {
	p.once.Do(func() {
		_ = p.command.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(stopWait):
			_ = p.command.Process.Kill()
			<-p.ended
		}
		if err := os.RemoveAll(p.dir); err != nil {
			p.stopErr = fmt.Errorf("bench: remove the store: %w", err)
		}
	})
	return p.stopErr
}

// addressFinder looks for the address in the server's first lines.
type addressFinder struct {
	found chan<- string
	held  bytes.Buffer
	done  bool
}

var address = regexp.MustCompile(`https?://[^\s"/]+`)

func (a *addressFinder) Write(p []byte) (int, error) {
	if a.done {
		return len(p), nil
	}
	a.held.Write(p)
	lines := bufio.NewReader(&a.held)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			a.held.Reset()
			a.held.WriteString(line) // the rest of the line is to come
			return len(p), nil
		}
		if url := address.FindString(line); url != "" {
			a.done = true
			a.found <- url
			return len(p), nil
		}
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte // guarded by mu
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - keptOutput; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
