package client

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"
)

// cursorInterval is how far apart cursors are sent (PRE1).
const cursorInterval = 100 * time.Millisecond

// pointer is the own cursor on one board. Guarded by Client.mu.
type pointer struct {
	newest *chalklinev1.Cursor // not sent yet
	sentAt time.Time
	timer  *time.Timer // nil: none is due
}

// PointAt shows the others where the pointer is, in 1/10 px. Call it as often as
// it moves: at most 10 a second leave, the newest of what waits.
func (b *Board) PointAt(x, y int32, kind chalklinev1.CursorKind) {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &b.pointer
	p.newest = &chalklinev1.Cursor{Handle: b.doc.handle, X: x, Y: y, Kind: kind}
	if p.timer == nil {
		wait := cursorInterval - c.cfg.Clock().Sub(p.sentAt)
		p.timer = time.AfterFunc(max(wait, 0), b.sendCursor)
	}
}

// Trace sends a piece of a laser's path: one ink frame of at most 128 points and
// 500 ms (SYN8). Without a connection it is lost.
func (b *Board) Trace(frame []byte) {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		m := &chalklinev1.Trace{Handle: b.doc.handle, CapturedAtUs: c.now(), Ink: frame}
		c.link.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Trace{Trace: m}})
	}
}

// sendCursor hands the newest cursor to whoever writes the connection.
func (b *Board) sendCursor() {
	c := b.doc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	cursor := b.pointer.newest
	b.pointer = pointer{sentAt: c.cfg.Clock()}
	if c.link == nil || cursor == nil {
		return
	}
	c.cursors++
	cursor.Sequence = c.cursors
	m := &chalklinev1.Datagram{Message: &chalklinev1.Datagram_Cursor{Cursor: cursor}}
	if datagram, err := proto.Marshal(m); err == nil {
		c.link.datagrams = append(c.link.datagrams, datagram)
		c.flushSoon()
	}
}

// receiveDatagrams hands the others' cursors on until the connection ends.
func (l *link) receiveDatagrams(ctx context.Context) {
	for {
		b, err := l.conn.ReceiveDatagram(ctx)
		if err != nil {
			return
		}
		var m chalklinev1.Datagram
		if proto.Unmarshal(b, &m) != nil || m.GetCursors() == nil {
			continue
		}
		l.client.mu.Lock()
		d := l.client.byHandle(m.GetCursors().GetHandle())
		l.client.mu.Unlock()
		if d != nil && d.board != nil {
			l.client.cfg.OnCursors(d.board, m.GetCursors().GetCursors())
		}
	}
}
