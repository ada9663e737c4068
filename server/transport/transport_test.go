package transport

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chalkline/protocol"
)

// patience is far longer than anything here takes; a test that needs it failed.
const patience = 20 * time.Second

// testServer is a Listener on the loopback with a certificate of its own.
type testServer struct {
	*Listener
	hash    []byte
	crashed atomic.Bool // Serve is expected to fail
}

// newTestServer serves until the test ends. change may be nil.
func newTestServer(t testing.TB, handle func(Conn), change func(*Config)) *testServer {
	t.Helper()
	certificate, hash := selfSigned(t)
	config := Config{
		Address: "127.0.0.1:0",
		TLS:     &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13},
		Handle:  handle,
	}
	if change != nil {
		change(&config)
	}
	l, err := Listen(config)
	if err != nil {
		t.Fatal(err)
	}
	server := &testServer{Listener: l, hash: hash}
	served := make(chan error, 1)
	go func() { served <- l.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = l.Shutdown(ctx) // connections that the test left open run into the second
		if err := <-served; err != nil && !server.crashed.Load() {
			t.Errorf("Serve() = %v", err)
		}
	})
	return server
}

func selfSigned(t testing.TB) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, hash[:]
}

// dial connects by the route and closes the connection with the test.
func (s *testServer) dial(t testing.TB, route Route) ClientConn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	dialer := &Dialer{TLS: TrustHashes(s.hash)}
	var conn ClientConn
	var err error
	if route == WebTransport {
		conn, err = dialer.DialWebTransport(ctx, "https://"+s.UDPAddr().String()+protocol.WebTransportPath)
	} else {
		conn, err = dialer.DialWebSocket(ctx, "wss://"+s.TCPAddr().String()+protocol.WebSocketPath)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(0) })
	return conn
}

// onBothRoutes runs a test with WebTransport and with WebSocket.
func onBothRoutes(t *testing.T, test func(t *testing.T, route Route)) {
	for _, route := range []Route{WebTransport, WebSocket} {
		t.Run(string(route), func(t *testing.T) { test(t, route) })
	}
}

func framed(messages ...string) []byte {
	var b []byte
	for _, m := range messages {
		b = binary.AppendUvarint(b, uint64(len(m)))
		b = append(b, m...)
	}
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within fails the test if f does not come back.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s: still waiting after %v", what, patience)
	}
}

// echo sends every message back on control, and every datagram.
func echo(c Conn) {
	go func() {
		for {
			p, err := c.ReceiveDatagram(context.Background())
			if err != nil {
				return
			}
			_ = c.SendDatagram(p)
		}
	}()
	for {
		message, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err := c.WriteControl(framed(string(message))); err != nil {
			return
		}
	}
}

func TestMessagesOfAnySizeComeBackOnControl(t *testing.T) {
	server := newTestServer(t, echo, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		sent := []string{"a", "", strings.Repeat("b", 300), strings.Repeat("c", protocol.MaxMessage), "d"}
		go func() {
			for _, m := range sent {
				_ = client.WriteControl(framed(m))
			}
		}()
		for i, want := range sent {
			got, err := client.ReadMessage()
			must(t, err)
			if string(got) != want {
				t.Fatalf("message %d: %d bytes, want %d", i, len(got), len(want))
			}
		}
		if client.Route() != route {
			t.Errorf("Route() = %v", client.Route())
		}
	})
}

func TestDatagramsComeBack(t *testing.T) {
	server := newTestServer(t, echo, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(framed("x")))
		_, err := client.ReadMessage()
		must(t, err)
		must(t, client.SendDatagram([]byte("here")))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		got, err := client.ReceiveDatagram(ctx)
		must(t, err)
		if string(got) != "here" {
			t.Errorf("got %q", got)
		}
		if err := client.SendDatagram(make([]byte, protocol.MaxDatagram+1)); !errors.Is(err, ErrDatagramTooLarge) {
			t.Errorf("large datagram: %v, want %v", err, ErrDatagramTooLarge)
		}
	})
}

func TestSES2SES3DocumentStreamsArriveWholeAndApart(t *testing.T) {
	const streams, messages = 3, 50
	large := strings.Repeat("x", 40_000) // more than one WebSocket message
	server := newTestServer(t, func(c Conn) {
		open := make([]Stream, streams)
		for i := range open {
			open[i], _ = c.OpenStream()
		}
		for m := range messages {
			for i := range open { // the last opened writes first
				i = streams - 1 - i
				_ = open[i].Write(framed(fmt.Sprintf("%d/%d", i, m), large))
			}
		}
		for _, s := range open {
			_ = s.Close()
		}
		_, _ = c.ReadMessage()
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(framed("hello")))
		results := make(chan error, streams)
		for range streams {
			stream, err := client.AcceptStream(t.Context())
			must(t, err)
			go func() { results <- checkStream(stream, messages, large) }()
		}
		for range streams {
			must(t, <-results)
		}
	})
}

func checkStream(stream ServerStream, messages int, large string) error {
	name := ""
	for m := range messages {
		got, err := stream.ReadMessage()
		if err != nil {
			return err
		}
		i, rest, _ := strings.Cut(string(got), "/")
		if m == 0 {
			name = i
		}
		if i != name || rest != fmt.Sprint(m) {
			return fmt.Errorf("stream %s, message %d: got %q", name, m, got)
		}
		if got, err = stream.ReadMessage(); err != nil || string(got) != large {
			return fmt.Errorf("stream %s: large message: %d bytes, %w", name, len(got), err)
		}
	}
	if _, err := stream.ReadMessage(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("after the last message: %w", err)
	}
	return nil
}

func TestSES9CloseCodeOfTheServerReachesTheClient(t *testing.T) {
	server := newTestServer(t, func(c Conn) {
		_, _ = c.ReadMessage()
		_ = c.Close(3009)
		_ = c.Close(1) // only the first counts
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(framed("hello")))
		_, err := client.ReadMessage()
		wantCode(t, err, 3009)
		<-client.Done()
	})
}

func TestSES9CloseCodeOfTheClientReachesTheServer(t *testing.T) {
	met := make(chan struct{})
	got := make(chan error, 1)
	server := newTestServer(t, func(c Conn) {
		_, _ = c.ReadMessage()
		met <- struct{}{}
		_, err := c.ReadMessage()
		got <- err
		<-c.Done()
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(framed("hello")))
		<-met
		must(t, client.Close(4242))
		wantCode(t, <-got, 4242)
		if _, err := client.ReadMessage(); !errors.Is(err, ErrClosed) {
			t.Errorf("ReadMessage() after Close = %v, want %v", err, ErrClosed)
		}
	})
}

func wantCode(t *testing.T, err error, code uint32) {
	t.Helper()
	var closed *CloseError
	if !errors.As(err, &closed) || closed.Code != code {
		t.Fatalf("error = %v, want a CloseError with code %d", err, code)
	}
}

func TestWhatWasWrittenBeforeCloseArrives(t *testing.T) {
	server := newTestServer(t, func(c Conn) {
		_, _ = c.ReadMessage()
		_ = c.WriteControl(framed("last words"))
		_ = c.Close(1001)
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(framed("hello")))
		got, err := client.ReadMessage()
		if err != nil || string(got) != "last words" {
			t.Fatalf("ReadMessage() = %q, %v", got, err)
		}
		_, err = client.ReadMessage()
		wantCode(t, err, 1001)
	})
}

func TestSES7AnOversizedMessageIsRefusedByItsLength(t *testing.T) {
	got := make(chan error, 1)
	server := newTestServer(t, func(c Conn) {
		_, err := c.ReadMessage()
		got <- err
		_ = c.Close(3002)
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(binary.AppendUvarint(nil, protocol.MaxMessage+1)))
		if err := <-got; !errors.Is(err, ErrTooLarge) {
			t.Errorf("ReadMessage() = %v, want %v", err, ErrTooLarge)
		}
		_, err := client.ReadMessage()
		wantCode(t, err, 3002)
	})
}

func TestASlowReaderBlocksOnlyItsOwnWriterAndCloseFreesIt(t *testing.T) {
	conns := make(chan Conn, 2)
	server := newTestServer(t, func(c Conn) {
		_, _ = c.ReadMessage()
		conns <- c
		<-c.Done()
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		slow := server.dial(t, route)
		must(t, slow.WriteControl(framed("hello")))
		slowEnd := <-conns
		quick := server.dial(t, route)
		must(t, quick.WriteControl(framed("hello")))
		quickEnd := <-conns

		moved := make(chan struct{}, 1)
		result := make(chan error, 1)
		go func() { result <- writeForever(slowEnd, moved) }()
		waitUntilStuck(moved)

		must(t, quickEnd.WriteControl(framed("still here")))
		got, err := quick.ReadMessage()
		if err != nil || string(got) != "still here" {
			t.Fatalf("the other client: %q, %v", got, err)
		}
		within(t, "Close", func() { _ = slowEnd.Close(2001) })
		within(t, "the blocked Write", func() { err = <-result })
		if !errors.Is(err, ErrClosed) {
			t.Errorf("blocked Write = %v, want %v", err, ErrClosed)
		}
	})
}

// writeForever writes to a new stream until that fails and tells of each write.
func writeForever(c Conn, moved chan<- struct{}) error {
	stream, err := c.OpenStream()
	for p := framed(strings.Repeat("x", 60_000)); err == nil; {
		err = stream.Write(p)
		select {
		case moved <- struct{}{}:
		default:
		}
	}
	return err
}

// waitUntilStuck returns when a writer has made no progress for a while. Should
// the machine be so slow that it takes a pause for the end, the test is weaker
// but does not fail.
func waitUntilStuck(moved <-chan struct{}) {
	for {
		select {
		case <-moved:
		case <-time.After(300 * time.Millisecond):
			return
		}
	}
}

func TestCloseFreesABlockedReader(t *testing.T) {
	result := make(chan error, 1)
	conns := make(chan Conn, 1)
	server := newTestServer(t, func(c Conn) {
		conns <- c
		_, _ = c.ReadMessage()
		_, err := c.ReadMessage()
		result <- err
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(framed("hello")))
		c := <-conns
		_ = c.Close(1001)
		within(t, "ReadMessage", func() {
			if err := <-result; !errors.Is(err, ErrClosed) && err != nil {
				t.Errorf("ReadMessage() = %v, want %v", err, ErrClosed)
			}
		})
		if err := c.WriteControl(framed("x")); !errors.Is(err, ErrClosed) {
			t.Errorf("WriteControl() after Close = %v, want %v", err, ErrClosed)
		}
		if _, err := c.OpenStream(); !errors.Is(err, ErrClosed) {
			t.Errorf("OpenStream() after Close = %v, want %v", err, ErrClosed)
		}
	})
}

func TestAResetStreamEndsForTheClient(t *testing.T) {
	server := newTestServer(t, func(c Conn) {
		_, _ = c.ReadMessage()
		stream, _ := c.OpenStream()
		_ = stream.Write(framed("first")[:3])
		stream.Reset(1002)
		next, _ := c.OpenStream()
		_ = next.Write(framed("second"))
		_, _ = c.ReadMessage()
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(framed("hello")))
		second := false
		for !second {
			stream, err := client.AcceptStream(t.Context())
			must(t, err)
			message, err := stream.ReadMessage()
			switch {
			case err == nil && string(message) == "second":
				second = true
			case err == nil || errors.Is(err, io.EOF):
				t.Fatalf("reset stream: %q, %v", message, err)
			}
		}
	})
}

func TestAHostileHandshakeHurtsNobodyElse(t *testing.T) {
	server := newTestServer(t, echo, nil)
	for _, garbage := range [][]byte{
		{0x16, 3, 1, 0xff, 0xff},
		bytes.Repeat([]byte{0x16}, 5000),
		[]byte("\r\n\r\n\r\n"),
		[]byte("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
		{0},
		nil,
	} {
		conn, err := net.Dial("tcp", server.TCPAddr().String())
		must(t, err)
		_, _ = conn.Write(garbage)
		defer conn.Close()
	}
	udp, err := net.Dial("udp", server.UDPAddr().String())
	must(t, err)
	defer udp.Close()
	for n := range 64 {
		packet := make([]byte, 20*n)
		_, _ = rand.Read(packet)
		_, _ = udp.Write(packet)
	}
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(framed("still there?")))
		got, err := client.ReadMessage()
		if err != nil || string(got) != "still there?" {
			t.Fatalf("ReadMessage() = %q, %v", got, err)
		}
	})
}

func TestPagesFromElsewhereAreRefused(t *testing.T) {
	server := newTestServer(t, echo, func(c *Config) { c.Origins = []string{"https://school.example"} })
	onBothRoutes(t, func(t *testing.T, route Route) {
		for origin, allowed := range map[string]bool{
			"https://evil.example": false, "https://school.example": true, "null": false,
			"https://" + server.TCPAddr().String(): true,
		} {
			dialer := &Dialer{TLS: TrustHashes(server.hash), Header: http.Header{"Origin": {origin}}}
			var conn ClientConn
			var err error
			if route == WebTransport {
				conn, err = dialer.DialWebTransport(t.Context(), "https://"+server.UDPAddr().String()+"/wt")
			} else {
				conn, err = dialer.DialWebSocket(t.Context(), "wss://"+server.TCPAddr().String()+"/ws")
			}
			if (err == nil) != allowed {
				t.Errorf("origin %s: %v, allowed should be %v", origin, err, allowed)
			}
			if err == nil {
				_ = conn.Close(0)
			}
		}
	})
}

func TestOnlyTheCertificateWithTheHashIsTrusted(t *testing.T) {
	server := newTestServer(t, echo, nil)
	dialer := &Dialer{TLS: TrustHashes(make([]byte, 32))}
	if _, err := dialer.DialWebTransport(t.Context(), "https://"+server.UDPAddr().String()+"/wt"); err == nil {
		t.Error("WebTransport: another certificate was trusted")
	}
	if _, err := dialer.DialWebSocket(t.Context(), "wss://"+server.TCPAddr().String()+"/ws"); err == nil {
		t.Error("WebSocket: another certificate was trusted")
	}
}

func TestPlainHTTPFromThisMachineIsServed(t *testing.T) {
	server := newTestServer(t, echo, func(c *Config) {
		c.HTTP = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	})
	response, err := http.Get("http://" + server.TCPAddr().String() + "/")
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "page" {
		t.Errorf("body = %q, %v", body, err)
	}
	client, err := (&Dialer{}).DialWebSocket(t.Context(), "ws://"+server.TCPAddr().String()+"/ws")
	must(t, err)
	must(t, client.WriteControl(framed("plain")))
	got, err := client.ReadMessage()
	if err != nil || string(got) != "plain" {
		t.Errorf("ReadMessage() = %q, %v", got, err)
	}
	_ = client.Close(0)
}

func TestAClientNoticesARestartByItsNextMessage(t *testing.T) {
	key := [32]byte{1, 2, 3}
	first := newTestServer(t, echo, func(c *Config) { c.ResetKey = &key })
	client := first.dial(t, WebTransport)
	must(t, client.WriteControl(framed("hello")))
	_, err := client.ReadMessage()
	must(t, err)

	// As kill -9 does: the socket is gone without a word, and another has its port.
	address := first.UDPAddr().String()
	first.crashed.Store(true)
	must(t, first.packetConn.Close())
	must(t, first.split.Close())
	newTestServer(t, echo, func(c *Config) { c.ResetKey, c.Address = &key, address })

	began := time.Now()
	must(t, client.WriteControl(framed("?")))
	within(t, "noticing the restart", func() { _, err = client.ReadMessage() })
	if err == nil {
		t.Fatal("the new server answered for the old one")
	}
	t.Logf("noticed after %v: %v", time.Since(began), err)
}

func TestShutdownWaitsForConnectionsAndLetsNobodyIn(t *testing.T) {
	release := make(chan struct{})
	met := make(chan struct{})
	server := newTestServer(t, func(c Conn) {
		close(met)
		<-release
		_ = c.Close(1001)
	}, nil)
	client := server.dial(t, WebSocket)
	<-met
	result := make(chan error, 1)
	go func() { result <- server.Shutdown(context.Background()) }()
	<-server.ctx.Done()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := (&Dialer{TLS: TrustHashes(server.hash)}).DialWebTransport(ctx, "https://"+server.UDPAddr().String()+"/wt"); err == nil {
		t.Error("a newcomer was let in")
	}
	select {
	case err := <-result:
		t.Fatalf("Shutdown() = %v before the connection was closed", err)
	default:
	}
	close(release)
	_, err := client.ReadMessage()
	wantCode(t, err, 1001)
	within(t, "Shutdown", func() { must(t, <-result) })
}

func TestShutdownClosesWhatIsLeft(t *testing.T) {
	server := newTestServer(t, func(c Conn) {
		for {
			if _, err := c.ReadMessage(); err != nil {
				return
			}
		}
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(framed("hello")))
	})
	clients := []ClientConn{server.dial(t, WebTransport), server.dial(t, WebSocket)}
	must(t, clients[0].WriteControl(framed("hello")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	within(t, "Shutdown", func() { _ = server.Shutdown(ctx) })
	_, err := clients[1].ReadMessage()
	wantCode(t, err, 1001)
}

func TestAFullServerRefusesConnections(t *testing.T) {
	server := newTestServer(t, echo, func(c *Config) { c.MaxConnections = 1 })
	first := server.dial(t, WebSocket)
	must(t, first.WriteControl(framed("x")))
	_, err := first.ReadMessage()
	must(t, err)
	dialer := &Dialer{TLS: TrustHashes(server.hash)}
	if _, err := dialer.DialWebSocket(t.Context(), "wss://"+server.TCPAddr().String()+"/ws"); err == nil {
		t.Error("WebSocket over the limit was let in")
	}
	server.dial(t, WebTransport)
	if _, err := dialer.DialWebTransport(t.Context(), "https://"+server.UDPAddr().String()+"/wt"); err == nil {
		t.Error("WebTransport over the limit was let in")
	}
}
