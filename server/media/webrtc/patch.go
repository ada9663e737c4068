package webrtc

import (
	"net/http"

	"chalkline/protocol"
	"chalkline/server/reply"
)

// patch is PATCH of a session: candidates, a restart of ICE (RFC 9725, 4.3), or
// another quality.
func (s *Server) patch(w http.ResponseWriter, r *http.Request) {
	n, err := s.find(r)
	if err != nil {
		reply.Error(w, err)
		return
	}
	content := contentType(r)
	if content != typeFragment && content != typeJSON {
		w.Header().Set("Accept-Patch", n.patches()) // RFC 5789, 2.2
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	if !s.rate.Allow(n.id) {
		reply.Error(w, protocol.NewError(protocol.Overloaded))
		return
	}
	body, err := readBody(w, r)
	if err == nil && content == typeJSON {
		err = n.patchQuality(body)
	}
	switch {
	case err != nil:
		reply.Error(w, err)
	case content == typeJSON:
		w.WriteHeader(http.StatusNoContent)
	default:
		n.patchICE(w, r, string(body))
	}
}

// patchICE takes candidates if the request names the ICE session that there is, or
// restarts it.
func (n *session) patchICE(w http.ResponseWriter, r *http.Request, body string) {
	match := r.Header.Get("If-Match")
	f, err := parseFragment(body)
	n.ice.Lock()
	defer n.ice.Unlock()
	switch {
	case err != nil:
		reply.Error(w, protocol.NewError(protocol.BadMessage))
	case match == "":
		w.WriteHeader(http.StatusPreconditionRequired)
	case match == "*" || match == `"*"`: // some write it as the ETag that it is not
		n.restart(w, f)
	case match != n.tag():
		w.WriteHeader(http.StatusPreconditionFailed)
	default:
		n.trickle(f)
		w.WriteHeader(http.StatusNoContent)
	}
}

// mostCandidates bounds those that one ICE session is brought, by its offer and by
// PATCH: each is sent to. An offer with more is refused; of a PATCH, others are passed
// over, as those that are of no use are (RFC 9725, 4.3.2).
const mostCandidates = 128

// trickle takes candidates. n.ice is held.
func (n *session) trickle(f fragment) {
	for _, c := range f.candidates[:min(len(f.candidates), mostCandidates-n.candidates)] {
		n.candidates++
		if err := n.pc.AddICECandidate(c); err != nil {
			n.log.Debug("candidate refused", "error", err)
		}
	}
}

// restart begins ICE anew with the client's new credentials. n.ice is held.
func (n *session) restart(w http.ResponseWriter, f fragment) {
	offer, err := f.renew(n.pc.RemoteDescription().SDP)
	if err != nil {
		reply.Error(w, protocol.NewError(protocol.BadMessage))
		return
	}
	n.addresses.Store(0)
	answer, err := n.answer(offer)
	if err != nil {
		reply.Error(w, err)
		return
	}
	n.candidates = 0
	n.trickle(f)
	n.state.Lock()
	n.etag = newETag()
	n.state.Unlock()
	w.Header().Set("Content-Type", typeFragment)
	w.Header().Set("ETag", n.tag())
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(fragmentOf(answer)) // the client is gone
}
