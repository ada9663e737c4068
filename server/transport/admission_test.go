package transport

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

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

// frame is one of HTTP/2 (RFC 9113, section 4.1).
func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	b := []byte{0, 0, byte(len(payload)), kind, flags}
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}

// Who takes no answer holds as many handlers as requests, so these are bounded.
func TestAConnectionHasSoManyRequestsAtATime(t *testing.T) {
	const headers, reset, settings, ping, endStreamAndHeaders, ack = 1, 3, 4, 6, 5, 1
	inside, release := make(chan struct{}, 1000), make(chan struct{})
	server := newTestServer(t, echo, func(c *Config) {
		c.HTTP = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			inside <- struct{}{}
			<-release
		})
	})
	defer close(release)
	conn, err := tls.Dial("tcp", server.TCPAddr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	get := []byte{0x82, 0x84, 0x87, 0x41, 1, 'x'} // GET, /, https, :authority x
	opening := append([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(settings, 0, 0, nil)...)
	opening = append(opening, frame(settings, ack, 0, nil)...)
	for i := range uint32(maxStreams + 1) {
		opening = append(opening, frame(headers, endStreamAndHeaders, 2*i+1, get)...)
	}
	_, err = conn.Write(append(opening, frame(ping, 0, 0, make([]byte, 8))...))
	must(t, err)
	var refused []uint32
	for r := bufio.NewReader(conn); ; {
		var head [9]byte
		_, err := io.ReadFull(r, head[:])
		must(t, err)
		_, err = r.Discard(int(head[1])<<8 | int(head[2]))
		must(t, err)
		if head[3] == ping {
			break
		}
		if head[3] == reset {
			refused = append(refused, binary.BigEndian.Uint32(head[5:]))
		}
	}
	if len(refused) != 1 || refused[0] != 2*maxStreams+1 {
		t.Errorf("streams %v were refused, want only the one too many", refused)
	}
	for range maxStreams {
		<-inside
	}
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

func TestTheSecondTCPPortCountsToo(t *testing.T) {
	server := newTestServer(t, echo, func(c *Config) { c.MaxConnections, c.PlainAddress = 2, "127.0.0.1:0" })
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", server.plain.Addr().String())
		must(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	served := func(conn net.Conn) bool {
		_, _ = io.WriteString(conn, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
		must(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		answer, err := bufio.NewReader(conn).ReadString('\n')
		return err == nil && strings.HasPrefix(answer, "HTTP/1.1 404")
	}
	first, second := dial(), dial()
	if !served(first) || !served(second) {
		t.Fatal("not served within the limit")
	}
	if served(dial()) {
		t.Fatal("served over the limit")
	}
	must(t, first.Close())
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !served(dial()); { // until the server has noticed
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("not served when there was room again")
		}
	}
}
