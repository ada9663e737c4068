package session

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
)

// phases are how a client comes to each phase, and what it may send there, as the
// table of SES11 has it.
var phases = map[phase]struct {
	way   []*chalklinev1.ClientMessage
	takes string
}{
	dialing: {nil, "Hello"},
	joining: {[]*chalklinev1.ClientMessage{hello("maker")}, "CreateRoom JoinRoom Ping Leave"},
	joined: {
		[]*chalklinev1.ClientMessage{hello("maker"), join(testRoom)},
		"CreateRoom Submit ChangeBoard CloseDocument SyncState HeartTick Trace Ping Leave unknown",
	},
	ended: {[]*chalklinev1.ClientMessage{hello("maker"), join(testRoom), leave()}, "Ping Leave"},
}

// everyMessage is one of each kind, as it is taken where it may come.
func everyMessage() map[string]*chalklinev1.ClientMessage {
	look := &chalklinev1.ChangeBoard{Open: &chalklinev1.OpenDocument{Handle: 3, Document: "board::p1"}}
	return map[string]*chalklinev1.ClientMessage{
		"Hello":         hello("maker"),
		"CreateRoom":    create("x"),
		"JoinRoom":      join(testRoom),
		"Submit":        submit(1, ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}})),
		"ChangeBoard":   {Message: &chalklinev1.ClientMessage_ChangeBoard{ChangeBoard: look}},
		"CloseDocument": {Message: &chalklinev1.ClientMessage_CloseDocument{CloseDocument: &chalklinev1.CloseDocument{Handle: 2}}},
		"SyncState":     {Message: &chalklinev1.ClientMessage_SyncState{SyncState: &chalklinev1.SyncState{Handle: 2}}},
		"HeartTick":     {Message: &chalklinev1.ClientMessage_HeartTick{HeartTick: &chalklinev1.HeartTick{}}},
		"Trace":         {Message: &chalklinev1.ClientMessage_Trace{Trace: &chalklinev1.Trace{Handle: 9}}},
		"Ping":          {Message: &chalklinev1.ClientMessage_Ping{Ping: &chalklinev1.Ping{}}},
		"Leave":         leave(),
		"unknown":       {}, // of a newer client
	}
}

func TestSES11AMessageOutOfPhaseEndsTheSession(t *testing.T) {
	all := everyMessage()
	if known := (&chalklinev1.ClientMessage{}).ProtoReflect().Descriptor().Fields().Len(); known != len(all)-1 {
		t.Fatalf("%d messages of %d are tried", len(all)-1, known)
	}
	for p, c := range phases {
		takes := map[string]bool{}
		for _, name := range strings.Fields(c.takes) {
			takes[name] = true
		}
		for name, m := range all {
			withServer(t, func(t *testing.T, s *fakeServer) {
				want := protocol.Code(0) // it goes on
				if !takes[name] {
					want = protocol.OutOfOrder
				}
				if got := codeAfter(t, s, says(t, c.way...), says(t, m)); got != want {
					t.Errorf("%s in phase %d: closed with %v, want %v", name, p, got, want)
				}
			})
		}
	}
}

// codeAfter returns what a session is closed with that came into a phase, 0 if nothing does.
func codeAfter(t *testing.T, s *fakeServer, way, in []byte) protocol.Code {
	t.Helper()
	r, w := io.Pipe()
	c := newFakeConn(nil)
	c.in, c.hold = bufio.NewReader(r), true
	go Serve(t.Context(), c, Config{Server: s})
	for _, b := range [][]byte{way, in} {
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // the room answers at its next beat
		synctest.Wait()
	}
	c.mu.Lock()
	code := protocol.Code(c.code)
	c.mu.Unlock()
	_ = w.Close()
	_ = c.Close(0)
	return code
}
