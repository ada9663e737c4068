package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"chalkline/bench/client"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay/memory"
	"chalkline/server"
	"chalkline/server/media/live"
	"chalkline/server/media/live/ts"
	"chalkline/server/transport"
)

// startMedia starts a server with all that media have, on free ports of loopback.
func startMedia(t *testing.T, configure ...func(*server.Config)) *running {
	t.Helper()
	log := memory.New()
	tlsConfig, hash := selfSigned(t)
	cfg := server.Config{
		Log: log, Table: log.Table(), Identifier: &names{},
		Transport: transport.Config{Address: "127.0.0.1:0", TLS: tlsConfig},
		Hashes:    func() [][]byte { return [][]byte{hash} },
		Media: &server.MediaConfig{
			Address: "127.0.0.1:0", RTMPAddress: "127.0.0.1:0", Secret: make([]byte, live.SecretSize),
		},
	}
	for _, f := range configure {
		f(&cfg)
	}
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{s, t, "http://" + s.Addr().String(), make(chan error, 1)}
	go func() { r.served <- s.Serve() }()
	t.Cleanup(r.stop)
	return r
}

// streamKey asks for where to push to.
func (r *running) streamKey(t *testing.T, room, token string) (rtmp, ts string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/api/rooms/"+room+"/stream-key", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body struct{ Key, RTMP, HTTP string }
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.Key == "" {
		t.Fatalf("stream key: %s, %v", answer.Status, err)
	}
	return body.RTMP + "/" + body.Key, body.HTTP
}

func TestWhatAnEncoderPushesIsToldToTheRoomAndPlayedLiveWithItsTimes(t *testing.T) {
	for _, format := range []string{"flv", "mpegts"} {
		t.Run(format, func(t *testing.T) {
			r := startMedia(t)
			ann := r.dial(t, client.Config{Token: "ann", RoomName: "Lesson"})
			room := codeOf(ann.RoomID())
			to, ts := r.streamKey(t, room, "ann")
			if format == "mpegts" {
				to = ts
			}
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			push := exec.CommandContext(ctx, "ffmpeg", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=30",
				"-re", "-f", "lavfi", "-i", "sine", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
				"-g", "30", "-c:a", "aac", "-f", format, to)
			if err := push.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { cancel(); _ = push.Wait() }()
			if err := ann.WaitSources(ctx, func(all []*chalklinev1.Source) bool {
				return len(all) == 1 && all[0].GetParticipant() == "ann" && all[0].GetVideo() && all[0].GetAudio() && all[0].GetLive()
			}); err != nil {
				t.Fatal(err)
			}
			urls, err := client.FindLive(ctx, http.DefaultClient, r.url, room, ann.Sources()[0].GetNumber(), "ann")
			if err != nil {
				t.Fatal(err)
			}
			playsInTime(ctx, t, ann, func(ctx context.Context, p client.LivePlayer) error { return p.HTTPTS(ctx, urls.HTTPTS) }, 10*time.Second)
			playsInTime(ctx, t, ann, func(ctx context.Context, p client.LivePlayer) error { return p.HLS(ctx, urls.HLS) }, 20*time.Second)
		})
	}
}

func TestMED1ARestartUsesNoNumberOfASourceAgain(t *testing.T) {
	var mux ts.Muxer
	mux.Begin(true)
	announced := mux.AppendTables(nil)
	numbers := map[uint32]bool{}
	const runs = 3
	for range runs {
		r := startMedia(t)
		ann := r.dial(t, client.Config{Token: "ann", RoomName: "Lesson"})
		_, to := r.streamKey(t, codeOf(ann.RoomID()), "ann")
		answer, err := http.Post(to, "video/mp2t", bytes.NewReader(announced))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := ann.WaitSources(ctx, func(all []*chalklinev1.Source) bool { return len(all) == 1 }); err != nil {
			t.Fatal(err)
		}
		numbers[ann.Sources()[0].GetNumber()] = true
	}
	if len(numbers) != runs || numbers[0] {
		t.Errorf("numbers %v of %d runs", numbers, runs)
	}
}

// playsInTime plays a second of pictures, whose times must be those of the room, so
// much in the past at most.
func playsInTime(ctx context.Context, t *testing.T, c *client.Client, play func(context.Context, client.LivePlayer) error, most time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := 0
	_ = play(ctx, client.LivePlayer{Frame: func(f client.LiveFrame) {
		if late := time.Duration(c.RoomTime()-f.Stamp.Time) * time.Microsecond; late < -100*time.Millisecond || late > most {
			t.Errorf("picture %d is %v late", seen, late)
		}
		if seen++; seen == 30 {
			cancel()
		}
	}})
	if seen < 30 {
		t.Errorf("%d pictures came: %v", seen, context.Cause(ctx))
	}
}

func TestAPortThatIsTakenIsToldWithItsSetting(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for setting, media := range map[string]server.MediaConfig{
		"media-listen": {Address: taken.Addr().String()},
		"rtmp-listen":  {RTMPAddress: taken.Addr().String(), Address: "127.0.0.1:0"},
	} {
		media.Secret = make([]byte, live.SecretSize)
		log := memory.New()
		tlsConfig, _ := selfSigned(t)
		_, err := server.New(server.Config{
			Log: log, Table: log.Table(), Identifier: &names{}, Media: &media,
			Transport: transport.Config{Address: "127.0.0.1:0", TLS: tlsConfig},
		})
		if l, ok := errors.AsType[*server.ListenError](err); !ok || l.Setting != setting || !strings.Contains(err.Error(), setting+" to another port") {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

func TestPortsThatNobodyChoseAreInNobodysWay(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	log := memory.New()
	tlsConfig, _ := selfSigned(t)
	var told strings.Builder
	s, err := server.New(server.Config{
		Log: log, Table: log.Table(), Identifier: &names{}, Logger: slog.New(slog.NewTextHandler(&told, nil)),
		Media: &server.MediaConfig{
			Address: taken.Addr().String(), AddressYields: true, RTMPAddress: taken.Addr().String(), RTMPYields: true,
			Secret: make([]byte, live.SecretSize),
		},
		Transport: transport.Config{Address: "127.0.0.1:0", TLS: tlsConfig},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{s, t, "http://" + s.Addr().String(), make(chan error, 1)}
	go func() { r.served <- s.Serve() }()
	r.stop()
	for _, setting := range []string{"media-listen", "rtmp-listen"} {
		if !strings.Contains(told.String(), setting) {
			t.Errorf("the log does not name %s: %s", setting, told.String())
		}
	}
}

func TestAPlainPortThatIsTakenIsToldAndLeavesNothingOpen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rtmp := free.Addr().String()
	_ = free.Close()
	log := memory.New()
	tlsConfig, _ := selfSigned(t)
	_, err = server.New(server.Config{
		Log: log, Table: log.Table(), Identifier: &names{},
		Media:     &server.MediaConfig{Address: "127.0.0.1:0", RTMPAddress: rtmp, Secret: make([]byte, live.SecretSize)},
		Transport: transport.Config{Address: "127.0.0.1:0", PlainAddress: taken.Addr().String(), TLS: tlsConfig},
	})
	if l, ok := errors.AsType[*server.ListenError](err); !ok || l.Setting != "plain-listen" || !strings.Contains(err.Error(), "or leave it out") {
		t.Errorf("New() = %v", err)
	}
	again, err := net.Listen("tcp", rtmp)
	if err != nil {
		t.Fatalf("the port of RTMP stays open: %v", err)
	}
	_ = again.Close()
}

func TestMED9StreamKeysAreForThoseWhoMayEnter(t *testing.T) {
	r := startMedia(t)
	ann := r.dial(t, client.Config{Token: "ann", RoomName: "Lesson"})
	for path, want := range map[string]int{
		"/api/rooms/" + codeOf(ann.RoomID()) + "/stream-key": http.StatusUnauthorized,
		"/ingest/000000": http.StatusUnauthorized,
	} {
		answer, err := http.Post(r.url+path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s is answered %d, want %d", path, answer.StatusCode, want)
		}
	}
}
