package live

import (
	"context"
	"net/http"
	"time"

	"chalkline/protocol"
	"chalkline/server/media/stream"
)

const (
	// away is how long a reader waits for a source that gives nothing.
	away = 30 * time.Second
	// stuck is how long a write may take.
	stuck = 10 * time.Second
)

// stream is live.ts: what comes, as it comes, from the newest key frame on.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, o *output) {
	s.metrics.requests.WithLabelValues("httpts").Inc()
	release, ok := s.seat(o.source.Room)
	if !ok {
		refuse(w, protocol.NewError(protocol.Overloaded))
		return
	}
	defer release()
	s.metrics.readers.Inc()
	defer s.metrics.readers.Dec()
	reader := o.hub.Read()
	defer func() {
		s.metrics.dropped.WithLabelValues("reader").Add(float64(reader.Dropped()))
		reader.Close()
	}()
	wait, cancel := s.bounded(r.Context(), firstWait)
	u, err := reader.Next(wait)
	cancel()
	if err != nil {
		refuse(w, protocol.NewError(protocol.NoSuchSource))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "video/mp2t")
	w.Header().Set("X-Accel-Buffering", "no") // nginx passes it on at once
	if r.Method == http.MethodHead {
		return
	}
	u.Discontinuity = true // it begins here, whatever was before
	t := tail{to: w, control: http.NewResponseController(w)}
	for err == nil {
		var n int
		n, err = t.write(u)
		s.metrics.bytes.WithLabelValues("httpts").Add(float64(n))
		if err == nil {
			u, err = s.next(r.Context(), reader)
		}
	}
}

func (s *Server) next(ctx context.Context, reader *stream.Reader) (stream.Unit, error) {
	ctx, cancel := s.bounded(ctx, away)
	defer cancel()
	return reader.Next(ctx)
}

// tail writes a programme as it comes.
type tail struct {
	to      http.ResponseWriter
	control *http.ResponseController
	out     programme
	buf     []byte
	picture int64 // DTS of the newest; 0: none came
}

// write sends a unit at once. A client that takes nothing is an error after a while.
func (t *tail) write(u stream.Unit) (int, error) {
	t.buf = t.buf[:0]
	t.out.place(&u)
	t.closeHole(&u)
	if u.Discontinuity || u.Codec.Video() && u.Key {
		t.buf = t.out.mux.AppendTables(t.buf)
	}
	t.buf = t.out.append(t.buf, u)
	if len(t.buf) == 0 {
		return 0, nil
	}
	_ = t.control.SetWriteDeadline(time.Now().Add(stuck)) // where there is one
	n, err := t.to.Write(t.buf)
	if err == nil {
		err = t.control.Flush()
	}
	// Nothing is written till the next unit; and the connection may be used again.
	_ = t.control.SetWriteDeadline(time.Time{})
	return n, err
}

// closeHole leaves no hole in the picture where it begins anew: its first picture stands
// from a millisecond after the one before it on. Where the format changes mpegts.js
// loses that one, and behind a hole of some 70 ms browsers show nothing for seconds.
// A picture that was away for longer than near comes when it is due: no player expects
// times so far back.
func (t *tail) closeHole(u *stream.Unit) {
	if !u.Codec.Video() {
		return
	}
	if hole := u.DTS - t.picture - second/1000; u.Discontinuity && t.picture > 0 && hole > 0 && hole < near {
		u.PTS -= hole
		u.DTS -= hole
	}
	t.picture = u.DTS
}
