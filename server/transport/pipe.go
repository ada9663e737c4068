package transport

import (
	"bytes"
	"sync"
)

// pipeRoom is how many bytes a client's WebSocket holds of one stream before it
// stops reading from the network.
const pipeRoom = 256 << 10

// pipe carries the bytes of one stream from the goroutine that reads a
// WebSocket to whoever reads the stream.
type pipe struct {
	filled, drained chan struct{}   // each holds a token when there is something to see
	done            <-chan struct{} // nothing more comes, and
	cause           func() error    // why

	mu      sync.Mutex
	held    bytes.Buffer // guarded by mu
	end     error        // guarded by mu; what follows held, nil if more comes
	dropped bool         // guarded by mu; the reader is gone
}

func newPipe(done <-chan struct{}, cause func() error) *pipe {
	return &pipe{filled: make(chan struct{}, 1), drained: make(chan struct{}, 1), done: done, cause: cause}
}

// Write waits until there is room. What comes after drop is thrown away.
func (p *pipe) Write(b []byte) (int, error) {
	for !p.put(b) {
		select {
		case <-p.drained:
		case <-p.done:
			return 0, p.cause()
		}
	}
	return len(b), nil
}

func (p *pipe) put(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dropped {
		return true
	}
	if p.held.Len() >= pipeRoom {
		return false
	}
	p.held.Write(b)
	token(p.filled)
	return true
}

// Read waits for bytes, the end of the stream or that of the connection.
func (p *pipe) Read(b []byte) (int, error) {
	for {
		if n, err := p.take(b); n > 0 || err != nil {
			return n, err
		}
		select {
		case <-p.filled:
		case <-p.done:
			if n, err := p.take(b); n > 0 || err != nil {
				return n, err
			}
			return 0, p.cause()
		}
	}
}

func (p *pipe) take(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held.Len() == 0 {
		return 0, p.end
	}
	n, _ := p.held.Read(b)
	token(p.drained)
	return n, nil
}

// finish says what follows the bytes written.
func (p *pipe) finish(end error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end = end
	token(p.filled)
}

// drop throws away what is held and what still comes.
func (p *pipe) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropped, p.end, p.held = true, ErrClosed, bytes.Buffer{}
	token(p.drained)
	token(p.filled)
}

func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
