package transport

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"chalkline/protocol"
)

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

// A restarted server has new keys for its tickets, as the second server here has.
func TestATicketThatTheServerCannotReadIsInNobodysWay(t *testing.T) {
	first, second := newTestServer(t, echo, nil), newTestServer(t, echo, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		dialer := &Dialer{TLS: TrustHashes(first.hash, second.hash)}
		for i, server := range []*testServer{first, first, second, first} {
			client := server.dialWith(t, dialer, route)
			must(t, client.WriteControl(framed("x")))
			if got, err := client.ReadMessage(); err != nil || string(got) != "x" {
				t.Fatalf("connection %d: %q, %v", i, got, err)
			}
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
		_, _ = c.ReadMessage() // hello
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
		_, _ = c.ReadMessage() // until the client has all of it and goes
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
		for {
			if _, err := c.ReadMessage(); err != nil {
				got <- err
				_ = c.Close(3002)
				return
			}
		}
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		for name, opening := range map[string][]byte{
			"the first message": binary.AppendUvarint(nil, protocol.MaxHello+1),
			"a later one":       binary.AppendUvarint(framed("hello"), protocol.MaxMessage+1),
		} {
			client := server.dial(t, route)
			must(t, client.WriteControl(opening))
			within(t, name, func() {
				if err := <-got; !errors.Is(err, ErrTooLarge) {
					t.Errorf("%s: %v, want %v", name, err, ErrTooLarge)
				}
			})
			_, err := client.ReadMessage()
			wantCode(t, err, 3002)
		}
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

// The goodbye waits a second for a peer that does not answer; who reads does not.
func TestAReadAfterCloseFailsAtOnce(t *testing.T) {
	result := make(chan time.Duration, 1)
	server := newTestServer(t, func(c Conn) {
		_, _ = c.ReadMessage()
		_ = c.Close(1001)
		var slowest time.Duration
		for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
			began := time.Now()
			if _, err := c.ReadMessage(); err == nil {
				t.Error("ReadMessage() after Close returned a message")
			}
			slowest = max(slowest, time.Since(began))
		}
		result <- slowest
	}, nil)
	onBothRoutes(t, func(t *testing.T, route Route) {
		client := server.dial(t, route)
		must(t, client.WriteControl(framed("hello")))
		_, err := client.ReadMessage()
		wantCode(t, err, 1001)
		if slowest := <-result; slowest > farewell/2 {
			t.Errorf("ReadMessage() after Close took %v", slowest)
		}
	})
}
