package transport

import (
	"context"
	"strings"
	"testing"
)

// BenchmarkWrite writes five records of 60 bytes at once, as a busy board does
// 60 times a second per client.
func BenchmarkWrite(b *testing.B) {
	for _, route := range []Route{WebTransport, WebSocket} {
		b.Run(string(route), func(b *testing.B) { benchmarkWrite(b, route) })
	}
}

func benchmarkWrite(b *testing.B, route Route) {
	conns := make(chan Conn, 1)
	server := newTestServer(b, func(c Conn) {
		conns <- c
		_, _ = c.ReadMessage()
		<-c.Done()
	}, nil)
	client := server.dial(b, route)
	if err := client.WriteControl(framed("hello")); err != nil {
		b.Fatal(err)
	}
	go readStreams(client)
	stream, err := (<-conns).OpenStream()
	if err != nil {
		b.Fatal(err)
	}
	record := strings.Repeat("x", 59)
	p := framed(record, record, record, record, record)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		if err := stream.Write(p); err != nil {
			b.Fatal(err)
		}
	}
}

// readStreams reads whatever comes until the connection ends.
func readStreams(c ClientConn) {
	for {
		stream, err := c.AcceptStream(context.Background())
		if err != nil {
			return
		}
		go func() {
			for {
				if _, err := stream.ReadMessage(); err != nil {
					return
				}
			}
		}()
	}
}
