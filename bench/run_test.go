package bench_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chalkline/bench"
	"chalkline/bench/client"
	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server"
	"chalkline/server/classroom"
	"chalkline/server/media/live"
	"chalkline/server/session"
	"chalkline/server/transport"
)

// guests identifies everybody as the teacher that their token names.
type guests struct{ n atomic.Int64 }

func (g *guests) Identify(token string) (session.Identity, error) {
	return session.Identity{Participant: classroom.Participant{ID: token, Role: classroom.Teacher}, Create: true}, nil
}

func (g *guests) Guest(name string) (string, error) { return fmt.Sprint(name, g.n.Add(1)), nil }

// startServer starts a server in this process and returns its URL.
func startServer(t *testing.T, change ...func(*server.Config)) string {
	t.Helper()
	certificate, hash := selfSigned(t)
	log := memory.New()
	cfg := server.Config{
		Log: log, Table: log.Table(), Identifier: &guests{},
		Transport: transport.Config{Address: "127.0.0.1:0", TLS: &tls.Config{Certificates: []tls.Certificate{certificate}}},
		Hashes:    func() [][]byte { return [][]byte{hash} },
	}
	for _, one := range change {
		one(&cfg)
	}
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return "https://" + s.Addr().String()
}

func selfSigned(t *testing.T) (certificate tls.Certificate, hash []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, sum[:]
}

func run(t *testing.T, cfg bench.Config) bench.Result {
	t.Helper()
	var out bytes.Buffer
	cfg.JSON, cfg.Insecure, cfg.Seed, cfg.Writers = true, true, 1, 2
	if err := bench.Run(t.Context(), cfg, &out); err != nil {
		t.Fatal(err)
	}
	r := bench.Result{LoadResult: &bench.LoadResult{}, JoinResult: &bench.JoinResult{}}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestACertificateThatIsNotTrustedIsSaidToBeWithWhatToDo(t *testing.T) {
	for _, mode := range []string{bench.ModeLoad, bench.ModeJoin, bench.ModeAlign} {
		cfg := bench.Config{Mode: mode, URL: startServer(t), Transport: transport.WebSocket, Clients: 1, Writers: 1, Duration: time.Second, Seed: 1}
		if err := bench.Run(t.Context(), cfg, io.Discard); err == nil || !strings.Contains(err.Error(), "--insecure") {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

func TestEveryPointReachesEveryClientOverBothTransports(t *testing.T) {
	for _, route := range []transport.Route{transport.WebTransport, transport.WebSocket} {
		t.Run(string(route), func(t *testing.T) {
			r := run(t, bench.Config{
				Mode: bench.ModeLoad, URL: startServer(t), Transport: route, Clients: 4, Duration: 3 * time.Second, Cursors: true, Stalled: 2,
			})
			if r.Lost+r.Duplicated+r.Wrong > 0 || !r.HashesEqual || r.Delivered == 0 || *r.CursorsPer == 0 {
				t.Errorf("%+v", r.LoadResult)
			}
			if r.BytesPoint < 1 || r.BytesPoint > 4 {
				t.Errorf("%v bytes a point", r.BytesPoint)
			}
		})
	}
}

func TestEditsOfTheSameShapesAndTextsReachEveryClientOnce(t *testing.T) {
	r := run(t, bench.Config{
		Mode: bench.ModeLoad, URL: startServer(t), Transport: transport.WebTransport, Writers: 6, Clients: 8, Duration: 2 * time.Second, Edits: true,
	})
	if r.Lost+r.Duplicated+r.Wrong > 0 || !r.HashesEqual || r.Delivered == 0 {
		t.Errorf("%+v", r.LoadResult)
	}
}

func TestALN2StrokesAreSeenWithTheirPicturesOnEveryWayToPlay(t *testing.T) {
	url := startServer(t, func(c *server.Config) {
		c.Media = &server.MediaConfig{Address: "127.0.0.1:0", Secret: make([]byte, live.SecretSize)}
	})
	var out bytes.Buffer
	// What comes late on a machine that has no time is seen with a later picture; earlier only by what clocks are wrong then (REC5).
	err := bench.Run(t.Context(), bench.Config{
		Mode: bench.ModeAlign, URL: url, Insecure: true, JSON: true, Transport: transport.WebTransport, Duration: 6 * time.Second, Seed: 1,
	}, &out)
	t.Log(out.String())
	results := map[string]bench.AlignResult{}
	for lines := json.NewDecoder(&out); lines.More(); {
		var r bench.AlignResult
		if err := lines.Decode(&r); err != nil {
			t.Fatal(err)
		}
		results[r.Path] = r
	}
	for _, path := range []string{"webrtc", "httpts", "hls"} {
		if r := results[path]; r.Strokes < 20 || r.P50 > 20 || r.P95 > 100 || r.Early > 100 || r.Strayed > 0 {
			t.Errorf("%s: %+v", path, r)
		}
	}
	if r := results["unaligned-hls"]; r.P50 < 500 || r.Early < 500 { // else nothing was measured
		t.Errorf("strokes that wait for nothing are in time: %+v", r)
	}
	if err != nil && !errors.Is(err, bench.ErrWrong) {
		t.Error(err)
	}
}

func TestGuestsWorkInARoomUntilAskedAndHaveWhatEverybodyHas(t *testing.T) {
	url := startServer(t)
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	host, err := client.Dial(t.Context(), client.Config{URL: url, HTTP: insecure, Name: "host", RoomName: "lesson", Route: transport.WebSocket})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = host.Close() }()
	pages, err := host.WaitPages(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	board, err := host.OpenBoard(pages[0])
	if err != nil {
		t.Fatal(err)
	}
	asked, ask := io.Pipe()
	answers, answer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- bench.Run(t.Context(), bench.Config{
			Mode: bench.ModeGuests, URL: url, Insecure: true, Transport: transport.WebTransport, Seed: 1,
			Room: replay.Room(host.RoomID()).String(), Clients: 3, Careful: true, Asked: asked,
		}, answer)
	}()
	if err := board.WaitRevision(t.Context(), 30); err != nil {
		t.Fatal(err)
	}
	for said, equal := json.NewDecoder(answers), false; !equal; {
		fmt.Fprintln(ask)
		var guests []bench.GuestState
		if err := said.Decode(&guests); err != nil || len(guests) != 3 {
			t.Fatal(guests, err)
		}
		if err := board.WaitRevision(t.Context(), guests[0].Revision); err != nil {
			t.Fatal(err)
		}
		revision, hash := board.State()
		equal = true
		for _, g := range guests {
			if g.Ops == 0 || g.Differing > 0 || g.Revision == revision && g.Hash != hex.EncodeToString(hash[:]) {
				t.Fatalf("%+v, the host has %x", g, hash)
			}
			equal = equal && g.Revision == revision
		}
	}
	_ = ask.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestJoinsAreMeasuredFromHelloUntilSynced(t *testing.T) {
	r := run(t, bench.Config{
		Mode: bench.ModeJoin, URL: startServer(t), Transport: transport.WebSocket, Clients: 2, Points: 2000, Joins: 3,
	})
	if r.Points != 2000 || r.JoinMs <= 0 || r.JoinBytes < 2000 || r.JoinBytes > 6000 {
		t.Errorf("%+v", r.JoinResult)
	}
}
