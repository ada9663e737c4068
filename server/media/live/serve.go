package live

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"chalkline/protocol"
	"chalkline/server/media"
	"chalkline/server/reply"
)

// firstWait is how long a request waits for an output that has only just begun.
const firstWait = 8 * time.Second

// sendWait is how long a playlist or a segment may take to be sent.
const sendWait = time.Minute

// locate is GET …/live: where somebody who may plays a source from.
func (s *Server) locate(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	v, source, err := s.cfg.Registry.Requested(r)
	if err != nil {
		reply.Error(w, err)
		return
	}
	g := grantNow(v.Room, source.ID, time.Now())
	at := s.cfg.Base + "/live/" + g.token(s.cfg.Secret)
	reply.JSON(w, http.StatusOK, map[string]any{"hls": at + "/index.m3u8", "httpts": at + "/live.ts", "expires": g.expires})
}

// permitAll is OPTIONS /live/…: players of any page may read what has no cookies
// and whose token is in its path.
func permitAll(w http.ResponseWriter, _ *http.Request) {
	allowAll(w)
	w.Header().Set("Access-Control-Allow-Headers", "Range")
	w.Header().Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

func allowAll(w http.ResponseWriter) { w.Header().Set("Access-Control-Allow-Origin", "*") }

// play is GET /live/{token}/{file}.
func (s *Server) play(w http.ResponseWriter, r *http.Request) {
	allowAll(w)
	g, err := readToken(s.cfg.Secret, r.PathValue("token"), time.Now())
	if err != nil {
		refuse(w, err)
		return
	}
	source, ok := s.cfg.Registry.SourceOf(g.room, g.source)
	if !ok {
		refuse(w, protocol.NewError(protocol.NoSuchSource))
		return
	}
	file := r.PathValue("file")
	segment, isTS := strings.CutSuffix(file, ".ts")
	switch {
	case file == "index.m3u8":
		s.withOutput(w, r, source, s.playlist)
	case file == "live.ts":
		s.withOutput(w, r, source, s.stream)
	case isTS:
		s.segment(w, r, source, segment)
	default:
		refuse(w, protocol.NewError(protocol.NoSuchSource))
	}
}

// refuse answers with an error that no cache keeps.
func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Cache-Control", "no-store")
	reply.Error(w, err)
}

// withOutput answers a request from the output of a source, which begins if there is
// none.
func (s *Server) withOutput(w http.ResponseWriter, r *http.Request, source *media.Source,
	answer func(http.ResponseWriter, *http.Request, *output),
) {
	o, release, err := s.use(source)
	if err != nil {
		refuse(w, err)
		return
	}
	defer release()
	answer(w, r, o)
}

// playlist is index.m3u8.
func (s *Server) playlist(w http.ResponseWriter, r *http.Request, o *output) {
	s.metrics.requests.WithLabelValues("playlist").Inc()
	ctx, cancel := s.bounded(r.Context(), firstWait)
	defer cancel()
	list := o.window.wait(ctx)
	if list == nil {
		refuse(w, protocol.NewError(protocol.NoSuchSource))
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=1")
	s.send(w, r, "application/vnd.apple.mpegurl", list)
}

// segment is {segment}.ts: it does not make an output, since what it names is gone
// with its output.
func (s *Server) segment(w http.ResponseWriter, r *http.Request, source *media.Source, segment string) {
	s.metrics.requests.WithLabelValues("segment").Inc()
	o, release, ok := s.used(source)
	if !ok {
		refuse(w, protocol.NewError(protocol.NoSuchSource))
		return
	}
	defer release()
	data, ok := o.window.find(segment)
	if !ok {
		refuse(w, protocol.NewError(protocol.NoSuchSource))
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	s.send(w, r, "video/mp2t", data)
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	// Who does not read keeps bytes that do not count any more when they are not listed.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(sendWait)) // where there is one
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	s.metrics.bytes.WithLabelValues("hls").Add(float64(len(body)))
}

// bounded bounds the time of a request, which also ends with the Server.
func (s *Server) bounded(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, most)
	stop := context.AfterFunc(s.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}
