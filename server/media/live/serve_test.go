package live

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/bench/client"
	"chalkline/protocol"
	"chalkline/sei/mpegts"
	"chalkline/server/media"
	"chalkline/server/media/stream"
)

// asked answers a request as a server does.
func asked(s *Server, method, path string, header ...string) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	s.Register(mux)
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

// wantCode checks an answer's status and code, and that no cache keeps it.
func wantCode(t *testing.T, w *httptest.ResponseRecorder, status int, code protocol.Code) {
	t.Helper()
	var e struct{ Code protocol.Code }
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != status || e.Code != code {
		t.Errorf("answer %d %s, want %d %d", w.Code, w.Body, status, code)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q of an error", got)
	}
}

func TestMED9WhoMayEnterIsToldWhereToPlayFrom(t *testing.T) {
	s, _ := newServer(t, Config{Base: "https://cdn.example"})
	const path = "/api/rooms/any/sources/1/live"
	w := asked(s, "GET", path, "Authorization", "Bearer ann")
	var u client.LiveURLs
	if err := json.Unmarshal(w.Body.Bytes(), &u); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if !strings.HasPrefix(u.HLS, "https://cdn.example/live/") || !strings.HasSuffix(u.HTTPTS, "/live.ts") {
		t.Errorf("%+v", u)
	}
	if left := time.Until(time.Unix(u.Expires, 0)); left < time.Hour-time.Second || left > 2*time.Hour {
		t.Errorf("ends in %v", left)
	}
	wantCode(t, asked(s, "GET", path, "Authorization", "Bearer eve"), http.StatusUnauthorized, protocol.TokenInvalid)
	wantCode(t, asked(s, "GET", "/api/rooms/any/sources/9/live", "Authorization", "Bearer ann"), http.StatusNotFound, protocol.NoSuchSource)
}

func TestWhatIsNotToBePlayedIsRefused(t *testing.T) {
	s, p := newServer(t, Config{})
	now := time.Now()
	expired := grantNow(room, p.Source.ID, now.Add(-2*time.Hour)).token(secret)
	wantCode(t, asked(s, "GET", "/live/"+expired+"/index.m3u8"), http.StatusUnauthorized, protocol.TokenExpired)
	wantCode(t, asked(s, "GET", "/live/"+expired[1:]+"x/live.ts"), http.StatusUnauthorized, protocol.TokenInvalid)
	valid := grantNow(room, p.Source.ID, now).token(secret)
	wantCode(t, asked(s, "GET", "/live/"+valid+"/abc-1.ts"), http.StatusNotFound, protocol.NoSuchSource)
	wantCode(t, asked(s, "GET", "/live/"+valid+"/index.mpd"), http.StatusNotFound, protocol.NoSuchSource)
	unknown := grantNow(room, source, now).token(secret)
	wantCode(t, asked(s, "GET", "/live/"+unknown+"/index.m3u8"), http.StatusNotFound, protocol.NoSuchSource)
	w := asked(s, "OPTIONS", "/live/"+valid+"/index.m3u8")
	if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Code != http.StatusNoContent {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestMED9APlayURLIsOfOneSourceAfterARestartToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, _ := newServer(t, Config{})
		var u client.LiveURLs
		w := asked(before, "GET", "/api/rooms/any/sources/1/live", "Authorization", "Bearer ann")
		if err := json.Unmarshal(w.Body.Bytes(), &u); err != nil {
			t.Fatal(err)
		}

		registry := media.NewRegistry(media.Config{Rooms: rooms{}})
		ben := ann()
		ben.ID = "ben"
		publish := func(v media.Visitor, kind media.Kind) *media.Source {
			p, err := registry.Publish(v, kind)
			if err != nil {
				t.Fatal(err)
			}
			return p.Source
		}
		others := []*media.Source{publish(ben, media.Camera), publish(ben, media.Stream), publish(ann(), media.Camera)}
		after := startServer(t, Config{Registry: registry})
		wantCode(t, asked(after, "GET", u.HLS), http.StatusNotFound, protocol.NoSuchSource)
		wantCode(t, asked(after, "GET", u.HTTPTS), http.StatusNotFound, protocol.NoSuchSource)
		hers := publish(ann(), media.Stream)
		wantCode(t, asked(after, "GET", u.HLS), http.StatusNotFound, protocol.NoSuchSource) // nothing came in 8 s
		if !hers.Hub.Wanted() {
			t.Error("her source is not played")
		}
		for _, s := range others {
			if s.Hub.Wanted() {
				t.Errorf("the %s of %s is played", s.Kind, s.Participant)
			}
		}
	})
}

func TestMED5AnOutputIsThereWhileSomebodyPlays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newServer(t, Config{})
		list := "/live/" + grantNow(room, p.Source.ID, time.Now()).token(secret) + "/index.m3u8"

		wantCode(t, asked(s, "GET", list), http.StatusNotFound, protocol.NoSuchSource) // nothing came in 8 s
		if !p.Source.Hub.Wanted() {
			t.Fatal("a source that is asked for is not wanted")
		}
		for n := range int64(100) {
			p.Source.Hub.Publish(aPicture(n, 0, n%30 == 0))
			synctest.Wait()
		}
		w := asked(s, "GET", list)
		first, err := client.ParsePlaylist(w.Body.Bytes())
		if err != nil || w.Header().Get("Cache-Control") != "public, max-age=1" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Fatalf("%v, %v in %s", err, w.Header(), w.Body)
		}
		at := strings.Replace(list, "index.m3u8", first.Segments[0].URI, 1)
		w = asked(s, "GET", at)
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Body.Len()%188 != 0 {
			t.Errorf("segment: %d %v", w.Code, w.Header())
		}
		time.Sleep(idle - time.Second)
		if !p.Source.Hub.Wanted() {
			t.Error("not wanted a minute after the last request")
		}
		time.Sleep(lookAfter + 2*time.Second)
		synctest.Wait()
		if p.Source.Hub.Wanted() || len(s.outputs) != 0 {
			t.Error("wanted though nobody plays")
		}
		wantCode(t, asked(s, "GET", at), http.StatusNotFound, protocol.NoSuchSource)

		// Numbers rise and names are new when it begins again.
		o := s.outputOf(t, p)
		for n := range int64(100) {
			p.Source.Hub.Publish(aPicture(n, 0, n%30 == 0))
			synctest.Wait()
		}
		second, err := client.ParsePlaylist(o.window.wait(t.Context()))
		if err != nil || second.Sequence <= first.Sequence+int64(len(first.Segments)) || second.Discontinuity <= first.Discontinuity {
			t.Errorf("%v: numbers %d and %d after %d and %d", err, second.Sequence, second.Discontinuity, first.Sequence, first.Discontinuity)
		}
		for _, g := range second.Segments {
			if g.URI == first.Segments[0].URI {
				t.Errorf("%s again", g.URI)
			}
		}
	})
}

func TestSoundThatChangesWithEachFrameMakesAFewSegmentsASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newServer(t, Config{})
		p.Tracks(false, true, false, true)
		o := s.outputOf(t, p)
		const seconds = 20
		for n := range int64(seconds * 47) {
			u := aSound(n, 0)
			if u.Discontinuity = true; n%2 == 1 {
				u.Config = []byte{0x12, 0x08} // 44 100 Hz, one channel
			}
			p.Source.Hub.Publish(u)
			time.Sleep(time.Second / 47)
		}
		synctest.Wait()
		if n := o.segments(); n < seconds/2 || n > seconds+beginsAtOnce {
			t.Errorf("%d segments in %d s", n, seconds)
		}
	})
}

func TestMED6WhatWasBeforeASourceWasHiddenCanBeHadNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newServer(t, Config{})
		base := "/live/" + grantNow(room, p.Source.ID, time.Now()).token(secret) + "/"
		s.outputOf(t, p)
		hide := func(hidden bool) {
			t.Helper()
			if err := p.Source.SwitchBy(ann().Participant, nil, &hidden); err != nil {
				t.Fatal(err)
			}
		}
		give := func(u stream.Unit) {
			p.Source.Hub.Publish(u)
			synctest.Wait()
		}
		both := func(from, to int64) { // s; a key frame a second
			for n := from * 30; n < to*30; n++ {
				give(aPicture(n, 0, n%30 == 0))
				give(aSound(n*3000/1920, 0))
			}
		}
		var last *client.Playlist
		playlist := func() *client.Playlist {
			t.Helper()
			list, err := client.ParsePlaylist(asked(s, "GET", base+"index.m3u8").Body.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if last != nil {
				if err := list.Follows(last); err != nil {
					t.Error(err)
				}
			}
			last = list
			return list
		}
		pictures := func(g client.PlaylistSegment) (n int) {
			t.Helper()
			w := asked(s, "GET", base+g.URI)
			if err := mpegts.Read(w.Body, func(mpegts.Frame) bool { n++; return true }); w.Code != http.StatusOK || err != nil {
				t.Errorf("%s: %d, %v", g.URI, w.Code, err)
			}
			return n
		}

		both(0, 5)
		before := playlist()
		if n := pictures(before.Segments[0]); n != 30 {
			t.Errorf("%d pictures before", n)
		}
		newcomer := make(chan *httptest.ResponseRecorder, 1)
		hide(true)
		for _, g := range before.Segments {
			wantCode(t, asked(s, "GET", base+g.URI), http.StatusNotFound, protocol.NoSuchSource)
		}
		wantCode(t, asked(s, "GET", base+"index.m3u8"), http.StatusNotFound, protocol.NoSuchSource) // nothing came in 8 s
		go func() { newcomer <- asked(s, "GET", base+"live.ts") }()
		synctest.Wait()

		give(aPicture(150, 0, true)) // on its way when it was hidden
		for n := int64(235); n < 235+47*4; n++ {
			give(aSound(n, 0))
		}
		hidden := playlist()
		for _, g := range hidden.Segments {
			if n := pictures(g); n != 0 {
				t.Errorf("%d pictures while it is hidden", n)
			}
		}
		if len(hidden.Segments) < 2 || hidden.Sequence <= before.Segments[len(before.Segments)-1].Sequence || hidden.Discontinuity <= before.Discontinuity {
			t.Errorf("%+v after %+v", hidden, before)
		}

		hide(false)
		for n := int64(235 + 47*4); n < 235+47*5; n++ {
			give(aSound(n, 0)) // waits for the picture
		}
		both(10, 13)
		shown := playlist()
		if n := pictures(shown.Segments[0]); n == 0 {
			t.Error("what is shown again begins without a picture")
		}
		newest := shown.Segments[len(shown.Segments)-1]
		if n := pictures(newest); n != 30 || newest.Discontinuity != hidden.Discontinuity+1 {
			t.Errorf("%d pictures of a second in %+v", n, newest)
		}
		n := 0
		if err := mpegts.Read((<-newcomer).Body, func(mpegts.Frame) bool { n++; return true }); err != nil || n != 90 {
			t.Errorf("who came while it was hidden gets %d pictures, %v", n, err)
		}
	})
}

func TestHTTPTSEndsWhenTheSourceIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newServer(t, Config{})
		path := "/live/" + grantNow(room, p.Source.ID, time.Now()).token(secret) + "/live.ts"
		answer := make(chan *httptest.ResponseRecorder, 1)
		go func() { answer <- asked(s, "GET", path) }()
		synctest.Wait()
		p.Source.Hub.Publish(aPicture(0, 0, true))
		synctest.Wait()
		time.Sleep(away - time.Second)
		p.Source.Hub.Publish(aPicture(1, 0, false))
		synctest.Wait()
		began := time.Now()
		w := <-answer
		if waited := time.Since(began); waited != away || w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d after %v, %v", w.Code, waited, w.Header())
		}
	})
}

// pipes is a network of one server.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }
func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p <- there
	return here, nil
}

func TestHTTPTSWaitsForItsSourceAsLongOverHTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newServer(t, Config{})
		mux := http.NewServeMux()
		s.Register(mux)
		two := &http.Protocols{}
		two.SetUnencryptedHTTP2(true)
		network := make(pipes)
		server := &http.Server{Handler: mux, Protocols: two}
		go func() { _ = server.Serve(network) }() // till it is closed
		defer server.Close()
		transport := &http.Transport{Protocols: two, DialContext: network.dial}
		defer transport.CloseIdleConnections()

		pictures, ended := 0, make(chan error, 1)
		go func() {
			path := "/live/" + grantNow(room, p.Source.ID, time.Now()).token(secret) + "/live.ts"
			answer, err := (&http.Client{Transport: transport}).Get("http://server" + path)
			if err == nil {
				err = mpegts.Read(answer.Body, func(mpegts.Frame) bool { pictures++; return true })
				_ = answer.Body.Close()
			}
			ended <- err
		}()
		for n := range int64(3) {
			synctest.Wait()
			p.Source.Hub.Publish(aPicture(n, 0, n == 0))
			synctest.Wait()
			time.Sleep(away - time.Second)
		}
		if err := <-ended; err != nil || pictures != 3 {
			t.Errorf("%d pictures of 3, %v", pictures, err)
		}
	})
}

func TestWhoCameToHTTPTSDuringSoundAloneGetsThePictureWhenItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newServer(t, Config{})
		s.outputOf(t, p)
		path := "/live/" + grantNow(room, p.Source.ID, time.Now()).token(secret) + "/live.ts"
		give := func(u stream.Unit) {
			p.Source.Hub.Publish(u)
			synctest.Wait()
		}
		give(aPicture(0, 0, true))
		const hidden, later = 260, 280 // sounds, without a picture: 5 s
		for n := range int64(hidden) {
			give(aSound(n, 0))
		}
		answer := make(chan *httptest.ResponseRecorder, 1)
		go func() { answer <- asked(s, "GET", path) }()
		synctest.Wait()
		for n := int64(hidden); n < later; n++ {
			give(aSound(n, 0))
		}
		const first = later*1920/3000 + 1
		for n := int64(first); n < first+30; n++ {
			give(aPicture(n, 0, n == first))
		}
		pictures := 0
		if err := mpegts.Read((<-answer).Body, func(mpegts.Frame) bool { pictures++; return true }); err != nil || pictures != 30 {
			t.Errorf("%d pictures of 30, %v", pictures, err)
		}
	})
}

func TestCloseEndsWhatRuns(t *testing.T) {
	s, p := newServer(t, Config{})
	s.outputOf(t, p)
	path := "/live/" + grantNow(room, p.Source.ID, time.Now()).token(secret) + "/live.ts"
	answer := make(chan *httptest.ResponseRecorder, 1)
	go func() { answer <- asked(s, "GET", path) }()
	eventually(t, "it is read", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.readers[room] == 1 })
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	<-answer
	if p.Source.Hub.Wanted() {
		t.Error("wanted after the end")
	}
	if w := asked(s, "GET", path); w.Code != http.StatusServiceUnavailable {
		t.Errorf("after the end: %d", w.Code)
	}
}
