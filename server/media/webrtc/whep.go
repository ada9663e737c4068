package webrtc

import (
	"encoding/json"
	"net/http"

	pion "github.com/pion/webrtc/v4"

	"chalkline/protocol"
	"chalkline/server/media"
	"chalkline/server/reply"
)

// postWHEP is POST /api/rooms/<code>/sources/<number>/whep?quality=: an offer to
// play.
func (s *Server) postWHEP(w http.ResponseWriter, r *http.Request) {
	n, answer, err := s.play(w, r)
	if err != nil {
		refuse(w, err)
		return
	}
	n.created(w, r, answer)
}

func (s *Server) play(w http.ResponseWriter, r *http.Request) (*session, string, error) {
	v, source, err := s.cfg.Registry.Requested(r)
	if err != nil {
		return nil, "", err
	}
	wish := quality(r.URL.Query().Get("quality"))
	if wish == "" {
		wish = qualityAuto
	}
	if !wish.known() {
		return nil, "", protocol.NewError(protocol.BadMessage)
	}
	offer, o, err := s.readOfferOf(w, r, v, false)
	if err != nil {
		return nil, "", err
	}
	if !source.Info().WebRTC {
		return nil, "", protocol.NewError(protocol.NoSuchSource)
	}
	clock, err := s.cfg.Rooms.Clock(r.Context(), v.Room)
	if err != nil {
		return nil, "", err
	}
	n, err := s.newSession(v, s.playing, "viewer", o)
	if err != nil {
		return nil, "", err
	}
	n.viewer = &viewer{session: n, clock: clock, ready: make(chan struct{}, 1), wish: wish}
	return s.startViewer(n, source, offer, o)
}

func (q quality) known() bool { return q == qualityMain || q == qualitySub || q == qualityAuto }

// startViewer answers the offer with what the source has. A session that comes to
// nothing is closed.
func (s *Server) startViewer(n *session, source *media.Source, offer string, o offered) (*session, string, error) {
	if err := s.admit(n); err != nil {
		_ = n.pc.Close()
		return nil, "", err
	}
	n.pc.OnTrack(func(*pion.TrackRemote, *pion.RTPReceiver) { n.end("media from a viewer") })
	v, info := n.viewer, source.Info()
	err := v.connect(o.video && info.Video, o.audio && info.Audio)
	answer := ""
	if err == nil {
		answer, err = n.answer(offer)
	}
	if err != nil {
		n.discard()
		return nil, "", err
	}
	v.feed = s.hold(source)
	v.feed.join(v)
	s.metrics.viewers.Inc()
	n.log.Info("playing", "source", source.Number, "quality", v.wish)
	leave := source.AddViewer()
	n.spawn(v.run)
	go n.supervise(v.start, func() {
		leave()
		v.feed.leave(v)
		s.release(v.feed)
		s.metrics.viewers.Dec()
	})
	return n, answer, nil
}

// getTimes is GET of a WHEP session: which time its newest packets have.
func (s *Server) getTimes(w http.ResponseWriter, r *http.Request) {
	n, err := s.find(r)
	if err == nil && n.publishes() {
		err = protocol.NewError(protocol.NoSuchSource)
	}
	if err != nil {
		reply.Error(w, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	reply.JSON(w, http.StatusOK, n.viewer.times())
}

// patchQuality is PATCH {"quality"} of a WHEP session.
func (n *session) patchQuality(body []byte) error {
	var wish struct {
		Quality quality `json:"quality"`
	}
	if n.publishes() || json.Unmarshal(body, &wish) != nil || !wish.Quality.known() {
		return protocol.NewError(protocol.BadMessage)
	}
	n.viewer.choose(wish.Quality)
	return nil
}
