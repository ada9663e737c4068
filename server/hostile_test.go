package server_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"chalkline/bench/client"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay/memory"
	"chalkline/server"
	"chalkline/server/transport"
)

// raw is a connection that says what it likes.
type raw struct {
	t    testing.TB
	conn transport.ClientConn
}

func (r *running) raw(t testing.TB, route transport.Route) *raw {
	t.Helper()
	conn, err := client.NewNetwork(r.url, nil).Dial(t.Context(), route)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(0) })
	return &raw{t, conn}
}

func (r *raw) send(m *chalklinev1.ClientMessage) {
	r.t.Helper()
	b, err := protocol.AppendMessage(nil, m)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = r.conn.WriteControl(b) // it may be closed: the test sees why
}

func (r *raw) hello() {
	r.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Hello{Hello: &chalklinev1.Hello{Versions: []uint32{1}, Token: "raw"}}})
}

func (r *raw) join(room int64, documents ...string) {
	j := &chalklinev1.JoinRoom{RoomId: room, DisplayName: "raw"}
	for i, d := range documents {
		j.Open = append(j.Open, &chalklinev1.OpenDocument{Handle: uint32(i + 1), Document: d})
	}
	r.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_JoinRoom{JoinRoom: j}})
}

// told reads until the server says what is waited for.
func (r *raw) told(isIt func(*chalklinev1.ServerMessage) bool) {
	r.t.Helper()
	for {
		b, err := r.conn.ReadMessage()
		if err != nil {
			r.t.Fatal(err)
		}
		var m chalklinev1.ServerMessage
		if err := proto.Unmarshal(b, &m); err != nil {
			r.t.Fatal(err)
		}
		if isIt(&m) {
			return
		}
	}
}

// joined joins and waits for the result.
func (r *raw) joined(room int64, documents ...string) {
	r.t.Helper()
	r.join(room, documents...)
	r.told(func(m *chalklinev1.ServerMessage) bool { return m.GetJoinRoomResult() != nil })
}

// fate reads until the connection ends and returns the code that the server
// gave, in a message or with the close.
func (r *raw) fate() protocol.Code {
	code := protocol.Code(0)
	for {
		b, err := r.conn.ReadMessage()
		if err != nil {
			var closed *transport.CloseError
			if code == 0 && errors.As(err, &closed) {
				code = protocol.Code(closed.Code)
			}
			return code
		}
		var m chalklinev1.ServerMessage
		if err := proto.Unmarshal(b, &m); err != nil {
			r.t.Error(err)
		}
		switch m := m.GetMessage().(type) {
		case *chalklinev1.ServerMessage_Error:
			code = protocol.Code(m.Error.GetCode())
		case *chalklinev1.ServerMessage_GoingAway:
			code = protocol.Code(m.GoingAway.GetError().GetCode())
		}
	}
}

// offence is what a client must not do, and the code that it gets for it (SES7).
type offence struct {
	do   func(*raw)
	want protocol.Code
}

// offences are of clients that come into a room, or not, and open a board of it.
func offences(room int64, board string) map[string]offence {
	submit := func(handle uint32, n uint64, ops []byte) *chalklinev1.ClientMessage {
		return &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Submit{Submit: &chalklinev1.Submit{Handle: handle, N: n, Ops: ops}}}
	}
	return map[string]offence{
		"no Hello":   {func(c *raw) { c.join(room) }, protocol.OutOfOrder},
		"two Hellos": {func(c *raw) { c.hello(); c.hello() }, protocol.OutOfOrder},
		"version": {func(c *raw) {
			c.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Hello{Hello: &chalklinev1.Hello{Versions: []uint32{9}, Token: "x"}}})
		}, protocol.NoCommonVersion},
		"no token": {func(c *raw) {
			c.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Hello{Hello: &chalklinev1.Hello{Versions: []uint32{1}}}})
		}, protocol.TokenInvalid},
		"long token": {func(c *raw) {
			c.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Hello{Hello: &chalklinev1.Hello{Versions: []uint32{1}, Token: strings.Repeat("x", 5000)}}})
		}, protocol.TooLarge},
		"garbage":        {func(c *raw) { c.hello(); _ = c.conn.WriteControl([]byte{5, 0xff, 0xff, 0xff, 0xff, 0xff}) }, protocol.BadMessage},
		"long varint":    {func(c *raw) { c.hello(); _ = c.conn.WriteControl([]byte{0x81, 0x00}) }, protocol.BadMessage},
		"oversized":      {func(c *raw) { c.hello(); _ = c.conn.WriteControl(binary.AppendUvarint(nil, protocol.MaxMessage+1)) }, protocol.TooLarge},
		"submit outside": {func(c *raw) { c.hello(); c.send(submit(1, 1, nil)) }, protocol.OutOfOrder},
		"gap in n": {func(c *raw) {
			c.hello()
			c.joined(room, board)
			c.send(submit(1, 7, []byte{4, 0}))
		}, protocol.OutOfOrder},
		"bad op": {func(c *raw) {
			c.hello()
			c.joined(room, board)
			c.send(submit(1, 1, []byte{0x77}))
		}, protocol.BadMessage},
		"twice in":   {func(c *raw) { c.hello(); c.joined(room); c.join(room) }, protocol.OutOfOrder},
		"not in yet": {func(c *raw) { c.hello(); c.join(room); c.send(submit(1, 1, nil)) }, protocol.OutOfOrder},
		"handle 0": {func(c *raw) {
			c.hello()
			c.joined(room)
			c.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_ChangeBoard{ChangeBoard: &chalklinev1.ChangeBoard{}}})
		}, protocol.OutOfOrder},
		"truncated record": {func(c *raw) { c.hello(); _ = c.conn.WriteControl([]byte{3, 0x32, 0x55, 1}) }, protocol.BadMessage},
	}
}

func TestSES7AnOffenderIsToldAndNobodyElseNotices(t *testing.T) {
	log := memory.New()
	r := start(t, log, log.Table(), "127.0.0.1:0")
	ann := r.dial(t, client.Config{Name: "ann", RoomName: "lesson"})
	board := openFirst(t, ann)
	for name, o := range offences(ann.RoomID(), "board::"+board.Page()) {
		for _, route := range []transport.Route{transport.WebTransport, transport.WebSocket} {
			got := protocol.Silent
			for try := 0; got == protocol.Silent && try < 3; try++ { // who is in before the next message comes does nothing wrong
				c := r.raw(t, route)
				o.do(c)
				got = c.fate()
			}
			if got != o.want {
				t.Errorf("%s over %s: code %v, want %v", name, route, got, o.want)
			}
		}
	}
	write(t, board, 2)
	if err := board.WaitSynced(t.Context()); err != nil || ann.Stats().Connections != 1 {
		t.Fatalf("a bystander reconnected or was held up: %v", err)
	}
}

// What is no binary message, or not of the channels that a client has (SES3), is refused
// as what cannot be decoded is.
func TestSES7AWebSocketMessageThatIsNoneOfTheProtocolIsRefused(t *testing.T) {
	log := memory.New()
	r := start(t, log, log.Table(), "127.0.0.1:0")
	for name, c := range map[string]struct {
		kind    int
		message []byte
		want    protocol.Code
	}{
		"text":                  {websocket.TextMessage, []byte{0, 0}, protocol.BadMessage},
		"nothing":               {websocket.BinaryMessage, nil, protocol.BadMessage},
		"a stream":              {websocket.BinaryMessage, []byte{2, 0}, protocol.BadMessage},
		"a long channel number": {websocket.BinaryMessage, []byte{0x80, 0, 0}, protocol.BadMessage},
		"a large datagram":      {websocket.BinaryMessage, append([]byte{1}, make([]byte, protocol.MaxDatagram+1)...), protocol.TooLarge},
	} {
		ends, err := client.Discover(t.Context(), http.DefaultClient, r.url)
		if err != nil {
			t.Fatal(err)
		}
		ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), ends.WebSocket, nil) //nolint:bodyclose // of a socket there is none
		if err != nil {
			t.Fatal(err)
		}
		if err := ws.WriteMessage(c.kind, c.message); err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, _, err = ws.ReadMessage()
		}
		var closed *websocket.CloseError
		if !errors.As(err, &closed) || closed.Text != fmt.Sprint(uint32(c.want)) {
			t.Errorf("%s: %v, want %d", name, err, c.want)
		}
		_ = ws.Close()
	}
}

// Datagrams are soft (PRE1): what is none of the protocol's goes nowhere, and its sender stays.
func TestPRE1GarbageDatagramsGoNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		w := newWorld(t, newPath(10*time.Millisecond, 0, 0), func(c *server.Config) { c.Registry = registry })
		defer w.close()
		var pointed atomic.Int64
		ann := w.join(0, func(c *client.Config) {
			c.OnCursors = func(*client.Board, []*chalklinev1.ReplicaCursor) { pointed.Add(1) }
		})
		garbage := [][]byte{{}, {0}, {0xff, 0xff, 0xff}, {0x0a, 0x7f}, []byte("hello"), bytes.Repeat([]byte{0xff}, 1000)}
		for _, route := range []transport.Route{transport.WebTransport, transport.WebSocket} {
			n := w.newNode()
			defer n.close()
			conn, err := n.dial(t.Context(), route)
			if err != nil {
				t.Fatal(err)
			}
			c := &raw{t, conn}
			defer func() { _ = conn.Close(0) }()
			c.hello()
			c.joined(ann.RoomID(), "board::"+ann.board.Page())
			before, seen := counted(t, registry, "chalkline_session_datagrams_dropped_total"), pointed.Load()
			for _, p := range garbage {
				if err := conn.SendDatagram(p); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second) // simulated
			if dropped := counted(t, registry, "chalkline_session_datagrams_dropped_total") - before; dropped != float64(len(garbage)) || pointed.Load() != seen {
				t.Errorf("%s: %v of %d datagrams were dropped, and %d seen", route, dropped, len(garbage), pointed.Load()-seen)
			}
			pointer := &chalklinev1.Datagram{Message: &chalklinev1.Datagram_Cursor{Cursor: &chalklinev1.Cursor{Handle: 1, X: 5, Y: 5, Sequence: 1}}}
			p, err := proto.Marshal(pointer)
			if err != nil {
				t.Fatal(err)
			}
			if err := conn.SendDatagram(p); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // simulated
			if pointed.Load() == seen {
				t.Errorf("%s: a pointer after the garbage is not seen", route)
			}
		}
	})
}

func TestGuessingRoomsIsLimited(t *testing.T) {
	log := memory.New()
	r := start(t, log, log.Table(), "127.0.0.1:0")
	c := r.raw(t, transport.WebSocket)
	c.hello()
	codes := map[int32]int{}
	for i := range int64(70) {
		c.join(1000 + i)
		for {
			b, err := c.conn.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			var m chalklinev1.ServerMessage
			if err := proto.Unmarshal(b, &m); err != nil {
				t.Fatal(err)
			}
			if j := m.GetJoinRoomResult(); j != nil {
				codes[-j.GetResult()]++
				break
			}
		}
	}
	if codes[int32(protocol.NoSuchRoom)] != 60 || codes[int32(protocol.TooManyTries)] != 10 {
		t.Fatalf("answers %v, want 60 NO_SUCH_ROOM and then TOO_MANY_TRIES", codes)
	}
	// Somebody else at the same address.
	openFirst(t, r.dial(t, client.Config{Name: "ben", RoomName: "Class", Route: transport.WebSocket}))
}

// create asks for a room and returns its id, or the code of a refusal below 0.
func (r *raw) create() (room int64) {
	r.t.Helper()
	r.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_CreateRoom{CreateRoom: &chalklinev1.CreateRoom{Name: "Class"}}})
	r.told(func(m *chalklinev1.ServerMessage) bool {
		room = m.GetCreateRoomResult().GetRoomId()
		return m.GetCreateRoomResult() != nil
	})
	return room
}

func TestMakingRoomsIsLimited(t *testing.T) {
	log := memory.New()
	r := start(t, log, log.Table(), "127.0.0.1:0")
	made, answer := 0, int64(1)
	for ; answer > 0 && made < 300; made++ { // more where it takes longer than a minute
		c := r.raw(t, transport.WebSocket) // one makes about a room a second
		c.hello()
		answer = c.create()
		_ = c.conn.Close(0)
	}
	if made--; answer != -int64(protocol.TooManyTries) || made < 60 {
		t.Fatalf("answer %d after %d rooms, want TOO_MANY_TRIES after 60", answer, made)
	}
	// Somebody else at the same address.
	openFirst(t, r.dial(t, client.Config{Name: "ben", RoomName: "Class", Route: transport.WebSocket}))
}

func TestSES8AGracefulStopTellsWhyAndWhenToComeBack(t *testing.T) {
	log := memory.New()
	r := start(t, log, log.Table(), "127.0.0.1:0")
	c := r.raw(t, transport.WebTransport)
	c.hello()
	if _, err := c.conn.ReadMessage(); err != nil { // Welcome
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); r.stop() }()
	defer func() { <-stopped }()
	b, err := c.conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	var m chalklinev1.ServerMessage
	if err := proto.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if g := m.GetGoingAway(); protocol.Code(g.GetError().GetCode()) != protocol.GoingAway || g.GetRetryAfterMs() == 0 {
		t.Fatalf("told %v, want GOING_AWAY and when to come back", &m)
	}
}

func TestMetricsAndHealthAnswer(t *testing.T) {
	log := memory.New()
	r := start(t, log, log.Table(), "127.0.0.1:0")
	r.dial(t, client.Config{Name: "ann", RoomName: "lesson"})
	for path, want := range map[string]string{"/healthz": `"ok"`, "/metrics": "chalkline_session_open"} {
		answer, err := http.Get(r.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %v, without %s", path, answer.Status, err, want)
		}
	}
}

// Whoever asks for one unknown room after another, as one participant after another, is
// not in the way of those at the same address who belong to the room that they ask for.
func TestGuessingFromAnAddressShutsOutStrangersOnly(t *testing.T) {
	g := startGallery(t)
	code := func(token, room string) protocol.Code {
		answer, body := g.ask(t, http.MethodGet, token, room+"/pages/"+g.page+".png", nil)
		if answer.StatusCode == http.StatusOK {
			return 0
		}
		var refused struct{ Code protocol.Code }
		if err := json.Unmarshal(body, &refused); err != nil {
			t.Fatalf("%s: %v", answer.Status, err)
		}
		return refused.Code
	}
	asked, got := 0, protocol.NoSuchRoom
	for ; got == protocol.NoSuchRoom && asked < 3000; asked++ { // more where it takes longer than a minute
		got = code(fmt.Sprint("student/", asked/10), codeOf(int64(1000+asked)))
	}
	if got != protocol.TooManyTries || asked < 600 {
		t.Fatalf("code %v after %d unknown rooms, want TOO_MANY_TRIES after 600", got, asked)
	}
	for who, want := range map[string]protocol.Code{
		"teacher":                        0, // has joined it
		fmt.Sprint("student/new@", g.id): 0,
		"student/new":                    protocol.TooManyTries,
	} {
		if got := code(who, g.room); got != want {
			t.Errorf("%s gets code %v, want %v", who, got, want)
		}
	}
	again := g.dial(t, client.Config{Token: "teacher", Room: g.id, Route: transport.WebSocket})
	openFirst(t, again)
}

// comes joins a room with a claim, or without, and returns the replica or why there is none.
func (r *raw) comes(room int64, claim *chalklinev1.ReplicaClaim) (given *chalklinev1.ReplicaClaim, refused protocol.Code) {
	r.t.Helper()
	r.hello()
	r.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_JoinRoom{JoinRoom: &chalklinev1.JoinRoom{RoomId: room, Replica: claim}}})
	r.told(func(m *chalklinev1.ServerMessage) bool {
		given, refused = m.GetJoinRoomResult().GetReplica(), protocol.Code(m.GetError().GetCode())
		return given != nil || refused != 0
	})
	return given, refused
}

func TestNewReplicasAreLimitedAndClaimedOnesAreNot(t *testing.T) {
	log := memory.New()
	r := start(t, log, log.Table(), "127.0.0.1:0")
	ann := r.dial(t, client.Config{Token: "ann", RoomName: "Class", Route: transport.WebSocket})
	come := func(claim *chalklinev1.ReplicaClaim) (*chalklinev1.ReplicaClaim, protocol.Code) {
		c := r.raw(t, transport.WebSocket)
		defer c.conn.Close(0)
		return c.comes(ann.RoomID(), claim)
	}
	mine, code := come(nil)
	for given := 1; code == 0; given++ {
		if given > 1500 { // more than 300 where it takes longer than a minute
			t.Fatalf("%d replicas were given to one participant", given)
		}
		_, code = come(nil)
		if code != 0 && (code != protocol.TooManyTries || given < 300) {
			t.Fatalf("code %v after %d replicas, want TOO_MANY_TRIES after 300", code, given)
		}
	}
	if got, code := come(mine); code != 0 || got.GetReplica() != mine.GetReplica() {
		t.Errorf("who claims %d gets %v, code %v", mine.GetReplica(), got, code)
	}
	openFirst(t, r.dial(t, client.Config{Token: "ben", Room: ann.RoomID(), Route: transport.WebSocket}))
}
