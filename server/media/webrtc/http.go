package webrtc

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"chalkline/protocol"
	"chalkline/server/media"
	"chalkline/server/reply"
)

// Content types of WHIP and WHEP.
const (
	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"
	typeJSON     = "application/json"
)

// Register adds WHIP, WHEP and what clients need for them to mux
// (docs/protocol.md, HTTP).
func (s *Server) Register(mux *http.ServeMux) {
	const (
		ice       = "/api/rooms/{code}/ice"
		whip      = "/api/rooms/{code}/whip"
		published = whip + "/{session}"
		whep      = "/api/rooms/{code}/sources/{number}/whep"
		played    = whep + "/{session}"
	)
	for pattern, methods := range map[string]map[string]http.HandlerFunc{
		ice:       {http.MethodGet: s.getICE},
		whip:      {http.MethodPost: s.postWHIP},
		published: {http.MethodPatch: s.patch, http.MethodDelete: s.delete},
		whep:      {http.MethodPost: s.postWHEP},
		played:    {http.MethodGet: s.getTimes, http.MethodPatch: s.patch, http.MethodDelete: s.delete},
	} {
		allow := ""
		for method := range methods {
			allow += method + ", "
		}
		allow += http.MethodOptions
		for method, handle := range methods {
			mux.HandleFunc(method+" "+pattern, handle)
		}
		mux.HandleFunc(http.MethodOptions+" "+pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Accept-Post", typeSDP)
			w.WriteHeader(http.StatusNoContent)
		})
		// Other methods would else fall to the page's files.
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", allow)
			w.WriteHeader(http.StatusMethodNotAllowed)
		})
	}
}

func (s *Server) getICE(w http.ResponseWriter, r *http.Request) {
	v, err := s.cfg.Rooms.Enter(r)
	if err != nil {
		reply.Error(w, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	reply.JSON(w, http.StatusOK, map[string]any{"ice_servers": s.iceServers(v.ID, time.Now())})
}

// readOfferOf returns the offer that a request brings. The error is a
// *protocol.Error or errContent.
func (s *Server) readOfferOf(w http.ResponseWriter, r *http.Request, who media.Visitor, publish bool) (string, offered, error) {
	if !s.rate.Allow(who.ID) || !s.addresses.Allow(who.Address) {
		return "", offered{}, protocol.NewError(protocol.Overloaded)
	}
	if contentType(r) != typeSDP {
		return "", offered{}, errContent
	}
	body, err := readBody(w, r)
	if err != nil {
		return "", offered{}, err
	}
	o, err := readOffer(string(body), publish)
	return string(body), o, err
}

// errContent says that a request's body is of a type that is not taken there.
var errContent = errors.New("content type")

// refuse answers an offer that came to nothing.
func refuse(w http.ResponseWriter, err error) {
	if errors.Is(err, errContent) { // RFC 9725, 4.2
		w.Header().Set("Accept-Post", typeSDP)
		reply.JSON(w, http.StatusUnsupportedMediaType, map[string]any{"code": protocol.BadMessage, "parameters": map[string]string{}})
		return
	}
	reply.Error(w, err)
}

// readBody returns a request's body, at most maxOffer bytes. The error is a
// *protocol.Error.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOffer))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, protocol.NewError(protocol.TooLarge, "limit", "body", "max", fmt.Sprint(maxOffer))
	case err != nil:
		return nil, protocol.NewError(protocol.BadMessage)
	}
	return body, nil
}

func contentType(r *http.Request) string {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// created answers that a session is there.
func (n *session) created(w http.ResponseWriter, r *http.Request, answer string) {
	h := w.Header()
	h.Set("Content-Type", typeSDP)
	h.Set("Location", r.URL.Path+"/"+n.id)
	h.Set("ETag", n.tag())
	h.Set("Accept-Patch", n.patches())
	for _, link := range n.server.links(n.participant) {
		h.Add("Link", link)
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, answer) // the client is gone
}

// patches are the types that a PATCH may have.
func (n *session) patches() string {
	if n.publishes() {
		return typeFragment
	}
	return typeFragment + ", " + typeJSON
}

// links are the ICE servers as RFC 9725, 4.6 has them.
func (s *Server) links(participant string) []string {
	var all []string
	for _, one := range s.iceServers(participant, time.Now()) {
		for _, u := range one.URLs {
			link := fmt.Sprintf(`<%s>; rel="ice-server"`, u)
			if one.Username != "" {
				link += fmt.Sprintf(`; username=%q; credential=%q; credential-type="password"`, one.Username, one.Credential)
			}
			all = append(all, link)
		}
	}
	return all
}

// find returns the session that a request names, if it is the visitor's own. The
// error is a *protocol.Error.
func (s *Server) find(r *http.Request) (*session, error) {
	v, err := s.cfg.Rooms.Enter(r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.sessions[r.PathValue("session")]
	if n == nil || n.room != v.Room || n.participant != v.ID {
		return nil, protocol.NewError(protocol.NoSuchSource)
	}
	return n, nil
}

// delete ends a session at its client's wish.
func (s *Server) delete(w http.ResponseWriter, r *http.Request) {
	n, err := s.find(r)
	if err != nil {
		reply.Error(w, err)
		return
	}
	n.end("client stops")
	w.WriteHeader(http.StatusOK)
}
