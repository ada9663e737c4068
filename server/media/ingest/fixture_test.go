package ingest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server/classroom"
	"chalkline/server/media"
	"chalkline/server/media/rtmp"
	"chalkline/server/media/stream"
)

const testRoom replay.Room = 77

// school is a Server with one room, whose clock is 1 000 s ahead of the machine's.
type school struct {
	*Server
	registry *media.Registry
	tries    *countedTries
	http     *httptest.Server
	rtmp     string // address
}

const ahead = 1000 * 1_000_000

func (*school) Enter(r *http.Request) (media.Visitor, error) {
	role := classroom.Role(r.Header.Get("Role"))
	return media.Visitor{Participant: classroom.Participant{ID: "ann", Role: role}, Room: testRoom}, nil
}
func (*school) Clock(context.Context, replay.Room) (media.Clock, error) { return testClock{}, nil }
func (*school) Sources(replay.Room, []media.Info)                       {}

type testClock struct{}

func (testClock) Now() int64 { return time.Now().UnixMicro() + ahead }

// countedTries allows three wrong keys in all.
type countedTries struct {
	mu    sync.Mutex
	wrong int
}

func (c *countedTries) Allowed(string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrong < 3
}

func (c *countedTries) Note(string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong++
}

// open starts a school on a table.
func open(t *testing.T, table replay.Table) *school {
	t.Helper()
	s := &school{tries: &countedTries{}}
	s.registry = media.NewRegistry(media.Config{Rooms: s, Table: table})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.rtmp = listener.Addr().String()
	s.Server = New(Config{
		Sources: s.registry, Rooms: s, Table: table, Tries: s.tries,
		URLs: func(_ string, _ bool, key string) (string, string) {
			return "rtmp://" + s.rtmp + "/live", s.http.URL + "/ingest/" + key
		},
	})
	mux := http.NewServeMux()
	s.Register(mux)
	s.http = httptest.NewServer(mux)
	served := make(chan error, 1)
	go func() { served <- rtmp.Serve(listener, s.Server) }()
	t.Cleanup(func() {
		_ = listener.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve() = %v", err)
		}
		s.Close()
		s.http.Close()
	})
	return s
}

func newTable(t *testing.T) replay.Table {
	t.Helper()
	return memory.New().Table()
}

// key makes a stream key.
func (s *school) key(t *testing.T) string {
	t.Helper()
	key, err := s.keys.make(t.Context(), visitor())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func visitor() media.Visitor {
	return media.Visitor{Participant: classroom.Participant{ID: "ann", Role: classroom.Teacher}, Room: testRoom}
}

// read returns a reader of the source, which exists from then on.
func (s *school) read(t *testing.T) *stream.Reader {
	t.Helper()
	p, err := s.registry.Publish(visitor(), media.Stream)
	if err != nil {
		t.Fatal(err)
	}
	r := p.Source.Hub.Read()
	remove := p.Source.AddViewer()
	p.Close()
	t.Cleanup(func() { r.Close(); remove() })
	return r
}

// arrived is a unit with the room time at which it came out.
type arrived struct {
	stream.Unit
	at int64
}

// collect reads units until there are n pictures, or none comes for 20 s.
func collect(t *testing.T, r *stream.Reader, n int) (pictures, sounds []arrived) {
	t.Helper()
	for len(pictures) < n {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		u, err := r.Next(ctx)
		cancel()
		if err != nil {
			t.Fatalf("after %d pictures and %d sounds: %v", len(pictures), len(sounds), err)
		}
		a := arrived{u, testClock{}.Now()}
		if u.Codec.Video() {
			pictures = append(pictures, a)
		} else {
			sounds = append(sounds, a)
		}
	}
	return pictures, sounds
}
