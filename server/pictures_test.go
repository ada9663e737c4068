package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chalkline/bench/client"
	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server"
	"chalkline/server/classroom"
	"chalkline/server/content"
	"chalkline/server/session"
	"chalkline/server/transport"
)

// tickets is an Identifier for tests: the token is a role, or a role and the only
// room that it is for; behind the role may be what tells several apart ("student/2").
type tickets struct{}

func (tickets) Identify(token string) (session.Identity, error) {
	who, room, _ := strings.Cut(token, "@")
	role, _, _ := strings.Cut(who, "/")
	id, _ := strconv.ParseInt(room, 10, 64)
	if role == "expired" {
		return session.Identity{}, protocol.NewError(protocol.TokenExpired)
	}
	if !classroom.Role(role).Known() {
		return session.Identity{}, protocol.NewError(protocol.TokenInvalid)
	}
	return session.Identity{Participant: classroom.Participant{ID: who, Role: classroom.Role(role)}, Room: id, Create: true}, nil
}

func (tickets) Guest(string) (string, error) { return "student", nil }

// gallery is a server with a room that has a page with ink on it.
type gallery struct {
	*running
	room, page string
	images     string // folder of the room's images
	log        *filling
	id         int64
	ann        *client.Client
	board      *client.Board
}

// filling is a log that takes nothing any more once it is full.
type filling struct {
	*memory.Log
	full    atomic.Bool
	refused chan struct{} // told of the first
}

func (f *filling) Append(ctx context.Context, room replay.Room, now int64, expect []replay.Expect, entries []replay.Entry) ([]replay.Record, error) {
	if f.full.Load() {
		select {
		case f.refused <- struct{}{}:
		default:
		}
		return nil, replay.ErrFull
	}
	return f.Log.Append(ctx, room, now, expect, entries)
}

func startGallery(t *testing.T) *gallery {
	t.Helper()
	tlsConfig, hash := selfSigned(t)
	images := t.TempDir()
	store, err := content.Open(content.Config{Dir: images})
	if err != nil {
		t.Fatal(err)
	}
	log := &filling{Log: memory.New(), refused: make(chan struct{}, 1)}
	s, err := server.New(server.Config{
		Log: log, Table: log.Table(), Identifier: tickets{}, Images: store, Scratch: t.TempDir(),
		Transport: transport.Config{Address: "127.0.0.1:0", TLS: tlsConfig},
		Hashes:    func() [][]byte { return [][]byte{hash} },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{s, t, "http://" + s.Addr().String(), make(chan error, 1)}
	go func() { r.served <- s.Serve() }()
	t.Cleanup(r.stop)
	ann := r.dial(t, client.Config{Name: "teacher", Token: "teacher", RoomName: "三年级/数学", Route: transport.WebSocket})
	board := openFirst(t, ann)
	write(t, board, 3)
	if err := board.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	pages, err := ann.WaitPages(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return &gallery{
		running: r, room: codeOf(ann.RoomID()), page: pages[0], id: ann.RoomID(), ann: ann, board: board,
		images: filepath.Join(images, strconv.FormatInt(ann.RoomID(), 10)), log: log,
	}
}

// codeOf is a room's code as people say it.
func codeOf(id int64) string { return replay.Room(id).String() }

// ask asks for a path below the room.
func (g *gallery) ask(t *testing.T, method, token, path string, body []byte, headers ...string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, g.url+"/api/rooms/"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, b
}

func redDot(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 30, 20))
	for i := range 30 * 20 {
		img.Set(i%30, i/30, color.RGBA{255, 0, 0, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSlowUploadsHoldUpNobody(t *testing.T) {
	g := startGallery(t)
	for i := range 20 {
		c, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = fmt.Fprintf(c, "POST /api/rooms/%s/images HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer student/%d\r\n"+
			"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n", g.room, i)
		said, err := bufio.NewReader(c).ReadString('\n')
		if err != nil || !strings.Contains(said, " 100 ") { // now its body is read
			t.Fatalf("upload %d is not read: %q, %v", i, said, err)
		}
	}
	if answer, b := g.ask(t, http.MethodPost, "student", g.room+"/images", redDot(t)); answer.StatusCode != http.StatusCreated {
		t.Errorf("%s %s", answer.Status, b)
	}
}

func TestAnImageIsStoredOnceAndServed(t *testing.T) {
	g := startGallery(t)
	var info struct {
		Content, Type string
		Width, Height int
	}
	for range 2 {
		answer, b := g.ask(t, http.MethodPost, "student", g.room+"/images", redDot(t))
		if answer.StatusCode != http.StatusCreated || json.Unmarshal(b, &info) != nil {
			t.Fatalf("%d %s", answer.StatusCode, b)
		}
	}
	if info.Type != "image/png" || info.Width != 30 || info.Height != 20 || !content.IsID(info.Content) {
		t.Fatalf("%+v", info)
	}
	answer, b := g.ask(t, http.MethodGet, "observer", g.room+"/images/"+info.Content, nil)
	if img, _, err := image.Decode(bytes.NewReader(b)); err != nil || img.Bounds().Dx() != 30 {
		t.Fatalf("%d: %v", answer.StatusCode, err)
	}
	for name, want := range map[string]string{
		"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "ETag": strconv.Quote(info.Content),
		"Cache-Control": "private, max-age=31536000, immutable",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// An image that the disk has damaged goes to no other room, and is whole again once
// somebody brings it again.
func TestADamagedImageIsReplacedByWhoBringsIt(t *testing.T) {
	g := startGallery(t)
	var info struct{ Content string }
	bring := func() {
		t.Helper()
		if answer, b := g.ask(t, http.MethodPost, "student", g.room+"/images", redDot(t)); answer.StatusCode != http.StatusCreated || json.Unmarshal(b, &info) != nil {
			t.Fatalf("%d %s", answer.StatusCode, b)
		}
	}
	bring()
	path := "/images/" + info.Content
	_, whole := g.ask(t, http.MethodGet, "student", g.room+path, nil)
	if err := os.WriteFile(filepath.Join(g.images, info.Content), whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	other := g.dial(t, client.Config{Name: "teacher", Token: "teacher", RoomName: "四年级", Route: transport.WebSocket})
	to := codeOf(other.RoomID()) + path + "?from=" + g.room
	if answer, b := g.ask(t, http.MethodPut, "student", to, nil); answer.StatusCode != http.StatusNotFound || !strings.Contains(string(b), `"code":3012`) {
		t.Errorf("damaged, it is copied: %d %s", answer.StatusCode, b)
	}
	bring()
	if _, again := g.ask(t, http.MethodGet, "student", g.room+path, nil); !bytes.Equal(again, whole) {
		t.Errorf("brought again, it has %d bytes of %d", len(again), len(whole))
	}
	if answer, b := g.ask(t, http.MethodPut, "student", to, nil); answer.StatusCode != http.StatusNoContent {
		t.Errorf("whole, it is not copied: %d %s", answer.StatusCode, b)
	}
}

func TestARoomGetsImagesThatOneMaySeeInAnother(t *testing.T) {
	g := startGallery(t)
	var info struct{ Content string }
	if _, b := g.ask(t, http.MethodPost, "student", g.room+"/images", redDot(t)); json.Unmarshal(b, &info) != nil {
		t.Fatalf("%s", b)
	}
	other := g.dial(t, client.Config{Name: "teacher", Token: "teacher", RoomName: "四年级", Route: transport.WebSocket})
	to := codeOf(other.RoomID())
	image := "/images/" + info.Content
	for _, c := range []struct {
		name, token, path string
		status            int
		want              string
	}{
		{"before", "student", to + image, http.StatusNotFound, `"code":3012`},
		{"of a room that one may not enter", "student@" + strconv.FormatInt(other.RoomID(), 10), to + image + "?from=" + g.room, http.StatusForbidden, `"code":3008`},
		{"of no room", "student", to + image + "?from=00000-00001", http.StatusNotFound, `"code":3007`},
		{"of nowhere", "student", to + image, http.StatusNotFound, `"code":3007`},
		{"an observer", "observer", to + image + "?from=" + g.room, http.StatusForbidden, `"code":3008`},
		{"what is not there", "student", to + "/images/" + strings.Repeat("0", 64) + "?from=" + g.room, http.StatusNotFound, `"code":3012`},
		{"what is no id", "student", to + "/images/..%2fx?from=" + g.room, http.StatusNotFound, `"code":3012`},
		{"may", "student", to + image + "?from=" + g.room, http.StatusNoContent, ""},
		{"again", "student", to + image + "?from=" + g.room, http.StatusNoContent, ""},
		{"after", "student", to + image, http.StatusOK, "PNG"},
	} {
		method := http.MethodPut
		if c.name == "before" || c.name == "after" {
			method = http.MethodGet
		}
		if answer, b := g.ask(t, method, c.token, c.path, nil); answer.StatusCode != c.status || !strings.Contains(string(b), c.want) {
			t.Errorf("%s: %d %s", c.name, answer.StatusCode, b)
		}
	}
}

func TestImagesThatCannotBeTakenAreRefusedWithTheirReason(t *testing.T) {
	g := startGallery(t)
	for name, c := range map[string]struct {
		token  string
		body   []byte
		status int
		want   string
	}{
		"a text":      {"student", []byte("GIF is not it"), http.StatusBadRequest, `"code":3014`},
		"nothing":     {"student", nil, http.StatusBadRequest, `"code":3014`},
		"large":       {"student", make([]byte, content.MaxBytes+1), http.StatusBadRequest, `"limit":"bytes"`},
		"an observer": {"observer", redDot(t), http.StatusForbidden, `"code":3008`},
	} {
		if answer, b := g.ask(t, http.MethodPost, c.token, g.room+"/images", c.body); answer.StatusCode != c.status || !strings.Contains(string(b), c.want) {
			t.Errorf("%s: %d %s", name, answer.StatusCode, b)
		}
	}
	unknown := strings.Repeat("0", 64)
	for _, id := range []string{unknown, "x", "..%2f..%2fsecret"} {
		if answer, b := g.ask(t, http.MethodGet, "student", g.room+"/images/"+id, nil); answer.StatusCode != http.StatusNotFound || !strings.Contains(string(b), `"code":3012`) {
			t.Errorf("%s: %d %s", id, answer.StatusCode, b)
		}
	}
}

func TestWhoMayNotJoinMaySeeNothing(t *testing.T) {
	g := startGallery(t)
	const nowhere = "00000-00001"
	for name, c := range map[string]struct {
		token, room string
		status      int
		code        int
	}{
		"no token":            {"", g.room, http.StatusUnauthorized, 3005},
		"a token of nobody":   {"nobody", g.room, http.StatusUnauthorized, 3005},
		"an old token":        {"expired", g.room, http.StatusUnauthorized, 3006},
		"another room's":      {"teacher@77", g.room, http.StatusForbidden, 3008},
		"an unknown room":     {"teacher", nowhere, http.StatusNotFound, 3007},
		"no code":             {"teacher", "board", http.StatusNotFound, 3007},
		"the room's, in case": {fmt.Sprint("student@", g.id), strings.ToLower(strings.ReplaceAll(g.room, "-", "")), http.StatusOK, 0},
	} {
		for _, path := range []string{"/pages/" + g.page + ".png", "/pages/" + g.page + ".svg?width=100", "/export.pdf"} {
			answer, b := g.ask(t, http.MethodGet, c.token, c.room+path, nil)
			if answer.StatusCode != c.status || c.code != 0 && !strings.Contains(string(b), fmt.Sprint(`"code":`, c.code)) {
				t.Errorf("%s, %s: %d %.80s, want %d", name, path, answer.StatusCode, b, c.status)
			}
		}
	}
}

func TestCodesCannotBeGuessedByHTTPEither(t *testing.T) {
	g := startGallery(t)
	var last string
	for i := range 61 {
		_, b := g.ask(t, http.MethodGet, "teacher", fmt.Sprintf("0000%06d/export.pdf", i), nil)
		last = string(b)
	}
	if !strings.Contains(last, `"code":2004`) {
		t.Fatalf("the 61st guess is answered %s", last)
	}
}

func TestAPageIsServedAsAPictureUntilItChanges(t *testing.T) {
	g := startGallery(t)
	path := g.room + "/pages/" + g.page + ".png?width=256"
	first, b := g.ask(t, http.MethodGet, "student", path, nil)
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil || img.Bounds().Dx() != 256 || img.Bounds().Dy() < 144 {
		t.Fatalf("%d: %v", first.StatusCode, err)
	}
	tag := first.Header.Get("ETag")
	if again, b := g.ask(t, http.MethodGet, "student", path, nil, "If-None-Match", tag); again.StatusCode != http.StatusNotModified || len(b) > 0 {
		t.Fatalf("unchanged: %d with %d bytes", again.StatusCode, len(b))
	}
	if again, same := g.ask(t, http.MethodGet, "student", path, nil); again.StatusCode != http.StatusOK || !bytes.Equal(same, b) {
		t.Fatal("the same page looks different")
	}
	stroke := g.board.Stroke(pen...)
	if err := stroke.End([]ot.Point{{X: 3000, Y: 3000, P: 128}}); err != nil {
		t.Fatal(err)
	}
	if err := g.board.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	if changed, _ := g.ask(t, http.MethodGet, "student", path, nil, "If-None-Match", tag); changed.StatusCode != http.StatusOK || changed.Header.Get("ETag") == tag {
		t.Fatalf("changed: %d, ETag %s", changed.StatusCode, changed.Header.Get("ETag"))
	}
}

func TestPagesAndImagesAreServedFromAFullStore(t *testing.T) {
	g := startGallery(t)
	var info struct{ Content string }
	if _, b := g.ask(t, http.MethodPost, "student", g.room+"/images", redDot(t)); json.Unmarshal(b, &info) != nil {
		t.Fatalf("%s", b)
	}
	g.log.full.Store(true)
	write(t, g.board, 1)
	<-g.log.refused // which ends the room for those in it
	for _, path := range []string{"/pages/" + g.page + ".png", "/pages/" + g.page + ".svg", "/export.pdf", "/images/" + info.Content} {
		if answer, b := g.ask(t, http.MethodGet, "student", g.room+path, nil); answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, answer.StatusCode, b)
		}
	}
}

func TestPicturesCanDoNothingByThemselves(t *testing.T) {
	g := startGallery(t)
	for file, want := range map[string]string{"pages/" + g.page + ".svg": "image/svg+xml", "pages/" + g.page + ".png": "image/png", "export.pdf": "application/pdf"} {
		answer, b := g.ask(t, http.MethodGet, "student", g.room+"/"+file, nil)
		h := answer.Header
		if answer.StatusCode != http.StatusOK || h.Get("Content-Type") != want || len(b) < 200 {
			t.Errorf("%s: %d %s, %d bytes", file, answer.StatusCode, h.Get("Content-Type"), len(b))
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(h.Get("Cache-Control"), "private") || h.Get("Content-Length") != strconv.Itoa(len(b)) {
			t.Errorf("%s: %v", file, h)
		}
	}
	answer, _ := g.ask(t, http.MethodGet, "student", g.room+"/export.pdf", nil)
	if got := answer.Header.Get("Content-Disposition"); !strings.Contains(got, "attachment") || !strings.Contains(got, ".pdf") {
		t.Errorf("the document is called %s", got)
	}
}

func TestPicturesThatCannotBeAreRefused(t *testing.T) {
	g := startGallery(t)
	for path, status := range map[string]int{
		"/pages/nosuchpage.png":                http.StatusNotFound,
		"/pages/" + g.page + ".gif":            http.StatusNotFound,
		"/pages/" + g.page:                     http.StatusNotFound,
		"/pages/" + g.page + ".png?width=15":   http.StatusBadRequest,
		"/pages/" + g.page + ".png?width=4097": http.StatusBadRequest,
		"/pages/" + g.page + ".png?width=1e3":  http.StatusBadRequest,
		"/pages/..%2f" + g.page + ".png":       http.StatusNotFound,
	} {
		if answer, b := g.ask(t, http.MethodGet, "student", g.room+path, nil); answer.StatusCode != status {
			t.Errorf("%s: %d %s, want %d", path, answer.StatusCode, b, status)
		}
	}
}

func TestAnImageOnAPageIsInItsPictures(t *testing.T) {
	g := startGallery(t)
	_, b := g.ask(t, http.MethodPost, "student", g.room+"/images", redDot(t))
	var info struct{ Content string }
	if err := json.Unmarshal(b, &info); err != nil {
		t.Fatal(err)
	}
	placed := ot.Op{Kind: ot.Create, ID: g.board.NextID(), Element: ot.Image, Settings: []ot.Setting{
		{Register: ot.Place, Value: ot.PlaceValue(ot.Placement{X: 0, Y: 0, W: 20_000, H: 10_000})},
		{Register: ot.Content, Value: info.Content},
	}}
	if err := g.board.Submit(placed); err != nil {
		t.Fatal(err)
	}
	if err := g.board.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, b = g.ask(t, http.MethodGet, "student", g.room+"/pages/"+g.page+".png?width=400", nil)
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if r, green, _, _ := img.At(150, 50).RGBA(); r != 0xffff || green != 0 {
		t.Errorf("where the image lies is %v", img.At(150, 50))
	}
	_, b = g.ask(t, http.MethodGet, "student", g.room+"/pages/"+g.page+".svg", nil)
	if !bytes.Contains(b, []byte("data:image/png;base64,")) {
		t.Error("the SVG is without the image")
	}
}
