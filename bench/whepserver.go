package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	pion "github.com/pion/webrtc/v4"

	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/media"
	"chalkline/server/media/webrtc"
)

// Where the servers of ModeWHEP answer.
const (
	whipPath = "/api/rooms/BENCH/whip"
	whepPath = "/api/rooms/BENCH/sources/1/whep"
)

// serveWHEP is a server of ModeWHEP: the media server with one room that lets
// everybody in, or pion's bare forwarding loop. It prints its address.
func serveWHEP(ctx context.Context, bareLoop bool, w io.Writer) (err error) {
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return fmt.Errorf("bench: media server: %w", err)
	}
	mux := http.NewServeMux()
	stop, err := registerWHEP(mux, bareLoop, udp)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("bench: media server: %w", err)
	}
	h := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	_, _ = fmt.Fprintf(w, "http://%s\n", l.Addr())
	served := make(chan error, 1)
	go func() { served <- h.Serve(l) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		err = errors.Join(h.Close(), ignoreServerClosed(<-served))
	}
	ended, cancel := context.WithTimeout(context.Background(), stopWait/2)
	defer cancel()
	return errors.Join(err, stop(ended))
}

// registerWHEP adds the server to mux. It owns udp until stop.
func registerWHEP(mux *http.ServeMux, bareLoop bool, udp net.PacketConn) (stop func(context.Context) error, err error) {
	if bareLoop {
		l, err := newBareLoop(udp)
		if err != nil {
			return nil, err
		}
		l.register(mux)
		return func(context.Context) error { return l.close() }, nil
	}
	s, err := webrtc.New(webrtc.Config{
		Registry: media.NewRegistry(media.Config{Rooms: openRoom{}}), Rooms: openRoom{}, UDP: udp,
		Limits: webrtc.Limits{OwnSessions: maxClients, RoomViewers: maxClients, Viewers: maxClients},
	})
	if err != nil {
		return nil, fmt.Errorf("bench: media server: %w", err)
	}
	s.Register(mux)
	return s.Close, nil
}

func ignoreServerClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// openRoom is a media.Rooms with one room, where every visitor is another.
type openRoom struct{}

func (openRoom) Enter(r *http.Request) (media.Visitor, error) {
	who := classroom.Participant{ID: r.Header.Get("Authorization"), Role: classroom.Teacher}
	return media.Visitor{Participant: who, Room: 1}, nil
}

func (openRoom) Clock(context.Context, replay.Room) (media.Clock, error) { return wallClock{}, nil }

func (openRoom) Sources(replay.Room, []media.Info) {}

type wallClock struct{}

func (wallClock) Now() int64 { return time.Now().UnixMicro() }

// bareLoop forwards the packets of one publisher to everybody, as pion's examples
// do: what forwarding costs by itself.
type bareLoop struct {
	api   *pion.API
	udp   ice.UDPMux
	track *pion.TrackLocalStaticRTP

	mu    sync.Mutex
	all   []*pion.PeerConnection // guarded by mu
	loops sync.WaitGroup
}

func newBareLoop(udp net.PacketConn) (*bareLoop, error) {
	m := &pion.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		return nil, fmt.Errorf("bench: bare loop: %w", err)
	}
	r, err := bareInterceptors(m)
	if err != nil {
		return nil, fmt.Errorf("bench: bare loop: %w", err)
	}
	b := &bareLoop{udp: ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: udp})}
	settings := pion.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEUDPMux(b.udp)
	b.api = pion.NewAPI(pion.WithMediaEngine(m), pion.WithInterceptorRegistry(r), pion.WithSettingEngine(settings))
	b.track, err = pion.NewTrackLocalStaticRTP(pion.RTPCodecCapability{
		MimeType: pion.MimeTypeH264, ClockRate: 90_000,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	}, "video", "bare")
	if err != nil {
		return nil, fmt.Errorf("bench: bare loop: %w", err)
	}
	return b, nil
}

func (b *bareLoop) register(mux *http.ServeMux) {
	mux.HandleFunc("POST "+whipPath, func(w http.ResponseWriter, r *http.Request) { b.answer(w, r, true) })
	mux.HandleFunc("POST "+whepPath, func(w http.ResponseWriter, r *http.Request) { b.answer(w, r, false) })
	mux.HandleFunc("DELETE /", func(http.ResponseWriter, *http.Request) {})
}

func (b *bareLoop) answer(w http.ResponseWriter, r *http.Request, publish bool) {
	offer, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err == nil {
		var pc *pion.PeerConnection
		if pc, err = b.connect(publish); err == nil {
			var answer string
			if answer, err = negotiate(pc, string(offer)); err == nil {
				w.Header().Set("Location", r.URL.Path+"/1")
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, answer) // the client is gone
				return
			}
		}
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

func (b *bareLoop) connect(publish bool) (*pion.PeerConnection, error) {
	pc, err := b.api.NewPeerConnection(pion.Configuration{})
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.all = append(b.all, pc)
	b.mu.Unlock()
	if publish {
		pc.OnTrack(func(t *pion.TrackRemote, _ *pion.RTPReceiver) { b.loops.Go(func() { b.forward(t) }) })
		return pc, nil
	}
	sender, err := pc.AddTrack(b.track)
	if err != nil {
		return nil, err
	}
	b.loops.Go(func() {
		packet := make([]byte, 1500)
		for err := error(nil); err == nil; _, _, err = sender.Read(packet) {
		}
	})
	return pc, nil
}

// forward is the loop.
func (b *bareLoop) forward(t *pion.TrackRemote) {
	packet := make([]byte, 1500)
	for {
		n, _, err := t.Read(packet)
		if err != nil {
			return
		}
		if _, err := b.track.Write(packet[:n]); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return
		}
	}
}

func negotiate(pc *pion.PeerConnection, offer string) (string, error) {
	if err := pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := pion.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

func (b *bareLoop) close() error {
	b.mu.Lock()
	all := b.all
	b.mu.Unlock()
	var errs []error
	for _, pc := range all {
		errs = append(errs, pc.GracefulClose())
	}
	b.loops.Wait()
	return errors.Join(append(errs, b.udp.Close())...)
}
