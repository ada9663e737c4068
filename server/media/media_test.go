package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/sei"
	"chalkline/server/classroom"
)

// rooms notes what it is told; a request's token is role:name.
type rooms struct {
	mu   sync.Mutex
	told [][]Info
}

func (r *rooms) Enter(q *http.Request) (Visitor, error) {
	role, name, ok := strings.Cut(q.Header.Get("Authorization"), ":")
	if !ok {
		return Visitor{}, protocol.NewError(protocol.TokenInvalid)
	}
	return visitor(classroom.Role(role), name), nil
}

func (r *rooms) Clock(context.Context, replay.Room) (Clock, error) { return nil, nil }

func (r *rooms) Sources(_ replay.Room, sources []Info) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, sources)
}

func (r *rooms) last() []Info {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.told) == 0 {
		return nil
	}
	return r.told[len(r.told)-1]
}

func visitor(role classroom.Role, name string) Visitor {
	return Visitor{Participant: classroom.Participant{ID: name, Role: role}, Room: 7}
}

func publish(t *testing.T, r *Registry, v Visitor, kind Kind) *Publication {
	t.Helper()
	p, err := r.Publish(v, kind)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func isDone(p *Publication) bool {
	select {
	case <-p.Done():
		return true
	default:
		return false
	}
}

func TestMED1ASourceKeepsItsNumberSwitchesAndCalibration(t *testing.T) {
	heard := &rooms{}
	r := NewRegistry(Config{Rooms: heard})
	ann := visitor(classroom.Teacher, "ann")
	p := publish(t, r, ann, Stream)
	p.Tracks(true, true, false, true)
	s := p.Source
	on := true
	if err := errors.Join(s.SwitchBy(ann.Participant, &on, nil), r.Calibrate(t.Context(), s, 700_000)); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if i := heard.last()[0]; i.Video || i.Live || i.Timed || !i.Muted {
		t.Errorf("away: %+v", i)
	}
	publish(t, r, visitor(classroom.Student, "bob"), Camera)
	q := publish(t, r, ann, Stream)
	q.Tracks(true, false, false, true)
	i := q.Source.Info()
	us, calibrated := q.Source.Offset()
	if q.Source != s || i.Number != 1 || !i.Muted || !i.Timed || us != 700_000 || !calibrated {
		t.Errorf("back: %+v, offset %d %t", i, us, calibrated)
	}
}

func TestMED1ACalibrationOutlivesTheServer(t *testing.T) {
	store := memory.New().Table()
	ann := visitor(classroom.Teacher, "ann")
	first := NewRegistry(Config{Rooms: &rooms{}, Table: store})
	if err := first.Calibrate(t.Context(), publish(t, first, ann, Stream).Source, 700_000); err != nil {
		t.Fatal(err)
	}
	second := NewRegistry(Config{Rooms: &rooms{}, Table: store})
	s := publish(t, second, ann, Stream).Source
	if us, ok := s.Offset(); us != 700_000 || !ok || s.Origin(false).Flags != sei.Calibrated {
		t.Errorf("offset %d %t, origin %+v", us, ok, s.Origin(false))
	}
	if us, ok := publish(t, second, ann, Camera).Source.Offset(); ok {
		t.Errorf("another kind has offset %d", us)
	}
}

func TestMED1SwitchesOutliveTheServer(t *testing.T) {
	store := memory.New().Table()
	ann, teacher := visitor(classroom.Student, "ann"), visitor(classroom.Teacher, "tea")
	on, off := true, false
	switched := func(who Visitor, muted, hidden *bool) Info { // in a run of the server of its own
		t.Helper()
		r := NewRegistry(Config{Rooms: &rooms{}, Table: store})
		s := publish(t, r, ann, Camera).Source
		before := s.Info()
		if err := s.SwitchBy(who.Participant, muted, hidden); err != nil {
			t.Fatal(err)
		}
		if i := publish(t, r, ann, Screen).Source.Info(); i.Muted || i.Hidden {
			t.Errorf("another kind is %+v", i)
		}
		return before
	}
	for _, c := range []struct {
		who                 Visitor
		muted, hidden       *bool // are set
		wasMuted, wasHidden bool  // by then
	}{
		{teacher, nil, &on, false, false},
		{teacher, &on, nil, false, true},
		{teacher, nil, &off, true, true},
		{ann, &off, nil, true, false},
		{ann, nil, nil, false, false},
	} {
		if i := switched(c.who, c.muted, c.hidden); i.Muted != c.wasMuted || i.Hidden != c.wasHidden {
			t.Errorf("it comes back %+v, want muted %t, hidden %t", i, c.wasMuted, c.wasHidden)
		}
	}
}

// unread is a table whose rows cannot be read.
type unread struct{ replay.Table }

func (unread) Get(context.Context, replay.Room, string) ([]byte, error) { return nil, replay.ErrFailed }

func TestMED6NothingIsShownOfWhichNobodyKnowsWhetherItIsHidden(t *testing.T) {
	r := NewRegistry(Config{Rooms: &rooms{}, Table: unread{memory.New().Table()}})
	if _, err := r.Publish(visitor(classroom.Student, "ann"), Camera); !errors.Is(err, protocol.NewError(protocol.StoreUnavailable)) {
		t.Errorf("Publish() = %v, want STORE_UNAVAILABLE", err)
	}
}

func TestMED3ObserversDoNotPublish(t *testing.T) {
	r := NewRegistry(Config{Rooms: &rooms{}})
	if _, err := r.Publish(visitor(classroom.Observer, "eve"), Camera); !errors.Is(err, protocol.NewError(protocol.NotPermitted)) {
		t.Errorf("observer: %v", err)
	}
}

func TestMED4TheNewerPublisherStandsAndWhatTheOlderDoesIsIgnored(t *testing.T) {
	r := NewRegistry(Config{Rooms: &rooms{}})
	ann := visitor(classroom.Teacher, "ann")
	old := publish(t, r, ann, Camera)
	old.Tracks(true, true, true, false)
	clock := old.Source.Origin(true).Clock
	p := publish(t, r, ann, Camera)
	if !isDone(old) || isDone(p) {
		t.Error("the wrong one ended")
	}
	if i := p.Source.Info(); !i.Video || !i.WebRTC {
		t.Errorf("players are sent away in between: %+v", i)
	}
	p.Tracks(true, false, true, false)
	old.Tracks(false, true, false, false)
	old.Pause(true)
	old.Jump()
	old.Close()
	if i := p.Source.Info(); !i.Video || i.Audio || i.Paused {
		t.Errorf("source %+v", i)
	}
	if got := p.Source.Origin(true).Clock; got != clock+1 {
		t.Errorf("clock %d after %d", got, clock)
	}
}

func TestMED5ASourceIsWantedWhileSomebodyPlaysItOrReadsItsHub(t *testing.T) {
	r := NewRegistry(Config{Rooms: &rooms{}})
	s := publish(t, r, visitor(classroom.Teacher, "ann"), Camera).Source
	changes := 0
	stop := s.Watch(func() { changes++ })
	remove := s.AddViewer()
	reader := s.Hub.Read()
	remove()
	remove()
	if !s.Info().Wanted {
		t.Error("not wanted while its hub is read")
	}
	reader.Close()
	if s.Info().Wanted || changes != 2 {
		t.Errorf("wanted %t, %d changes", s.Info().Wanted, changes)
	}
	stop()
	s.AddViewer()
	if changes != 2 {
		t.Error("told after stop")
	}
}

func TestMED2TheRoomIsToldOfEachChangeInOrder(t *testing.T) {
	heard := &rooms{}
	r := NewRegistry(Config{Rooms: heard})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			p, err := r.Publish(visitor(classroom.Student, fmt.Sprint("s", i)), Camera)
			if err != nil {
				t.Error(err)
				return
			}
			for range 20 {
				p.Tracks(true, false, true, false)
				p.Close()
				p.Tracks(false, false, false, false)
			}
		})
	}
	all.Wait()
	for i, info := range heard.last() {
		if info.Number != uint32(i+1) || info.Video {
			t.Errorf("%d: %+v", i, info)
		}
	}
}

func TestThoseWhoCameAndWentDoNotFillARoom(t *testing.T) {
	r := NewRegistry(Config{Rooms: &rooms{}})
	stays := publish(t, r, visitor(classroom.Teacher, "ann"), Camera)
	for i := range 2 * maxSources {
		publish(t, r, visitor(classroom.Student, fmt.Sprint("s", i)), Camera).Close()
	}
	for i := range maxSources - 1 {
		publish(t, r, visitor(classroom.Student, fmt.Sprint("t", i)), Camera)
	}
	if _, err := r.Publish(visitor(classroom.Student, "late"), Camera); !errors.Is(err, protocol.NewError(protocol.Full)) {
		t.Errorf("one more: %v", err)
	}
	if s, ok := r.Source(7, 1); !ok || s != stays.Source || isDone(stays) {
		t.Error("who publishes was forgotten")
	}
}

func TestMED6WhoMaySetSwitchesAndOffset(t *testing.T) {
	r := NewRegistry(Config{Rooms: &rooms{}})
	publish(t, r, visitor(classroom.Student, "bob"), Camera)
	publish(t, r, visitor(classroom.Student, "bob"), Stream)
	mux := http.NewServeMux()
	r.Register(mux)
	for _, c := range []struct {
		who, path, body string
		want            int
	}{
		{"student:eve", "1/switches", `{"muted":true}`, 403},
		{"teacher:ann", "1/switches", `{"muted":true,"hidden":true}`, 204},
		{"assistant:al", "1/switches", `{"muted":true,"hidden":false}`, 204},
		{"teacher:ann", "1/switches", `{"muted":false}`, 403},
		{"student:bob", "1/switches", `{"muted":false}`, 204},
		{"teacher:ann", "1/switches", `{"muted":false}`, 204}, // nothing to take off
		{"teacher:ann", "1/switches", `hello`, 400},
		{"teacher:ann", "1/switches", `{"x":"` + strings.Repeat("x", maxBody) + `"}`, 400},
		{"nobody", "1/switches", `{}`, 401},
		{"teacher:ann", "9/switches", `{}`, 404},
		{"student:eve", "2/offset", `{"offset_us":5}`, 403},
		{"student:bob", "2/offset", `{"offset_us":700000}`, 204},
		{"student:bob", "2/offset", `{"offset_us":-1}`, 413},
		{"student:bob", "2/offset", `{"offset_us":60000001}`, 413},
		{"student:bob", "2/offset", `{}`, 400},
		{"student:bob", "1/offset", `{"offset_us":5}`, 400},
	} {
		q := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/api/rooms/X/sources/"+c.path, strings.NewReader(c.body))
		q.Header.Set("Authorization", c.who)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, q)
		if got := w.Result(); got.StatusCode != c.want {
			b, _ := io.ReadAll(got.Body)
			t.Errorf("%s %s %.40s: %d %s, want %d", c.who, c.path, c.body, got.StatusCode, b, c.want)
		}
	}
	s, _ := r.Source(7, 1)
	if i := s.Info(); i.Muted || i.Hidden {
		t.Errorf("source %+v", i)
	}
}

func TestMED1WhatASourceIsCalibratedToIsToldToWhoMaySetIt(t *testing.T) {
	r := NewRegistry(Config{Rooms: &rooms{}})
	publish(t, r, visitor(classroom.Student, "bob"), Camera)
	s := publish(t, r, visitor(classroom.Student, "bob"), Stream).Source
	mux := http.NewServeMux()
	r.Register(mux)
	h := httptest.NewServer(mux)
	defer h.Close()
	get := func(who, source string) (status int, body string) {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL+"/api/rooms/X/sources/"+source+"/offset", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", who)
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, strings.TrimSpace(string(b))
	}
	if status, body := get("student:bob", "2"); status != 200 || body != `{"calibrated":false,"offset_us":0}` {
		t.Errorf("before: %d %s", status, body)
	}
	if err := r.Calibrate(t.Context(), s, 700_000); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"student:bob", "teacher:ann", "assistant:al"} {
		if status, body := get(who, "2"); status != 200 || body != `{"calibrated":true,"offset_us":700000}` {
			t.Errorf("%s: %d %s", who, status, body)
		}
	}
	for who, want := range map[string]int{"student:eve": 403, "nobody": 401} {
		if status, body := get(who, "2"); status != want {
			t.Errorf("%s: %d %s, want %d", who, status, body, want)
		}
	}
	for source, want := range map[string]int{"1": 400, "9": 404} {
		if status, body := get("student:bob", source); status != want {
			t.Errorf("source %s: %d %s, want %d", source, status, body, want)
		}
	}
}
