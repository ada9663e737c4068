package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	pion "github.com/pion/webrtc/v4"

	"chalkline/protocol"
)

// RTC is how a client reaches WHIP and WHEP (RFC 9725).
type RTC struct {
	URL   string // of the endpoint
	Token string
	HTTP  *http.Client // nil means http.DefaultClient
	ICE   pion.Configuration
	// Settings is called on the engine's settings before it is made; nil changes
	// nothing.
	Settings func(*pion.SettingEngine)
}

// rtcWait bounds the requests and the way to a connection.
const rtcWait = 20 * time.Second

// rtcSession is one session with its connection.
type rtcSession struct {
	rtc       RTC
	pc        *pion.PeerConnection
	location  string
	etag      string
	connected chan struct{}
	failed    chan struct{} // closed when the connection is gone for good
}

// newRTCSession makes a connection that is not made yet.
func newRTCSession(r RTC, codecs func(*pion.MediaEngine) error) (*rtcSession, error) {
	m := &pion.MediaEngine{}
	if err := codecs(m); err != nil {
		return nil, fmt.Errorf("client: codecs: %w", err)
	}
	registry, err := newInterceptors(m)
	if err != nil {
		return nil, fmt.Errorf("client: interceptors: %w", err)
	}
	settings := pion.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	if r.Settings != nil {
		r.Settings(&settings)
	}
	api := pion.NewAPI(pion.WithMediaEngine(m), pion.WithInterceptorRegistry(registry), pion.WithSettingEngine(settings))
	pc, err := api.NewPeerConnection(r.ICE)
	if err != nil {
		return nil, fmt.Errorf("client: new connection: %w", err)
	}
	s := &rtcSession{rtc: r, pc: pc, connected: make(chan struct{}), failed: make(chan struct{})}
	// The handler may run at once for two states, each in a goroutine of its own.
	connected, failed := sync.OnceFunc(func() { close(s.connected) }), sync.OnceFunc(func() { close(s.failed) })
	pc.OnConnectionStateChange(func(state pion.PeerConnectionState) {
		switch state {
		case pion.PeerConnectionStateConnected:
			connected()
		case pion.PeerConnectionStateFailed, pion.PeerConnectionStateClosed:
			failed()
		}
	})
	return s, nil
}

// open makes the session and waits for the connection. On an error, everything is
// closed.
func (s *rtcSession) open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, rtcWait)
	defer cancel()
	err := s.negotiate(ctx)
	if err == nil {
		select {
		case <-s.connected:
			return nil
		case <-s.failed:
			err = errors.New("client: the connection failed")
		case <-ctx.Done():
			err = fmt.Errorf("client: no connection: %w", context.Cause(ctx))
		}
		_ = s.delete(context.WithoutCancel(ctx)) // it ends by itself too
	}
	return errors.Join(err, s.pc.GracefulClose())
}

func (s *rtcSession) negotiate(ctx context.Context) error {
	offer, err := s.pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("client: offer: %w", err)
	}
	gathered := pion.GatheringCompletePromise(s.pc)
	if err := s.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("client: offer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return fmt.Errorf("client: offer: %w", context.Cause(ctx))
	}
	body := []byte(s.pc.LocalDescription().SDP)
	answer, h, err := s.do(ctx, http.MethodPost, s.rtc.URL, "application/sdp", body, http.StatusCreated)
	if err != nil {
		return err
	}
	base, err := url.Parse(s.rtc.URL)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	at, err := base.Parse(h.Get("Location"))
	if err != nil {
		return fmt.Errorf("client: location: %w", err)
	}
	s.location, s.etag = at.String(), h.Get("ETag")
	if err := s.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: string(answer)}); err != nil {
		return fmt.Errorf("client: answer: %w", err)
	}
	return nil
}

// do makes a request. An answer with a code is a *protocol.Error.
func (s *rtcSession) do(ctx context.Context, method, to, content string, body []byte, want int) ([]byte, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("client: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+s.rtc.Token)
	if content != "" {
		r.Header.Set("Content-Type", content)
	}
	c := s.rtc.HTTP
	if c == nil {
		c = http.DefaultClient
	}
	answer, err := c.Do(r)
	if err != nil {
		return nil, nil, fmt.Errorf("client: %w", err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(io.LimitReader(answer.Body, maxDescription))
	if err != nil {
		return nil, nil, fmt.Errorf("client: %w", err)
	}
	if answer.StatusCode != want {
		refused := &protocol.Error{}
		if json.Unmarshal(got, &struct {
			Code       *protocol.Code
			Parameters *map[string]string
		}{&refused.Code, &refused.Parameters}) == nil && refused.Code != 0 {
			return nil, nil, fmt.Errorf("client: %s: %w", method, refused)
		}
		return nil, nil, fmt.Errorf("client: %s: %s", method, answer.Status)
	}
	return got, answer.Header, nil
}

// maxDescription bounds a session description, in bytes.
const maxDescription = 64 << 10

func (s *rtcSession) delete(ctx context.Context) error {
	if s.location == "" {
		return nil
	}
	_, _, err := s.do(ctx, http.MethodDelete, s.location, "", nil, http.StatusOK)
	return err
}

// close ends the session and its connection.
func (s *rtcSession) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, rtcWait)
	defer cancel()
	return errors.Join(s.delete(ctx), s.pc.GracefulClose())
}
