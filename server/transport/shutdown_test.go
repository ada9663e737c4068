package transport

import (
	"context"
	"testing"
	"time"
)

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
