// Package transport carries the bytes of a session over either of two routes:
// WebTransport (SES2) and WebSocket (SES3). Behind Conn they look the same.
//
// It promises that a control stream and every document stream arrive whole and
// in order, that no length sent by a peer is believed before it is checked
// against a limit, and that Close always frees whoever is blocked in a read or
// a write. It leaves the meaning of the messages, who may send what and how
// much waits to be sent to its callers. Bytes that are written must already be
// framed (varint length ‖ message).
//
// Listen is the server's side, DialWebTransport and DialWebSocket the client's.
package transport

import (
	"context"
	"errors"
	"fmt"
)

// Route says how a connection travels.
type Route string

// The two routes.
const (
	WebTransport Route = "webtransport"
	WebSocket    Route = "websocket"
)

// Errors that Conn and ServerStream return, wrapped.
var (
	// ErrTooLarge: the peer announced a message over the limit (TOO_LARGE).
	ErrTooLarge = errors.New("message over the limit")
	// ErrMalformed: the peer's framing is broken (BAD_MESSAGE).
	ErrMalformed = errors.New("malformed framing")
	// ErrClosed: this side closed the connection or stream.
	ErrClosed = errors.New("closed")
	// ErrDatagramTooLarge: the path takes no datagram of that size. The
	// connection goes on.
	ErrDatagramTooLarge = errors.New("datagram too large")
)

// CloseError is returned by reads and writes after the peer closed the
// connection with a code (SES9). Errors of a connection that broke are not
// CloseErrors.
type CloseError struct {
	Code uint32
}

func (e *CloseError) Error() string { return fmt.Sprintf("closed by the peer with code %d", e.Code) }

// Conn is the server's end of one client's connection.
//
// One goroutine may read messages, one may read datagrams and one may write
// (WriteControl, OpenStream, SendDatagram and all streams together). Close may
// be called by anyone at any time.
type Conn interface {
	// ReadMessage returns the next message of the control stream without its
	// length, at most protocol.MaxMessage bytes, the first one protocol.MaxHello,
	// valid until the next call. Errors
	// wrap io.EOF when the client ended its control stream, *CloseError when it
	// closed the connection, ErrTooLarge, ErrMalformed or ErrClosed; others say that
	// the connection broke. After an error every call fails.
	//
	// On WebSocket it also moves the datagrams: while nobody is in ReadMessage,
	// none arrive.
	ReadMessage() ([]byte, error)

	// WriteControl writes framed messages to the control stream. It blocks while
	// the client takes nothing, until Close. p is not kept.
	WriteControl(p []byte) error

	// OpenStream opens a document's stream to the client. Nothing travels before
	// its first Write.
	OpenStream() (Stream, error)

	// SendDatagram sends one datagram, at most protocol.MaxDatagram bytes; it may
	// get lost. p is not kept.
	SendDatagram(p []byte) error

	// ReceiveDatagram waits for a datagram from the client. When they come faster
	// than they are received, some are lost.
	ReceiveDatagram(ctx context.Context) ([]byte, error)

	// Close closes the connection and tells the client the code (SES9). It returns
	// at once; who is blocked in a read or a write is freed at once or, if the
	// client takes no more bytes, within two seconds. Only the first call counts.
	Close(code uint32) error

	// Done is closed when the connection is gone or Close was called.
	Done() <-chan struct{}

	Route() Route

	// RemoteAddr is the client's address and port; on WebTransport it may change
	// during a connection.
	RemoteAddr() string
}

// Stream is a document's stream, server to client. It belongs to the
// connection's writer.
type Stream interface {
	// Write writes framed messages. It blocks while the client takes nothing,
	// until Close of the connection. p is not kept.
	Write(p []byte) error

	// Close ends the stream after what was written.
	Close() error
}

// ClientConn is the client's end of a connection. The rules for goroutines are
// those of Conn; every ServerStream may have a reader of its own.
type ClientConn interface {
	// ReadMessage is that of Conn, with protocol.MaxServerMessage as the limit.
	ReadMessage() ([]byte, error)

	// WriteControl is that of Conn.
	WriteControl(p []byte) error

	// AcceptStream waits for the next stream that the server opens.
	AcceptStream(ctx context.Context) (ServerStream, error)

	SendDatagram(p []byte) error
	ReceiveDatagram(ctx context.Context) ([]byte, error)
	Close(code uint32) error
	Done() <-chan struct{}
	Route() Route
}

// ServerStream is a document's stream as the client reads it. On WebSocket one
// stream that is not read holds up the whole connection: read it or Close it.
type ServerStream interface {
	// ReadMessage returns the next message, at most protocol.MaxServerMessage
	// bytes, valid until the next call; io.EOF after the last.
	ReadMessage() ([]byte, error)

	// Close stops reading; what still comes is thrown away.
	Close() error
}
