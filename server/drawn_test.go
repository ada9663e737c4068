package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"chalkline/ot"
	"chalkline/server/classroom"
	"chalkline/server/render"
	"chalkline/server/room"
	"chalkline/server/session"
)

// emptyLesson has one page with nothing on it.
type emptyLesson struct{}

func (emptyLesson) Copy(context.Context, string) (*ot.Board, uint64, error) {
	return ot.NewBoard(), 1, nil
}
func (emptyLesson) Place(context.Context, string) (room.Place, error) { return room.Place{}, nil }
func (emptyLesson) Pages(context.Context) ([]string, string, error) {
	return []string{"p1"}, "Lesson", nil
}

// slowReader takes nothing until it is released.
type slowReader struct {
	*httptest.ResponseRecorder
	reads   func() // called when something is there for it
	release chan struct{}
}

func (s *slowReader) Write(b []byte) (int, error) {
	s.reads()
	<-s.release
	return s.ResponseRecorder.Write(b)
}

func TestDrawnFilesOfSlowReadersTakeOnlySoMuchOfTheDisk(t *testing.T) {
	p := &pictures{
		door: &door{
			identify: func(who string) (session.Identity, error) {
				return session.Identity{Participant: classroom.Participant{ID: who, Role: classroom.Student}}, nil
			},
			room: func(context.Context, int64, session.Identity, string) (lesson, error) { return emptyLesson{}, nil },
		},
		scratch: t.TempDir(), files: ration{most: drawnBytes}, log: slog.New(slog.DiscardHandler),
		renders: newTurnstile(rendersAtOnce, rendersWaiting), recent: newRecent(), closing: t.Context(),
	}
	mux := http.NewServeMux()
	p.register(mux)
	export := func(who string, w http.ResponseWriter) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/rooms/00000-00001/export.pdf", nil)
		r.Header.Set("Authorization", "Bearer "+who)
		mux.ServeHTTP(w, r)
	}
	first := httptest.NewRecorder()
	export("ann", first)
	if first.Code != http.StatusOK || p.files.held.Load() != 0 {
		t.Fatalf("%d; %d bytes are held", first.Code, p.files.held.Load())
	}
	size := int64(first.Body.Len())
	p.files.most = size*2 + size/2
	ready, over := make(chan struct{}), make(chan struct{})
	slow := &slowReader{httptest.NewRecorder(), sync.OnceFunc(func() { close(ready) }), make(chan struct{})}
	go func() {
		defer close(over)
		export("bad", slow)
	}()
	<-ready
	refused := httptest.NewRecorder()
	export("ben", refused)
	if refused.Code != http.StatusServiceUnavailable || !strings.Contains(refused.Body.String(), `"code":2001`) {
		t.Errorf("while another is sent: %d %.100s, want OVERLOADED", refused.Code, refused.Body)
	}
	close(slow.release)
	<-over
	again := httptest.NewRecorder()
	export("ben", again)
	if again.Code != http.StatusOK || slow.Code != http.StatusOK {
		t.Errorf("when there is room again: %d; the slow one got %d", again.Code, slow.Code)
	}
	if left, err := os.ReadDir(p.scratch); err != nil || len(left) != 0 || p.files.held.Load() != 0 {
		t.Errorf("left: %v, %v; %d bytes are held", left, err, p.files.held.Load())
	}
}

func TestWhatIsTooMuchToDrawIsTriedLater(t *testing.T) {
	for _, err := range []error{render.ErrTooMuch, context.DeadlineExceeded, context.Canceled} {
		w := httptest.NewRecorder()
		(&pictures{log: slog.New(slog.DiscardHandler)}).fail(w, httptest.NewRequest("GET", "/", nil), fmt.Errorf("render: %w", err))
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "2001") {
			t.Errorf("%v is told as %d %s", err, w.Code, w.Body)
		}
	}
}
