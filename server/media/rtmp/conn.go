package rtmp

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// The kinds of messages (5.4, 7.1).
const (
	kindChunkSize     = 1
	kindAbort         = 2
	kindAcknowledge   = 3
	kindUser          = 4
	kindWindow        = 5
	kindPeerBandwidth = 6
	kindAudio         = 8
	kindVideo         = 9
	kindCommandAMF3   = 17
	kindCommand       = 20
	kindAggregate     = 22
)

// The chunk streams that this server writes on.
const (
	controlStream = 2
	commandStream = 3
)

const (
	window    = 2500000  // bytes after which each side acknowledges
	minWindow = 64 << 10 // a peer cannot ask for more acknowledgements than that
	// maxGreetings is how many messages a stranger may send.
	maxGreetings = 64
)

// errEnd says that the client ended its stream.
var errEnd = errors.New("rtmp: end of stream")

// refusal is an error whose text the client is told, with a code for its program.
type refusal struct {
	code string
	err  error
}

func (r *refusal) Error() string { return "rtmp: refused: " + r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// conn is one client.
type conn struct {
	net     net.Conn
	reader  *chunkReader
	server  *server
	known   func() // once it has published, or is over
	app     string
	sink    Sink // nil: nothing is published
	window  uint32
	acked   uint32
	greeted int
	watch   sync.WaitGroup
	over    chan struct{} // closed at the end
}

// serveConn serves one client to its end.
func serveConn(c net.Conn, s *server) {
	k := &conn{
		net: c, server: s, known: sync.OnceFunc(func() { s.known(c) }), window: window, over: make(chan struct{}),
		reader: newChunkReader(c),
	}
	defer k.known()
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(publishWait))
	err := shake(struct {
		io.Reader
		io.Writer
	}{k.reader.r, c})
	if err == nil {
		err = k.run()
	}
	close(k.over)
	if k.sink != nil {
		k.sink.Close()
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		if k.tell("error", r.code, r.err.Error()) == nil {
			k.linger()
		}
	}
	_ = c.Close()
	k.watch.Wait()
}

// run handles messages until one fails.
func (k *conn) run() error {
	for {
		if k.sink != nil {
			_ = k.net.SetReadDeadline(time.Now().Add(idleTime))
		} else if k.greeted++; k.greeted > maxGreetings {
			return errLimit
		}
		m, err := k.reader.next()
		if err != nil {
			return err
		}
		if err := k.acknowledge(); err != nil {
			return err
		}
		if err := k.handle(m); err != nil {
			return err
		}
	}
}

func (k *conn) handle(m message) error {
	switch m.kind {
	case kindChunkSize:
		return k.chunkSize(m.body)
	case kindAbort:
		if len(m.body) >= 4 {
			k.reader.abort(binary.BigEndian.Uint32(m.body))
		}
	case kindWindow:
		if len(m.body) >= 4 {
			k.window = max(binary.BigEndian.Uint32(m.body), minWindow)
		}
	case kindUser:
		return k.user(m.body)
	case kindCommand:
		return k.command(m.body, m.stream)
	case kindCommandAMF3: // AMF 0 behind a byte
		if len(m.body) > 0 {
			return k.command(m.body[1:], m.stream)
		}
	case kindAudio, kindVideo:
		return k.media(m.kind, m.timestamp, m.body)
	case kindAggregate:
		return k.aggregate(m)
	}
	return nil // data messages and what later versions may add
}

// chunkSize takes the peer's (5.4.1).
func (k *conn) chunkSize(body []byte) error {
	if len(body) < 4 {
		return errMalformed
	}
	n := binary.BigEndian.Uint32(body)
	if n == 0 || n>>31 != 0 {
		return errLimit
	}
	k.reader.size = min(n, maxMessage) // no message is longer
	return nil
}

// user answers a ping (7.1.7).
func (k *conn) user(body []byte) error {
	const pingRequest, pingResponse = 6, 7
	if len(body) < 6 || binary.BigEndian.Uint16(body) != pingRequest {
		return nil
	}
	return k.send(controlStream, kindUser, 0, append([]byte{0, pingResponse}, body[2:6]...))
}

// acknowledge tells the peer how much came, twice a window (5.4.3).
func (k *conn) acknowledge() error {
	if k.reader.received-k.acked < k.window/2 {
		return nil
	}
	k.acked = k.reader.received
	return k.send(controlStream, kindAcknowledge, 0, binary.BigEndian.AppendUint32(nil, k.acked))
}

func (k *conn) media(kind byte, timestamp uint32, body []byte) error {
	if k.sink == nil || len(body) == 0 {
		return nil
	}
	take := k.sink.Video
	if kind == kindAudio {
		take = k.sink.Audio
	}
	if err := take(timestamp, body); err != nil {
		return &refusal{"NetStream.Publish.Rejected", err}
	}
	return nil
}

// aggregate takes a message of FLV tags apart (7.1.6). Their times are relative to
// that of the first.
func (k *conn) aggregate(m message) error {
	const tagHeader, tagTrailer = 11, 4
	var first uint32
	for b, begun := m.body, false; len(b) > 0; begun = true {
		if len(b) < tagHeader {
			return errMalformed
		}
		length := int(uint24(b[1:]))
		timestamp := uint24(b[4:]) | uint32(b[7])<<24
		if !begun {
			first = timestamp
		}
		kind := b[0]
		if b = b[tagHeader:]; length > len(b) {
			return errMalformed
		}
		if kind == kindAudio || kind == kindVideo {
			if err := k.media(kind, m.timestamp+timestamp-first, b[:length]); err != nil {
				return err
			}
		}
		b = b[min(length+tagTrailer, len(b)):]
	}
	return nil
}

// send writes a message in chunks of the size that both sides begin with.
func (k *conn) send(chunkStream, kind byte, stream uint32, body []byte) error {
	n := len(body)
	out := []byte{chunkStream, 0, 0, 0, byte(n >> 16), byte(n >> 8), byte(n), kind}
	out = binary.LittleEndian.AppendUint32(out, stream)
	for len(body) > defaultChunk {
		out = append(append(out, body[:defaultChunk]...), 0xc0|chunkStream)
		body = body[defaultChunk:]
	}
	_ = k.net.SetWriteDeadline(time.Now().Add(answerTime))
	_, err := k.net.Write(append(out, body...))
	return err
}

// linger lets a client read the last answer before the connection is closed: what
// it still sends would reset it.
func (k *conn) linger() {
	if half, ok := k.net.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		return
	}
	_ = k.net.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.Copy(io.Discard, k.net)
}
