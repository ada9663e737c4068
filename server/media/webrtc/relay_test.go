package webrtc_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// relay is a network between one client and the server that loses and delays RTP
// and RTCP; STUN and DTLS pass as they are.
type relay struct {
	inner  *net.UDPConn // to the client
	server *net.UDPAddr
	jitter time.Duration // a packet is delayed by at most this: they overtake

	mu      sync.Mutex
	up      float64   // part that is lost on the way to the server
	down    float64   // and to the client
	rate    int       // bytes a second to the client; 0: as many as come
	free    time.Time // when what came is through, if there is a rate
	closed  bool
	random  *rand.Rand
	outer   *net.UDPConn // to the server
	client  *net.UDPAddr
	dropped int
	running sync.WaitGroup
}

func newRelay(t *testing.T, server net.Addr, up, down float64, jitter time.Duration) *relay {
	t.Helper()
	local := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	inner, err := net.ListenUDP("udp4", local)
	if err != nil {
		t.Fatal(err)
	}
	outer, err := net.ListenUDP("udp4", local)
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{
		inner: inner, outer: outer, server: server.(*net.UDPAddr), up: up, down: down, jitter: jitter,
		random: rand.New(rand.NewPCG(1, 1)),
	}
	r.running.Go(func() {
		r.pass(inner, func(b []byte) {
			_, _ = r.outer.WriteToUDP(b, r.server)
		})
	})
	r.running.Go(func() {
		r.pass(outer, func(b []byte) {
			r.mu.Lock()
			to := r.client
			r.mu.Unlock()
			_, _ = r.inner.WriteToUDP(b, to)
		})
	})
	t.Cleanup(func() {
		r.mu.Lock()
		r.closed = true
		r.mu.Unlock()
		_, _ = r.inner.Close(), r.outer.Close()
		r.running.Wait()
	})
	return r
}

// become changes what the way to the client is like.
func (r *relay) become(loss float64, rate int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down, r.rate, r.free = loss, rate, time.Now()
}

// fullQueue is how much may wait where there is a rate.
const fullQueue = 2 * time.Second

// fate says whether a packet is lost, and how long it takes. The lock is held.
func (r *relay) fate(from *net.UDPConn, size int, now time.Time) (lost bool, wait time.Duration) {
	loss := r.up
	if from == r.outer {
		loss = r.down
	}
	if r.random.Float64() < loss {
		return true, 0
	}
	if r.jitter > 0 {
		wait = time.Duration(r.random.Int64N(int64(r.jitter)))
	}
	if from == r.inner || r.rate == 0 {
		return false, wait
	}
	if r.free.Before(now) {
		r.free = now
	}
	if r.free.Sub(now) > fullQueue {
		return true, 0
	}
	r.free = r.free.Add(time.Duration(size) * time.Second / time.Duration(r.rate))
	return false, wait + r.free.Sub(now)
}

// pass passes packets on until the socket is closed.
func (r *relay) pass(from *net.UDPConn, send func([]byte)) {
	b := make([]byte, 2000)
	for {
		n, addr, err := from.ReadFromUDP(b)
		if err != nil {
			return
		}
		packet := bytes.Clone(b[:n])
		r.mu.Lock()
		if from == r.inner {
			r.client = addr
		}
		media := n > 0 && packet[0] >= 128 && packet[0] < 192
		lost, wait := false, time.Duration(0)
		if media {
			lost, wait = r.fate(from, n, time.Now())
		}
		if lost {
			r.dropped++
		}
		closed := r.closed
		r.mu.Unlock()
		switch {
		case lost || closed:
		case wait == 0:
			send(packet)
		default:
			r.running.Add(1)
			time.AfterFunc(wait, func() {
				defer r.running.Done()
				send(packet)
			})
		}
	}
}

// RoundTrip makes a client's requests so that the relay is the only way: the
// server sees none of its candidates, and it sees the relay for the server's.
func (r *relay) RoundTrip(q *http.Request) (*http.Response, error) {
	q = q.Clone(q.Context())
	if q.Body != nil {
		b, err := io.ReadAll(q.Body)
		if err != nil {
			return nil, err
		}
		b = regexp.MustCompile(`a=candidate:.*\r\n`).ReplaceAll(b, nil)
		q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	}
	a, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		return nil, err
	}
	to := r.inner.LocalAddr().(*net.UDPAddr).Port
	text := strings.ReplaceAll(string(b), fmt.Sprintf(" 127.0.0.1 %d typ", r.server.Port), fmt.Sprintf(" 127.0.0.1 %d typ", to))
	a.Body, a.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	return a, nil
}
