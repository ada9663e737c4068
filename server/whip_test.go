package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"

	"chalkline/bench/client"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/sei"
	"chalkline/server"
	"chalkline/server/classroom"
	"chalkline/server/token"
)

// foreignWait bounds what a foreign publisher does; it takes its time to start.
const foreignWait = 90 * time.Second

// foreign is a WHIP publisher that shares no code with us: testdata/whip.py, on
// aiortc.
type foreign struct {
	t     *testing.T
	c     *exec.Cmd
	input io.Closer
	lines *bufio.Scanner
	wrong bytes.Buffer // its standard error

	status   int
	location string
}

// startForeign starts it and returns when its offer was answered.
func startForeign(t *testing.T, url, bearer string) *foreign {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), foreignWait)
	f := &foreign{t: t, c: exec.CommandContext(ctx, pythonWithAiortc(t), "testdata/whip.py", url, bearer)}
	f.c.Stderr = &f.wrong
	input, err1 := f.c.StdinPipe()
	output, err2 := f.c.StdoutPipe()
	if err := errors.Join(err1, err2, f.c.Start()); err != nil {
		t.Fatal(err)
	}
	f.input, f.lines = input, bufio.NewScanner(output)
	t.Cleanup(func() {
		cancel()
		_ = f.c.Wait() // the test has looked at how it ended, where it was to end
	})
	var answer struct {
		Status         int
		Location, ETag string
	}
	if err := json.Unmarshal([]byte(f.line()), &answer); err != nil {
		t.Fatal(err)
	}
	f.status, f.location = answer.Status, answer.Location
	return f
}

// pythonWithAiortc returns a Python that has aiortc: that of the distribution, if
// another comes first in PATH.
func pythonWithAiortc(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), name, "-c", "import aiortc").Run() == nil {
			return name
		}
	}
	t.Fatal("no Python with aiortc: scripts/setup test installs it")
	return ""
}

// line returns the next that it says.
func (f *foreign) line() string {
	f.t.Helper()
	if !f.lines.Scan() {
		_ = f.c.Wait()
		f.t.Fatalf("the publisher says no more: %s", f.wrong.String())
	}
	return f.lines.Text()
}

// stop has it delete its session, and returns the status of that.
func (f *foreign) stop() string {
	f.t.Helper()
	_ = f.input.Close() // it reads until then
	status := f.line()
	if err := f.c.Wait(); err != nil {
		f.t.Errorf("the publisher: %v: %s", err, f.wrong.String())
	}
	return status
}

// signedRoom is a server with tokens as they are in use, and a teacher's room.
func signedRoom(t *testing.T) (r *running, ann *client.Client, room string, mint func(who string, role classroom.Role) string) {
	t.Helper()
	keys := tokenKeys(t, 1)
	r = startMedia(t, func(c *server.Config) { c.Identifier = server.Tokens{Keys: keys} })
	mint = func(who string, role classroom.Role) string { return minted(t, keys, who, role) }
	ann = r.dial(t, client.Config{Token: mint("ann", classroom.Teacher), RoomName: "Lesson"})
	return r, ann, codeOf(ann.RoomID()), mint
}

func tokenKeys(t *testing.T, fill byte) *token.Keys {
	t.Helper()
	keys, err := token.NewKeys([]token.Key{{ID: "k", Secret: bytes.Repeat([]byte{fill}, 32)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func minted(t *testing.T, keys *token.Keys, who string, role classroom.Role) string {
	t.Helper()
	signed, err := keys.Mint(token.Claims{Participant: who, Name: who, Role: role, Grants: []string{server.CreateGrant}})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestMED8AWHIPPublisherThatIsNotOursIsStampedAndPlayed(t *testing.T) {
	r, ann, room, mint := signedRoom(t)
	p := startForeign(t, r.url+"/api/rooms/"+room+"/whip", mint("ann", classroom.Teacher))
	if p.status != http.StatusCreated || !strings.Contains(p.location, "/api/rooms/"+room+"/whip/") {
		t.Fatalf("the offer is answered %d, location %q", p.status, p.location)
	}
	if got := p.line(); got != "connected" {
		t.Fatalf("the publisher says %q", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), foreignWait)
	defer cancel()
	both := func(all []*chalklinev1.Source) bool {
		return len(all) == 1 && all[0].GetParticipant() == "ann" && all[0].GetVideo() && all[0].GetAudio() && all[0].GetWebrtc()
	}
	if err := ann.WaitSources(ctx, both); err != nil {
		t.Fatal(err)
	}
	frames := make(chan client.Frame, 1024)
	var heard atomic.Int64
	source := ann.Sources()[0].GetNumber()
	rtc := client.RTC{URL: r.url + "/api/rooms/" + room + "/sources/" + strconv.Itoa(int(source)) + "/whep", Token: mint("bob", classroom.Student)}
	viewer, err := client.Play(ctx, client.PlayConfig{
		RTC: rtc, OnFrame: func(f client.Frame) { frames <- f }, OnSound: func(*rtp.Packet) { heard.Add(1) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer viewer.Close(ctx)
	got := takeFrames(ctx, t, frames, 45)
	checkForeign(t, ann, got, source)
	checkDecodes(t, got)
	if n := heard.Load(); n < 25 {
		t.Errorf("%d packets of sound beside %d pictures", n, len(got))
	}
	if status := p.stop(); status != "200" {
		t.Errorf("DELETE is answered %s", status)
	}
	if err := ann.WaitSources(ctx, func(all []*chalklinev1.Source) bool {
		return len(all) == 1 && !all[0].GetVideo() && !all[0].GetAudio()
	}); err != nil {
		t.Error(err)
	}
}

// takeFrames returns the next n frames.
func takeFrames(ctx context.Context, t *testing.T, frames <-chan client.Frame, n int) (all []client.Frame) {
	t.Helper()
	for len(all) < n {
		select {
		case f := <-frames:
			all = append(all, f)
		case <-ctx.Done():
			t.Fatalf("%d frames of %d came", len(all), n)
		}
	}
	return all
}

// checkForeign wants whole frames in order from a key frame on, each with a stamp near
// to its arrival, and at last one that is of its capture.
func checkForeign(t *testing.T, c *client.Client, frames []client.Frame, source uint32) {
	t.Helper()
	if !frames[0].Key {
		t.Error("the first frame is no key frame")
	}
	arrival := c.RoomTime() - time.Now().UnixMicro()
	for i, f := range frames {
		age := arrival + f.Arrival.UnixMicro() - f.Stamp.Time
		switch {
		case f.Broken:
			t.Errorf("frame %d is broken", i)
		case f.Stamp.Time == 0 || f.Stamp.Origin.Source != source:
			t.Errorf("frame %d has the stamp %+v", i, f.Stamp)
		case age < -500_000 || age > 5_000_000:
			t.Errorf("frame %d is stamped %d µs before it arrived", i, age)
		case i > 0 && (int32(f.RTP-frames[i-1].RTP) <= 0 || f.Stamp.Time <= frames[i-1].Stamp.Time && f.Stamp.Status&sei.Backward == 0):
			t.Errorf("frame %d does not come after the one before: %+v after %+v", i, f.Stamp, frames[i-1].Stamp)
		}
	}
	if last := frames[len(frames)-1].Stamp.Origin.Flags; last&sei.Captured == 0 {
		t.Errorf("flags %v after the publisher's reports", last)
	}
}

// checkDecodes has ffmpeg decode frames, which must be as many pictures.
func checkDecodes(t *testing.T, frames []client.Frame) {
	t.Helper()
	var film bytes.Buffer
	for _, f := range frames {
		film.Write(f.Data)
	}
	c := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-err_detect", "explode", "-f", "h264", "-count_frames",
		"-show_entries", "stream=nb_read_frames,width,height", "-of", "csv=p=0", "-")
	c.Stdin = &film
	var faults bytes.Buffer
	c.Stderr = &faults
	out, err := c.Output()
	if want := "96,54," + strconv.Itoa(len(frames)); err != nil || faults.Len() > 0 || strings.TrimSpace(string(out)) != want {
		t.Errorf("ffprobe reads %q, want %q: %v %s", out, want, err, faults.String())
	}
}

func TestMED3AWHIPPublisherThatIsNotOursIsRefusedWithAWrongToken(t *testing.T) {
	r, ann, room, mint := signedRoom(t)
	url := r.url + "/api/rooms/" + room + "/whip"
	for _, c := range []struct {
		name, bearer string
		status       int
	}{
		{"of another key", minted(t, tokenKeys(t, 2), "ann", classroom.Teacher), http.StatusUnauthorized},
		{"of an observer", mint("eve", classroom.Observer), http.StatusForbidden},
	} {
		if p := startForeign(t, url, c.bearer); p.status != c.status {
			t.Errorf("a token %s is answered %d, want %d", c.name, p.status, c.status)
		}
	}
	if all := ann.Sources(); len(all) != 0 {
		t.Errorf("sources %+v", all)
	}
}

// rtcSession is a publisher or a player.
type rtcSession interface {
	Done() <-chan struct{}
	Close(ctx context.Context) error
}

func TestAMediaSessionEndsWithItsToken(t *testing.T) {
	keys := tokenKeys(t, 1)
	r := startMedia(t, func(c *server.Config) { c.Identifier = server.Tokens{Keys: keys} })
	ann := r.dial(t, client.Config{Token: minted(t, keys, "ann", classroom.Teacher), RoomName: "Lesson"})
	base := r.url + "/api/rooms/" + codeOf(ann.RoomID())
	video, err := os.ReadFile("media/webrtc/testdata/film.h264")
	if err != nil {
		t.Fatal(err)
	}
	film, err := client.ReadFilm(video, nil)
	if err != nil {
		t.Fatal(err)
	}
	publish := func(bearer string) (rtcSession, error) {
		return client.Publish(t.Context(), client.PublishConfig{RTC: client.RTC{URL: base + "/whip", Token: bearer}, Film: film})
	}
	// ends opens a session with a token that ends soon, and waits for its end.
	ends := func(what string, open func(bearer string) (rtcSession, error)) {
		var s rtcSession
		err := error(protocol.NewError(protocol.TokenExpired))
		for life := 2 * time.Second; err != nil && life < foreignWait; life *= 2 { // longer where connecting takes longer
			var bearer string
			bearer, err = keys.Mint(token.Claims{Participant: "ben", Role: classroom.Student, Expires: time.Now().Add(life)})
			if err == nil {
				s, err = open(bearer)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(t.Context())
		select {
		case <-s.Done():
		case <-time.After(foreignWait):
			t.Errorf("%s goes on when its token has expired", what)
		}
	}
	ends("a publisher", publish)
	stays, err := publish(minted(t, keys, "ann", classroom.Teacher))
	if err != nil {
		t.Fatal(err)
	}
	defer stays.Close(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), foreignWait)
	defer cancel()
	source := uint32(0)
	if err := ann.WaitSources(ctx, func(all []*chalklinev1.Source) bool {
		return slices.ContainsFunc(all, func(s *chalklinev1.Source) bool {
			source = s.GetNumber()
			return s.GetParticipant() == "ann" && s.GetVideo()
		})
	}); err != nil {
		t.Fatal(err)
	}
	ends("a player", func(bearer string) (rtcSession, error) {
		url := fmt.Sprintf("%s/sources/%d/whep", base, source)
		return client.Play(ctx, client.PlayConfig{RTC: client.RTC{URL: url, Token: bearer}})
	})
	select {
	case <-stays.Done():
		t.Error("a publisher ends before its token")
	default:
	}
}
