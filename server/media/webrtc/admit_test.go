package webrtc

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/protocol"
	"chalkline/server/classroom"
	"chalkline/server/media"
)

// lobby is a Server of which only admit is used.
func lobby(l Limits) *Server {
	return &Server{cfg: Config{Limits: l.withDefaults()}, sessions: map[string]*session{}}
}

// comer is a session of a room's publisher that is not connected.
func comer(id, from string) *session {
	return &session{
		id: id, room: 1, participant: id, from: from, log: slog.New(slog.DiscardHandler),
		done: make(chan struct{}), connected: make(chan struct{}),
	}
}

func TestTheOldestOfTheAddressWithMostThatAreNotConnectedGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lobby(Limits{RoomPublishers: 5})
		enter := func(id, from string) {
			t.Helper()
			time.Sleep(time.Millisecond)
			n := comer(id, from)
			if id == "connected" {
				close(n.connected)
			}
			if err := s.admit(n); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		for _, one := range []string{"connected@host", "ann@school", "eve1@host", "eve2@host", "eve3@host", "eve4@host"} {
			id, from, _ := strings.Cut(one, "@")
			enter(id, from)
		}
		for i, c := range []struct{ comes, from, goes string }{
			{"bob", "school", "eve1"},
			{"eve5", "host", "eve2"},
			{"cat", "school", "eve3"}, // then the school has most
			{"dan", "school", "ann"},
		} {
			enter(c.comes, c.from)
			if s.sessions[c.goes] != nil || len(s.sessions) != 6 {
				t.Errorf("%d: %s is there still, of %d", i, c.goes, len(s.sessions))
			}
		}
	})
}

func TestNobodyWhoIsConnectedGivesWay(t *testing.T) {
	for name, l := range map[string]Limits{"room": {RoomPublishers: 1}, "server": {Publishers: 2}, "sessions": {OwnSessions: 2}} {
		s := lobby(l)
		var err error
		for i := range 3 {
			n := comer(fmt.Sprint(i), "host")
			n.participant = "ann"
			close(n.connected)
			err = errors.Join(err, s.admit(n))
		}
		if told, ok := errors.AsType[*protocol.Error](err); !ok || told.Code != protocol.Full || told.Parameters["limit"] != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOffersOfAnAddressAreCountedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{rate: media.NewRate(postsPerWindow, rateWindow), addresses: media.NewRate(addressPostsPerWindow, rateWindow)}
		offers := func(who, from string) error {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(""))
			_, _, err := s.readOfferOf(httptest.NewRecorder(), r, media.Visitor{Participant: classroom.Participant{ID: who}, Address: from}, true)
			return err
		}
		overloaded := protocol.NewError(protocol.Overloaded)
		for i := range addressPostsPerWindow {
			if err := offers(fmt.Sprint(i/3), "school"); errors.Is(err, overloaded) { // a class that joins has three of each
				t.Fatalf("offer %d: %v", i, err)
			}
		}
		if err := offers("late", "school"); !errors.Is(err, overloaded) {
			t.Errorf("one more: %v", err)
		}
		if err := offers("bob", "home"); errors.Is(err, overloaded) {
			t.Errorf("from elsewhere: %v", err)
		}
		for range 2 * addressPostsPerWindow { // of one who may not
			_ = offers("eve", "hall")
		}
		if err := offers("ann", "hall"); errors.Is(err, overloaded) {
			t.Errorf("beside one who makes too many: %v", err)
		}
		time.Sleep(rateWindow)
		if err := offers("late", "school"); errors.Is(err, overloaded) {
			t.Errorf("in the next window: %v", err)
		}
	})
}
