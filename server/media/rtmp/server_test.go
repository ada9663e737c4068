package rtmp

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// recorder is a Handler whose only key is "right".
type recorder struct {
	mu     sync.Mutex
	got    []string // bodies
	times  []uint32
	closed int
	done   chan struct{}
	fail   error // what Video returns
}

func (r *recorder) Publish(_, app, key string) (Sink, error) {
	if app != "live" || key != "right" {
		return nil, errors.New("no such key")
	}
	return r, nil
}

func (r *recorder) Video(dts uint32, body []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got, r.times = append(r.got, string(body)), append(r.times, dts)
	return r.fail
}
func (r *recorder) Audio(dts uint32, body []byte) error { return r.Video(dts, body) }
func (r *recorder) Done() <-chan struct{}               { return r.done }
func (r *recorder) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed++
}

// pipes is a listener for the ends of pipes.
type pipes struct {
	conns chan net.Conn
	over  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error { p.once.Do(func() { close(p.over) }); return nil }
func (*pipes) Addr() net.Addr { return &net.TCPAddr{} }

// serving runs f in a bubble while pipes are served with a recorder.
func serving(t *testing.T, r *recorder, f func(t *testing.T, dial func() *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r.done = make(chan struct{}) // of the bubble
		l := &pipes{conns: make(chan net.Conn), over: make(chan struct{})}
		served := make(chan error, 1)
		go func() { served <- Serve(l, r) }()
		defer func() {
			_ = l.Close()
			if err := <-served; err != nil {
				t.Errorf("Serve() = %v", err)
			}
		}()
		f(t, func() *client {
			here, there := net.Pipe()
			l.conns <- there
			c := &client{Conn: here, t: t, reader: newChunkReader(here)}
			c.reader.most = maxMessage
			return c
		})
	})
}

// client is an encoder.
type client struct {
	net.Conn
	t      *testing.T
	reader *chunkReader
}

func (c *client) shake() {
	c.t.Helper()
	first := make([]byte, 1+randomSize)
	first[0], first[5] = version, 9 // as clients with a digest do
	c.write(first)
	answer := make([]byte, 1+2*randomSize)
	if _, err := io.ReadFull(c.reader.r, answer); err != nil || answer[0] != version || string(answer[1+randomSize:]) != string(first[1:]) {
		c.t.Fatalf("S0, S1, S2: %v", err)
	}
	c.write(answer[1 : 1+randomSize])
}

func (c *client) write(b []byte) {
	c.t.Helper()
	if _, err := c.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// message is one of 128 bytes at most.
func (c *client) message(kind byte, timestamp uint32, body []byte) {
	c.t.Helper()
	c.write(chunk(0, header0(timestamp, len(body), kind), string(body)))
}

// expect reads until a command of that name, and returns its arguments.
func (c *client) expect(name string) []any {
	c.t.Helper()
	for {
		m, err := c.reader.next()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", name, err)
		}
		if m.kind != kindCommand {
			continue
		}
		values, err := decodeAMF(m.body)
		if err != nil || values[0] != name {
			c.t.Fatalf("got %v, %v, want %s", values, err, name)
		}
		return values[1:]
	}
}

// publish goes as far as publishing, and returns the code of the answer.
func (c *client) publish(key string) string {
	c.t.Helper()
	c.shake()
	c.message(kindCommand, 0, appendAMF(nil, "connect", 1.0, []property{{"app", "live"}}))
	c.expect("_result")
	c.message(kindCommand, 0, appendAMF(nil, "createStream", 2.0, nil))
	c.expect("_result")
	c.message(kindCommand, 0, appendAMF(nil, "publish", 3.0, nil, key, "live"))
	return c.status()
}

func (c *client) status() string {
	c.t.Helper()
	information, _ := at(c.expect("onStatus"), 2).(map[string]any)
	code, _ := information["code"].(string)
	return code
}

func TestAPublisherIsServed(t *testing.T) {
	r := &recorder{}
	serving(t, r, func(t *testing.T, dial func() *client) {
		c := dial()
		if got := c.publish("right?token=1"); got != "NetStream.Publish.Start" {
			t.Fatalf("publish is answered by %s", got)
		}
		c.message(kindVideo, 40, []byte("picture"))
		c.message(kindAudio, 42, []byte("sound"))
		tag := func(kind byte, timestamp byte, body string) []byte {
			b := append([]byte{kind, 0, 0, byte(len(body)), 0, 0, timestamp, 0, 0, 0, 0}, body...)
			return append(b, 0, 0, 0, byte(11+len(body)))
		}
		c.message(kindAggregate, 100, append(tag(kindVideo, 7, "one"), tag(kindAudio, 10, "two")...))
		c.message(kindUser, 0, []byte{0, 6, 1, 2, 3, 4})
		if m, err := c.reader.next(); err != nil || m.kind != kindUser || string(m.body) != "\x00\x07\x01\x02\x03\x04" {
			t.Errorf("a ping is answered by %v, %v", m, err)
		}
		c.message(kindCommand, 0, appendAMF(nil, "deleteStream", 4.0, nil, 1.0))
		if _, err := c.reader.next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
		synctest.Wait()
		if got := strings.Join(r.got, " "); got != "picture sound one two" {
			t.Errorf("got %s", got)
		}
		if want := []uint32{40, 42, 100, 103}; len(r.times) != 4 || r.times[2] != want[2] || r.times[3] != want[3] {
			t.Errorf("times are %d, want %d", r.times, want)
		}
		if r.closed != 1 {
			t.Errorf("the sink was closed %d times", r.closed)
		}
	})
}

func TestMED9AWrongKeyIsRefusedByName(t *testing.T) {
	serving(t, &recorder{}, func(t *testing.T, dial func() *client) {
		c := dial()
		if got := c.publish("wrong"); got != "NetStream.Publish.BadName" {
			t.Errorf("publish is answered by %s", got)
		}
		if _, err := c.reader.next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the refusal: %v", err)
		}
	})
}

func TestWhatTheSinkRefusesIsToldAndEnds(t *testing.T) {
	serving(t, &recorder{fail: errors.New("not H.264")}, func(t *testing.T, dial func() *client) {
		c := dial()
		c.publish("right")
		c.message(kindVideo, 40, []byte("picture"))
		if got := c.status(); got != "NetStream.Publish.Rejected" {
			t.Errorf("the picture is answered by %s", got)
		}
	})
}

func TestMED4AConnectionEndsWhenItsPublisherIsToEnd(t *testing.T) {
	r := &recorder{}
	serving(t, r, func(t *testing.T, dial func() *client) {
		c := dial()
		c.publish("right")
		close(r.done)
		if _, err := c.reader.next(); err == nil {
			t.Error("the connection goes on")
		}
	})
}

func TestWhoDoesNotPublishInTimeIsClosed(t *testing.T) {
	for name, slowly := range map[string]func(*client){
		"no handshake": func(*client) {},
		"a byte at a time": func(c *client) {
			for {
				if _, err := c.Write([]byte{version}); err != nil {
					return
				}
				<-time.After(time.Second)
			}
		},
		"only a handshake": func(c *client) { c.shake() },
	} {
		t.Run(name, func(t *testing.T) {
			serving(t, &recorder{}, func(t *testing.T, dial func() *client) {
				c := dial()
				start := time.Now()
				done := make(chan struct{})
				go func() {
					defer close(done)
					slowly(c)
				}()
				if name == "only a handshake" {
					synctest.Wait()
				}
				if _, err := io.Copy(io.Discard, c.reader.r); err != nil {
					t.Errorf("closed with %v", err)
				}
				if took := time.Since(start); took > publishWait+time.Second {
					t.Errorf("closed after %v", took)
				}
				_ = c.Close()
				<-done
			})
		})
	}
}

func TestASilentPublisherIsClosed(t *testing.T) {
	r := &recorder{}
	serving(t, r, func(t *testing.T, dial func() *client) {
		c := dial()
		c.publish("right")
		start := time.Now()
		if _, err := c.reader.next(); !errors.Is(err, io.EOF) || time.Since(start) < idleTime {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestOfTooManyWhoDoNotPublishTheOldestGivesWay(t *testing.T) {
	r := &recorder{}
	serving(t, r, func(t *testing.T, dial func() *client) {
		var publishers []*client
		for range 3 { // they do not count
			publishers = append(publishers, dial())
			publishers[len(publishers)-1].publish("right")
		}
		var idle []*client
		for range maxStrangers {
			idle = append(idle, dial())
		}
		if got := dial().publish("right"); got != "NetStream.Publish.Start" {
			t.Errorf("one more is answered by %s", got)
		}
		if _, err := idle[0].Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the oldest is closed with %v", err)
		}
		for _, c := range append(idle[1:], publishers...) {
			if _, err := c.Write([]byte{version}); err != nil {
				t.Errorf("another is closed: %v", err)
			}
		}
	})
}

func TestOfTooManyConnectionsTheOldestThatDoesNotPublishGivesWay(t *testing.T) {
	r := &recorder{}
	serving(t, r, func(t *testing.T, dial func() *client) {
		for range maxConnections - 1 {
			dial().publish("right")
		}
		idle := dial()
		if got := dial().publish("right"); got != "NetStream.Publish.Start" {
			t.Errorf("one more is answered by %s", got)
		}
		if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("who did not publish is closed with %v", err)
		}
		if _, err := dial().Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("one more when all publish is closed with %v", err)
		}
	})
}

func TestHostileMessagesEndTheirConnectionOnly(t *testing.T) {
	for name, send := range map[string]func(*client){
		"chunk size 0":         func(c *client) { c.message(kindChunkSize, 0, []byte{0, 0, 0, 0}) },
		"chunk size of 2 GB":   func(c *client) { c.message(kindChunkSize, 0, []byte{0x7f, 0xff, 0xff, 0xff}) },
		"AMF that is cut off":  func(c *client) { c.message(kindCommand, 0, []byte{2, 0, 9, 'c'}) },
		"aggregate, too short": func(c *client) { c.message(kindAggregate, 0, []byte{9, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1}) },
		"play":                 func(c *client) { c.message(kindCommand, 0, appendAMF(nil, "play", 1.0, nil, "right")) },
		"messages without end": func(c *client) {
			for {
				if _, err := c.Write(chunk(0, header0(0, 0, 18), "")); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			serving(t, &recorder{}, func(t *testing.T, dial func() *client) {
				c := dial()
				c.shake()
				go send(c)
				if _, err := io.Copy(io.Discard, c.reader.r); err != nil {
					t.Errorf("closed with %v", err)
				}
				_ = c.Close()
				if got := dial().publish("right"); got != "NetStream.Publish.Start" {
					t.Errorf("another is answered by %s", got)
				}
			})
		})
	}
}

func TestWhatComesIsAcknowledged(t *testing.T) {
	r := &recorder{}
	serving(t, r, func(t *testing.T, dial func() *client) {
		c := dial()
		c.publish("right")
		c.message(kindWindow, 0, binary.BigEndian.AppendUint32(nil, 1))             // is raised to what is sensible
		c.message(kindChunkSize, 0, binary.BigEndian.AppendUint32(nil, 0x7fffffff)) // the largest that there is
		c.message(kindVideo, 0, make([]byte, minWindow/2))
		m, err := c.reader.next()
		if err != nil || m.kind != kindAcknowledge || binary.BigEndian.Uint32(m.body) < minWindow/2 {
			t.Errorf("got %v, %v", m, err)
		}
	})
}

// FuzzConn lets a client that has shaken hands send anything.
func FuzzConn(f *testing.F) {
	command := func(values ...any) []byte {
		b := appendAMF(nil, values...)
		return chunk(0, header0(0, len(b), kindCommand), string(b))
	}
	f.Add(append(command("connect", 1.0, []property{{"app", "live"}}), command("publish", 2.0, nil, "right", "live")...))
	f.Add(chunk(0, header0(0, 4, kindChunkSize), "\x00\x00\x10\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &server{handler: &recorder{done: make(chan struct{})}, conns: map[net.Conn]struct{}{}}
		serveConn(&script{Reader: io.MultiReader(strings.NewReader("\x03"), strings.NewReader(strings.Repeat("x", 2*randomSize)), strings.NewReader(string(b)))}, s)
		if len(s.strangers) > 0 {
			t.Fatal("a stranger is left over")
		}
	})
}

// script is a connection from which something is read, and nothing more.
type script struct{ io.Reader }

func (*script) Write(b []byte) (int, error)      { return len(b), nil }
func (*script) Close() error                     { return nil }
func (*script) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*script) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*script) SetDeadline(time.Time) error      { return nil }
func (*script) SetReadDeadline(time.Time) error  { return nil }
func (*script) SetWriteDeadline(time.Time) error { return nil }
