package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server/classroom"
	"chalkline/server/room"
	"chalkline/server/transport"
)

const testRoom = 7

// fakeServer has one room, with one page.
type fakeServer struct {
	t       testing.TB
	room    *room.Room
	refusal error // what Room answers
	created []string
}

func newFakeServer(t testing.TB) *fakeServer {
	t.Helper()
	log, ctx := memory.New(), context.Background()
	var entries []replay.Entry
	for _, e := range []*chalklinev1.AuthorityEvent{
		{Event: &chalklinev1.AuthorityEvent_RoomCreated{RoomCreated: &chalklinev1.RoomCreated{OpSemantics: protocol.OpSemantics}}},
		{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: "p1"}}},
	} {
		b, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, replay.Entry{Document: classroom.AuthorityDocument, Payload: b})
	}
	if err := log.Create(ctx, testRoom); err != nil {
		t.Fatal(err)
	}
	if _, err := log.Append(ctx, testRoom, time.Now().UnixMicro(), nil, entries); err != nil {
		t.Fatal(err)
	}
	return &fakeServer{t: t, room: room.Start(ctx, room.Config{ID: testRoom, Log: log, Table: log.Table()})}
}

func (s *fakeServer) stop() {
	s.room.Stop()
	_ = s.room.Wait()
}

func (s *fakeServer) Identify(token string) (Identity, error) {
	if token == "" {
		return Identity{}, protocol.NewError(protocol.TokenInvalid)
	}
	identity := Identity{Participant: classroom.Participant{ID: token, Role: classroom.Student}, Name: "Name of " + token, Create: token == "maker"}
	if token == "brief" {
		identity.Expires = time.Now().Add(10 * time.Second)
	}
	return identity, nil
}

func (s *fakeServer) CreateRoom(_ context.Context, name, _, _ string) (int64, error) {
	s.created = append(s.created, name)
	return testRoom, nil
}

func (s *fakeServer) Room(_ context.Context, id int64, _ Identity, _ string) (*room.Room, error) {
	if s.refusal != nil {
		return nil, s.refusal
	}
	if id != testRoom {
		return nil, protocol.NewError(protocol.NoSuchRoom)
	}
	return s.room, nil
}

func (s *fakeServer) NewReplica(string, string) bool { return true }

func says(t testing.TB, messages ...*chalklinev1.ClientMessage) (in []byte) {
	t.Helper()
	for _, m := range messages {
		var err error
		if in, err = protocol.AppendMessage(in, m); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

func hello(token string) *chalklinev1.ClientMessage {
	return &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Hello{
		Hello: &chalklinev1.Hello{Versions: []uint32{protocol.Version}, Token: token},
	}}
}

func join(id int64) *chalklinev1.ClientMessage {
	return &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_JoinRoom{JoinRoom: &chalklinev1.JoinRoom{
		RoomId: id, DisplayName: "ann",
		Open: []*chalklinev1.OpenDocument{{Handle: 1, Document: classroom.AuthorityDocument}, {Handle: 2, Document: "board::p1"}},
	}}}
}

func create(name string) *chalklinev1.ClientMessage {
	return &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_CreateRoom{CreateRoom: &chalklinev1.CreateRoom{Name: name}}}
}

func leave() *chalklinev1.ClientMessage {
	return &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Leave{Leave: &chalklinev1.Leave{}}}
}

func submit(n uint64, ops []byte) *chalklinev1.ClientMessage {
	return &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Submit{Submit: &chalklinev1.Submit{Handle: 2, N: n, Ops: ops}}}
}

// serve runs a session to its end, and returns its connection.
func serve(t *testing.T, s *fakeServer, in []byte, change ...func(*Config)) *fakeConn {
	t.Helper()
	c := newFakeConn(in)
	cfg := Config{Server: s}
	for _, f := range change {
		f(&cfg)
	}
	Serve(t.Context(), c, cfg)
	return c
}

func withServer(t *testing.T, f func(t *testing.T, s *fakeServer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer(t)
		defer func() {
			s.stop()
			time.Sleep(2 * closeGrace)
			synctest.Wait()
		}()
		f(t, s)
	})
}

func TestSES1HelloIsAnsweredOrRefused(t *testing.T) {
	old := hello("ann")
	old.GetHello().Versions = []uint32{99}
	long := hello("ann")
	long.GetHello().Agent = strings.Repeat("粉笔", protocol.MaxAgent)
	for name, c := range map[string]struct {
		in   []byte
		want protocol.Code
	}{
		"welcome":       {says(t, hello("ann")), 0},
		"no token":      {says(t, hello("")), protocol.TokenInvalid},
		"other version": {says(t, old), protocol.NoCommonVersion},
		"long agent":    {says(t, long), 0},
		"ping first":    {says(t, &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Ping{Ping: &chalklinev1.Ping{}}}), protocol.OutOfOrder},
		"empty message": {[]byte{0}, protocol.OutOfOrder},
		"twice":         {says(t, hello("ann"), hello("ann")), protocol.OutOfOrder},
	} {
		withServer(t, func(t *testing.T, s *fakeServer) {
			told := serve(t, s, c.in).told(t)
			last := told[len(told)-1]
			if c.want == 0 && (told[0].GetWelcome().GetParticipant() != "ann" || last.GetGoingAway() == nil) {
				t.Errorf("%s: told %v", name, told)
			}
			if c.want != 0 && protocol.Code(last.GetError().GetCode()) != c.want {
				t.Errorf("%s: told %v, want %v", name, last, c.want)
			}
		})
	}
}

func TestASessionEndsWhenItsTokenRunsOut(t *testing.T) {
	withServer(t, func(t *testing.T, s *fakeServer) {
		c := newFakeConn(says(t, hello("brief"), join(testRoom)))
		c.hold = true // until it is ended
		start := time.Now()
		Serve(t.Context(), c, Config{Server: s})
		told := c.told(t)
		if last := told[len(told)-1]; protocol.Code(last.GetError().GetCode()) != protocol.TokenExpired {
			t.Errorf("told %v", last)
		}
		if lasted := time.Since(start); lasted < 10*time.Second || lasted > 20*time.Second {
			t.Errorf("it lasted %v", lasted)
		}
	})
}

func TestTheLogNamesTheSessionItsRoomAndTheProgramOfItsClient(t *testing.T) {
	withServer(t, func(t *testing.T, s *fakeServer) {
		first := hello("ann")
		first.GetHello().Agent, first.GetHello().Locale = "board/1.2", strings.Repeat("粉", protocol.MaxAgent)
		var log strings.Builder
		serve(t, s, says(t, first, join(testRoom)), func(c *Config) {
			c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		if named := regexp.MustCompile(` session=[0-9a-f]{8} .* room=` + replay.Room(testRoom).String() + " "); !named.MatchString(log.String()) {
			t.Errorf("logged %s", &log)
		}
		if got := log.String(); !strings.Contains(got, "agent=board/1.2 locale="+strings.Repeat("粉", protocol.MaxAgent/3)+" ") || strings.Contains(got, "ann") {
			t.Errorf("logged %s", got)
		}
	})
}

func TestWhoGivesNoNameIsShownWithThatOfTheToken(t *testing.T) {
	for given, want := range map[string]string{"": "Name of ann", "Ann": "Ann"} {
		withServer(t, func(t *testing.T, s *fakeServer) {
			in := join(testRoom)
			in.GetJoinRoom().DisplayName = given
			c := newFakeConn(says(t, hello("ann"), in))
			c.hold = true // until the silence ends it
			Serve(t.Context(), c, Config{Server: s})
			shown := ""
			for _, m := range c.told(t) {
				for _, p := range m.GetJoinRoomResult().GetPresent() {
					shown += p.GetDisplayName()
				}
			}
			if shown != want {
				t.Errorf("%q is shown as %q, want %q", given, shown, want)
			}
		})
	}
}

func TestSES5OneConnectionIsInOneRoomAtMost(t *testing.T) {
	for name, in := range map[string][]byte{
		"joins twice":        says(t, hello("ann"), join(testRoom), join(testRoom)),
		"leaves and returns": says(t, hello("ann"), join(testRoom), leave(), join(testRoom)), // its streams would be another member's
		"submits outside":    says(t, hello("ann"), join(testRoom), leave(), submit(1, nil)),
	} {
		withServer(t, func(t *testing.T, s *fakeServer) {
			if c := serve(t, s, in); c.code != uint32(protocol.OutOfOrder) {
				t.Errorf("%s: closed with %d, want OUT_OF_ORDER", name, c.code)
			}
		})
	}
}

func TestREC1AJoinOpensNoMoreDocumentsThanMayBeOpen(t *testing.T) {
	withServer(t, func(t *testing.T, s *fakeServer) {
		in := join(testRoom)
		for handle := uint32(3); handle <= protocol.MaxOpenDocuments+1; handle++ {
			in.GetJoinRoom().Open = append(in.GetJoinRoom().Open, &chalklinev1.OpenDocument{Handle: handle, Document: "board::p1"})
		}
		if c := serve(t, s, says(t, hello("ann"), in)); c.code != uint32(protocol.TooLarge) {
			t.Errorf("closed with %d, want TOO_LARGE", c.code)
		}
	})
}

func TestARefusedJoinIsAnsweredAndMayBeTriedAgain(t *testing.T) {
	withServer(t, func(t *testing.T, s *fakeServer) {
		c := newFakeConn(says(t, hello("ann"), join(99), join(testRoom)))
		c.hold = true
		go Serve(t.Context(), c, Config{Server: s})
		time.Sleep(time.Second)
		var results []int32
		for _, m := range c.told(t) {
			if r := m.GetJoinRoomResult(); r != nil {
				results = append(results, r.GetResult())
			}
		}
		if len(results) != 2 || results[0] != -int32(protocol.NoSuchRoom) || results[1] != 0 {
			t.Fatalf("results %v", results)
		}
		_ = c.Close(0)
	})
}

func TestCreatingRoomsNeedsTheRightAndIsSlow(t *testing.T) {
	withServer(t, func(t *testing.T, s *fakeServer) {
		told := serve(t, s, says(t, hello("ann"), create("x"))).told(t)
		if id := told[1].GetCreateRoomResult().GetRoomId(); id != -int64(protocol.NotPermitted) {
			t.Fatalf("room %d without the right to create one", id)
		}
		in := says(t, hello("maker"))
		for range 30 {
			in = append(in, says(t, create("x"))...)
		}
		before := time.Now()
		serve(t, s, in)
		if d := time.Since(before); len(s.created) != 30 || d < 25*time.Second {
			t.Fatalf("%d rooms in %v", len(s.created), d)
		}
	})
}

func TestFewMessagesASecondStillLetLargeOnesPass(t *testing.T) {
	withServer(t, func(t *testing.T, s *fakeServer) {
		c := serve(t, s, says(t, hello("ann"), join(99), join(98)), func(c *Config) { c.MessagesPerSecond = 1 })
		if n := len(c.told(t)); n != 4 { // Welcome, two results, goodbye
			t.Fatalf("%d answers", n)
		}
	})
}

func TestSES6SilenceEndsTheSession(t *testing.T) {
	withServer(t, func(t *testing.T, s *fakeServer) {
		c := newFakeConn(says(t, hello("ann"), join(testRoom)))
		c.hold = true
		before := time.Now()
		Serve(t.Context(), c, Config{Server: s})
		if d := time.Since(before); c.code != uint32(protocol.Silent) || d < 30*time.Second || d > 32*time.Second {
			t.Fatalf("closed with %d after %v", c.code, d)
		}
	})
}

func TestSES8AServerThatStopsEndsItsSessions(t *testing.T) {
	withServer(t, func(t *testing.T, s *fakeServer) {
		c := newFakeConn(says(t, hello("ann")))
		c.hold = true
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		Serve(ctx, c, Config{Server: s})
		told := c.told(t)
		if g := told[len(told)-1].GetGoingAway(); protocol.Code(g.GetError().GetCode()) != protocol.GoingAway || g.GetRetryAfterMs() == 0 {
			t.Fatalf("told %v", told)
		}
	})
}

func TestWhyConnectionsAreClosedIsCounted(t *testing.T) {
	hungUp, broke := &transport.CloseError{Code: 1001}, errors.New("timeout: no recent network activity")
	for name, c := range map[string]struct {
		in     []byte
		end    error // of reading; nil: it says no more
		broken error // of writing
		stops  bool
		want   string
	}{
		"says nothing any more": {in: says(t, hello("ann"), join(testRoom)), want: "left"},
		"hangs up":              {in: says(t, hello("ann"), join(testRoom)), end: fmt.Errorf("read: %w", hungUp), want: "left"},
		"breaks":                {in: says(t, hello("ann"), join(testRoom)), end: broke, want: "lost"},
		"breaks behind Leave":   {in: says(t, hello("ann"), join(testRoom), leave()), end: broke, want: "left"},
		"hangs up unread":       {in: says(t, hello("ann")), broken: fmt.Errorf("write: %w", hungUp), want: "left"},
		"breaks in a write":     {in: says(t, hello("ann")), broken: broke, want: "lost"},
		"the server stops":      {in: says(t, hello("ann"), join(testRoom)), stops: true, want: "GOING_AWAY"},
		"the listener stops":    {in: says(t, hello("ann")), end: transport.ErrClosed, want: "GOING_AWAY"},
		"is out of order":       {in: says(t, leave()), want: "OUT_OF_ORDER"},
	} {
		withServer(t, func(t *testing.T, s *fakeServer) {
			conn := newFakeConn(c.in)
			conn.end, conn.broken, conn.hold = c.end, c.broken, c.stops || c.broken != nil
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if c.stops {
				time.AfterFunc(time.Second, stop)
			}
			registry := prometheus.NewRegistry()
			Serve(ctx, conn, Config{Server: s, Metrics: NewMetrics(registry)})
			if got := closes(t, registry); !maps.Equal(got, map[string]float64{c.want: 1}) {
				t.Errorf("%s: counted %v, want one %s", name, got, c.want)
			}
		})
	}
}

// closes returns what is counted of connections that were closed.
func closes(t *testing.T, r *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]float64{}
	for _, f := range families {
		if f.GetName() != "chalkline_session_closes_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			counted[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
		}
	}
	return counted
}

func TestARoomThatEndsSaysWhatThatMeans(t *testing.T) {
	withServer(t, func(t *testing.T, s *fakeServer) {
		unreadable := room.Start(t.Context(), room.Config{ID: 8, Log: memory.New()}) // has no such room
		<-unreadable.Done()
		stopped := s.room
		for _, c := range []struct {
			room *room.Room
			want protocol.Code
		}{{unreadable, protocol.NoSuchRoom}, {stopped, protocol.GoingAway}} {
			s.room = c.room
			conn := newFakeConn(says(t, hello("ann"), join(testRoom)))
			conn.hold = true
			if c.room == stopped {
				time.AfterFunc(time.Second, func() { stopped.Stop() })
			}
			Serve(t.Context(), conn, Config{Server: s})
			if conn.code != uint32(c.want) {
				t.Errorf("closed with %d, want %v", conn.code, c.want)
			}
		}
		s.room = room.Start(t.Context(), room.Config{ID: 8, Log: memory.New()}) // for the end of the test
	})
}

// FuzzSession is what a client may send: never a panic, and always an end.
func FuzzSession(f *testing.F) {
	clear := ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}})
	pointer, err := proto.Marshal(&chalklinev1.Datagram{Message: &chalklinev1.Datagram_Cursor{Cursor: &chalklinev1.Cursor{Handle: 2, Sequence: 1}}})
	if err != nil {
		f.Fatal(err)
	}
	all := says(f, submit(1, clear), submit(2, []byte{0x77}), leave())
	for _, m := range []*chalklinev1.ClientMessage{
		{Message: &chalklinev1.ClientMessage_SyncState{SyncState: &chalklinev1.SyncState{Handle: 2, Position: &chalklinev1.Position{Epoch: 1, Revision: 9}}}},
		{Message: &chalklinev1.ClientMessage_HeartTick{HeartTick: &chalklinev1.HeartTick{Received: []*chalklinev1.Received{{Handle: 2}}}}},
		{Message: &chalklinev1.ClientMessage_ChangeBoard{ChangeBoard: &chalklinev1.ChangeBoard{Open: &chalklinev1.OpenDocument{Handle: 3, Document: "board::p1"}, Look: true}}},
		{Message: &chalklinev1.ClientMessage_CloseDocument{CloseDocument: &chalklinev1.CloseDocument{Handle: 2}}},
		{Message: &chalklinev1.ClientMessage_Ping{Ping: &chalklinev1.Ping{ClientTimeUs: 5}}},
	} {
		all = append(says(f, m), all...)
	}
	f.Add(false, []byte{}, []byte{})
	f.Add(false, says(f, hello("maker"), create("x"), join(99), join(testRoom)), pointer)
	f.Add(true, all, pointer)
	f.Add(true, []byte{0, 0, 0}, []byte{0xff})
	f.Add(true, says(f, &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_ChangeBoard{}}), pointer)
	f.Fuzz(func(t *testing.T, inside bool, in, datagram []byte) {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeServer(t)
			if inside {
				in = append(says(t, hello("ann"), join(testRoom)), in...)
			}
			c := newFakeConn(in)
			c.hold = true
			c.datagrams <- datagram
			Serve(t.Context(), c, Config{Server: s})
			c.told(t)
			s.stop()
		})
	})
}
