package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"chalkline/protocol"
)

// DialWebTransport connects to url, https with the path
// protocol.WebTransportPath. ctx bounds the connecting only.
func (d *Dialer) DialWebTransport(ctx context.Context, url string) (ClientConn, error) {
	conn, session, err := d.dialSession(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("transport: dial %s: %w", url, err)
	}
	control, err := session.OpenStreamSync(ctx)
	if err != nil {
		_ = conn.CloseWithError(noError, "")
		return nil, fmt.Errorf("transport: dial %s: open control stream: %w", url, err)
	}
	return newWebTransportClient(conn, session, control), nil
}

// dialSession opens a QUIC connection with one session on it. The connection is
// ours to close: the library would do it before the close code has left.
func (d *Dialer) dialSession(ctx context.Context, address string) (*quic.Conn, *webtransport.Session, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, nil, err
	}
	conn, err := d.dialQUIC(ctx, u.Host)
	if err != nil {
		return nil, nil, err
	}
	dialer := &webtransport.Transport{ApplicationProtocols: []string{protocol.Application}}
	client, err := dialer.NewClientConn(conn)
	if err != nil {
		_ = conn.CloseWithError(noError, "")
		return nil, nil, err
	}
	_, session, err := client.Dial(ctx, address, d.Header)
	if err != nil {
		_ = conn.CloseWithError(noError, "")
		return nil, nil, err
	}
	return conn, session, nil
}

// dialQUIC resumes the server's TLS session, but sends no early data (0-RTT):
// webtransport-go sends nothing before the handshake is done, and early data that a
// restarted server rejects would cost the connection.
func (d *Dialer) dialQUIC(ctx context.Context, address string) (*quic.Conn, error) {
	config := d.tlsFor(WebTransport)
	config.NextProtos = []string{http3.NextProtoH3}
	if d.QUIC == nil {
		return quic.DialAddr(ctx, address, config, quicConfig())
	}
	resolved, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		config.ServerName = host
	}
	return d.QUIC.Dial(ctx, resolved, config, quicConfig())
}

// webTransportClient is the client's end of a WebTransport session.
type webTransportClient struct {
	quic    *quic.Conn
	session *webtransport.Session
	stream  *webtransport.Stream // control
	control *messageReader

	closing   sync.Once
	closed    atomic.Bool // by this side
	finishing sync.Once
	done      chan struct{} // closed by finish
}

func newWebTransportClient(
	conn *quic.Conn, session *webtransport.Session, control *webtransport.Stream,
) *webTransportClient {
	c := &webTransportClient{
		quic:    conn,
		session: session,
		stream:  control,
		control: newMessageReader(control, protocol.MaxServerMessage),
		done:    make(chan struct{}),
	}
	context.AfterFunc(session.Context(), c.finish)
	return c
}

func (c *webTransportClient) finish() { c.finishing.Do(func() { close(c.done) }) }

func (c *webTransportClient) failure(operation string, err error) error {
	return sessionFailure(operation, err, c.closed.Load())
}

func (c *webTransportClient) ReadMessage() ([]byte, error) {
	message, err := c.control.next()
	if err != nil {
		return nil, c.failure("read", err)
	}
	return message, nil
}

func (c *webTransportClient) WriteControl(p []byte) error {
	_, err := c.stream.Write(p)
	return c.failure("write", err)
}

func (c *webTransportClient) AcceptStream(ctx context.Context) (ServerStream, error) {
	stream, err := c.session.AcceptUniStream(ctx)
	if err != nil {
		return nil, c.failure("accept stream", err)
	}
	return &webTransportServerStream{c, stream, newMessageReader(stream, protocol.MaxServerMessage)}, nil
}

func (c *webTransportClient) SendDatagram(p []byte) error {
	if len(p) > protocol.MaxDatagram {
		return fmt.Errorf("transport: datagram of %d bytes: %w", len(p), ErrDatagramTooLarge)
	}
	return c.failure("datagram", c.session.SendDatagram(p))
}

func (c *webTransportClient) ReceiveDatagram(ctx context.Context) ([]byte, error) {
	p, err := c.session.ReceiveDatagram(ctx)
	if err != nil {
		return nil, c.failure("datagram", err)
	}
	return p, nil
}

func (c *webTransportClient) Close(code uint32) error {
	c.closing.Do(func() {
		c.closed.Store(true)
		c.finish()
		_ = c.stream.SetDeadline(time.Now())
		go c.sayGoodbye(code)
	})
	return nil
}

// sayGoodbye lets what was written arrive, sends the code and waits until the
// server has hung up.
func (c *webTransportClient) sayGoodbye(code uint32) {
	defer func() { _ = c.quic.CloseWithError(noError, "") }()
	waitFor(c.session.Context(), lastWords(c.quic))
	_ = c.session.CloseWithError(webtransport.SessionErrorCode(code), closeText(code))
	waitFor(c.quic.Context(), farewell)
}

func (c *webTransportClient) Done() <-chan struct{} { return c.done }
func (c *webTransportClient) Route() Route          { return WebTransport }

// webTransportServerStream is a document's stream as the client reads it.
type webTransportServerStream struct {
	conn   *webTransportClient
	quic   *webtransport.ReceiveStream
	reader *messageReader
}

func (s *webTransportServerStream) ReadMessage() ([]byte, error) {
	message, err := s.reader.next()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	return message, s.conn.failure("read", err)
}

func (s *webTransportServerStream) Close() error {
	s.quic.CancelRead(0)
	return nil
}
