package live

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/media"
)

// camera is a source of which nothing has come.
func camera(t *testing.T, s *Server, room replay.Room, who string) *media.Publication {
	t.Helper()
	v := media.Visitor{Participant: classroom.Participant{ID: who, Role: classroom.Student}, Room: room}
	p, err := s.cfg.Registry.Publish(v, media.Camera)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// plays has the output of a source begin. It is held until release is called.
func plays(t *testing.T, s *Server, p *media.Publication) (release func()) {
	t.Helper()
	_, release, err := s.use(p.Source)
	if err != nil {
		t.Errorf("source %d of room %v: %v", p.Source.Number, p.Source.Room, err)
		return func() {}
	}
	t.Cleanup(release)
	return release
}

func (s *Server) puts(p *media.Publication) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outputs[p.Source] != nil
}

var overloaded = protocol.NewError(protocol.Overloaded)

func TestOutputsOfWhichThereIsNothingGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newServer(t, Config{MaxOutputs: 4})
		var bare []*media.Publication
		for i := range 4 {
			bare = append(bare, camera(t, s, replay.Room(100+i), "eve"))
		}
		answered := make(chan int, 1)
		go func() { // a player that waits is in the way as well
			at := "/live/" + grantNow(100, bare[0].Source.ID, time.Now()).token(secret) + "/index.m3u8"
			answered <- asked(s, "GET", at).Code
		}()
		synctest.Wait()
		for _, one := range bare[1:] {
			time.Sleep(time.Second)
			release := plays(t, s, one)
			if one != bare[1] {
				release()
			}
		}
		if _, _, err := s.use(camera(t, s, 200, "bob").Source); !errors.Is(err, overloaded) {
			t.Errorf("one more of which there is nothing: %v", err)
		}
		for i, gone := range []int{2, 3, 0, 1} { // who is waited for goes last, the oldest first
			one := p
			if i > 0 {
				one = camera(t, s, replay.Room(300+i), "ann")
				one.Tracks(true, true, true, true)
			}
			plays(t, s, one)
			if s.puts(bare[gone]) || !s.puts(one) {
				t.Errorf("step %d: %d is put out still", i, gone)
			}
			time.Sleep(time.Millisecond)
		}
		select {
		case status := <-answered:
			if status != http.StatusNotFound {
				t.Errorf("who waited is answered %d", status)
			}
		default:
			t.Error("who waited waits still")
		}
		late := camera(t, s, 400, "ann")
		late.Tracks(true, false, true, true)
		if _, _, err := s.use(late.Source); !errors.Is(err, overloaded) {
			t.Errorf("beside those that are played: %v", err)
		}
		if n := len(s.outputs); n != 4 {
			t.Errorf("%d outputs", n)
		}
	})
}

func TestAnOutputStaysThatHasAPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newServer(t, Config{MaxOutputs: 1})
		plays(t, s, p)()
		synctest.Wait()
		for n := range int64(100) {
			p.Source.Hub.Publish(aPicture(n, 0, n%30 == 0))
			synctest.Wait()
		}
		p.Close() // its publisher is away
		other := camera(t, s, 100, "ann")
		other.Tracks(true, true, true, true)
		if _, _, err := s.use(other.Source); !errors.Is(err, overloaded) || !s.puts(p) {
			t.Errorf("another source: %v", err)
		}
	})
}

func TestARoomHasHalfOfTheOutputsAndReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(t, Config{MaxOutputs: 4, MaxReaders: 4})
		var all []*media.Publication
		for i := range 3 {
			p := camera(t, s, 100, fmt.Sprint("s", i))
			p.Tracks(true, true, true, true)
			all = append(all, p)
		}
		plays(t, s, all[0])
		plays(t, s, all[1])
		if _, _, err := s.use(all[2].Source); !errors.Is(err, overloaded) {
			t.Errorf("the third of a room: %v", err)
		}
		other := camera(t, s, 101, "ann")
		other.Tracks(true, true, true, true)
		plays(t, s, other)

		status := func(room replay.Room, p *media.Publication) int {
			return asked(s, "GET", "/live/"+grantNow(room, p.Source.ID, time.Now()).token(secret)+"/live.ts").Code
		}
		for range 2 {
			go status(100, all[0]) // waits for its first picture
		}
		synctest.Wait()
		if got := status(100, all[1]); got != http.StatusServiceUnavailable {
			t.Errorf("the third reader of a room: %d", got)
		}
		if got := status(101, other); got != http.StatusNotFound { // nothing came in 8 s
			t.Errorf("a reader of another room: %d", got)
		}
	})
}
