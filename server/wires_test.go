package server_test

import (
	"context"
	"net"
	"sync"
	"time"
)

// wires are TCP connections of a world: what is written arrives after a while
// and in order. Of what nobody reads so much is under way, then the writer waits.
type wires struct {
	oneWay   time.Duration
	rate     int // bytes a second to those who dial from now on; 0: as many as come
	arrived  chan net.Conn
	closed   chan struct{}
	closing  sync.Once
	carrying sync.WaitGroup
}

// Of what is under way on a wire, each way.
const (
	wirePieces = 64
	wirePiece  = 4 << 10 // bytes at most
)

func newWires(oneWay time.Duration) *wires {
	return &wires{oneWay: oneWay, arrived: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *wires) Accept() (net.Conn, error) {
	select {
	case conn := <-l.arrived:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *wires) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return nil
}

func (l *wires) Addr() net.Addr { return &net.TCPAddr{IP: serverAddr.IP, Port: serverAddr.Port} }

// dial lays a wire from an address to the server.
func (l *wires) dial(ctx context.Context, from *net.UDPAddr) (net.Conn, error) {
	near, nearEnd := net.Pipe()
	farEnd, far := net.Pipe()
	client := &net.TCPAddr{IP: from.IP, Port: from.Port}
	select {
	case l.arrived <- &wire{far, l.Addr(), client}:
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	l.carry(nearEnd, farEnd, 0)
	l.carry(farEnd, nearEnd, l.rate)
	return &wire{near, client, l.Addr()}, nil
}

// wire is one end, with the addresses of both.
type wire struct {
	net.Conn
	local, remote net.Addr
}

func (w *wire) LocalAddr() net.Addr  { return w.local }
func (w *wire) RemoteAddr() net.Addr { return w.remote }

// piece is some bytes and when they arrive.
type piece struct {
	bytes []byte
	due   time.Time
}

// carry carries one way until either end is closed, at rate bytes a second if that is not 0.
func (l *wires) carry(from, to net.Conn, rate int) {
	underWay := make(chan piece, wirePieces)
	l.carrying.Go(func() {
		defer close(underWay)
		for {
			p := make([]byte, wirePiece)
			n, err := from.Read(p)
			if n > 0 {
				underWay <- piece{p[:n], time.Now().Add(l.oneWay)}
			}
			if err != nil {
				return
			}
		}
	})
	l.carrying.Go(func() {
		for p := range underWay {
			pause(time.Until(p.due))
			if rate != 0 {
				pause(time.Second * time.Duration(len(p.bytes)) / time.Duration(rate))
			}
			if _, err := to.Write(p.bytes); err != nil {
				_ = from.Close() // and what is still under way goes nowhere
			}
		}
		_ = to.Close()
	})
}
