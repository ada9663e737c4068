package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"chalkline/protocol"
	"chalkline/server/media"
	"chalkline/server/reply"
)

// idleTime is how long nothing may come from an encoder.
const idleTime = 10 * time.Second

// A participant may ask for so many stream keys in a window. Each is a write that boards
// wait beside.
const (
	keysPerWindow = 10
	keysWindow    = time.Minute
)

// answerTime is how long an encoder may take to take the answer.
const answerTime = 10 * time.Second

// Register adds stream keys and MPEG-TS to mux (docs/protocol.md, HTTP).
func (s *Server) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/rooms/{code}/stream-key", s.postKey)
	mux.HandleFunc("POST /ingest/{key}", s.take)
	mux.HandleFunc("PUT /ingest/{key}", s.take)
}

// postKey answers with a new stream key; the one before ends.
func (s *Server) postKey(w http.ResponseWriter, r *http.Request) {
	visitor, err := s.cfg.Rooms.Enter(r)
	if err == nil {
		err = media.MayPublish(visitor.Participant)
	}
	if err == nil && !s.given.Allow(visitor.ID) {
		err = protocol.NewError(protocol.Overloaded)
	}
	key := ""
	if err == nil {
		key, err = s.keys.make(r.Context(), visitor)
	}
	if err != nil {
		reply.Error(w, err)
		return
	}
	rtmp, http := s.cfg.URLs(r.Host, r.TLS != nil, key)
	w.Header().Set("Cache-Control", "no-store")
	reply.JSON(w, 200, map[string]string{"key": key, "rtmp": rtmp, "http": http})
}

// take publishes a transport stream for as long as it comes.
func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	p, end, err := s.start(r.RemoteAddr, r.PathValue("key"), "mpegts", wrapBits)
	if err != nil {
		reply.Error(w, err)
		return
	}
	defer end()
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Time{}) // where there is one: the answer comes at the end
	body := &patient{body: r.Body, deadline: control.SetReadDeadline}
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-p.publication.Done():
			body.end(protocol.NewError(protocol.TakenOver))
		case <-s.ctx.Done():
			body.end(protocol.NewError(protocol.GoingAway))
		case <-over:
		}
	})
	err = newDemuxer(body, p).run()
	close(over)
	watch.Wait()
	_ = control.SetWriteDeadline(time.Now().Add(answerTime))
	if err = answerable(err); err != nil {
		reply.Error(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// answerable returns the *protocol.Error that an encoder is told; nil if it ended its
// stream itself.
func answerable(err error) error {
	switch known, ok := errors.AsType[*protocol.Error](err); {
	case ok:
		return known
	case errors.Is(err, errCodec):
		return protocol.NewError(protocol.UnsupportedCodec, "codecs", "H264,AAC")
	case errors.Is(err, errMalformed):
		return protocol.NewError(protocol.BadMessage)
	case err != nil && !errors.Is(err, context.Canceled):
		return protocol.NewError(protocol.Silent)
	}
	return nil
}

// patient reads a body that may take as long as it likes, but for no longer than
// idleTime without a byte.
type patient struct {
	body     io.Reader
	deadline func(time.Time) error

	mu  sync.Mutex
	why error // not nil: it is to end
}

func (b *patient) Read(p []byte) (int, error) {
	if err := b.extend(); err != nil {
		return 0, err
	}
	n, err := b.body.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil && b.why != nil {
		err = b.why
	}
	return n, err
}

func (b *patient) extend() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.why != nil {
		return b.why
	}
	if err := b.deadline(time.Now().Add(idleTime)); err != nil {
		return fmt.Errorf("ingest: deadline: %w", err)
	}
	return nil
}

// end makes a Read that waits, and those to come, fail with why.
func (b *patient) end(why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.why = why
	_ = b.deadline(time.Unix(1, 0)) // of a connection that is gone
}
