package webrtc_test

import (
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"chalkline/server/media/webrtc"
)

// Of a description: the credentials of ICE, and the port on this machine.
var (
	ufragIn = regexp.MustCompile(`a=ice-ufrag:(\S+)`)
	pwdIn   = regexp.MustCompile(`a=ice-pwd:(\S+)`)
	portIn  = regexp.MustCompile(`a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) `)
)

// checker is a client that checks the ways to the server (RFC 8445, 7.2) by hand.
type checker struct {
	t         *testing.T
	server    *net.UDPAddr
	username  stun.Username
	integrity stun.MessageIntegrity
}

// newChecker publishes without any candidates.
func (w *world) newChecker(t *testing.T) *checker {
	t.Helper()
	_, offer := w.peer()
	offer = candidates.ReplaceAllString(offer, "")
	got := w.request("POST", whip, "teacher:eve", contentSDP, offer)
	if got.status != http.StatusCreated {
		t.Fatalf("POST: %d %s", got.status, got.body)
	}
	server, err := net.ResolveUDPAddr("udp4", "127.0.0.1:"+portIn.FindStringSubmatch(got.body)[1])
	if err != nil {
		t.Fatal(err)
	}
	return &checker{
		t: t, server: server,
		username:  stun.NewUsername(ufragIn.FindStringSubmatch(got.body)[1] + ":" + ufragIn.FindStringSubmatch(offer)[1]),
		integrity: stun.NewShortTermIntegrity(pwdIn.FindStringSubmatch(got.body)[1]),
	}
}

// from is one of the client's addresses.
func (c *checker) from() net.Conn {
	c.t.Helper()
	s, err := net.DialUDP("udp4", nil, c.server)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = s.Close() })
	return s
}

// send sends a check.
func (c *checker) send(from net.Conn) *stun.Message {
	c.t.Helper()
	m, err := stun.Build(stun.BindingRequest, stun.TransactionID, c.username, ice.AttrControlling(1), ice.PriorityAttr(1), c.integrity, stun.Fingerprint)
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = from.Write(m.Raw) // the server may have closed
	return m
}

// answered sends a check and waits for its answer: all that were sent before are over then.
func (c *checker) answered(from net.Conn) {
	c.t.Helper()
	asked := c.send(from)
	_ = from.SetReadDeadline(time.Now().Add(wait))
	for {
		b := make([]byte, 1500)
		n, err := from.Read(b)
		if err != nil {
			c.t.Fatal(err)
		}
		if m := (&stun.Message{Raw: b[:n]}); m.Decode() == nil && m.Type == stun.BindingSuccess && m.TransactionID == asked.TransactionID {
			return
		}
	}
}

// What comes from any more addresses than these is not answered, and nothing is kept of it.
func TestAClientIsHeardFromOnlySoManyAddresses(t *testing.T) {
	w := newWorld(t)
	c := w.newChecker(t)
	first := c.from()
	for range 300 {
		c.send(c.from())
		c.answered(first)
	}
	if n := w.server.Candidates(); n != 256 {
		t.Errorf("%d addresses are kept, want 256", n)
	}
}

func TestAFloodOfChecksEndsItsSession(t *testing.T) {
	log := &sayings{}
	w := newWorld(t, func(c *webrtc.Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	c := w.newChecker(t)
	from := c.from()
	waitFor(t, "end of the session", func() bool {
		for range 1000 {
			c.send(from)
		}
		sessions, _ := w.server.Held()
		return sessions == 0
	})
	if !log.has("too many checks") {
		t.Error("it ended for another reason")
	}
}
