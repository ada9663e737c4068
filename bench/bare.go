package bench

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"chalkline/bench/client"
	"chalkline/protocol"
	"chalkline/server/certificate"
	"chalkline/server/transport"
)

// A load of 10 writers in a class of 100 reaches each client as a message of
// about this many bytes at each beat of the room: 300 frames a second of 8
// points at 2.2 bytes.
const (
	bareBeat  = 22 * time.Millisecond
	bareBytes = 115
)

// BareResult is what sending costs by itself: the transports of the server,
// without session, room or store.
type BareResult struct {
	Connections  int      `json:"connections"`
	Seconds      float64  `json:"bare_seconds"`
	Offered      float64  `json:"offered_sends_per_s"`
	Sends        float64  `json:"sends_per_s"` // received
	ServerCPU    *float64 `json:"bare_cpu_us_per_send"`
	ServerUsed   *float64 `json:"bare_core_percent"`
	GeneratorCPU float64  `json:"bare_generator_core_percent"`
}

// serveBare is the server of ModeBare: it sends to every connection at each beat
// until ctx ends, and prints its address as the real server does.
func serveBare(ctx context.Context, c Config, w io.Writer) error {
	source, err := certificate.Open(certificate.Config{Directory: c.Data})
	if err != nil {
		return fmt.Errorf("bench: bare server: %w", err)
	}
	var l *transport.Listener
	l, err = transport.Listen(transport.Config{
		Address: "127.0.0.1:0", TLS: source.TLSConfig(), Handle: sendBare,
		HTTP: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			answerBare(w, l.TCPAddr(), l.UDPAddr(), source.Hashes())
		}),
	})
	if err != nil {
		return fmt.Errorf("bench: bare server: %w", err)
	}
	_, _ = fmt.Fprintf(w, "http://%s\n", l.TCPAddr())
	served := make(chan error, 1)
	go func() { served <- l.Serve() }()
	select {
	case err = <-served:
	case <-ctx.Done():
		ended, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err = errors.Join(l.Shutdown(ended), <-served)
	}
	return err
}

// answerBare says where the routes are, whatever was asked.
func answerBare(w http.ResponseWriter, tcp, udp net.Addr, hashes [][]byte) {
	ends := client.Endpoints{
		WebTransport: "https://" + udp.String() + protocol.WebTransportPath,
		WebSocket:    "wss://" + tcp.String() + protocol.WebSocketPath,
	}
	for _, h := range hashes {
		ends.CertificateHashes = append(ends.CertificateHashes, hex.EncodeToString(h))
	}
	_ = json.NewEncoder(w).Encode(ends)
}

// sendBare sends to one connection at each beat, all in step as a room does.
func sendBare(conn transport.Conn) {
	stream, err := conn.OpenStream()
	if err != nil {
		return
	}
	go func() { // until the connection ends
		for err := error(nil); err == nil; _, err = conn.ReadMessage() {
		}
	}()
	message := protocol.AppendFrame(nil, make([]byte, bareBytes))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-conn.Done():
			return
		case now := <-timer.C:
			if stream.Write(message) != nil {
				return
			}
			timer.Reset(time.Until(now.Truncate(bareBeat).Add(bareBeat)))
		}
	}
}

// runBare receives from a bare server with c.Clients connections.
func runBare(ctx context.Context, c Config, t *target) (_ *Result, err error) {
	b := &bare{}
	defer func() { err = errors.Join(err, b.close()) }()
	network := client.NewNetwork(t.url, t.http)
	for range c.Clients {
		if err := b.dial(ctx, network, c.Transport); err != nil {
			return nil, err
		}
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	if err := sleepUntil(ctx, timer, time.Now().Add(c.Warmup)); err != nil {
		return nil, err
	}
	before := b.read(t)
	if err := sleepUntil(ctx, timer, before.at.Add(c.Duration)); err != nil {
		return nil, err
	}
	return b.result(c, t, before, b.read(t)), nil
}

// bare is the receiving end.
type bare struct {
	conns     []transport.ClientConn
	receiving sync.WaitGroup

	mu       sync.Mutex
	received uint64 // guarded by mu
}

func (b *bare) dial(ctx context.Context, network *client.Network, route transport.Route) error {
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	conn, err := network.Dial(ctx, route)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	b.conns = append(b.conns, conn)
	if err := conn.WriteControl(protocol.AppendFrame(nil, []byte{0})); err != nil { // opens the control stream
		return fmt.Errorf("bench: %w", err)
	}
	stream, err := conn.AcceptStream(ctx)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	b.receiving.Go(func() {
		for {
			if _, err := stream.ReadMessage(); err != nil {
				return
			}
			b.mu.Lock()
			b.received++
			b.mu.Unlock()
		}
	})
	return nil
}

func (b *bare) close() error {
	var errs []error
	for _, conn := range b.conns {
		errs = append(errs, conn.Close(0))
	}
	b.receiving.Wait()
	return errors.Join(errs...)
}

// bareReading is what is read at both ends of the measured time.
type bareReading struct {
	at                time.Time
	received          uint64
	server, generator time.Duration // CPU
	known             bool          // of the server
}

func (b *bare) read(t *target) bareReading {
	b.mu.Lock()
	defer b.mu.Unlock()
	used, err := cpuTime(t.pid)
	return bareReading{at: time.Now(), received: b.received, server: used, generator: ownCPU(), known: err == nil}
}

func (b *bare) result(c Config, t *target, before, after bareReading) *Result {
	seconds := after.at.Sub(before.at).Seconds()
	received := float64(after.received - before.received)
	r := &BareResult{
		Connections: c.Clients, Seconds: round(seconds, 3),
		Offered:      round(float64(c.Clients)*float64(time.Second)/float64(bareBeat), 1),
		Sends:        round(received/seconds, 1),
		GeneratorCPU: round(100*(after.generator-before.generator).Seconds()/seconds, 1),
	}
	if used := (after.server - before.server).Seconds(); before.known && after.known && received > 0 {
		r.ServerCPU, r.ServerUsed = number(used*1e6/received, 2), number(100*used/seconds, 1)
	}
	return &Result{Mode: ModeBare, Transport: string(c.Transport), BareResult: r, Pinned: t.pinned}
}
