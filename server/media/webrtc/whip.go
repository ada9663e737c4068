package webrtc

import (
	"net/http"

	"chalkline/protocol"
	"chalkline/server/media"
)

// postWHIP is POST /api/rooms/<code>/whip?kind=: an offer to publish.
func (s *Server) postWHIP(w http.ResponseWriter, r *http.Request) {
	n, answer, err := s.publish(w, r)
	if err != nil {
		refuse(w, err)
		return
	}
	n.created(w, r, answer)
}

func (s *Server) publish(w http.ResponseWriter, r *http.Request) (*session, string, error) {
	v, err := s.cfg.Rooms.Enter(r)
	if err != nil {
		return nil, "", err
	}
	if err := media.MayPublish(v.Participant); err != nil {
		return nil, "", err
	}
	kind := media.Kind(r.URL.Query().Get("kind"))
	if kind == "" {
		kind = media.Camera // what a client that knows no kinds has
	}
	if kind != media.Camera && kind != media.Screen {
		return nil, "", protocol.NewError(protocol.BadMessage)
	}
	offer, o, err := s.readOfferOf(w, r, v, true)
	if err != nil {
		return nil, "", err
	}
	clock, err := s.cfg.Rooms.Clock(r.Context(), v.Room)
	if err != nil {
		return nil, "", err
	}
	n, err := s.newSession(v, s.publishing, "publisher", o)
	if err != nil {
		return nil, "", err
	}
	return s.startPublisher(n, v, kind, clock, offer, o)
}

// startPublisher answers the offer and takes over the source. A session that comes
// to nothing is closed.
func (s *Server) startPublisher(n *session, v media.Visitor, kind media.Kind, clock media.Clock, offer string, o offered) (*session, string, error) {
	if err := s.admit(n); err != nil {
		_ = n.pc.Close()
		return nil, "", err
	}
	p := &publisher{session: n, offered: o, clock: clock, started: make(chan struct{}), wake: make(chan struct{}, 1)}
	n.pc.OnTrack(p.track)
	answer, err := n.answer(offer)
	if err == nil {
		p.publication, err = s.cfg.Registry.Publish(v, kind)
	}
	if err != nil {
		n.discard()
		return nil, "", err
	}
	p.before = p.publication.Source.Info()
	p.start()
	return n, answer, nil
}
